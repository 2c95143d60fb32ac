"""Tools over registered adapters and their rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, TypeVar

from pydantic import Field

from registry.adapters import AdapterFilter
from registry.adapters import list_adapters as list_versions
from registry.questions import Question
from registry.rollout.naming import RolloutName
from registry.rollout.places import (
    deployed_folder,
    named_folder,
    open_removal,
    open_rollout,
    own_folder,
    region_of,
)
from registry.rollout.request import RemovalRequest, RolloutRequest
from registry.rollout.status import rollout_status
from schemas.adapter import AdapterPage
from schemas.rollout import AdapterRemovalResult, RolloutResult
from tools.arguments import Cursor, Detail, DryRun, Limit, Profile, ProjectDir, Region, Technique
from tools.context import ToolContext
from tools.projects import group_of

AnyRequest = TypeVar("AnyRequest", RolloutRequest, RemovalRequest)


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
    group, folder = group_of(ctx, project_name, project_dir)
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
    folder = deployed_folder(ctx.registry, request, project_dir)
    rollout = open_rollout(
        ctx.registry, folder, writing=not dry_run, region=region, profile=profile
    )
    return rollout.deploy(request, folder, ctx.call, ctx.person)


def which_version(ctx: ToolContext, arguments: Mapping[str, Any]) -> Question | None:
    """Return the question which version to roll out, None when the call says it."""
    request = _named(RolloutRequest, arguments)
    folder = deployed_folder(ctx.registry, request, arguments["project_dir"])
    rollout = open_rollout(ctx.registry, folder, writing=False, **_account(arguments))
    return rollout.version_question(request, folder, ctx.call)


def rollout_consent(ctx: ToolContext, arguments: Mapping[str, Any]) -> Question | None:
    """Return the question whether a rollout's plan is to be carried out."""
    request = _named(RolloutRequest, arguments)
    folder = deployed_folder(ctx.registry, request, arguments["project_dir"])
    rollout = open_rollout(ctx.registry, folder, writing=not request.dry_run, **_account(arguments))
    return rollout.consent_question(request, folder, ctx.call)


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
    named_alone = ic_name and not project_dir
    folder = None if named_alone else named_folder(registry, project_name, project_dir)
    aws = registry.account(region=region, profile=profile, folder=region_of(folder))
    name = RolloutName.of(
        ic_name=ic_name, adapter_name=adapter_name, project_name=project_name, folder=folder
    )
    return rollout_status(
        name, aws=aws, wait_s=wait_s, poll_s=registry.settings.poll_s, call=ctx.call
    )


def remove_adapter(
    ctx: ToolContext,
    adapter_name: str = "",
    project_dir: ProjectDir = "",
    project_name: str = "",
    ic_name: Annotated[str, Field(description="Instead, the component's name")] = "",
    confirm: Annotated[str, Field(description="digest of the plan that was agreed to")] = "",
    wait_s: Annotated[int, Field(ge=0, le=50, description="Default 20")] = 20,
    dry_run: DryRun = False,
    region: Region = "",
    profile: Profile = "",
) -> AdapterRemovalResult:
    """Take an adapter off its endpoint and remove its conf; what is gone already is fine.

    Registered versions stay and are named, so that it can be rolled out again.
    """
    request = RemovalRequest(
        adapter_name=adapter_name,
        project_name=project_name,
        ic_name=ic_name,
        confirm=confirm,
        wait_s=wait_s,
        dry_run=dry_run,
    )
    folder = own_folder(ctx.registry, project_name, project_dir)
    removal = open_removal(
        ctx.registry, folder, writing=not dry_run, region=region, profile=profile
    )
    return removal.remove(request, folder, ctx.call, ctx.person)


def removal_consent(ctx: ToolContext, arguments: Mapping[str, Any]) -> Question | None:
    """Return the question whether an adapter is to be taken off."""
    request = _named(RemovalRequest, arguments)
    folder = own_folder(ctx.registry, request.project_name, arguments["project_dir"])
    removal = open_removal(ctx.registry, folder, writing=not request.dry_run, **_account(arguments))
    return removal.consent_question(request, folder, ctx.call)


def _named(kind: type[AnyRequest], arguments: Mapping[str, Any]) -> AnyRequest:
    return kind(**{each.name: arguments[each.name] for each in fields(kind)})


def _account(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {name: arguments[name] for name in ("region", "profile")}
