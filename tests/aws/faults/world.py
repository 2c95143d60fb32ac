"""A small world for one call: an account with a team's records in it, and a machine with a project.

It is the same every time it is made, to the last version number, so that what a call left behind
can be compared with what the same call leaves behind where nothing fails.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from registry.aws.directory import BotoDirectory
from registry.aws.sessions import FixedAccess
from registry.calls import Call
from registry.core import Registry
from registry.errors import RegistryError
from registry.settings import Settings
from registry.workspace import Workspace
from sandbox import sample
from sandbox.service import Sandbox
from server.answers import answer, failure
from tools.context import ToolContext

REGION = "us-west-2"
HUB = "team-hub"
GROUP = "support-bot"
MODEL = "Qwen/Qwen3-4B"
ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-container-creator:support-bot-latest"
NOW = datetime.now(UTC).replace(microsecond=0)
_EXAMPLE = Path(__file__).parents[3] / "examples" / "support-bot"
_SERVICES = ("sagemaker", "s3", "dynamodb", "ecr", "sts")
_RECORDS = ("registry.json", "datasets.json", "evaluators.json")
_NEW_EACH_TIME = {"leaseId", "writeRequestId", "ResponseMetadata"} | {
    "revision",  # counts how often a write was sent, and a renewal may be sent again
}

Answer = dict[str, Any]
Resources = dict[str, dict[str, Any]]
Tool = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Server:
    """A server's registry, and its tools as a client sees them."""

    registry: Registry

    def call(self, tool: Tool, arguments: Mapping[str, Any]) -> Answer:
        """Return what a client gets; waiting for what SageMaker does takes no time.

        A failure that no registry error explains is raised: it is a bug wherever it happens.
        """
        call = Call(sent=frozenset(arguments), wait=lambda _: None)
        try:
            said = answer(tool(ToolContext(self.registry, call), **arguments))
        except RegistryError as error:
            said = failure(error)
        return dict(said.structured_content or {})


@dataclass
class World:
    """The account behind `clients`, and a registry home and a project under `folder`.

    Attributes:
        environment: Leads through the front, where faults and the log hold for every service.
        bucket: Holds a dataset and adapter weights; nothing here writes to it.
        before: The server that was there earlier and made what a call finds.
    """

    sandbox: Sandbox
    environment: Mapping[str, str]
    clients: Any
    folder: Path
    bucket: str

    def __post_init__(self) -> None:
        self._earlier = ExitStack()
        self.before = self._earlier.enter_context(self.server())

    def close(self) -> None:
        """End the earlier server."""
        self._earlier.close()

    @property
    def home(self) -> Path:
        """The registry home."""
        return self.folder / "home"

    @property
    def project(self) -> Path:
        """The project's folder, a copy of the example."""
        return self.folder / "project"

    def begin(self) -> None:
        """Forget what was before: an account with an empty hub and table, and a fresh project."""
        self.sandbox.control.reset()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.home.mkdir(parents=True)
        shutil.copytree(_EXAMPLE, self.project)
        for item in self._items():
            self.clients.dynamodb.delete_item(
                TableName=sample.TABLE, Key={"configId": item["configId"]}
            )

    @contextmanager
    def server(self) -> Iterator[Server]:
        """Give the registry that a server has which was just started."""
        found = self.environment
        urls = {name: found[f"AWS_ENDPOINT_URL_{name.upper()}"] for name in _SERVICES}
        access = FixedAccess(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], urls)
        directory = BotoDirectory(access=access, pool_size=8)
        yield Server(
            Registry(
                settings=Settings(
                    home=self.home,
                    region=REGION,
                    hub=HUB,
                    auto_approve=True,
                    stale_statuses=("pass",),
                ),
                workspace=Workspace([self.folder]),
                directory=directory,
                environment={},
                now=lambda: NOW,
            )
        )
        directory.close()

    def resources(self) -> Resources:
        """Return everything that is there, by kind and name, without what differs every time."""
        return {
            "groups": {one["ModelPackageGroupName"]: {} for one in self._groups()},
            "versions": dict(self._versions()),
            "components": dict(self._components()),
            "hub contents": dict(self._contents()),
            "configurations": {str(one["configId"]["S"]): _lasting(one) for one in self._items()},
            "records": dict(self._records()),
            "project": {
                str(path.relative_to(self.project)): path.read_text("utf-8")
                for path in self.project.rglob("*")
                if path.is_file()
            },
        }

    def _groups(self) -> list[dict[str, Any]]:
        found = self.clients.sagemaker.list_model_package_groups(MaxResults=100)
        return list(found["ModelPackageGroupSummaryList"])

    def _versions(self) -> Iterator[tuple[str, Any]]:
        """Yield every version by what it is: which number it got depends on what failed before."""
        sagemaker = self.clients.sagemaker
        seen: Counter[str] = Counter()
        for group in self._groups():
            name = group["ModelPackageGroupName"]
            listed = sagemaker.list_model_packages(ModelPackageGroupName=name, MaxResults=100)
            for one in listed["ModelPackageSummaryList"]:
                found = sagemaker.describe_model_package(ModelPackageName=one["ModelPackageArn"])
                metadata = found["CustomerMetadataProperties"]
                what = (
                    f"{name} {metadata.get('adapterName', '')} {metadata.get('modelDataUrl', '')}"
                )
                seen[what] += 1
                numbered = {"ModelPackageArn", "ModelPackageVersion"}
                kept = {key: each for key, each in found.items() if key not in numbered}
                yield f"{what} #{seen[what]}", _lasting(kept)

    def _components(self) -> Iterator[tuple[str, Any]]:
        """Yield every component as it is once it has settled."""
        sagemaker = self.clients.sagemaker
        self.sandbox.control.advance(600)
        for one in sagemaker.list_inference_components(MaxResults=100)["InferenceComponents"]:
            name = one["InferenceComponentName"]
            try:
                found = sagemaker.describe_inference_component(InferenceComponentName=name)
            except ClientError:  # it was on its way out
                continue
            yield name, _lasting(found)

    def _contents(self) -> Iterator[tuple[str, Any]]:
        sagemaker = self.clients.sagemaker
        try:
            sagemaker.describe_hub(HubName=HUB)
        except sagemaker.exceptions.ResourceNotFound:
            return
        for kind in ("DataSet", "JsonDoc"):
            found = sagemaker.list_hub_contents(HubName=HUB, HubContentType=kind)
            for one in found["HubContentSummaries"]:
                named = {"HubContentType": kind, "HubContentName": one["HubContentName"]}
                listed = sagemaker.list_hub_content_versions(HubName=HUB, **named)
                for each in listed["HubContentSummaries"]:
                    version = each["HubContentVersion"]
                    whole = sagemaker.describe_hub_content(
                        HubName=HUB, HubContentVersion=version, **named
                    )
                    yield each["HubContentArn"], _lasting(whole)

    def _items(self) -> list[dict[str, Any]]:
        return list(self.clients.dynamodb.scan(TableName=sample.TABLE)["Items"])

    def _records(self) -> Iterator[tuple[str, Any]]:
        for name in _RECORDS:
            path = self.home / name
            if path.exists():
                stored = json.loads(path.read_text("utf-8"))
                for entry in stored["entries"] if isinstance(stored, dict) else stored:
                    yield f"{name} {entry.get('id') or entry['name']}", entry


def _lasting(value: Any) -> Any:
    """Return a description without instants of the service and ids that are new each time."""
    if isinstance(value, dict):
        return {
            key: _lasting(each)
            for key, each in value.items()
            if key not in _NEW_EACH_TIME and not key.endswith("Time")
        }
    if isinstance(value, list):
        return [_lasting(each) for each in value]
    return value
