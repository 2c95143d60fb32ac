"""Listing a project's base models: the versions of its group that are no adapters."""

from __future__ import annotations

from registry.calls import Call
from registry.identifiers import check_project_name
from registry.instants import milliseconds
from registry.paging import page_limit
from registry.stores import Aws, PackagePage
from schemas.model import Model, ModelPage
from schemas.model_package import ModelPackage

IS_BASE = {"isAdapter": ""}
"""Base versions have no such key; MLCC's and ours alike."""


def list_models(
    aws: Aws,
    project_name: str,
    deployment_config: str,
    *,
    limit: int,
    cursor: str,
    full: bool = False,
    call: Call,
) -> ModelPage:
    """Return one page of a project's base versions, newest first.

    Args:
        deployment_config: Only versions of it, "" for all.
        full: Add description and metadata.

    Raises:
        NotFound: the project has no model package group; `candidates` are near names.
        InvalidArgument: a name is not well formed, or the cursor is another query's.
        PermissionDenied: listing is refused; names the action.

    Source: record contract, section 5 (list-models), D21.
    """
    group = check_project_name(project_name)
    config = {"deploymentConfig": deployment_config} if deployment_config else {}
    page = aws.packages.find(
        group,
        metadata=IS_BASE | config,
        limit=page_limit(limit, full=full),
        cursor=cursor or None,
        call=call,
    )
    models = tuple(_model(one, full=full) for one in page.packages)
    return ModelPage(
        message=_message(group, page, first=not cursor, filtered=bool(config)),
        next_step="call again with cursor=nextCursor for the rest" if page.cursor else None,
        aws=aws.identity,
        project_name=group,
        models=models,
        count=len(models),
        next_cursor=page.cursor,
        complete=page.complete and not page.cursor,
        warnings=(page.note,) if page.note else (),
    )


def _model(package: ModelPackage, *, full: bool) -> Model:
    said = package.metadata
    return Model(
        arn=package.arn,
        version=package.version,
        deployment_config=said.get("deploymentConfig"),
        model_name=said.get("modelName"),
        instance_type=said.get("instanceType"),
        container_image=package.image,
        model_data_url=package.model_data_url or said.get("modelDataUrl"),
        approval_status=package.approval_status or None,
        created_at=milliseconds(package.created_at) if package.created_at else None,
        description=package.description if full else None,
        metadata=said if full else None,
    )


def _message(group: str, page: PackagePage, *, first: bool, filtered: bool) -> str:
    count = len(page.packages)
    if count:
        return f"{count} base version{'s' if count > 1 else ''} of {group}, newest first"
    if page.cursor:
        return f"no base version of {group} was found yet; the rest is behind nextCursor"
    if not first:
        return f"no more base versions of {group}"
    if filtered:
        return f"no base version of {group} matches"
    return f"the model package group {group} exists and holds no base version yet"
