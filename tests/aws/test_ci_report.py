"""`ci_report` over real boto3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.aws.ci_survey import RESERVE_S, CiSurvey
from registry.aws.ci_writes import CiWrites
from registry.aws.connection import Connection
from registry.aws.directory import BotoDirectory
from registry.aws.sessions import Sessions
from registry.calls import Call
from registry.ci.report import ReportRequest, ci_report
from registry.errors import InvalidArgument, NotFound
from registry.stores import CiRow
from schemas.ci_report import CiReport

pytestmark = pytest.mark.both_engines

NOW = datetime(2026, 5, 6, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def table(aws_env, ci_table_name: str):
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


@pytest.fixture
def put(clients, ci_table_name: str) -> Callable[..., None]:
    def write(config_id: str, status: str = "untested", at: str = "1970-01-01T00:00:00Z", **more):
        texts = {"testStatus": status, "lastTestTimestamp": at, "deploymentConfig": "a-b"} | {
            name: value for name, value in more.items() if isinstance(value, str)
        }
        maps = {name: value for name, value in more.items() if isinstance(value, dict)}
        stored: dict[str, Any] = {name: {"S": value} for name, value in texts.items()}
        stored |= {
            name: {"M": {key: {"S": held} for key, held in value.items()}}
            for name, value in maps.items()
        }
        clients.dynamodb.put_item(
            TableName=ci_table_name, Item={"configId": {"S": config_id}} | stored
        )

    return write


def report(table, **given: Any) -> CiReport:
    request = ReportRequest(**{"stuck_after_hours": 2} | given)
    return ci_report(table, request, now=NOW, call=Call())


def test_a_regression_is_a_configurations_own(table, put):
    passed = {"status": "pass", "testedAt": "2026-05-01T00:00:00Z"}
    failed = {"status": "fail-build", "testedAt": "2026-05-02T00:00:00Z"}
    put("worse", "fail-build", "2026-05-02T00:00:00Z", lastResult=failed, previousResult=passed)
    put("reset", lastResult=failed, previousResult=passed)
    put("better", "pass", "2026-05-03T00:00:00Z", lastResult=passed, previousResult=failed)
    put("always", "fail-build", "2026-05-02T00:00:00Z", lastResult=failed, previousResult=failed)
    put("other-model", "pass", "2026-05-01T00:00:00Z")

    found = report(table)

    assert ["reset", "worse"] == sorted(one.config_id for one in found.regressions)
    assert (2, "fail-build", "2026-05-02T00:00:00Z", "2026-05-01T00:00:00Z") == (
        found.regression_count,
        found.regressions[0].status,
        found.regressions[0].failed_at,
        found.regressions[0].passed_at,
    )


def test_what_runs_without_a_live_lease_for_too_long_is_stuck(table, put):
    put("live", "running", leaseExpiresAt="2026-05-06T13:00:00Z", leaseOwner="w1")
    put("just-out", "running", leaseExpiresAt="2026-05-06T11:00:00Z", leaseOwner="w1")
    put("long-out", "running", leaseExpiresAt="2026-05-06T09:00:00Z", leaseOwner="w2")
    put("no-lease", "running", "2026-05-01T00:00:00Z")

    found = report(table)
    patient = report(table, stuck_after_hours=24)

    assert [("no-lease", None), ("long-out", "w2")] == [
        (one.config_id, one.worker) for one in found.stuck
    ]
    assert ["no-lease"] == [one.config_id for one in patient.stuck]
    assert 4 == found.summary.running


def test_failures_are_counted_by_stage_and_records_by_tier(table, put):
    put("a", "fail-build", "2026-05-01T00:00:00Z", tier="smoke")
    put("b", "fail-build", "2026-05-02T00:00:00Z", tier="smoke")
    put("c", "fail-deploy_test", "2026-05-03T00:00:00Z", tier="full")
    put("d", "pass", "2026-05-04T00:00:00Z", tier="full")
    put("e")

    found = report(table)

    assert {"build": 2, "deploy_test": 1} == found.failing_by_stage
    assert [("full", 2, 1), ("smoke", 2, 0)] == [
        (one.tier, one.total, one.passing) for one in found.tiers
    ]
    assert (80.0, 5, 4) == (
        found.summary.coverage_percent,
        found.summary.total,
        found.summary.tested,
    )
    assert ("2026-05-04T00:00:00Z", "2026-05-01T00:00:00Z") == (
        found.newest_test,
        found.oldest_test,
    )


@pytest.mark.parametrize(
    ("given", "total"),
    [({"project_name": "p"}, 1), ({"deployment_config": "a-b"}, 2), ({"tier": "smoke"}, 1)],
)
def test_a_filter_limits_the_report(table, put, given, total):
    put("a", projectName="p")
    put("b", tier="smoke")
    put("c", deploymentConfig="x-y")

    assert total == report(table, **given).summary.total


def test_an_item_that_the_index_lacks_is_counted(table, clients, ci_table_name):
    clients.dynamodb.put_item(TableName=ci_table_name, Item={"configId": {"S": "bare"}})

    found = report(table)

    assert (1, 1) == (found.summary.total, found.summary.untested)


def test_the_markdown_cannot_be_broken_by_a_name(table, put):
    put("a", "pass", "2026-05-01T00:00:00Z", deploymentConfig="a|b`<script>\n# x")

    text = report(table, markdown=True).markdown or ""

    assert "\\|b\\`\\<script\\> # x" in text
    assert "**100.0%** of 1 configurations tested" in text
    assert None is report(table).markdown


class Cut:
    """A table whose survey stopped before its end, as one of many gigabytes does."""

    def __init__(self, rows: list[CiRow]) -> None:
        self.rows = rows

    def survey(self, *, call: Call) -> Iterator[CiRow | None]:
        call.check("reading")
        yield from self.rows
        yield None


def test_a_table_that_is_too_large_for_the_calls_time_ends_with_none(
    table, put, aws_env, ci_table_name
):
    for number in range(5):
        put(f"c{number}")
    sessions = Sessions(access=None, pool_size=1)
    connection = Connection(sessions, region="us-west-2", profile="")
    writes = CiWrites(connection, ci_table_name)
    survey = CiSurvey(connection, ci_table_name, writes, page_items=2)
    hurried = Call(deadline=time.monotonic() + RESERVE_S - 1)

    whole, cut = list(survey.rows(call=Call())), list(survey.rows(call=hurried))

    assert {f"c{number}" for number in range(5)} == {row.config_id for row in whole if row}
    assert 5 == len(whole)
    assert (3, None) == (len(cut), cut[-1])
    sessions.close()


def test_a_report_of_a_part_says_so(table, put):
    put("a")
    (row,) = table.survey(call=Call())

    found = report(Cut([row]))

    assert (1, False) == (found.summary.total, found.complete)
    assert "the figures are of a part" in found.warnings[0]


def test_a_bad_argument_an_absent_table_and_a_refusal_are_told(table, aws_env):
    for hours in (-1, 10**12):
        with pytest.raises(InvalidArgument, match="stuck_after_hours"):
            report(table, stuck_after_hours=hours)
    directory = BotoDirectory()
    with pytest.raises(NotFound, match="'nowhere'"):
        report(directory.open(region="us-west-2", profile="").ci_table("nowhere"))
    directory.close()
