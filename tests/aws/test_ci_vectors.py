"""What MLCC reads of a CI table beside what we read of it, whole documents: vectors `ci_table`.

The list of exemptions is exact: a difference that it does not name fails, and so does a row that
is no difference any more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.report import ReportRequest, ci_report
from registry.stores import CiRow
from schemas.ci_report import CiReport, CiTally

pytestmark = pytest.mark.both_engines

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "contract" / "ci_table.json").read_text("utf-8")
)
REPORTS = {case["id"]: case for case in VECTORS["report_and_status"]}
STATUS = VECTORS["e2e_status"]
NOW = datetime(2026, 5, 6, 12, 0, 0, tzinfo=UTC)
NEVER = "1970-01-01T00:00:00Z"

_SAID = "MLCC answers a message without counts"
_FIXED = "D32: MLCC counts the newest record of each of fifteen names; ours counts all records"
_OTHERS = "D32: MLCC compares with another model's record; a regression is a configuration's own"
_DEFAULT = "a reader's default is the epoch, as the index has it"


def _summary(*figures: float) -> dict[str, float]:
    names = ("total", "tested", "passing", "failing", "untested", "coveragePercent")
    return dict(zip(names, figures, strict=True))


EXEMPTIONS: dict[str, dict[str, tuple[Any, str]]] = {
    # case -> path -> what we answer, and why
    "mixed": {
        "summary": (_summary(9, 7, 4, 3, 1, 77.8), _FIXED),
        "regressions": ([], _OTHERS),
    },
    "empty": {
        **{
            f"status.{name}": (0, _SAID)
            for name in ("total", "running", "passing", "failing", "untested")
        },
        "summary": (_summary(0, 0, 0, 0, 0, 0.0), _SAID),
        "regressions": ([], _SAID),
    },
    "same-config-latest-wins": {"summary": (_summary(2, 2, 1, 1, 0, 100.0), _FIXED)},
    "same-timestamp": {"summary": (_summary(2, 2, 1, 1, 0, 100.0), _FIXED)},
    "missing-fields": {
        "summary": (_summary(2, 1, 1, 0, 1, 50.0), _FIXED),
        "status.lastCompleted": (None, "MLCC's word for none is N/A; ours is absence"),
        "configurations.unknown.lastTest": (NEVER, _DEFAULT),
    },
    "only-unknown-configs": {"summary": (_summary(1, 1, 1, 0, 0, 100.0), _FIXED)},
}


@pytest.fixture
def table(aws_env, ci_table_name: str) -> Iterator[DynamoCiTable]:
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


@pytest.fixture
def put(clients, ci_table_name: str) -> Callable[[list[dict[str, Any]]], None]:
    def write(items: list[dict[str, Any]]) -> None:
        for item in items:
            clients.dynamodb.put_item(TableName=ci_table_name, Item=item)

    return write


def _theirs(case: dict[str, Any]) -> dict[str, Any]:
    """Return MLCC's two documents by path, without the fixed names that have no record (D32)."""
    report = case["report_json"] or {}
    configurations = report.get("configurations", {})
    unrecorded = [name for name, one in configurations.items() if not one["recordCount"]]
    assert unrecorded == report.get("untestedConfigs", []), "it holds nothing else"
    return {
        **{f"status.{name}": value for name, value in case["status"].items()},
        **{name: report.get(name) for name in ("summary", "regressions")},
        **{
            f"configurations.{config}.{name}": value
            for config, one in configurations.items()
            if config not in unrecorded
            for name, value in one.items()
        },
    }


def _ours(report: CiReport) -> dict[str, Any]:
    tally = report.summary
    status = tally.model_dump(include={"total", "running", "passing", "failing", "untested"})
    document: dict[str, Any] = {f"status.{name}": value for name, value in status.items()}
    document["status.lastCompleted"] = report.last_completed
    document["summary"] = _tally(tally)
    document["regressions"] = [one.deployment_config for one in report.regressions]
    for one in report.configurations:
        document |= {
            f"configurations.{one.deployment_config}.{name}": value
            for name, value in (
                ("status", one.status),
                ("project", one.project_name),
                ("lastTest", one.last_test),
                ("duration", one.duration_seconds),
                ("recordCount", one.total),
            )
        }
    return document


def _tally(tally: CiTally) -> dict[str, float]:
    return _summary(
        tally.total,
        tally.tested,
        tally.passing,
        tally.failing,
        tally.untested,
        tally.coverage_percent,
    )


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_differs_from_mlccs_report_and_status_only_where_it_should(table, put, name):
    case = REPORTS[name]
    put(case["items"])

    report = ci_report(table, ReportRequest(stuck_after_hours=2), now=NOW, call=Call())

    theirs, ours = _theirs(case), _ours(report)
    differing = {path: ours[path] for path in ours if ours[path] != theirs.get(path)}
    assert set(theirs) == set(ours)
    assert {path: value for path, (value, _) in EXEMPTIONS[name].items()} == differing


def _name(case: dict[str, Any]) -> str:
    wanted = case["input"].get("configIds")
    if wanted is None:
        return f"runs, {case['input'].get('limit', 'all')}"
    return f"{len(wanted)} ids, {len(set(wanted))} of them different"


STATUS_CASES = {_name(case): case for case in STATUS["cases"]}
UNPROCESSED = "the service answered one of three keys"
STATUS_CASES[UNPROCESSED] = STATUS["unprocessed_keys_case"]

_NOTHING_FAILED = "D31: what is running or was never tested has not failed"
RUN_EXEMPTIONS: dict[str, dict[str, tuple[dict[str, Any] | None, str]]] = {
    "runs, all": {
        "unknown-2026-05-03": ({"passed": 1, "failed": 0}, _NOTHING_FAILED),
        "unknown-1970-01-01": (None, _NOTHING_FAILED),
    }
}
READ_EXEMPTIONS: dict[str, tuple[dict[str, str], str]] = {
    "2 ids, 1 of them different": (
        {"aaaaaaaaaaaaaaaa": "pass"},
        "D31: an id that is given twice fails the whole call",
    ),
    UNPROCESSED: (
        {"eeeeeeeeeeeeeeee": "fail-deploy_test"},
        "D31: a key that the service left for later counts as untested",
    ),
}


def _read(table: DynamoCiTable, wanted: str, rows: dict[str, CiRow]) -> dict[str, Any]:
    """Return a configuration as MLCC's get_e2e_status shows it."""
    found, row = table.get(wanted), rows.get(wanted)
    status = found.test_status if found else "untested"
    return {
        "configId": wanted,
        "testStatus": status,
        "lastTestTimestamp": found and found.last_test_timestamp,
        "tier": (row and row.tier) or None,
        "failingStage": status.partition("fail-")[2] or None,
    }


@pytest.mark.parametrize("name", [each for each in STATUS_CASES if "runs" not in each])
def test_configurations_read_as_mlccs_server_reads_them_save_its_defects(table, put, name):
    put(STATUS["items"])
    case = STATUS_CASES[name]
    wanted = dict.fromkeys(case["input"]["configIds"])

    rows = {row.config_id: row for row in table.survey(call=Call()) if row}
    ours = {one: _read(table, one, rows) for one in wanted}

    theirs = {one["configId"]: one for one in case["output"]["results"]}
    differing = {one: ours[one]["testStatus"] for one in wanted if ours[one] != theirs.get(one)}
    assert READ_EXEMPTIONS.get(name, ({}, ""))[0] == differing


def _runs(rows: list[CiRow], limit: int) -> list[dict[str, Any]]:
    """Return the runs that our rows tell of, as MLCC's list_e2e_runs shows them."""
    found: dict[tuple[str, str], list[CiRow]] = defaultdict(list)
    for row in rows:
        if row.status == "pass" or row.status.startswith("fail"):
            found[row.tier or "unknown", row.tested_at[:10]].append(row)
    runs = [
        {
            "runId": f"{tier}-{day}",
            "tier": tier,
            "timestamp": max(row.tested_at for row in tested),
            "passed": sum(row.status == "pass" for row in tested),
            "failed": sum(row.status != "pass" for row in tested),
        }
        for (tier, day), tested in found.items()
    ]
    return sorted(runs, key=lambda run: str(run["timestamp"]), reverse=True)[:limit]


@pytest.mark.parametrize("name", [each for each in STATUS_CASES if "runs" in each])
def test_rows_tell_of_the_runs_that_mlccs_server_lists_save_its_defects(table, put, name):
    put(STATUS["items"])
    case = STATUS_CASES[name]

    runs = _runs([row for row in table.survey(call=Call()) if row], case["input"].get("limit", 10))

    ours = {run["runId"]: run for run in runs}
    theirs = {run["runId"]: run for run in case["output"]["runs"]}
    expected = {
        run: None if told is None else theirs[run] | told
        for run, (told, _) in RUN_EXEMPTIONS.get(name, {}).items()
    }
    differing = {run: ours.get(run) for run in theirs if theirs[run] != ours.get(run)}
    assert expected == differing
    assert set(ours) <= set(theirs)


def test_every_exemption_is_of_a_case():
    assert set(EXEMPTIONS) == set(REPORTS)
    assert {*RUN_EXEMPTIONS, *READ_EXEMPTIONS} <= set(STATUS_CASES)
    assert len(STATUS["cases"]) + 1 == len(STATUS_CASES)
