"""Two accounts with the same project: MLCC's scripts work on one, our command line on the other.

What each recorded is read back by independent clients, as one document that can be compared.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from sandbox import sample
from sandbox.identities import DEFAULT_ACCOUNT, DEFAULT_KEY, SECOND_ACCOUNT, SECOND_KEY
from sandbox.service import Sandbox

from . import aws_command

Document = Any
Helper = Callable[[list[str], dict[str, str]], tuple[int, str]]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
STAND_IN = Path(__file__).with_name("stand_in.py")
SERVICES = ("sagemaker", "s3", "dynamodb", "ecr")
NAMED_TABLE = "ci-e2e"
TABLES = (sample.TABLE, NAMED_TABLE)
FILES = ("registry.json", "datasets.json", "evaluators.json")
DATASETS = {
    "support-bot-data": {
        "faq/train.jsonl": b'{"q": 1}\n{"q": 2}\n{"q": 3}\n',
        "tone/pairs.jsonl": b'{"a": 1}\n{"a": 2}\n',
        "custom/rows.csv": b"q,a\n1,2\n",
    },
    "support-bot-adapters": {
        "faq-sft/v1/model.tar.gz": b"weights",
        "tone-dpo/v1/adapter_model.safetensors": b"weights",
    },
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: whose registry home, project folder and account it is."""

    user: Path
    project: Path
    account: str
    environment: dict[str, str]
    clients: dict[str, Any]

    @property
    def home(self) -> Path:
        return self.user / ".ml-container-creator"

    def recorded(self) -> dict[str, Document]:
        """Return all that is stored on this side; what is only of one run is left out."""
        own = self.project / ".ml-container-creator/registry.json"
        found = {
            **{name: _read(self.home / name) for name in FILES},
            "project/registry.json": _read(own),
            "packages": packages(self.clients["sagemaker"]),
            **{table: self.items(table) for table in TABLES},
            "do": _folder(self.project / "do"),
        }
        return {name: self.plain(each) for name, each in found.items() if each}

    def items(self, table: str) -> dict[str, Document]:
        """Return a CI table by configId, each item's JSON parsed."""
        found = self.clients["dynamodb"].scan(TableName=table)["Items"]
        plain = [
            {name: next(iter(value.values())) for name, value in each.items()} for each in found
        ]
        for each in plain:
            if "configJson" in each:
                each["configJson"] = json.loads(each["configJson"])
        return {each.pop("configId"): each for each in plain}

    def plain(self, value: Document) -> Document:
        """Return a document without what differs between two runs: instants, accounts, ids."""
        if isinstance(value, dict):
            return {
                self.plain(key): "<id>" if key in _IDS else self.plain(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        if isinstance(value, str):
            return _INSTANT.sub("<instant>", value.replace(self.account, "<account>"))
        return value


_IDS = {"id", "registrationId"}
_INSTANT = re.compile(r"(?!1970)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _read(file: Path) -> Document:
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def _folder(do: Path) -> dict[str, Document]:
    """Return the project's own files, those that the generator does not keep as they are."""
    files = [do / "config", *do.glob("ic/*"), *do.glob("adapters/*")]
    return {str(each.relative_to(do)): each.read_text("utf-8").splitlines() for each in files}


def packages(sagemaker: Any) -> list[Document]:
    """Return every model package version of the project's group, oldest first."""
    try:
        listed = sagemaker.list_model_packages(
            ModelPackageGroupName="support-bot", SortBy="CreationTime", SortOrder="Ascending"
        )["ModelPackageSummaryList"]
    except sagemaker.exceptions.ClientError:
        return []
    held = [
        sagemaker.describe_model_package(ModelPackageName=each["ModelPackageArn"])
        for each in sorted(listed, key=lambda each: each["ModelPackageVersion"])
    ]
    wanted = (
        "ModelPackageArn",
        "ModelPackageDescription",
        "ModelApprovalStatus",
        "CustomerMetadataProperties",
        "InferenceSpecification",
    )
    return [{key: each[key] for key in wanted if key in each} for each in held]


def clients(environment: dict[str, str]) -> dict[str, Any]:
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    return {
        name: session.client(name, endpoint_url=environment[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in SERVICES
    }


@dataclass(frozen=True, slots=True)
class Accounts:
    """The sandbox's two accounts, each with the same buckets and tables."""

    box: Sandbox
    environments: dict[str, dict[str, str]]
    clients: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, box: Sandbox) -> Accounts:
        keys = {DEFAULT_ACCOUNT: DEFAULT_KEY, SECOND_ACCOUNT: SECOND_KEY}
        environments = {account: box.environment(key) for account, key in keys.items()}
        made = {account: clients(each) for account, each in environments.items()}
        for each in made.values():
            _fill(each)
        return cls(box, environments, made)

    def emptied(self) -> None:
        """Forget what a test recorded."""
        self.box.control.reset()
        for each in self.clients.values():
            for table in TABLES:
                for item in each["dynamodb"].scan(TableName=table)["Items"]:
                    key = {"configId": item["configId"]}
                    each["dynamodb"].delete_item(TableName=table, Key=key)

    def side(self, account: str, root: Path) -> Side:
        (root / "user" / ".ml-container-creator").mkdir(parents=True)
        project = Path(shutil.copytree(EXAMPLE, root / "support-bot"))
        return Side(
            user=root / "user",
            project=project,
            account=account,
            environment=self.environments[account],
            clients=self.clients[account],
        )


def _fill(account: dict[str, Any]) -> None:
    where = {"LocationConstraint": "us-west-2"}
    for bucket, objects in DATASETS.items():
        account["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        for key, body in objects.items():
            account["s3"].put_object(Bucket=bucket, Key=key, Body=body)
    for table in TABLES:
        sample.create_ci_table(account["dynamodb"], table)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Document:
        """The JSON document that it printed, whatever was printed around it."""
        start, end = self.out.index("{\n"), self.out.rindex("\n}")
        return json.loads(self.out[start : end + 2])


@dataclass(slots=True)
class Programs:
    """What MLCC's scripts find on PATH: `aws` and the register helper are answered from here.

    Attributes:
        calls: The words of each `aws` call, in order.
    """

    folder: Path
    accounts: Accounts
    helper: Helper
    account: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @contextmanager
    def opened(self) -> Iterator[Programs]:
        """Write the programs, and answer them as long as this lasts."""
        address = self.folder / "line"
        asks = f"exec {sys.executable} -I -S {STAND_IN} {address}"
        self.bin.mkdir()
        self.write("aws", f'{asks} aws "$@"')
        self.write("sleep", "exit 0")
        self.write(
            "python3",
            f'case "$1" in */.register_helper.py) shift; {asks} helper "$@";; esac\n'
            f'exec {sys.executable} -I -S "$@"',
        )
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen()
            answering = threading.Thread(target=self._answer, args=(listening,), daemon=True)
            answering.start()
            yield self
            with socket.socket(socket.AF_UNIX) as last:  # an empty line ends it
                last.connect(str(address))
            answering.join()

    def write(self, name: str, text: str) -> None:
        """Put a program of that name on the scripts' PATH."""
        program = self.bin / name
        program.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        program.chmod(0o755)

    def _answer(self, listening: socket.socket) -> None:
        while True:
            line, _ = listening.accept()
            with line, line.makefile("rb") as asked:
                if not (words := asked.read()):
                    return
                program, *arguments = json.loads(words)
                line.sendall(json.dumps(self._answered(program, arguments)).encode())

    def _answered(self, program: str, arguments: list[str]) -> aws_command.Answer:
        if program == "aws":
            self.calls.append(arguments)
            return aws_command.answered(self.account, arguments)
        status, out = self.helper(arguments, self.variables)
        return status, out, ""

    def run(self, side: Side, script: str, *words: str, **shell: str) -> Ran:
        """Run one of the project's `do/` scripts on a side."""
        self.account, self.variables = side.clients, {"HOME": str(side.user)}
        done = subprocess.run(
            ["bash", str(side.project / "do" / script), *words],
            cwd=side.project,
            env={
                **side.environment,
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(side.user),
                "LANG": "C.UTF-8",
                "MLCC_SKIP_SECRET_DISCOVERY": "1",
                **shell,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
