"""Claiming, recording and reporting through a real client and a real server, in both eras."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("ci",)

FLAGS = ("--toolsets", "core,ci")
WRITERS = {"claim_ci_untested", "record_ci_result", "record_benchmark"}


@pytest.fixture
def item(aws, ci_table):
    def read(config_id):
        found = aws["dynamodb"].get_item(TableName=ci_table, Key={"configId": {"S": config_id}})
        return dict(found["Item"])

    return read


@pytest.fixture
def put(aws, ci_table):
    def write(config_id, status="untested", **texts):
        stored = {
            "configId": config_id,
            "testStatus": status,
            "lastTestTimestamp": "1970-01-01T00:00:00Z",
            "deploymentConfig": "transformers-vllm",
            "configJson": "{}",
        } | texts
        aws["dynamodb"].put_item(
            TableName=ci_table, Item={key: {"S": value} for key, value in stored.items() if value}
        )

    return write


async def test_a_registered_configuration_is_claimed_tested_and_reported_on(connect, item):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        config_id = made["ci"]["configId"]
        claimed = await client.ok("claim_ci_untested", worker="job-1", lease_s=600)
        [one] = claimed["configurations"]
        renewed = await client.ok("claim_ci_untested", worker="job-1", renew=[one["leaseId"]])
        recorded = await client.ok(
            "record_ci_result",
            config_id=config_id,
            lease_id=one["leaseId"],
            status="fail-deploy_test",
            duration_s=12.5,
            stage_results={"build": {"status": "pass"}, "deploy_test": {"status": "fail"}},
            error_message="out of memory",
            tier="smoke",
        )
        report = await client.ok("ci_report", markdown=True)
        untested = await client.ok("query_ci_untested")

    assert (config_id, "running", "job-1") == tuple(
        one[each] for each in ("configId", "testStatus", "leaseOwner")
    )
    assert "record_ci_result" in claimed["nextStep"]
    assert ([one["leaseId"]], 0) == (renewed["renewed"], renewed["count"])
    assert ("recorded", "fail-deploy_test") == (recorded["state"], recorded["testStatus"])
    assert "out of memory" == item(config_id)["errorMessage"]["S"]
    assert (1, 1) == (report["summary"]["total"], report["summary"]["failing"])
    assert {"deploy_test": 1} == report["failingByStage"]
    assert ["smoke"] == [each["tier"] for each in report["tiers"]]
    assert "transformers-vllm" in report["markdown"]
    assert [] == untested["configurations"]


async def test_a_result_after_another_registration_is_refused_and_kept(connect, item):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        config_id = made["ci"]["configId"]
        [one] = (await client.ok("claim_ci_untested", worker="job-1"))["configurations"]
        again = await client.ok("register_deployment", ci=True, notes="another image")
        late = await client.refused(
            "record_ci_result", config_id=config_id, lease_id=one["leaseId"], status="pass"
        )
        lost = await client.ok("claim_ci_untested", worker="job-1", release=[one["leaseId"]])

    stored = item(config_id)
    assert ("updated", "conflict") == (again["ci"]["state"], late["error"]["code"])
    assert "untested" == stored["testStatus"]["S"]
    assert ["pass"] == [each["M"]["status"]["S"] for each in stored["lateResults"]["L"]]
    assert [one["leaseId"]] == lost["lost"]


async def test_what_is_released_can_be_claimed_by_another(connect, put):
    put("a")
    async with connect() as client:
        [mine] = (await client.ok("claim_ci_untested", worker="job-1"))["configurations"]
        none = await client.ok("claim_ci_untested", worker="job-2")
        await client.ok("claim_ci_untested", worker="job-1", release=[mine["leaseId"]])
        [theirs] = (await client.ok("claim_ci_untested", worker="job-2"))["configurations"]

    assert (0, "a", "job-2") == (none["count"], theirs["configId"], theirs["leaseOwner"])


async def test_a_benchmark_of_a_project_goes_to_the_configuration_of_its_true_counts(
    connect, item, project
):
    """D27: the example has two components and two adapters."""
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        config_id = made["ci"]["configId"]
        here = await client.ok("record_benchmark", run_id="bmk-1", status="in-progress")
        named = await client.ok(
            "record_benchmark", run_id="bmk-2", status="completed", project_dir=str(project)
        )
        by_id = await client.ok(
            "record_benchmark", run_id="bmk-3", status="failed", config_id=config_id
        )
        both = await client.refused(
            "record_benchmark", run_id="b", status="failed", config_id="x", project_dir="."
        )
        absent = await client.refused(
            "record_benchmark", run_id="b", status="failed", config_id="0" * 16
        )

    assert {config_id} == {each["configId"] for each in (here, named, by_id)}
    assert ("bmk-3", "failed", "untested") == tuple(
        item(config_id)[each]["S"]
        for each in ("lastBenchmarkRunId", "lastBenchmarkStatus", "testStatus")
    )
    assert ("invalid_argument", "not_found") == (both["error"]["code"], absent["error"]["code"])


async def test_a_benchmark_without_id_and_without_project_says_what_to_pass(connect, tmp_path):
    async with connect(*FLAGS, folder=tmp_path) as client:
        refused = await client.refused("record_benchmark", run_id="b", status="failed")

    assert "invalid_argument" == refused["error"]["code"]
    assert "project_dir" in refused["error"]["hint"]


async def test_records_without_a_readable_configuration_are_returned_and_marked(connect, put):
    put("pasted", configJson='{"modelName": "a "quoted" name"}')
    put("bare", configJson="")
    put("whole", configJson=json.dumps({"modelName": "m"}))
    async with connect() as client:
        page = await client.ok("query_ci_untested")

    problems = {each["configId"]: each.get("configProblem", "") for each in page["configurations"]}
    assert {"pasted", "bare", "whole"} == set(problems)
    assert "not a JSON object" in problems["pasted"]
    assert "no configJson" in problems["bare"]
    assert "" == problems["whole"]


async def test_which_statuses_may_be_stale_is_a_setting(connect, put):
    put("known", "fail-build")
    put("own", "fail-smoke")
    async with connect() as client:
        usual = await client.ok("query_ci_untested", include_stale=True)
    async with connect(*FLAGS, "--stale-statuses", "pass,fail-smoke") as client:
        set_apart = await client.ok("query_ci_untested", include_stale=True)
        claimed = await client.ok("claim_ci_untested", worker="w", n=5, include_stale=True)

    assert ["known"] == [each["configId"] for each in usual["configurations"]]
    assert ["own"] == [each["configId"] for each in set_apart["configurations"]]
    assert ["own"] == [each["configId"] for each in claimed["configurations"]]


async def test_when_a_run_is_stuck_is_a_setting_and_the_call_wins(connect, box, put):
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    put("a", "running", leaseExpiresAt=long_ago.strftime("%Y-%m-%dT%H:%M:%SZ"))
    surroundings = box.environment() | {"MLCC_REGISTRY_STUCK_AFTER_HOURS": "4"}
    async with connect() as client:
        usual = await client.ok("ci_report")
    async with connect(*FLAGS, environment=surroundings) as client:
        patient = await client.ok("ci_report")
        strict = await client.ok("ci_report", stuck_after_hours=1)

    assert (1, 0, 1) == tuple(each["stuckCount"] for each in (usual, patient, strict))


async def test_a_reading_server_reports_and_does_not_claim(connect):
    async with connect(*FLAGS, "--read-only") as client:
        names = {tool.name for tool in (await client.client.list_tools()).tools}

    assert "ci_report" in names
    assert set() == WRITERS & names
