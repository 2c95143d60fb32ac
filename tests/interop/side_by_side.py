"""Two accounts with the same project: MLCC's scripts work on one, our command line on the other.

What each recorded is read back by independent clients, as one document that can be compared.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from sandbox import sample
from sandbox.identities import DEFAULT_ACCOUNT, DEFAULT_KEY, SECOND_ACCOUNT, SECOND_KEY
from sandbox.service import Sandbox

from .differences import ROWS, unexplained
from .mlcc_programs import Programs, Ran

Document = Any

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
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


Shell = Callable[[Side, list[str], dict[str, str]], Ran]


class Both:
    """The two sides, and what each recorded so far."""

    def __init__(self, theirs: Side, ours: Side, programs: Programs, shell: Shell) -> None:
        self.theirs, self.ours = theirs, ours
        self._programs, self._shell = programs, shell

    def run(self, *words: str, version: str = "1.6.0", **variables: str) -> tuple[Ran, Ran]:
        """Give both the same words in the same shell; returns how each ended."""
        theirs = self._programs.run(self.theirs, f"register-{version}", *words, **variables)
        return theirs, self._shell(self.ours, ["register", *words], variables)

    def command(self, side: Side, *words: str, **variables: str) -> Ran:
        """Run our command line on a side."""
        return self._shell(side, [*words], variables)

    def add(self, name: str, version: str) -> tuple[Ran, Ran]:
        """Have both add an adapter from their account's registry."""
        words = ["add", name, "--from-registry"]
        theirs, ours = (
            [*words, version.format(side.account)] if version else words
            for side in (self.theirs, self.ours)
        )
        return (
            self._programs.run(self.theirs, "adapter-1.6.0", *theirs),
            self._shell(self.ours, ["adapter", *ours], {"MLCC_REGISTRY_POLL_S": "0.05"}),
        )

    def differ(self, *expected: str, **printed: tuple[Any, Any]) -> None:
        """Demand that the records, and what was printed, differ in the expected rows alone."""
        theirs, ours = self.theirs.recorded(), self.ours.recorded()
        for name, (one, other) in printed.items():
            theirs[name], ours[name] = self.theirs.plain(one), self.ours.plain(other)
        left, unused = unexplained(theirs, ours, ROWS, {*expected})

        assert not left, "\n".join(map(str, left))
        assert not unused

    def packages(self) -> list[Any]:
        """Return our model package versions."""
        return packages(self.ours.clients["sagemaker"])

    def push_image(self) -> None:
        """Push the project's image, and let the profile name the account that holds it."""
        for side in (self.theirs, self.ours):
            ecr = side.clients["ecr"]
            ecr.create_repository(repositoryName=sample.REPOSITORY)
            manifest = '{"schemaVersion": 2}'
            ecr.put_image(
                repositoryName=sample.REPOSITORY,
                imageManifest=manifest,
                imageTag="support-bot-latest",
            )
            profile = {"accountId": side.account, "awsRegion": "us-west-2"}
            config = {"activeProfile": "team", "profiles": {"team": profile}}
            (side.home / "config.json").write_text(json.dumps(config), "utf-8")

    def tested(self) -> None:
        """Let a test of every queued configuration have passed."""
        for side in (self.theirs, self.ours):
            for config in side.items(sample.TABLE):
                side.clients["dynamodb"].update_item(
                    TableName=sample.TABLE,
                    Key={"configId": {"S": config}},
                    UpdateExpression="SET testStatus = :p, lastTestTimestamp = :t",
                    ExpressionAttributeValues={
                        ":p": {"S": "pass"},
                        ":t": {"S": "2026-05-01T10:00:00Z"},
                    },
                )

    def remove(self, *folders: str) -> None:
        for side in (self.theirs, self.ours):
            for each in folders:
                shutil.rmtree(side.project / "do" / each)

    def append(self, file: str, line: str) -> None:
        for side in (self.theirs, self.ours):
            with (side.project / "do" / file).open("a", encoding="utf-8") as conf:
                conf.write(line + "\n")
