"""A server is killed between any two steps; the same call to a new one ends as if it had lived.

A gate before SageMaker holds one call before or after its work, and the process is killed there:
what it had done by then is just what its steps up to there do.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from dataclasses import dataclass

import anyio
import pytest
from anyio import to_thread
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from .conftest import BASE, COMMAND, ENDPOINT, Caller
from .gate import Gate

pytestmark = pytest.mark.anyio

GROUP = "support-bot"
TONE = "s3://support-bot-adapters/tone-dpo/v1/"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
IC = "support-bot-adapter-tone-dpo"
CONF = "do/adapters/tone-dpo.conf"
DEPLOY = "deploy_adapter_from_registry"
SERVER = (str(COMMAND), "--toolsets", "core,adapters")
CREATE, DESCRIBE = "CreateInferenceComponent", "DescribeInferenceComponent"
UPDATE, DELETE = "UpdateInferenceComponent", "DeleteInferenceComponent"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to carry a call out.

    Attributes:
        serves: What is live under the name before the call; "" for nothing.
        updates: Whether SageMaker updates adapters in place.
        ends: Final state of the answer, and of the account: what is live, and how often a
            component of that name was created during the call and its repeat.
    """

    tool: str
    arguments: dict[str, object]
    serves: str
    updates: bool
    ends: tuple[str, str, int]


CREATING = Way(DEPLOY, {}, "", True, ("in_service", TONE, 1))
UPDATING = Way(DEPLOY, {"replace": True}, FAQ, True, ("in_service", TONE, 0))
MAKING_AGAIN = Way(DEPLOY, {"replace": True}, FAQ, False, ("in_service", TONE, 1))
REMOVING = Way("remove_adapter", {"adapter_name": "tone-dpo"}, FAQ, True, ("removed", "", 0))

soak = pytest.mark.soak
STEPS = [
    pytest.param(CREATING, DESCRIBE, 1, "before", id="planned", marks=soak),
    pytest.param(CREATING, CREATE, 1, "before", id="conf written"),
    pytest.param(CREATING, CREATE, 1, "after", id="created"),
    pytest.param(CREATING, DESCRIBE, 2, "after", id="waiting", marks=soak),
    pytest.param(UPDATING, UPDATE, 1, "before", id="replace: conf written", marks=soak),
    pytest.param(UPDATING, UPDATE, 1, "after", id="replace: updated"),
    pytest.param(UPDATING, DESCRIBE, 2, "after", id="replace: waiting", marks=soak),
    pytest.param(MAKING_AGAIN, UPDATE, 1, "after", id="again: update refused", marks=soak),
    pytest.param(MAKING_AGAIN, DELETE, 1, "before", id="again: not deleted", marks=soak),
    pytest.param(MAKING_AGAIN, DELETE, 1, "after", id="again: deleted"),
    pytest.param(MAKING_AGAIN, DESCRIBE, 2, "after", id="again: being deleted", marks=soak),
    pytest.param(MAKING_AGAIN, CREATE, 1, "before", id="again: gone"),
    pytest.param(MAKING_AGAIN, CREATE, 1, "after", id="again: created", marks=soak),
    pytest.param(MAKING_AGAIN, DESCRIBE, 4, "after", id="again: waiting", marks=soak),
    pytest.param(REMOVING, DELETE, 1, "before", id="remove: not deleted", marks=soak),
    pytest.param(REMOVING, DELETE, 1, "after", id="remove: deleted"),
    pytest.param(REMOVING, DESCRIBE, 2, "before", id="remove: conf removed", marks=soak),
]


@pytest.fixture
def version(aws):
    """The ARN of an adapter version in the project's group."""
    sagemaker = aws["sagemaker"]
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    return sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={
            "isAdapter": "true",
            "adapterName": "tone-dpo",
            "modelName": "Qwen/Qwen3-4B",
            "modelDataUrl": TONE,
        },
    )["ModelPackageArn"]


@pytest.fixture
def gate(box):
    with Gate(box.environment()["AWS_ENDPOINT_URL_SAGEMAKER"]) as opened:
        yield opened


@pytest.mark.parametrize(("way", "operation", "nth", "when"), STEPS)
async def test_a_rollout_that_was_killed_is_completed_by_the_same_call(
    place, home, project, aws, box, endpoint, version, gate, way, operation, nth, when
):
    arguments = {"version_arn": version, **way.arguments} if way.tool == DEPLOY else way.arguments
    prepare(aws, box, way)
    environment = {**box.environment(), "AWS_ENDPOINT_URL_SAGEMAKER": gate.url}

    async with server(place, project, environment) as client:
        shown = await Caller(client).ok(way.tool, **arguments, dry_run=True)
        agreed = {**arguments, "confirm": shown["digest"]}
        box.control.clear_log()
        gate.hold(operation, nth, when)
        await killed(client, place, gate, way.tool, agreed)
    async with server(place, project, environment) as client:
        repeated = await Caller(client).ok(way.tool, **agreed, wait_s=40)

    state, live, created = way.ends
    assert repeated["state"] in ({state, "unchanged"} if live else {state})
    assert (live, created) == (weights_of(aws), creations(box))
    assert conf_of(project) == (wanted_conf(version) if live else None)
    assert [] == list((project / "do" / "adapters").glob(".*"))


def prepare(aws, box, way):
    """Have the way's own weights live, and SageMaker update adapters in place or not."""
    box.control.change_settings(adapter_updates=way.updates)
    if not way.serves:
        return
    specification = {"BaseInferenceComponentName": BASE, "Container": {"ArtifactUrl": way.serves}}
    aws["sagemaker"].create_inference_component(
        InferenceComponentName=IC, EndpointName=ENDPOINT, Specification=specification
    )
    box.control.advance(3600)
    assert way.serves == weights_of(aws)


@contextlib.asynccontextmanager
async def server(place, project, environment):
    """A server of its own, whose process id is noted in the file `pid`."""
    command = StdioServerParameters(
        command="/bin/sh",
        args=["-c", 'echo $$ > "$0"; exec "$@"', str(place / "pid"), *SERVER],
        env={
            "HOME": str(place / "home"),
            "PATH": os.environ["PATH"],
            "MLCC_REGISTRY_POLL_S": "0.05",
            **environment,
        },
        cwd=project,
    )
    with (place / "server.log").open("a", encoding="utf-8") as log:
        async with Client(stdio_client(command, errlog=log), mode="auto") as client:
            yield client


async def killed(client, place, gate, tool, arguments):
    """Make a call, and kill the server once the gate holds it."""

    async def call():
        with contextlib.suppress(MCPError):  # the connection ends with the process
            await client.call_tool(tool, arguments)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        assert await to_thread.run_sync(gate.reached.wait, 20.0)
        os.kill(int((place / "pid").read_text("utf-8")), signal.SIGKILL)
        gate.release()


def weights_of(aws):
    """Return what the adapter's component serves in service, "" where there is none."""
    sagemaker = aws["sagemaker"]
    listed = sagemaker.list_inference_components(EndpointNameEquals=ENDPOINT)
    names = [each["InferenceComponentName"] for each in listed["InferenceComponents"]]
    if names == [BASE]:
        return ""
    assert sorted(names) == sorted([BASE, IC])
    found = sagemaker.describe_inference_component(InferenceComponentName=IC)
    assert "InService" == found["InferenceComponentStatus"]
    return found["Specification"]["Container"]["ArtifactUrl"]


def creations(box):
    calls = box.control.calls(CREATE)
    return len([call for call in calls if call["code"] == ""])


def conf_of(project):
    """Return the conf, its instant of creation made out; None where there is none."""
    conf = project / CONF
    if not conf.exists():
        return None
    return re.sub(r'(CREATED_AT=)"[0-9TZ:-]{20}"', r"\1*", conf.read_text("utf-8"))


def wanted_conf(version):
    return (
        'export ADAPTER_NAME="tone-dpo"\n'
        f'export ADAPTER_IC_NAME="{IC}"\n'
        f'export ADAPTER_WEIGHTS_URI="{TONE}"\n'
        "export ADAPTER_CREATED_AT=*\n"
        'export ADAPTER_SOURCE="registry"\n'
        f'export ADAPTER_REGISTRY_ARN="{version}"\n'
        'export ADAPTER_PARENT_MODEL_ARN=""\n'
        'export ADAPTER_PARENT_MODEL_SLUG="Qwen/Qwen3-4B"\n'
        'export ADAPTER_TECHNIQUE="dpo"\n'
    )
