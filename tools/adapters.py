"""Tools over registered adapters and their rollout."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.adapters import AdapterFilter
from registry.adapters import list_adapters as list_versions
from registry.errors import InvalidArgument
from registry.project.folder import ProjectFolder
from registry.rollout.deploy import Rollout
from registry.rollout.request import ConsentPolicy, RolloutRequest
from registry.rollout.status import RolloutName, rollout_status
from schemas.adapter import AdapterPage
from schemas.rollout import RolloutResult
from tools.arguments import Cursor, Detail, DryRun, Limit, Profile, ProjectDir, Region, Technique
from tools.context import ToolContext


def list_adapters(
    ctx: ToolContext,
    project_name: str = "",
    project_dir: ProjectDir = "",
    technique: Technique = "",
    parent_version_arn: Annotated[str, Field(description="Base model version")] = "",
    name: Annotated[str, Field(description="Adapter name")] = "",
    live: Annotated[bool, Field(description="Join with what endpoints serve now")] = False,
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    region: Region = "",
    profile: Profile = "",
) -> AdapterPage:
    """List a project's registered adapter versions, newest first."""
    folder = target_folder(ctx, project_name, project_dir)
    group = project_name or (folder.require("PROJECT_NAME") if folder else "")
    if not group:
        raise InvalidArgument(
            "the project is not known", hint="pass project_name, or project_dir with do/config"
        )
    aws = ctx.registry.account(region=region, profile=profile, folder=region_of(folder))
    same = folder is not None and folder.config.get("PROJECT_NAME") == group
    page = list_versions(
        aws,
        group,
        AdapterFilter(technique=technique, parent_version_arn=parent_version_arn, name=name),
        limit=limit,
        cursor=cursor,
        live=live,
        endpoint_name=folder.endpoint_name if folder and same else "",
        full=detail == "full",
        call=ctx.call,
    )
    return page.model_copy(update={"aws": aws.identity})


def deploy_adapter_from_registry(
    ctx: ToolContext,
    adapter_name: Annotated[
        str, Field(description="Name to deploy under; default: the recorded one")
    ] = "",
    version_arn: Annotated[str, Field(description="The adapter version, see list_adapters")] = "",
    version: Annotated[int, Field(ge=0, description="Instead, its number")] = 0,
    source_project: Annotated[str, Field(description="Whose version; default: the target")] = "",
    project_dir: ProjectDir = "",
    project_name: Annotated[
        str, Field(description="Without a folder, with endpoint_name and base_component")
    ] = "",
    endpoint_name: str = "",
    base_component: Annotated[str, Field(description="Its name, or its conf's")] = "",
    replace: bool = False,
    force: Annotated[bool, Field(description="Override what speaks against it")] = False,
    confirm: Annotated[str, Field(description="digest of the plan that was agreed to")] = "",
    wait_s: Annotated[int, Field(ge=0, le=50, description="Default 20")] = 20,
    dry_run: DryRun = False,
    region: Region = "",
    profile: Profile = "",
) -> RolloutResult:
    """Roll a registered adapter version out to a live endpoint as an inference component.

    Checks version, weights, endpoint and compatibility first; dry_run returns the plan and
    its digest. Takes minutes: follow with get_adapter_rollout. A repeat finds what is there.
    """
    registry = ctx.registry
    folder = deployed_folder(ctx, project_name, endpoint_name, project_dir)
    opened = registry.account if dry_run else registry.writable
    aws = opened(region=region, profile=profile, folder=region_of(folder))
    request = RolloutRequest(
        adapter_name=adapter_name,
        version_arn=version_arn,
        version=version,
        source_project=source_project,
        project_name=project_name,
        endpoint_name=endpoint_name,
        base_component=base_component,
        replace=replace,
        force=force,
        confirm=confirm,
        wait_s=wait_s,
        dry_run=dry_run,
    )
    settings = registry.settings
    policy = ConsentPolicy(
        require_confirm=settings.require_confirm,
        require_human=settings.require_human,
        auto_approve=settings.auto_approve,
    )
    rollout = Rollout(aws=aws, policy=policy, now=registry.now, poll_s=settings.poll_s)
    return rollout.deploy(request, folder, ctx.call)


def get_adapter_rollout(
    ctx: ToolContext,
    adapter_name: str = "",
    project_dir: ProjectDir = "",
    project_name: str = "",
    ic_name: Annotated[str, Field(description="Instead, the component's name")] = "",
    wait_s: Annotated[int, Field(ge=0, le=50, description="Wait for a final state")] = 0,
    region: Region = "",
    profile: Profile = "",
) -> RolloutResult:
    """Tell how an adapter's rollout stands: creating, in_service, or failed and why."""
    registry = ctx.registry
    folder = None if ic_name and not project_dir else target_folder(ctx, project_name, project_dir)
    aws = registry.account(region=region, profile=profile, folder=region_of(folder))
    name = RolloutName.of(
        ic_name=ic_name, adapter_name=adapter_name, project_name=project_name, folder=folder
    )
    return rollout_status(
        name, aws=aws, wait_s=wait_s, poll_s=registry.settings.poll_s, call=ctx.call
    )


def target_folder(ctx: ToolContext, project_name: str, project_dir: str) -> ProjectFolder | None:
    """Return the folder that a call means: a project that is named alone needs none."""
    if project_name and not project_dir:
        return None
    return ctx.registry.project(project_dir)


def deployed_folder(
    ctx: ToolContext, project_name: str, endpoint_name: str, project_dir: str
) -> ProjectFolder | None:
    """Return the folder to deploy from, None for a target that is given by name.

    The working folder serves for the project that it holds and for no other that is named: its
    endpoint is not that one's.
    """
    folder = target_folder(ctx, project_name if endpoint_name else "", project_dir)
    if folder and project_name and not project_dir:
        return folder if folder.config.get("PROJECT_NAME") == project_name else None
    return folder


def region_of(folder: ProjectFolder | None) -> str:
    """Return the region that a project folder names, "" for none."""
    return folder.value("AWS_REGION") if folder else ""
