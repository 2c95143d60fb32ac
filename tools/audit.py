"""The tool that compares the registry with what runs."""

from __future__ import annotations

from registry.audit.page import Audit
from schemas.audit import AuditPage
from tools.arguments import Cursor, Limit, OwnFile, Profile, Region
from tools.context import ToolContext


def audit_deployments(
    ctx: ToolContext,
    project_name: str = "",
    project_dir: OwnFile = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    region: Region = "",
    profile: Profile = "",
) -> AuditPage:
    """Compare what was registered in a region with the endpoints that run there.

    Each endpoint is running as registered, drifted (and where), gone, or unregistered.
    """
    registry = ctx.registry
    aws = registry.account(region=region, profile=profile)
    return Audit(aws, ctx.call).page(
        registry.logs(project_dir), project_name=project_name, limit=limit, cursor=cursor
    )
