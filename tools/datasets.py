"""Tools over training datasets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.datasets.entry import FILE
from registry.datasets.listing import list_datasets as list_page
from registry.datasets.register import register_dataset as record_dataset
from registry.datasets.sources import ProjectValues
from registry.errors import NotFound, RegistryError, explain
from registry.named_entries import named_entries
from registry.project.folder import ProjectFolder
from registry.stores import Aws, Objects
from schemas.dataset import DatasetRequest, ListDatasetsResult, RegisterDatasetResult
from tools.arguments import (
    NO_OBJECT,
    Cursor,
    DatasetFormat,
    Detail,
    Limit,
    Object,
    Profile,
    ProjectDir,
    Region,
    Technique,
)
from tools.context import ToolContext
from tools.projects import known_project, project_name_of


def register_dataset(
    ctx: ToolContext,
    name: Annotated[str, Field(description="Derived from the job when absent")] = "",
    s3_uri: str = "",
    format: DatasetFormat = "",  # noqa: A002 - the record's own name
    technique: Technique = "",
    row_count: Annotated[int, Field(ge=-1, le=10**12, description="-1: not given")] = -1,
    column_schema: Object = NO_OBJECT,
    from_tune: Annotated[
        str, Field(description="Take it from the last tune job: a technique, or latest")
    ] = "",
    from_train: Annotated[str, Field(description="The same for custom training")] = "",
    project_dir: ProjectDir = "",
    force: Annotated[bool, Field(description="New version even if the content is equal")] = False,
    region: Region = "",
    profile: Profile = "",
) -> RegisterDatasetResult:
    """Record a training dataset; changed content in S3 makes a new version, equal content none.

    It goes into the SageMaker hub too, where one is configured.
    """
    folder = known_project(ctx, project_dir, needed=bool(from_tune or from_train))
    request = DatasetRequest(
        name=name,
        s3_uri=s3_uri,
        format=format,
        technique=technique,
        row_count=row_count,
        column_schema=dict(column_schema),
        from_tune=from_tune,
        from_train=from_train,
        force=force,
        project_name=project_name_of(folder),
    )
    values = _values(folder)
    own = values.resolved.get("AWS_REGION", "") if values else ""
    objects, reason, aws = _objects(ctx, region, profile, own)
    publisher = ctx.registry.publisher(ctx.call, region=region, profile=profile, folder=own)
    result = record_dataset(
        request,
        store=ctx.registry.datasets(),
        objects=objects,
        no_objects_reason=reason,
        project=values,
        publish=publisher.dataset,
        now=ctx.registry.now,
        call=ctx.call,
    )
    return result.model_copy(update={"aws": aws.identity}) if aws else result


def list_datasets(
    ctx: ToolContext,
    name: Annotated[
        str, Field(description="One dataset; NAME@v2 or NAME@v1.2.0 for one version")
    ] = "",
    technique: Technique = "",
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    region: Region = "",
    profile: Profile = "",
) -> ListDatasetsResult:
    """List registered datasets by name, local records and hub contents as one.

    A name shows that dataset with its versions.
    """
    entries = named_entries(ctx.registry.datasets(), FILE)
    in_hub = ctx.registry.hub_reader(ctx.call, region=region, profile=profile).datasets(
        name, entries
    )
    try:
        page = list_page(
            entries,
            in_hub.datasets(),
            hub_warning=in_hub.warning,
            reference=name,
            technique=technique,
            limit=limit,
            cursor=cursor,
            full=detail == "full",
        )
    except NotFound as error:
        raise in_hub.unseen(error) from error
    return page.model_copy(update={"aws": in_hub.identity})


def _values(folder: ProjectFolder | None) -> ProjectValues | None:
    if folder is None:
        return None
    unresolved = {
        each.name: f"{each.file} line {each.line}: {each.reason}"
        for each in folder.config.unresolved
    }
    return ProjectValues(resolved=folder.config.values, unresolved=unresolved)


def _objects(
    ctx: ToolContext, region: str, profile: str, own: str
) -> tuple[Objects | None, str, Aws | None]:
    try:
        aws = ctx.registry.account(region=region, profile=profile, folder=own)
        _ = aws.identity
    except RegistryError as error:
        return None, explain(error), None
    return aws.objects, "", aws
