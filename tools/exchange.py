"""Tools over deployments as others have them: comparing, exporting, importing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from registry.deployments.comparison import compare_deployments as compare
from registry.deployments.document_file import read_document
from registry.deployments.exporting import Export
from registry.deployments.exporting import export_deployments as export
from registry.deployments.filters import DeploymentFilter
from registry.deployments.importing import Import
from registry.deployments.importing import import_deployments as import_document
from registry.errors import InvalidArgument
from registry.stores import DeploymentLog
from schemas.comparison import CompareDeploymentsResult
from schemas.exchange import ExportDeploymentsResult, ImportDeploymentsResult
from tools.arguments import NO_OBJECT, Cursor, DryRun, Object, OwnFile, ProjectDir
from tools.context import ToolContext


def compare_deployments(
    ctx: ToolContext,
    ids: Annotated[Sequence[str], Field(description="Two or more; first is the yardstick")] = (),
    project_name: Annotated[
        str, Field(description="Instead: its newest deployment of each region")
    ] = "",
    project_dir: OwnFile = "",
) -> CompareDeploymentsResult:
    """Compare registered deployments: only what was added, removed or changed, value by value."""
    return compare(ctx.registry.logs(project_dir), ids, project_name)


def export_deployments(
    ctx: ToolContext,
    id: Annotated[str, Field(description="One entry, whatever its status")] = "",  # noqa: A002 - the record's own name
    status: Annotated[
        Literal["", "success", "partial", "failed", "any"], Field(description="Default success")
    ] = "",
    project_name: str = "",
    deployment_config: str = "",
    architecture: str = "",
    backend: str = "",
    model: Annotated[str, Field(description="Part of the model's name, any case")] = "",
    model_glob: str = "",
    instance_type: str = "",
    region: str = "",
    since: Annotated[str, Field(description="ISO 8601 date or instant")] = "",
    until: str = "",
    text: Annotated[str, Field(description="Anywhere in the entry")] = "",
    project_dir: OwnFile = "",
    limit: Annotated[int, Field(ge=0, le=100, description="Page size; default 10")] = 0,
    cursor: Cursor = "",
) -> ExportDeploymentsResult:
    """Export deployments as the document that import_deployments and MLCC's registry import read.

    Role, region and secrets are left out. Each page is a document of its own.
    """
    wanted = DeploymentFilter(
        project_name=project_name,
        deployment_config=deployment_config,
        architecture=architecture,
        backend=backend,
        model=model,
        model_glob=model_glob,
        instance_type=instance_type,
        region=region,
        since=since,
        until=until,
        text=text,
        status="" if status == "any" else status or "success",
    )
    request = Export(entry_id=id, wanted=wanted, limit=limit, cursor=cursor)
    return export(ctx.registry.logs(project_dir), request, ctx.registry.now)


def import_deployments(
    ctx: ToolContext,
    document: Annotated[Object, Field(description="The exported document")] = NO_OBJECT,
    path: Annotated[str, Field(description="Or a file that holds it, in the workspace")] = "",
    strategy: Annotated[
        Literal["", "skip", "merge", "replace"],
        Field(description="For an entry like one that is there; merge keeps both; default skip"),
    ] = "",
    source_name: Annotated[str, Field(description="Stored as importedFrom")] = "",
    project_level: Annotated[
        bool, Field(description="Write the project's own registry file")
    ] = False,
    project_dir: ProjectDir = "",
    dry_run: DryRun = False,
) -> ImportDeploymentsResult:
    """Import an exchange document's entries, each validated; refused ones are named.

    Invalid entries never keep the valid ones out. A repeat changes nothing.
    """
    if bool(path) == ("document" in ctx.call.sent):
        raise InvalidArgument(
            "pass either document or path", hint="document is what export_deployments answered"
        )
    content: object = document
    if path:
        file = ctx.registry.workspace.resolve(path)
        content, source_name = read_document(file), source_name or file.name
    wanted = Import(content, source_name, strategy or "skip", dry_run)
    return import_document(_log(ctx, project_dir, project_level), wanted, ctx.call)


def _log(ctx: ToolContext, project_dir: str, project_level: bool) -> DeploymentLog:
    if not project_level:
        return ctx.registry.user_log()
    root = ctx.registry.project_root(project_dir)
    if root is None:
        raise InvalidArgument("project_level needs a project folder", hint="pass project_dir")
    return ctx.registry.project_log(root)
