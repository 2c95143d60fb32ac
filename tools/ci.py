"""Tools over the configurations that CI tests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.untested import UntestedQuery, query_untested
from schemas.ci import UntestedPage
from tools.arguments import CiTableName, Cursor, Detail, Limit, Profile, Region
from tools.context import ToolContext


def query_ci_untested(
    ctx: ToolContext,
    include_stale: Annotated[
        bool, Field(description="Also those whose last test is too long ago")
    ] = False,
    stale_after_hours: Annotated[int, Field(ge=0, description="Default 24")] = 0,
    project_name: str = "",
    deployment_config: str = "",
    count_only: bool = False,
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    ci_table: CiTableName = "",
    region: Region = "",
    profile: Profile = "",
) -> UntestedPage:
    """List the configurations that CI has yet to test, the longest waiting first."""
    registry = ctx.registry
    region = registry.settings.ci_region or region
    aws = registry.account(region=region, profile=profile)
    wanted = UntestedQuery(
        include_stale=include_stale,
        stale_after_hours=stale_after_hours,
        project_name=project_name,
        deployment_config=deployment_config,
    )
    page = query_untested(
        aws.ci_table(registry.ci_table_name(ci_table)),
        wanted,
        now=registry.now(),
        count_only=count_only,
        full=detail == "full",
        limit=limit,
        cursor=cursor,
        call=ctx.call,
    )
    return page.model_copy(update={"aws": aws.identity})
