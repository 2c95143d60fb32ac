"""Configurations that CI tests: what register writes and what query_ci_untested answers."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from schemas.base import Record, Result, ShownDocument

NEVER_TESTED = "1970-01-01T00:00:00Z"
"""`lastTestTimestamp` of an item that was never tested: the index holds no item without one."""

RUNNING = "running"
"""`testStatus` of a configuration that somebody tests now."""

STAGES = (
    "generate",
    "validate",
    "build",
    "deploy",
    "test",
    "deploy_test",
    "adapter_test",
    "register",
    "teardown",
    "update",
)
"""Stages that a test may fail in: those of MLCC's writers and of its scanner (D30)."""

TESTED_STATUSES = ("pass", *(f"fail-{stage}" for stage in STAGES))
"""Every status of a finished test; `running` is somebody's work and is never listed."""

FINISHED_STATUS = re.compile(r"pass|fail-[a-z][a-z0-9_]{0,39}")
"""What a finished test's status looks like; which stages there are is left open."""


MOST_STUCK_HOURS = 24 * 365
"""The longest that a run may be left alone before it is called stuck."""


class CiRegistration(Record):
    """What one registration writes to the CI table.

    Attributes:
        config_id: 16 hex digits over the configuration's identity.
        config_json: The deployment record as compact ASCII JSON.
        registration_id: Id of the registry entry, so that completing a registration
            never resets a configuration that was claimed or tested since.
        now: The write's instant, whole seconds with `Z`.
        only_if_before: For an entry that was found, when it was made: what was written or tested
            since is newer than this registration and stays. Whole seconds with `Z`.
    """

    config_id: str
    config_json: str
    deployment_config: str
    base_image: str
    base_image_version: str
    build_strategy: str
    project_name: str
    registration_id: str
    now: str
    only_if_before: str | None = None


class CiConfiguration(Record):
    """One item of the CI table, its defaults filled in, its `configJson` taken apart.

    Attributes:
        config: The parsed `configJson`; None when the item has none or it does not parse.
        config_problem: Why `config` is missing from an item that ought to have one.
        lease_id, lease_owner, lease_expires_at: Of the worker that tests it now, if one does.
        lease_request: Names the claim that the lease was taken by, where that had a key.
    """

    config_id: str
    project_name: str = ""
    deployment_config: str = ""
    model_name: str = ""
    instance_type: str = ""
    aws_region: str = ""
    deployment_target: str = ""
    base_image: str = ""
    base_image_version: str = ""
    build_strategy: str = "codebuild-submit"
    test_status: str = "untested"
    last_test_timestamp: str = NEVER_TESTED
    created_at: str | None = None
    registration_id: str | None = None
    updated_at: str | None = None
    lease_id: str | None = None
    lease_owner: str | None = None
    lease_expires_at: str | None = None
    lease_request: str | None = None
    config_problem: str | None = None
    config: ShownDocument | None = Field(default=None)

    def for_others(self) -> CiConfiguration:
        """Return it as anybody but its worker sees it: a lease's id lets record results."""
        return self.model_copy(update={"lease_id": None, "lease_request": None})


StageStatus = Literal["pass", "fail", "skip"]
BenchmarkStatus = Literal["completed", "failed", "in-progress"]
RecordedState = Literal["recorded", "unchanged", "late"]
"""A result that counts now, that counted before, or that came after its lease was lost."""


class StageResult(Record):
    """How one stage of a test went, as MLCC's harness stores it.

    Attributes:
        log_pointer: Where its log is.
    """

    status: StageStatus
    duration_seconds: float | None = Field(default=None, ge=0)
    log_pointer: str = ""
    error_summary: str = ""


class CiResult(Record):
    """What a worker found out about a configuration that it had leased.

    Attributes:
        status: `pass`, or `fail-` and the stage.
        at: When, whole seconds with `Z`.
        duration_s: Of the whole test.
    """

    config_id: str
    lease_id: str
    status: str
    at: str
    duration_s: float | None = None
    stage_results: dict[str, StageResult] = Field(default_factory=dict)
    error_message: str = ""
    tier: str = ""
    e2e_catalog_id: str = ""


class CiBenchmark(Record):
    """The last benchmark of a configuration; `at` is whole seconds with `Z`."""

    config_id: str
    run_id: str
    status: BenchmarkStatus
    at: str


class UntestedPage(Result):
    """One page of the configurations that CI has to test, the longest untested first.

    Attributes:
        count: How many are on this page; with `count_only`, how many there are.
        complete: None is left for another page.
    """

    configurations: tuple[CiConfiguration, ...] = ()
    count: int
    next_cursor: str | None = None
    complete: bool


class CiConfigurationResult(Result):
    """One configuration as it stands in the CI table; whose lease it has, but not the lease."""

    configuration: CiConfiguration


class ClaimResult(Result):
    """What a worker may test now.

    Attributes:
        configurations: Each with its lease.
        renewed, released: Ids of leases that were.
        lost: Ids of leases to renew or release that were no longer the caller's.
        warnings: Why fewer were claimed than there may be.
    """

    configurations: tuple[CiConfiguration, ...] = ()
    count: int
    renewed: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class RecordResultResult(Result):
    """A result as it stands in the CI table now."""

    config_id: str
    state: RecordedState
    test_status: str
    last_test_timestamp: str
    warnings: tuple[str, ...] = ()


class RecordBenchmarkResult(Result):
    """A configuration's last benchmark as it stands in the CI table now."""

    config_id: str
    last_benchmark_run_id: str
    last_benchmark_timestamp: str
    last_benchmark_status: BenchmarkStatus
