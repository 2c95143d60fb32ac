"""Many workers on one CI table, each a process with a server of its own, on two engines.

A sample runs with the other tests; the whole is a soak.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import boto3
import pytest

from sandbox import sample
from sandbox.service import Sandbox

from .conftest import Caller, process

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
EXAMPLE = ROOT / "examples" / "support-bot"
SOAK = [pytest.mark.soak, pytest.mark.timeout(1800)]


def sizes(names: str, few: tuple[int, ...], many: tuple[int, ...], *, sampled: str = "roto"):
    """Run few on the sampled engines with the other tests, and many on both as a soak."""
    runs = [
        pytest.param(engine, *few, id=f"{engine}-sample", marks=() if engine in sampled else SOAK)
        for engine in ("roto", "dynalite")
    ]
    runs += [
        pytest.param(engine, *many, id=f"{engine}-whole", marks=SOAK)
        for engine in ("roto", "dynalite")
    ]
    return pytest.mark.parametrize(f"environment,{names}", runs, indirect=["environment"])


@pytest.fixture
def environment(request: pytest.FixtureRequest, box: Sandbox, tmp_path: Path) -> dict[str, str]:
    """What leads a server to the sandbox, and to that engine for DynamoDB."""
    environment = box.environment() | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    if request.param != "roto":
        environment["AWS_ENDPOINT_URL_DYNAMODB"] = request.getfixturevalue(request.param)
    return environment | {"CI_TABLE_NAME": f"fleet-{time.monotonic_ns()}"}


@pytest.fixture
def dynamodb(environment: dict[str, str]) -> Iterator[Any]:
    """A client on the engine; the table is there and empty."""
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    client = session.client("dynamodb", endpoint_url=environment["AWS_ENDPOINT_URL_DYNAMODB"])
    sample.create_ci_table(client, environment["CI_TABLE_NAME"])
    yield client
    client.close()


@pytest.fixture
def fill(dynamodb: Any, environment: dict[str, str]) -> Callable[[int], set[str]]:
    def write(count: int) -> set[str]:
        for number in range(count):
            at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
            texts = {
                "configId": f"{number:016x}",
                "testStatus": "untested",
                "lastTestTimestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "configJson": json.dumps({"projectName": "tv"}),
            }
            dynamodb.put_item(
                TableName=environment["CI_TABLE_NAME"],
                Item={name: {"S": value} for name, value in texts.items()},
            )
        return {f"{number:016x}" for number in range(count)}

    return write


@pytest.fixture
def items(dynamodb: Any, environment: dict[str, str]) -> Callable[[], dict[str, dict[str, Any]]]:
    """The table's items by their ids."""

    def read() -> dict[str, dict[str, Any]]:
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=environment["CI_TABLE_NAME"], ConsistentRead=True
        )
        return {each["configId"]["S"]: each for page in pages for each in page["Items"]}

    return read


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path):
    """Starts example workers on a shell script."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(worker: str, script: str, *flags: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "clients.examples.ci_worker", "--worker", worker]
        command += ["--server", shlex.quote(str(COMMAND)), *flags, "--", "sh", "-c", script]
        with (tmp_path / f"{worker}.log").open("wb") as log:
            started.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            )
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.wait()


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split() if path.exists() else []


@sizes("workers,count", (3, 30), (16, 1_000))
async def test_many_workers_test_each_configuration_exactly_once(
    start, fill, items, tmp_path, workers, count
):
    there = fill(count)
    done = tmp_path / "done"
    fleet = [start(f"w{each}", f'echo "$MLCC_CI_CONFIG_ID" >> {done}') for each in range(workers)]

    assert [0] * workers == [await anyio.to_thread.run_sync(each.wait) for each in fleet]
    assert sorted(there) == sorted(_lines(done))
    ended = items()
    assert {"pass"} == {each["testStatus"]["S"] for each in ended.values()}
    # One claim and one result each; whoever else had written would have counted it up.
    assert {"2"} == {each["revision"]["N"] for each in ended.values()}


@sizes("victims,count", (1, 4), (8, 40))
async def test_what_killed_workers_held_comes_back_after_expiry_and_only_then(
    start, fill, items, tmp_path, victims, count
):
    there = fill(count)
    begun, done = tmp_path / "begun", tmp_path / "done"
    held = f'echo "$MLCC_CI_CONFIG_ID" >> {begun}; exec sleep 30 > /dev/null 2>&1'
    lost = [start(f"v{each}", held, "--lease-s", "6") for each in range(victims)]
    while len(_lines(begun)) < victims:
        await anyio.sleep(0.05)
    for each in lost:
        each.kill()
        each.wait()
    orphans = {name: items()[name]["leaseExpiresAt"]["S"] for name in _lines(begun)}
    tested = f'echo "$MLCC_CI_CONFIG_ID/$(date -u +%Y-%m-%dT%H:%M:%SZ)" >> {done}'

    while len(_lines(done)) < count:
        rescuer = start("rescuer", tested)
        assert 0 == await anyio.to_thread.run_sync(rescuer.wait)

    tests = dict(line.split("/") for line in _lines(done))
    assert victims == len(orphans)
    assert there == set(tests)
    assert count == len(_lines(done))
    assert all(orphans[name] <= tests[name] for name in orphans)
    assert {"pass"} == {each["testStatus"]["S"] for each in items().values()}


@sizes("servers", (3,), (32,))
async def test_one_configuration_registered_by_many_at_once_has_one_creator(
    environment, dynamodb, items, tmp_path, servers
):
    async with AsyncExitStack() as stack:
        callers = []
        for number in range(servers):
            place = tmp_path / str(number)
            place.mkdir()
            opened = process(place, EXAMPLE, environment, "auto")
            callers.append(Caller(await stack.enter_async_context(opened)))
        for caller in callers:  # imports and the account are not what is to be simultaneous
            await caller.ok("query_ci_untested")
        states: list[str] = []
        ids: set[str] = set()

        async def register(caller: Caller) -> None:
            made = await caller.ok("register_deployment", ci=True)
            states.append(made["ci"]["state"])
            ids.add(made["id"])

        async with anyio.create_task_group() as group:
            for caller in callers:
                group.start_soon(register, caller)

    [item] = items().values()
    # MLCC's rule makes an id of the millisecond: registries of their own may come to the same
    # one, and what carries it already is left as it is.
    same = states.count("unchanged")
    assert same <= servers - len(ids)
    assert ["created", *["unchanged"] * same, *["updated"] * (servers - 1 - same)] == sorted(states)
    assert str(servers - same) == item["revision"]["N"]
