"""The world that the matrix is run in, and the option that runs one cell of it."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from botocore.retries.standard import ExponentialBackoff

from sandbox import sample
from sandbox.service import Sandbox

from .matrix import Row
from .scenarios import Scenario
from .world import MODEL, REGION, World

BUCKET = "fault-matrix"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take a cell by the name that a failure gives it, or a part of that."""
    parser.addoption("--cell", default="", help="run the cells of the fault matrix named like this")


@pytest.fixture(scope="module")
def client_library() -> Iterator[None]:
    """A client library that waits for nothing between two attempts and reads its data once.

    It is not ours, and its waiting and reading would take most of the time of thousands of calls.
    What it reads of S3 it changes in place, so that is left alone.
    """
    read = JSONFileLoader.load_file
    known: dict[str, Any] = {}

    def read_once(self: JSONFileLoader, path: str) -> Any:
        if "s3" in Path(path).parts:
            return read(self, path)
        if path not in known:
            known[path] = read(self, path)
        return known[path]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0.0)
        patch.setattr(JSONFileLoader, "load_file", read_once)
        yield


@pytest.fixture(scope="module")
def world(
    sandbox: Sandbox,
    clients_of: Callable[..., Any],
    client_library: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The world of every cell in turn, led through the front."""
    sandbox.control.reset()
    clients = clients_of(sandbox.environment())
    _fill(clients.s3)
    sample.create_ci_table(clients.dynamodb, sample.TABLE)
    folder = tmp_path_factory.mktemp("faults") / "machine"
    made = World(sandbox, sandbox.environment(through_front=True), clients, folder, BUCKET)
    gc.collect()
    gc.freeze()  # what was imported so far is not looked through again and again
    yield made
    gc.unfreeze()
    made.close()
    sandbox.control.close_front()
    sandbox.control.reset()
    clients.dynamodb.delete_table(TableName=sample.TABLE)
    shutil.rmtree(folder, ignore_errors=True)


def _fill(s3: Any) -> None:
    """Put datasets and adapter weights there."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    rows = b'{"q": 1}\n'
    for number, key in enumerate(("faq/first.jsonl", "faq/train.jsonl", "parts/a.jsonl"), start=1):
        s3.put_object(Bucket=BUCKET, Key=key, Body=rows * number)
    s3.put_object(Bucket=BUCKET, Key="parts/b.jsonl", Body=rows)
    for name, content in sample.adapter_files().items():
        body = content.replace(sample.BASE_MODEL.encode(), MODEL.encode())
        s3.put_object(Bucket=BUCKET, Key=f"faq-sft/v1/{name}", Body=body)


@pytest.fixture
def row(world: World) -> Callable[[Scenario], Row]:
    """Make a scenario's row: run it where nothing fails, and note what it calls."""
    return lambda scenario: Row(world, scenario)
