"""The sandbox that the AWS tests run against: real boto3 clients, no patching."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_ecr import ECRClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sagemaker import SageMakerClient
from mypy_boto3_sts import STSClient

from registry.aws.sessions import FixedAccess, Sessions
from sandbox import environment, sample
from sandbox.service import Sandbox

REGION = "us-west-2"


@dataclass(frozen=True, slots=True)
class Clients:
    """One boto3 client per service, all on the sandbox."""

    sagemaker: SageMakerClient
    s3: S3Client
    dynamodb: DynamoDBClient
    ecr: ECRClient
    sts: STSClient


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """The names of an endpoint in service and of the base component on it, in service too."""

    name: str
    variant: str
    base_component: str


def _lead_to(patch: pytest.MonkeyPatch, box: Sandbox) -> dict[str, str]:
    wanted = box.environment()
    for name in environment.FOREIGN_VARIABLES:
        patch.delenv(name, raising=False)
    for name, value in wanted.items():
        patch.setenv(name, value)
    return wanted


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, in ``us-west-2``."""
    with Sandbox(region=REGION) as box:
        yield box


ClientsOf = Callable[..., Clients]


@pytest.fixture(scope="session")
def clients_of() -> Iterator[ClientsOf]:
    """Make the clients of an environment: its key, its region, and where it leads.

    They are made once, since making them takes longer than most tests: equal arguments give
    the same clients. ``attempts`` is how often a call is sent at most.
    """
    session = boto3.Session()
    made: list[Any] = []

    @cache
    def opened(facts: frozenset[tuple[str, str]], attempts: int, read_timeout_s: float) -> Clients:
        environment = dict(facts)
        retries = {"mode": "standard", "total_max_attempts": attempts}
        config = Config(retries=retries, read_timeout=read_timeout_s)
        found = [
            session.client(
                service,
                region_name=environment["AWS_REGION"],
                endpoint_url=environment[f"AWS_ENDPOINT_URL_{service.upper()}"],
                aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
                config=config,
            )
            for service in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
        ]
        made.extend(found)
        return Clients(*found)

    def of(
        environment: dict[str, str], *, attempts: int = 3, read_timeout_s: float = 60
    ) -> Clients:
        return opened(frozenset(environment.items()), attempts, read_timeout_s)

    yield of
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def sessions(sandbox: Sandbox) -> Iterator[Sessions]:
    """Our own clients of the sandbox, made once: making them takes longer than most tests."""
    made = _opened(sandbox.environment())
    yield made
    made.close()


def _opened(found: dict[str, str]) -> Sessions:
    endpoints = {
        name: found[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
    }
    access = FixedAccess(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], endpoints)
    return Sessions(access=access, pool_size=16)


@pytest.fixture
def own_sessions(aws_env: dict[str, str]) -> Iterator[Sessions]:
    """Clients of whatever engines the environment leads to now."""
    made = _opened(aws_env)
    yield made
    made.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_engines` against each engine for DynamoDB."""
    marked = metafunc.definition.get_closest_marker("both_engines")
    if marked and "dynamodb_engine" in metafunc.fixturenames:
        metafunc.parametrize("dynamodb_engine", ["roto", "dynalite"], indirect=True)


@pytest.fixture
def dynamodb_engine(request: pytest.FixtureRequest) -> str:
    """The address of the engine for DynamoDB where it is not the sandbox's own, else ""."""
    chosen = getattr(request, "param", "roto")
    return "" if chosen == "roto" else str(request.getfixturevalue(chosen))


@pytest.fixture
def aws_env(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, dynamodb_engine: str
) -> dict[str, str]:
    """An empty SageMaker and ECR, and the environment that leads there (set in this process)."""
    sandbox.control.reset()
    wanted = _lead_to(monkeypatch, sandbox)
    if dynamodb_engine:
        wanted["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb_engine
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_engine)
    return wanted


@pytest.fixture
def clients(
    aws_env: dict[str, str], clients_of: ClientsOf, dynamodb_engine: str
) -> Iterator[Clients]:
    """Independent boto3 clients against the emptied sandbox."""
    found = clients_of(aws_env)
    if not dynamodb_engine:
        yield found
        return
    dynamodb = boto3.Session().client("dynamodb", endpoint_url=dynamodb_engine)
    yield replace(found, dynamodb=dynamodb)
    dynamodb.close()


@pytest.fixture
def front_env(
    sandbox: Sandbox,
    aws_env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    dynamodb_engine: str,
) -> Iterator[dict[str, str]]:
    """The environment of this process while the front stands before S3 and DynamoDB.

    Faults, permissions and the log of calls hold for whatever is made from it; ``clients``
    still asks the engine itself, and so sees what is there.
    """
    sandbox.control.open_front(tables=dynamodb_engine)
    wanted = sandbox.environment(through_front=True)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    yield wanted
    sandbox.control.close_front()


@pytest.fixture
def bucket(clients: Clients) -> str:
    """The name of an empty bucket of this test's own."""
    name = f"bucket-{uuid.uuid4().hex}"
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture
def ci_table_name(clients: Clients) -> str:
    """The name of an empty CI table of this test's own, with its status index."""
    name = f"ci-{uuid.uuid4().hex}"
    sample.create_ci_table(clients.dynamodb, name)
    return name


@pytest.fixture
def live_endpoint(sandbox: Sandbox, clients: Clients) -> LiveEndpoint:
    """The sample endpoint with its base component, both in service; the call log is empty."""
    sample.start_endpoint(clients.sagemaker, "123456789012.dkr.ecr.us-west-2.amazonaws.com/m:1")
    sandbox.control.clear_log()
    return LiveEndpoint(sample.ENDPOINT, sample.VARIANT, sample.BASE_COMPONENT)
