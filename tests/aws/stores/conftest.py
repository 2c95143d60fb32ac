"""The stores under test, opened as the server opens them, against the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.package_search import SearchAbility
from registry.aws.sessions import FixedAccess, Sessions
from sandbox.service import Sandbox
from schemas.model_package import ModelPackage, ModelPackageDraft

REGION = "us-west-2"


@pytest.fixture
def directory(aws_env: dict[str, str]) -> Iterator[BotoDirectory]:
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _sessions(sandbox: Sandbox) -> Iterator[Sessions]:
    """Clients made once: making them takes longer than most tests here."""
    sessions = _opened(sandbox.environment())
    yield sessions
    sessions.close()


def _opened(found: dict[str, str]) -> Sessions:
    endpoints = {
        name: found[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
    }
    access = FixedAccess(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], endpoints)
    return Sessions(access=access, pool_size=16)


@pytest.fixture
def connection(
    aws_env: dict[str, str], _sessions: Sessions, dynamodb_engine: str
) -> Iterator[Connection]:
    if not dynamodb_engine:
        yield Connection(_sessions, region=REGION, profile="")
        return
    sessions = _opened(aws_env)
    yield Connection(sessions, region=REGION, profile="")
    sessions.close()


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
