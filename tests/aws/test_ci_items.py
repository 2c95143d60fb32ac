"""Items of the CI table beside MLCC's own, attribute for attribute: `do_folders` and `ci_table`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.capture import Overrides, capture, config_id_of
from registry.ci.claiming import Claim, Claiming
from registry.ci.recording import ResultRequest, record_benchmark, record_result
from registry.ci.report import ReportRequest, ci_report
from registry.ci.untested import UntestedQuery
from registry.errors import InvalidArgument, NotFound
from registry.project.folder import read_project
from registry.registration.ci import CiRequest, CiTarget, register_ci
from registry.registration.request import RegistrationRequest
from schemas.base import Identity
from schemas.ci import CiRegistration
from schemas.facts import DeploymentFacts

from ..contract.test_do_folders import CASES, EXEMPTIONS, _write

pytestmark = pytest.mark.both_engines

CI_TABLE = json.loads(
    (Path(__file__).parents[1] / "data" / "contract" / "ci_table.json").read_text("utf-8")
)
PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
NOW = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)
AT = "2026-05-01T10:00:00Z"
OURS = {"registrationId", "writeRequestId", "updatedAt", "revision", "previousStatus"}
DIFFERS = {(case, path.split(".")[-1]) for case, path, _ in EXEMPTIONS if path.startswith("ci.")}


@pytest.fixture
def table(aws_env: dict[str, str], ci_table_name: str) -> Iterator[DynamoCiTable]:
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


@pytest.fixture
def stored(clients, ci_table_name: str):
    """Every item of the table."""
    return lambda: clients.dynamodb.scan(TableName=ci_table_name)["Items"]


def _facts(name: str, tmp_path: Path) -> DeploymentFacts:
    _write(CASES[name], tmp_path / "project")
    folder = read_project(tmp_path / "project", environment=CASES[name]["extra_environment"])
    return capture(folder, Overrides(generator_version=CASES[name]["generated_by"]))


def _register(table: DynamoCiTable, facts: DeploymentFacts, entry: str, strategy: str) -> str:
    target = CiTarget("t", table, Identity(account="123456789012", region="us-west-2"))
    request = RegistrationRequest(ci=True, build_strategy=strategy)
    made = {"id": entry, "timestamp": "2026-05-01T10:00:00.000Z"}
    return register_ci(target, CiRequest(facts, request, made, found=False, now=NOW)).state


def _theirs(name: str, write: str) -> dict[str, Any]:
    """Return the item as MLCC's request leaves it, without configJson."""
    item = {**CASES[name]["upstream"]["ci_first_write"]["request"]["Item"]}
    item["createdAt"] = {"S": AT}
    if write == "ci_second_write":
        request = CASES[name]["upstream"][write]["request"]
        values = request["ExpressionAttributeValues"]
        item |= {key: values[ref] for key, ref in _SET.findall(request["UpdateExpression"])}
    item.pop("configJson")
    return {key: value for key, value in item.items() if (name, key) not in DIFFERS}


_SET = re.compile(r"(\w+) = (:\w+)")


@pytest.mark.parametrize("name", CASES)
def test_the_item_of_a_registration_is_mlccs_and_our_own_attributes(table, stored, tmp_path, name):
    facts = _facts(name, tmp_path)
    for entry, write in (("r1", "ci_first_write"), ("r2", "ci_second_write")):
        theirs = CASES[name]["upstream"][write]["request"]
        given = theirs.get("Item") or theirs["ExpressionAttributeValues"]
        strategy = (given.get("buildStrategy") or given.get(":bs"))["S"]

        state = _register(table, facts, entry, strategy)

        (item,) = stored()
        assert {"r1": "created", "r2": "updated"}[entry] == state
        assert json.loads(item.pop("configJson")["S"])["buildStrategy"] == strategy
        assert set(item) >= OURS
        mine = {
            key: value
            for key, value in item.items()
            if key not in OURS and (name, key) not in DIFFERS
        }
        assert _theirs(name, write) == mine


@pytest.mark.parametrize("case", CI_TABLE["benchmark_status"], ids=lambda each: each["id"])
def test_a_benchmark_writes_what_mlcc_writes_to_the_item_of_the_true_counts(
    table, stored, clients, ci_table_name, case
):
    """D27: MLCC's own goes to the item of one component and no adapter, whatever there is."""
    options = dict(zip(case["argv"][::2], case["argv"][1::2], strict=True))
    config_id = case["configId_written_by_ci_registration"]
    clients.dynamodb.put_item(TableName=ci_table_name, Item={"configId": {"S": config_id}})

    def record() -> None:
        record_benchmark(
            table,
            config_id,
            options.get("--benchmark-run-id", ""),
            options["--benchmark-status"],
            now=lambda: NOW,
        )

    if case["update_item"] is None:
        with pytest.raises(InvalidArgument):
            record()
        expected = {}
    else:
        record()
        written = case["update_item"]["ExpressionAttributeValues"] | {":ts": {"S": AT}}
        names = _SET.findall(case["update_item"]["UpdateExpression"])
        expected = {key: written[ref] for key, ref in names}

    assert [{"configId": {"S": config_id}} | expected] == stored()


def test_a_benchmark_makes_no_stray_item(table, stored, tmp_path):
    facts = _facts("vllm-lora-five-adapters", tmp_path)

    with pytest.raises(NotFound):
        record_benchmark(table, config_id_of(facts), "bmk-1", "failed", now=lambda: NOW)

    assert [] == stored()


RECORDED = {
    "configId": {"S": "e2e"},
    "schemaVersion": {"N": "2"},
    "testStatus": {"S": "fail-deploy_test"},
    "lastTestTimestamp": {"S": "2026-04-30T09:00:00.123Z"},
    "stageResults": {"M": {"build": {"M": {"status": {"S": "pass"}, "duration": {"N": "1200"}}}}},
    "e2eCatalogId": {"S": "cat-1"},
    "tier": {"S": "smoke"},
    "duration": {"N": "61500"},
}
"""An item of the second schema, as MLCC's recorder of end-to-end tests puts it, whole."""


def test_an_item_of_the_second_schema_is_reported_claimed_tested_and_registered(
    table, stored, clients, ci_table_name
):
    clients.dynamodb.put_item(TableName=ci_table_name, Item=RECORDED)
    report = ci_report(table, ReportRequest(stuck_after_hours=2), now=NOW, call=Call())
    claiming = Claiming(table, lambda: NOW, Call())
    wanted = UntestedQuery(include_stale=True)
    [claimed] = claiming.carry_out(
        Claim("w", wanted, count=1, lease_s=60), full=True
    ).configurations
    result = ResultRequest("e2e", str(claimed.lease_id), "pass", tier="full")
    record_result(table, result, now=lambda: NOW)
    (tested,) = stored()
    registration = CiRegistration(
        config_id="e2e",
        config_json="{}",
        deployment_config="http-flask",
        base_image="",
        base_image_version="",
        build_strategy="codebuild-submit",
        project_name="p",
        registration_id="r1",
        now=AT,
    )

    assert "updated" == table.register(registration)

    [reported], [tier] = report.configurations, report.tiers
    assert ("unknown", "fail-deploy_test", 61.5, "smoke") == (
        reported.deployment_config,
        reported.status,
        reported.duration_seconds,
        tier.tier,
    )
    assert ("codebuild-submit", None) == (claimed.build_strategy, claimed.config)
    assert ("pass", "full", "cat-1") == tuple(
        tested[name]["S"] for name in ("testStatus", "tier", "e2eCatalogId")
    )
    assert "fail-deploy_test" == tested["previousResult"]["M"]["status"]["S"]
    assert set() == {"duration", "stageResults"} & set(tested)
    (item,) = stored()
    assert ("untested", AT, {"N": "1"}) == (
        item["testStatus"]["S"],
        item["createdAt"]["S"],
        item["schemaVersion"],
    )


def test_the_page_lists_the_attributes_that_mlcc_does_not_know():
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))

    assert OURS <= named
    assert {
        "leaseId",
        "leaseOwner",
        "leaseExpiresAt",
        "leaseRequest",
        "leasedFrom",
        "lastResult",
        "previousResult",
        "lateResults",
    } <= named
