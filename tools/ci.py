"""Tools over the configurations that CI tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from registry.capture import Overrides, capture
from registry.ci.claiming import Claim, Claiming
from registry.ci.recording import ResultRequest, record_result
from registry.ci.recording import record_benchmark as mark_benchmark
from registry.ci.report import ReportRequest
from registry.ci.report import ci_report as report_on
from registry.ci.untested import UntestedQuery, query_untested
from registry.core import Registry
from registry.errors import InvalidArgument
from registry.registration.ci import identified
from schemas.ci import ClaimResult, RecordBenchmarkResult, RecordResultResult, UntestedPage
from schemas.ci_report import CiReport
from schemas.facts import DeploymentFacts
from tools.arguments import (
    NO_OBJECT,
    CiTableName,
    Cursor,
    Detail,
    Limit,
    Object,
    Profile,
    ProjectDir,
    Region,
)
from tools.context import ToolContext

Stale = Annotated[bool, Field(description="Also those whose last test is too long ago")]
StaleHours = Annotated[int, Field(ge=0, description="Default 24")]


def query_ci_untested(
    ctx: ToolContext,
    include_stale: Stale = False,
    stale_after_hours: StaleHours = 0,
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
        tested_statuses=registry.settings.stale_statuses,
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


def claim_ci_untested(
    ctx: ToolContext,
    worker: Annotated[str, Field(description="Who tests, such as the CI job's id")],
    n: Annotated[int, Field(ge=0, le=25, description="Default 1; 0 when only renewing")] = 1,
    lease_s: Annotated[int, Field(ge=1, le=86400, description="Default 3600")] = 3600,
    include_stale: Stale = False,
    stale_after_hours: StaleHours = 0,
    project_name: str = "",
    deployment_config: str = "",
    renew: Annotated[Sequence[str], Field(description="leaseIds to prolong by lease_s")] = (),
    release: Annotated[Sequence[str], Field(description="leaseIds to give back untested")] = (),
    idempotency_key: Annotated[
        str, Field(description="One per claim: a repeat with it gets the same leases")
    ] = "",
    detail: Detail = "",
    ci_table: CiTableName = "",
    region: Region = "",
    profile: Profile = "",
) -> ClaimResult:
    """Lease configurations to one worker to test; no two workers get the same one.

    A lease that runs out is another worker's. Call again with renew while a test goes on.
    """
    wanted = UntestedQuery(
        include_stale=include_stale,
        stale_after_hours=stale_after_hours,
        project_name=project_name,
        deployment_config=deployment_config,
        tested_statuses=ctx.registry.settings.stale_statuses,
    )
    only_held = bool(renew or release) and "n" not in ctx.call.sent
    claim = Claim(
        worker=worker,
        wanted=wanted,
        count=0 if only_held else n,
        lease_s=lease_s,
        renew=renew,
        release=release,
        key=idempotency_key,
    )
    claim.check()
    target = ctx.registry.ci_target(ci_table, region=region, profile=profile, folder="")
    claiming = Claiming(target.table, ctx.registry.now, ctx.call)
    result = claiming.carry_out(claim, full=detail == "full")
    return result.model_copy(update={"aws": target.identity})


def record_ci_result(
    ctx: ToolContext,
    config_id: str,
    lease_id: str,
    status: Annotated[str, Field(description="pass, or fail-STAGE such as fail-build")],
    duration_s: Annotated[float, Field(description="Of the whole test; -1: not known")] = -1,
    stage_results: Annotated[
        Object,
        Field(
            description="By stage: {status: pass|fail|skip, durationSeconds, logPointer, "
            "errorSummary}"
        ),
    ] = NO_OBJECT,
    error_message: str = "",
    tier: str = "",
    e2e_catalog_id: str = "",
    ci_table: CiTableName = "",
    region: Region = "",
    profile: Profile = "",
) -> RecordResultResult:
    """Record how the test of a claimed configuration went; this ends its lease.

    Refused when the lease was lost; the result is then kept as history only.
    """
    request = ResultRequest(
        config_id=config_id,
        lease_id=lease_id,
        status=status,
        duration_s=duration_s,
        stage_results=stage_results,
        error_message=error_message,
        tier=tier,
        e2e_catalog_id=e2e_catalog_id,
    )
    target = ctx.registry.ci_target(ci_table, region=region, profile=profile, folder="")
    result = record_result(target.table, request, now=ctx.registry.now)
    return result.model_copy(update={"aws": target.identity})


def record_benchmark(
    ctx: ToolContext,
    run_id: str,
    status: Literal["completed", "failed", "in-progress"],
    config_id: Annotated[str, Field(description="Default: that of the project folder")] = "",
    project_dir: ProjectDir = "",
    ci_table: CiTableName = "",
    region: Region = "",
    profile: Profile = "",
) -> RecordBenchmarkResult:
    """Record a configuration's last benchmark run; its test status stays."""
    registry = ctx.registry
    if not config_id:
        facts = _project(registry, project_dir, region, profile)
        config_id, region = identified(facts), facts.region
    elif project_dir:
        raise InvalidArgument("config_id and project_dir both name a configuration: give one")
    target = registry.ci_target(ci_table, region=region, profile=profile, folder="")
    result = mark_benchmark(target.table, config_id, run_id, status, now=registry.now)
    return result.model_copy(update={"aws": target.identity})


def _project(registry: Registry, project_dir: str, region: str, profile: str) -> DeploymentFacts:
    """Return a project's facts as register_deployment takes them from the same folder."""
    folder = registry.project(project_dir)
    if folder is None:
        raise InvalidArgument(
            "neither config_id nor a project folder says which configuration",
            hint="pass config_id as query_ci_untested answers it, or project_dir",
        )
    fallback = region or registry.region("", profile=profile)
    return capture(folder, Overrides(region=region, fallback_region=fallback))


def ci_report(
    ctx: ToolContext,
    project_name: str = "",
    deployment_config: str = "",
    tier: str = "",
    stuck_after_hours: Annotated[int, Field(ge=0, description="Default: the setting, 2")] = 0,
    markdown: Annotated[bool, Field(description="Add a text for a CI summary page")] = False,
    detail: Annotated[Literal["", "full"], Field(description="full: lists of 100, not of 20")] = "",
    ci_table: CiTableName = "",
    region: Region = "",
    profile: Profile = "",
) -> CiReport:
    """Report how much CI has tested: coverage, failures by stage, regressions, stuck runs."""
    registry = ctx.registry
    aws = registry.account(region=registry.settings.ci_region or region, profile=profile)
    request = ReportRequest(
        project_name=project_name,
        deployment_config=deployment_config,
        tier=tier,
        stuck_after_hours=stuck_after_hours or registry.settings.stuck_after_hours,
        full=detail == "full",
        markdown=markdown,
    )
    table = aws.ci_table(registry.ci_table_name(ci_table))
    report = report_on(table, request, now=registry.now(), call=ctx.call)
    return report.model_copy(update={"aws": aws.identity})
