"""The stores under test, opened as the server opens them, against the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.package_search import SearchAbility
from registry.aws.sessions import Sessions
from schemas.model_package import ModelPackage, ModelPackageDraft

REGION = "us-west-2"


@pytest.fixture
def directory(aws_env: dict[str, str]) -> Iterator[BotoDirectory]:
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture
def connection(
    aws_env: dict[str, str], sessions: Sessions, own_sessions: Sessions, dynamodb_engine: str
) -> Connection:
    return Connection(own_sessions if dynamodb_engine else sessions, region=REGION, profile="")


@pytest.fixture
def aws(connection: Connection) -> BotoAws:
    """The sandbox's account, for a process that has learned nothing about Search yet."""
    return BotoAws(connection, SearchAbility(), sandbox=True)


Register = Callable[..., ModelPackage]


@pytest.fixture
def register(aws: BotoAws) -> Register:
    """Creates a version in group `tv`, an adapter unless told otherwise."""
    made = 0

    def create(group: str = "tv", *, adapter: bool = True, **metadata: str) -> ModelPackage:
        nonlocal made
        made += 1
        kind: dict[str, Any] = {"isAdapter": "true"} if adapter else {"deploymentConfig": "t-v"}
        return aws.packages.create(
            ModelPackageDraft(
                group=group,
                description=f"number {made}",
                approval_status="Approved",
                metadata=kind | metadata,
                client_token=f"token-{group}-{made}",
            )
        )

    return create


@pytest.fixture
def group(aws: BotoAws) -> str:
    aws.packages.ensure_group("tv", description="Models for tv")
    return "tv"
