"""What `ci_report` answers: how much of the CI table is tested, and how that went."""

from __future__ import annotations

from schemas.base import Record, Result


class CiTally(Record):
    """Records by what their test status says.

    Attributes:
        tested: Passing and failing together.
        coverage_percent: Tested among all, one decimal; 0 without records.
    """

    total: int
    tested: int
    passing: int
    failing: int
    untested: int
    running: int
    coverage_percent: float


class CoveredConfiguration(CiTally):
    """One deployment configuration: its records, and how the one tested last went.

    Attributes:
        status, project_name, last_test, duration_seconds: Of that record.
    """

    deployment_config: str
    status: str
    project_name: str
    last_test: str
    duration_seconds: float = 0


class CoveredTier(CiTally):
    """One tier of end-to-end tests."""

    tier: str


class Regression(Record):
    """A configuration whose last result is a failure and whose one before was none."""

    config_id: str
    deployment_config: str
    project_name: str
    status: str
    failed_at: str
    passed_at: str


class Stuck(Record):
    """A configuration that counts as running although no live lease is on it.

    Attributes:
        since: When its lease ran out, or when it was last written.
    """

    config_id: str
    deployment_config: str
    project_name: str
    worker: str | None = None
    since: str


class CiReport(Result):
    """The CI table at a glance.

    Attributes:
        failing_by_stage: Number of failing records by the stage in their status.
        configurations, regressions, stuck: At most twenty each, a hundred with `detail="full"`;
            `..._count` has the number of the latter two.
        complete: False when not every record could be read: the figures are then of those read.
        markdown: The same as a short text for a pipeline's summary page, where it was asked for.
    """

    summary: CiTally
    configurations: tuple[CoveredConfiguration, ...] = ()
    tiers: tuple[CoveredTier, ...] = ()
    failing_by_stage: dict[str, int]
    regressions: tuple[Regression, ...] = ()
    regression_count: int
    stuck: tuple[Stuck, ...] = ()
    stuck_count: int
    last_completed: str | None = None
    newest_test: str | None = None
    oldest_test: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
    markdown: str | None = None
