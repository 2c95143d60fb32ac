"""The sandbox that the AWS tests run against: real boto3 clients, no patching."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_ecr import ECRClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sagemaker import SageMakerClient
from mypy_boto3_sts import STSClient

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


@pytest.fixture(scope="session")
def _session_clients(sandbox: Sandbox) -> Iterator[Clients]:
    with pytest.MonkeyPatch.context() as patch:
        _lead_to(patch, sandbox)
        session = boto3.Session()
        made = Clients(
            sagemaker=session.client("sagemaker"),
            s3=session.client("s3"),
            dynamodb=session.client("dynamodb"),
            ecr=session.client("ecr"),
            sts=session.client("sts"),
        )
    yield made
    for client in (made.sagemaker, made.s3, made.dynamodb, made.ecr, made.sts):
        client.close()


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
    aws_env: dict[str, str], _session_clients: Clients, dynamodb_engine: str
) -> Iterator[Clients]:
    """Independent boto3 clients against the emptied sandbox."""
    if not dynamodb_engine:
        yield _session_clients
        return
    dynamodb = boto3.Session().client("dynamodb")
    yield replace(_session_clients, dynamodb=dynamodb)
    dynamodb.close()


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
