"""The stores under test, opened as the server opens them, against the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from schemas.model_package import ModelPackage, ModelPackageDraft

REGION = "us-west-2"


@pytest.fixture
def directory(aws_env: dict[str, str]) -> Iterator[BotoDirectory]:
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture
def aws(directory: BotoDirectory) -> BotoAws:
    return directory.open(region=REGION, profile="")


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
