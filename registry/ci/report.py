"""How much of the CI table is tested, what failed, what got worse, what is stuck.

A regression is read from a configuration's own last two results, never from another one's that
happens to have the same deployment configuration (D32).

Source: record contract, section 7 (report, status).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from registry.calls import Call
from registry.ci.report_text import as_markdown
from registry.errors import InvalidArgument
from registry.instants import parse_instant
from registry.stores import CiRow, CiTable
from schemas.ci import MOST_STUCK_HOURS, NEVER_TESTED, RUNNING
from schemas.ci_report import (
    CiReport,
    CiTally,
    CoveredConfiguration,
    CoveredTier,
    Regression,
    Stuck,
)

SHOWN, MOST_SHOWN = 20, 100
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What is to be reported on; "" for any.

    Attributes:
        stuck_after_hours: For how long a configuration runs without a live lease before it
            counts as stuck.
        full: Lists of a hundred, not of twenty.
    """

    stuck_after_hours: int
    project_name: str = ""
    deployment_config: str = ""
    tier: str = ""
    full: bool = False
    markdown: bool = False

    def wants(self, row: CiRow) -> bool:
        """Tell whether a row is reported on."""
        return (
            self.project_name in ("", row.project_name)
            and self.deployment_config in ("", _config(row))
            and self.tier in ("", row.tier)
        )


def ci_report(table: CiTable, request: ReportRequest, *, now: datetime, call: Call) -> CiReport:
    """Return the report over every record that could be read in the call's time.

    Raises:
        InvalidArgument: `stuck_after_hours` is below 1, or more than a year.
        NotFound: there is no such table.
        PermissionDenied: `dynamodb:Scan` is refused.
    """
    hours = request.stuck_after_hours
    if not 1 <= hours <= MOST_STUCK_HOURS:
        raise InvalidArgument(f"stuck_after_hours is {hours}, allowed are 1 to {MOST_STUCK_HOURS}")
    read = list(table.survey(call=call))
    complete = None not in read
    rows = [row for row in read if row is not None and request.wants(row)]
    before = now - timedelta(hours=hours)
    stuck = [each for each in (_stuck(row, before) for row in rows) if each]
    regressions = [each for each in map(_regression, rows) if each]
    configurations = _configurations(rows)
    tested = sorted(row.tested_at for row in rows if _was_tested(row))
    shown = MOST_SHOWN if request.full else SHOWN
    report = CiReport(
        message=_message(rows, len(regressions), len(stuck), complete=complete),
        summary=_tally(rows),
        configurations=tuple(configurations[:shown]),
        tiers=_tiers(rows),
        failing_by_stage=_stages(rows),
        regressions=tuple(sorted(regressions, key=lambda one: one.failed_at, reverse=True)[:shown]),
        regression_count=len(regressions),
        stuck=tuple(sorted(stuck, key=lambda one: one.since)[:shown]),
        stuck_count=len(stuck),
        last_completed=max(
            (row.tested_at for row in rows if _was_tested(row) and _kind(row) in _TESTED),
            default=None,
        ),
        newest_test=tested[-1] if tested else None,
        oldest_test=tested[0] if tested else None,
        complete=complete,
        warnings=_warnings(len(configurations) - shown, complete=complete),
    )
    return (
        report.model_copy(update={"markdown": as_markdown(report)}) if request.markdown else report
    )


_KINDS = ("untested", "running", "passing", "failing")
_TESTED = ("passing", "failing")


def _kind(row: CiRow) -> str:
    if row.status == "pass":
        return "passing"
    if row.status == RUNNING:
        return "running"
    return "failing" if row.status.startswith("fail") else "untested"


def _tally(rows: Sequence[CiRow]) -> CiTally:
    kinds = Counter(map(_kind, rows))
    tested = kinds["passing"] + kinds["failing"]
    return CiTally(
        total=len(rows),
        tested=tested,
        passing=kinds["passing"],
        failing=kinds["failing"],
        untested=kinds["untested"],
        running=kinds["running"],
        coverage_percent=round(100 * tested / len(rows), 1) if rows else 0.0,
    )


def _configurations(rows: Iterable[CiRow]) -> list[CoveredConfiguration]:
    """Return the deployment configurations by name, each with its record tested last."""
    by_config: dict[str, list[CiRow]] = defaultdict(list)
    for row in rows:
        by_config[_config(row)].append(row)
    covered = []
    for name in sorted(by_config):
        newest = max(by_config[name], key=_recency)
        covered.append(
            CoveredConfiguration(
                **_tally(by_config[name]).model_dump(),
                deployment_config=name,
                status=newest.status or "untested",
                project_name=newest.project_name,
                last_test=newest.tested_at or NEVER_TESTED,
                duration_seconds=newest.duration_s,
            )
        )
    return covered


def _recency(row: CiRow) -> tuple[datetime, int]:
    """Return what tells the record tested last; of two at once, a failure is the news."""
    return parse_instant(row.tested_at) or _LONG_AGO, _KINDS.index(_kind(row))


def _tiers(rows: Iterable[CiRow]) -> tuple[CoveredTier, ...]:
    by_tier: dict[str, list[CiRow]] = defaultdict(list)
    for row in rows:
        if row.tier:
            by_tier[row.tier].append(row)
    return tuple(
        CoveredTier(**_tally(by_tier[name]).model_dump(), tier=name) for name in sorted(by_tier)
    )


def _stages(rows: Iterable[CiRow]) -> dict[str, int]:
    failing = Counter(
        row.status.partition("-")[2] or "unknown" for row in rows if _kind(row) == "failing"
    )
    return dict(failing.most_common())


def _regression(row: CiRow) -> Regression | None:
    if row.previous_status != "pass" or not row.last_status.startswith("fail"):
        return None
    return Regression(
        config_id=row.config_id,
        deployment_config=_config(row),
        project_name=row.project_name,
        status=row.last_status,
        failed_at=row.last_at,
        passed_at=row.previous_at,
    )


def _stuck(row: CiRow, before: datetime) -> Stuck | None:
    """Return a record that nobody works on, although it says so, since before an instant."""
    since = row.lease_ends_at or row.written_at or row.tested_at
    if row.status != RUNNING or (parse_instant(since) or _LONG_AGO) >= before:
        return None
    return Stuck(
        config_id=row.config_id,
        deployment_config=_config(row),
        project_name=row.project_name,
        worker=row.worker or None,
        since=since,
    )


def _config(row: CiRow) -> str:
    return row.deployment_config or "unknown"  # as MLCC's report has a record without one


def _was_tested(row: CiRow) -> bool:
    return bool(row.tested_at) and row.tested_at != NEVER_TESTED


def _message(rows: Sequence[CiRow], regressions: int, stuck: int, *, complete: bool) -> str:
    if not rows:
        return (
            "No record of the CI table matches." if complete else "No record was read that matches."
        )
    tally = _tally(rows)
    return (
        f"{tally.total} configurations, {tally.coverage_percent}% tested: {tally.passing} pass, "
        f"{tally.failing} fail, {tally.untested} untested, {tally.running} running; "
        f"{regressions} regressions, {stuck} stuck."
    )


def _warnings(left_out: int, *, complete: bool) -> tuple[str, ...]:
    warnings = []
    if not complete:
        warnings.append("the table is too large to be read in one call: the figures are of a part")
    if left_out > 0:
        warnings.append(f"{left_out} more deployment configurations are counted and not listed")
    return tuple(warnings)
