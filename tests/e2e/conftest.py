"""A real server process, a real client, a local AWS and a copy of the example project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from sandbox.service import Sandbox

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
EXAMPLE = ROOT / "examples" / "support-bot"

ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
BUCKETS = ("support-bot-adapters", "support-bot-data")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Both protocol eras: `auto` speaks the modern one."""
    return str(request.param)


@pytest.fixture(scope="session")
def sandbox_process():
    with Sandbox(region="us-west-2") as box:
        yield box


@pytest.fixture
def box(sandbox_process: Sandbox):
    """The local AWS, SageMaker empty, the sample weights and datasets in S3."""
    sandbox_process.control.reset()
    clients = aws_clients(sandbox_process)
    for bucket in BUCKETS:
        empty_bucket(clients["s3"], bucket)
    put = clients["s3"].put_object
    put(Bucket=BUCKETS[0], Key="faq-sft/v1/model.tar.gz", Body=b"weights of faq-sft")
    config = json.dumps({"base_model_name_or_path": "Qwen/Qwen3-4B", "r": 16}).encode()
    put(Bucket=BUCKETS[0], Key="tone-dpo/v1/adapter_config.json", Body=config)
    put(Bucket=BUCKETS[0], Key="tone-dpo/v1/adapter_model.safetensors", Body=b"weights")
    put(Bucket=BUCKETS[1], Key="faq/train.jsonl", Body=b'{"q":1}\n{"q":2}\n{"q":3}\n')
    put(Bucket=BUCKETS[1], Key="tone/pairs.jsonl", Body=b'{"p":1}\n{"p":2}\n')
    return sandbox_process


def aws_clients(box: Sandbox) -> dict[str, Any]:
    env = box.environment()
    session = boto3.Session(
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region_name=env["AWS_REGION"],
    )
    return {
        name: session.client(name, endpoint_url=env[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in ("sagemaker", "s3", "dynamodb", "ecr")
    }


def empty_bucket(s3: Any, bucket: str) -> None:
    if bucket not in {each["Name"] for each in s3.list_buckets().get("Buckets", [])}:
        where = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])


@pytest.fixture
def aws(box: Sandbox) -> dict[str, Any]:
    """Independent boto3 clients, for reading the state back."""
    return aws_clients(box)


@pytest.fixture
def endpoint(aws: dict[str, Any], box: Sandbox) -> str:
    """The example's endpoint and base component, both InService."""
    sagemaker = aws["sagemaker"]
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.g5.2xlarge"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="support-bot",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/endpoint",
        ProductionVariants=[variant | {"InitialInstanceCount": 1}],
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="support-bot")
    until(lambda: sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"])
    sagemaker.create_inference_component(
        InferenceComponentName=BASE,
        EndpointName=ENDPOINT,
        VariantName="AllTraffic",
        Specification={
            "Container": {
                "Image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:support-bot-latest"
            },
            "ComputeResourceRequirements": {
                "NumberOfAcceleratorDevicesRequired": 1,
                "MinMemoryRequiredInMb": 1024,
            },
        },
        RuntimeConfig={"CopyCount": 1},
    )
    until(
        lambda: sagemaker.describe_inference_component(InferenceComponentName=BASE)[
            "InferenceComponentStatus"
        ]
    )
    return ENDPOINT


def until(status: Callable[[], str], wanted: str = "InService") -> None:
    """Read a status until it is the wanted one; the sandbox moves on with each look."""
    for _ in range(20):
        if status() == wanted:
            return
    raise AssertionError(f"never {wanted}, but {status()}")


@pytest.fixture
def ci_table(aws: dict[str, Any], request: pytest.FixtureRequest) -> str:
    """A fresh CI table with MLCC's index."""
    name = f"ci-{abs(hash(request.node.nodeid))}"
    text = {"AttributeType": "S"}
    aws["dynamodb"].create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            text | {"AttributeName": each}
            for each in ("configId", "testStatus", "lastTestTimestamp")
        ],
        KeySchema=[{"AttributeName": "configId", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "testStatus-lastTestTimestamp-index",
                "KeySchema": [
                    {"AttributeName": "testStatus", "KeyType": "HASH"},
                    {"AttributeName": "lastTestTimestamp", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example project, the server's working folder."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "support-bot"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".ml-container-creator"


@pytest.fixture
def connect(project: Path, home: Path, box: Sandbox, ci_table: str, era: str):
    """Open a client on a new server process: `async with connect(*flags) as client`."""

    @asynccontextmanager
    async def opened(
        *flags: str, environment: dict[str, str] | None = None, folder: Path = project
    ):
        surroundings = {
            "HOME": str(home.parent),
            "MLCC_REGISTRY_HOME": str(home),
            "CI_TABLE_NAME": ci_table,
            "MLCC_REGISTRY_POLL_S": "0.05",
            **(box.environment() if environment is None else environment),
        }
        command = StdioServerParameters(
            command=str(COMMAND), args=list(flags), env=surroundings, cwd=folder
        )
        async with Client(stdio_client(command, errlog=subprocess.DEVNULL), mode=era) as client:
            yield Caller(client)

    return opened


class Caller:
    """Calls tools and hands back the answer's object, its text checked to say the same."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def raw(self, tool: str, arguments: dict[str, Any]) -> Any:
        result = await self.client.call_tool(tool, arguments)
        assert json.loads(result.content[0].text) == result.structured_content
        return result

    async def ok(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.raw(tool, arguments)
        assert not result.is_error, result.structured_content
        assert result.structured_content["message"]
        return dict(result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.raw(tool, arguments)
        assert result.is_error, result.structured_content
        error = result.structured_content["error"]
        assert {"code", "message", "hint", "retryable"} == set(error)
        return dict(result.structured_content)
