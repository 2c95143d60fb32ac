"""Tools over training datasets and evaluators."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.dataset_sources import ProjectValues
from registry.datasets import register_dataset as record_dataset
from registry.errors import RegistryError
from registry.evaluators import register_evaluator as record_evaluator
from registry.project.folder import ProjectFolder
from registry.stores import Aws, Objects
from schemas.dataset import DatasetRequest, RegisterDatasetResult
from schemas.evaluator import EvaluatorRequest, RegisterEvaluatorResult
from tools.arguments import (
    NO_OBJECT,
    DatasetFormat,
    EvaluatorTechnique,
    EvaluatorType,
    Object,
    Profile,
    ProjectDir,
    Region,
    Technique,
)
from tools.context import ToolContext


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
    """Record a training dataset; changed content in S3 makes a new version, equal content none."""
    folder = _folder(ctx, project_dir, needed=bool(from_tune or from_train))
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
        project_name=_project_name(folder),
    )
    values = _values(folder)
    objects, reason, aws = _objects(ctx, region, profile, values)
    result = record_dataset(
        request,
        store=ctx.registry.datasets(),
        objects=objects,
        no_objects_reason=reason,
        project=values,
        now=ctx.registry.now,
        call=ctx.call,
    )
    return result.model_copy(update={"aws": aws.identity}) if aws else result


def register_evaluator(
    ctx: ToolContext,
    name: str,
    type: EvaluatorType,  # noqa: A002 - the record's own name
    arn: Annotated[
        str, Field(description="Lambda function ARN; for a model its S3 URI or package ARN")
    ],
    technique: EvaluatorTechnique,
    description: str = "",
    project_dir: ProjectDir = "",
    region: Region = "",  # noqa: ARG001 - the hub's, once evaluators go to one
    profile: Profile = "",  # noqa: ARG001 - the same
) -> RegisterEvaluatorResult:
    """Record a reward function (lambda, rlvr) or preference model (model, rlaif).

    A name that is registered already is updated and keeps its history.
    """
    request = EvaluatorRequest(
        name=name,
        type=type,
        arn=arn,
        technique=technique,
        description=description,
        project_name=_project_name(_folder(ctx, project_dir, needed=False)),
    )
    return record_evaluator(
        request, store=ctx.registry.evaluators(), now=ctx.registry.now, call=ctx.call
    )


def _folder(ctx: ToolContext, project_dir: str, *, needed: bool) -> ProjectFolder | None:
    """Return the project; one that was neither named nor needed may be broken."""
    try:
        return ctx.registry.project(project_dir)
    except RegistryError:
        if needed or project_dir:
            raise
        return None


def _project_name(folder: ProjectFolder | None) -> str:
    return (folder.config.get("PROJECT_NAME") or "") if folder else ""


def _values(folder: ProjectFolder | None) -> ProjectValues | None:
    if folder is None:
        return None
    unresolved = {
        each.name: f"{each.file} line {each.line}: {each.reason}"
        for each in folder.config.unresolved
    }
    return ProjectValues(resolved=folder.config.values, unresolved=unresolved)


def _objects(
    ctx: ToolContext, region: str, profile: str, values: ProjectValues | None
) -> tuple[Objects | None, str, Aws | None]:
    own = values.resolved.get("AWS_REGION", "") if values else ""
    try:
        aws = ctx.registry.account(region=region, profile=profile, folder=own)
        _ = aws.identity
    except RegistryError as error:
        return None, f"{error.message} ({error.hint})" if error.hint else error.message, None
    return aws.objects, "", aws
