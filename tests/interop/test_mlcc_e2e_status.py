"""The `e2e-status` MCP server of MLCC 1.6.0 on a CI table that our server wrote."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import sample
from sandbox.service import Sandbox

from .conftest import SERVER

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "support-bot"
VECTORS = json.loads((ROOT / "tests" / "data" / "contract" / "ci_table.json").read_text("utf-8"))
UNKNOWN = "7" * 16


@pytest.fixture(scope="module")
def box():
    with Sandbox(region="us-west-2") as opened:
        yield opened


@pytest.fixture
def environment(box: Sandbox, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "user").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "user"),
        "CI_TABLE_NAME": tmp_path.name,
        **box.environment(),
    }


@pytest.fixture
def dynamodb(environment: dict[str, str]):
    client = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    ).client("dynamodb", endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"])
    sample.create_ci_table(client, environment["CI_TABLE_NAME"])
    yield client
    client.close()


@pytest.fixture
def theirs(script, npm_packages: Path, environment: dict[str, str], tmp_path: Path):
    """Call tools of MLCC's server."""
    program = npm_packages / "node_modules" / "ml-container-creator-1-6"
    assert "1.6.0" == json.loads((program / "package.json").read_text("utf-8"))["version"]
    server = program / "servers" / "e2e-status" / "index.js"

    def call(*calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        given = [{"name": name, "arguments": arguments} for name, arguments in calls]
        said = script("client.mjs", given, "node", str(server), cwd=tmp_path, env=environment)
        return [json.loads(answer["content"][0]["text"]) for answer in said["answers"]]

    return call


@pytest.fixture
def ours(script, environment: dict[str, str], tmp_path: Path):
    """Call tools of our server, in a copy of the example project."""
    project = Path(shutil.copytree(EXAMPLE, tmp_path / "support-bot"))

    def call(name: str, **arguments: Any) -> dict[str, Any]:
        given = [{"name": name, "arguments": arguments}]
        flags = [str(SERVER), "--toolsets", "core,ci"]
        [answer] = script("client.mjs", given, *flags, cwd=project, env=environment)["answers"]
        assert not answer.get("isError"), answer
        return dict(answer["structuredContent"])

    return call


def test_mlccs_server_reads_what_ours_wrote_at_every_step(ours, theirs, dynamodb):
    config_id = ours("register_deployment", ci=True)["ci"]["configId"]
    seen = [theirs(("get_e2e_status", {"configIds": [config_id, UNKNOWN]}))[0]["results"]]
    [one] = ours("claim_ci_untested", worker="w1")["configurations"]
    seen.append(theirs(("get_e2e_status", {"configIds": [config_id]}))[0]["results"])
    recorded = ours(
        "record_ci_result",
        config_id=config_id,
        lease_id=one["leaseId"],
        status="fail-deploy_test",
        tier="smoke",
    )
    status, runs = theirs(
        ("get_e2e_status", {"configIds": [config_id]}), ("list_e2e_runs", {"tier": "smoke"})
    )

    def read(**said: Any) -> dict[str, Any]:
        return {"configId": config_id, "tier": None, "failingStage": None} | said

    never = "1970-01-01T00:00:00Z"
    at = recorded["lastTestTimestamp"]
    assert [
        read(testStatus="untested", lastTestTimestamp=never),
        read(configId=UNKNOWN, testStatus="untested", lastTestTimestamp=None),
    ] == seen[0]
    assert [read(testStatus="running", lastTestTimestamp=never)] == seen[1]
    failed = {"testStatus": "fail-deploy_test", "failingStage": "deploy_test", "tier": "smoke"}
    assert [read(**failed, lastTestTimestamp=at)] == status["results"]
    assert [("smoke", 0, 1)] == [
        (each["tier"], each["passed"], each["failed"]) for each in runs["runs"]
    ]
    assert runs["runs"][0]["runId"].startswith("smoke-")


def test_it_answers_as_the_vectors_say(theirs, dynamodb, environment):
    """What the record contract recorded of it holds for the version that is installed.

    The case in which the service leaves keys for later cannot be had from a local engine.
    """
    for item in VECTORS["e2e_status"]["items"]:
        dynamodb.put_item(TableName=environment["CI_TABLE_NAME"], Item=item)
    cases = VECTORS["e2e_status"]["cases"]

    answers = theirs(
        *(
            ("get_e2e_status" if "configIds" in case["input"] else "list_e2e_runs", case["input"])
            for case in cases
        )
    )

    assert [_settled(case["output"]) for case in cases] == [_settled(each) for each in answers]


def _settled(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what its writer left open: the order of ids, an error's words."""
    settled = {name: value for name, value in answer.items() if name != "error"}
    if "results" in answer:
        settled["results"] = sorted(answer["results"], key=lambda one: str(one["configId"]))
    return settled | {"fails": "error" in answer}
