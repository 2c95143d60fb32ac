"""The tool over a project's base models."""

from __future__ import annotations

from registry.models import list_models as list_versions
from registry.rollout.places import region_of
from schemas.model import ModelPage
from tools.arguments import Cursor, Detail, Limit, Profile, ProjectDir, Region
from tools.context import ToolContext
from tools.projects import group_of


def list_models(
    ctx: ToolContext,
    project_name: str = "",
    project_dir: ProjectDir = "",
    deployment_config: str = "",
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    region: Region = "",
    profile: Profile = "",
) -> ModelPage:
    """List a project's registered base model versions, newest first."""
    group, folder = group_of(ctx, project_name, project_dir)
    aws = ctx.registry.account(region=region, profile=profile, folder=region_of(folder))
    return list_versions(
        aws,
        group,
        deployment_config,
        limit=limit,
        cursor=cursor,
        full=detail == "full",
        call=ctx.call,
    )
