"""A real server process, a real client, a local AWS and a copy of the example project."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import anyio
import boto3
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from registry.settings import load_settings
from sandbox import sample
from sandbox.service import Sandbox
from server.app import build_server
from server.assembling import build_registry

from .commands import COMMAND as COMMAND_LINE
from .commands import Done, Run
from .iam.policies import EVERY_NAME, POLICY_KEY, committed, filled, together

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
EXAMPLE = ROOT / "examples" / "support-bot"

ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
CI_TABLE = "ci-e2e"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:support-bot-latest"
STORED = {
    "support-bot-adapters": {
        "faq-sft/v1/model.tar.gz": b"weights of faq-sft",
        "tone-dpo/v1/adapter_config.json": json.dumps(
            {"base_model_name_or_path": "Qwen/Qwen3-4B", "r": 16}
        ).encode(),
        "tone-dpo/v1/adapter_model.safetensors": b"weights",
    },
    "support-bot-data": {
        "faq/train.jsonl": b'{"q":1}\n{"q":2}\n{"q":3}\n',
        "tone/pairs.jsonl": b'{"p":1}\n{"p":2}\n',
    },
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


ALWAYS_IN_BOTH_ERAS = {
    "test_asking.py",
    "test_resources.py",
    "test_server.py",
    "test_transcript_assistant.py",
}
"""What is about the protocol itself; the tools do not know how they are called."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take a sample of the rest in the older era, always the same; `make soak` runs them all."""
    for item in items:
        params = (
            item.callspec.params
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else {}
        )
        elsewhere = HERE not in item.path.parents or item.path.name in ALWAYS_IN_BOTH_ERAS
        if params.get("era") == "legacy" and not elsewhere and crc32(item.nodeid.encode()) % 10:
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="module", params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Both protocol eras: `auto` speaks the modern one."""
    return str(request.param)


@pytest.fixture(scope="session")
def sandbox_process():
    with Sandbox(region="us-west-2") as box:
        yield box


@pytest.fixture(scope="session")
def clients(sandbox_process: Sandbox) -> dict[str, Any]:
    """Boto3 clients of our own, made once: making them costs more than most tests."""
    return aws_clients(sandbox_process)


@pytest.fixture(scope="module")
def policies(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The policies of docs/iam that a module's servers act under, named in its `POLICIES`."""
    return tuple(getattr(request.module, "POLICIES", ()))


@pytest.fixture(scope="module")
def server_environment(
    sandbox_process: Sandbox, policies: tuple[str, ...]
) -> Iterator[dict[str, str]]:
    """What leads a module's servers to the sandbox: as an administrator, or under policies."""
    if not policies:
        yield sandbox_process.environment()
        return
    yield sandbox_process.environment(POLICY_KEY, through_front=True)
    sandbox_process.control.close_front()


@pytest.fixture
def box(
    sandbox_process: Sandbox,
    clients: dict[str, Any],
    policies: tuple[str, ...],
    server_environment: dict[str, str],
) -> Sandbox:
    """The local AWS, SageMaker empty, the sample weights and datasets in S3."""
    empty(sandbox_process, clients["s3"])
    if policies:
        allowed = [filled(committed(each), EVERY_NAME) for each in policies]
        sandbox_process.control.allow(POLICY_KEY, together(allowed))
    return sandbox_process


def empty(box: Sandbox, s3: Any) -> None:
    """Empty SageMaker and ECR, and bring the sample weights and datasets back."""
    box.control.reset()
    for bucket, wanted in STORED.items():
        restore(s3, bucket, wanted)


@pytest.fixture
def front_environment(box: Sandbox, policies: tuple[str, ...]):
    """What leads a server through the front, so that faults and policies hold for S3 and
    DynamoDB too; `aws` still asks the engine itself."""
    yield box.environment(through_front=True)
    if not policies:  # else the module's own server goes through it
        box.control.close_front()


def aws_clients(box: Sandbox) -> dict[str, Any]:
    env = box.environment()
    session = boto3.Session(
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region_name=env["AWS_REGION"],
    )
    return {
        name: session.client(name, endpoint_url=env[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in ("sagemaker", "s3", "dynamodb", "ecr")
    }


def restore(s3: Any, bucket: str, wanted: dict[str, bytes]) -> None:
    """Make a bucket hold these objects and no others, touching only what differs."""
    try:
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    except s3.exceptions.NoSuchBucket:
        where = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        found = []
    present = {each["Key"]: each["ETag"].strip('"') for each in found}
    for key in set(present) - set(wanted):
        s3.delete_object(Bucket=bucket, Key=key)
    for key, body in wanted.items():
        if present.get(key) != hashlib.md5(body, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=bucket, Key=key, Body=body)


@pytest.fixture
def aws(box: Sandbox, clients: dict[str, Any]) -> dict[str, Any]:
    """Independent boto3 clients, for reading the state back."""
    return clients


@pytest.fixture
def endpoint(aws: dict[str, Any], box: Sandbox) -> str:
    """The example's endpoint and base component, both InService."""
    sample.start_endpoint(
        aws["sagemaker"], IMAGE, endpoint=ENDPOINT, base_component=BASE, model="Qwen/Qwen3-4B"
    )
    return ENDPOINT


@pytest.fixture
def ci_table(aws: dict[str, Any]) -> str:
    """An empty CI table with MLCC's index."""
    empty_ci_table(aws["dynamodb"])
    return CI_TABLE


def empty_ci_table(dynamodb: Any) -> None:
    try:
        items = dynamodb.scan(TableName=CI_TABLE).get("Items", [])
    except dynamodb.exceptions.ResourceNotFoundException:
        sample.create_ci_table(dynamodb, CI_TABLE)
        items = []
    for item in items:
        dynamodb.delete_item(TableName=CI_TABLE, Key={"configId": item["configId"]})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a module's server process lives in, however often it is emptied."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture
def project(place: Path) -> Path:
    """A fresh copy of the example project, the server's working folder."""
    return copy_example(place)


def copy_example(place: Path) -> Path:
    folder = place / "support-bot"
    folder.mkdir(exist_ok=True)
    for each in folder.iterdir():  # the folder itself stays: a process works in it
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    return Path(shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True))


@pytest.fixture
def home(place: Path) -> Path:
    """The registry home, not there yet."""
    folder = place / "home" / ".ml-container-creator"
    shutil.rmtree(folder.parent, ignore_errors=True)
    return folder


@pytest.fixture(scope="module")
async def shared(
    place: Path, server_environment: dict[str, str], era: str, request: pytest.FixtureRequest
):
    """One server process for a module and an era: the server keeps nothing between calls.

    A module may name the server's flags in `FLAGS`.
    """
    folder = place / "support-bot"
    folder.mkdir(exist_ok=True)
    flags = getattr(request.module, "FLAGS", ())
    async with process(place, folder, server_environment, era, *flags) as client:
        yield Caller(client)


@asynccontextmanager
async def process(place: Path, folder: Path, environment: dict[str, str], era: str, *flags: str):
    """A client on a new server process, working in that folder."""
    surroundings = {
        "HOME": str(place / "home"),
        "MLCC_REGISTRY_HOME": str(place / "home" / ".ml-container-creator"),
        "CI_TABLE_NAME": CI_TABLE,
        "MLCC_REGISTRY_POLL_S": "0.05",
        **environment,
    }
    command = StdioServerParameters(
        command=str(COMMAND), args=list(flags), env=surroundings, cwd=folder
    )
    with (place / "server.log").open("a", encoding="utf-8") as log:
        async with Client(stdio_client(command, errlog=log), mode=era) as client:
            yield client


@pytest.fixture
def shell(place: Path, project: Path, home: Path, box: Sandbox, ci_table: str) -> dict[str, str]:
    """The variables of a shell in which the command line is used on the local AWS."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "CI_TABLE_NAME": ci_table,
        "MLCC_REGISTRY_POLL_S": "0.05",
        **box.environment(),
    }


@pytest.fixture
def registered(shell: dict[str, str], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project is registered already: by a server in this process, which is up sooner."""

    async def register() -> None:
        server = build_server(build_registry(load_settings({}), os.environ))
        async with Client(server) as client:
            await Caller(client).ok("register_deployment")

    with monkeypatch.context() as patch:
        patch.chdir(project)
        for name, value in shell.items():
            patch.setenv(name, value)
        anyio.run(register)


@pytest.fixture
def run(shell: dict[str, str], project: Path) -> Run:
    """Run the command line in the project's folder, without a terminal."""

    def ran(*words: str, folder: Path = project, **variables: str) -> Done:
        done = subprocess.run(
            [COMMAND_LINE, *words],
            cwd=folder,
            env={**shell, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return ran


@pytest.fixture
def connect(
    place: Path,
    project: Path,
    home: Path,
    box: Sandbox,
    server_environment: dict[str, str],
    ci_table: str,
    era: str,
    shared: Caller,
):
    """Open a client: `async with connect(*flags) as client`; the shared one without options."""

    @asynccontextmanager
    async def opened(
        *flags: str, environment: dict[str, str] | None = None, folder: Path | None = None
    ):
        if not flags and environment is None and folder is None:
            yield shared
            return
        surroundings = server_environment if environment is None else environment
        async with process(place, folder or project, surroundings, era, *flags) as client:
            yield Caller(client)

    return opened


class Caller:
    """Calls tools and hands back the answer's object, its text checked to say the same."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def raw(self, tool: str, arguments: dict[str, Any]) -> Any:
        result = await self.client.call_tool(tool, arguments)
        assert json.loads(result.content[0].text) == result.structured_content
        return result

    async def ok(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.raw(tool, arguments)
        assert not result.is_error, result.structured_content
        assert result.structured_content["message"]
        return dict(result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.raw(tool, arguments)
        assert result.is_error, result.structured_content
        error = result.structured_content["error"]
        assert {"code", "message", "hint", "retryable"} == set(error)
        return dict(result.structured_content)
