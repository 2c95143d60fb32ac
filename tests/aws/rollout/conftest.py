"""An endpoint, a version, a project folder, and what rolls out as the server does."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.sessions import FixedAccess
from registry.calls import Call
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from registry.rollout.deploy import Rollout
from registry.rollout.request import RolloutRequest
from sandbox.service import Sandbox
from schemas.rollout import RolloutResult

REGION = "us-west-2"
ACCOUNT = "123456789012"
ENDPOINT = "tv-endpoint-1"
BASE = "tv-default-1767000000"
IC = "tv-adapter-my-sft"
MODEL = "Qwen/Qwen3-4B"
NOW = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def directory(sandbox: Sandbox) -> Iterator[BotoDirectory]:
    """Opened once: making boto3 clients takes longer than most tests here."""
    found = sandbox.environment()
    endpoints = {
        name: found[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
    }
    keys = found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]
    opened = BotoDirectory(access=FixedAccess(*keys, endpoints))
    yield opened
    opened.close()


@pytest.fixture
def aws(clients, directory: BotoDirectory) -> BotoAws:
    return directory.open(region=REGION, profile="")


def start_component(clients, name: str, endpoint: str, **specification: Any) -> None:
    clients.sagemaker.create_inference_component(
        InferenceComponentName=name,
        EndpointName=endpoint,
        VariantName="AllTraffic",
        Specification={
            "Container": {"Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mm:1"},
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
            **specification,
        },
        RuntimeConfig={"CopyCount": 1},
    )


@pytest.fixture
def endpoint(clients, sandbox: Sandbox) -> str:
    """Endpoint and base component, both in service."""
    clients.sagemaker.create_endpoint_config(
        EndpointConfigName="tv-config",
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "InstanceType": "ml.g5.2xlarge",
                "InitialInstanceCount": 1,
            }
        ],
    )
    clients.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="tv-config")
    sandbox.control.advance(3600)
    clients.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    start_component(clients, BASE, ENDPOINT)
    sandbox.control.advance(3600)
    clients.sagemaker.describe_inference_component(InferenceComponentName=BASE)
    return ENDPOINT


@pytest.fixture
def weights(clients, bucket: str) -> str:
    """A prefix with adapter weights, without its last slash."""
    config = {"base_model_name_or_path": MODEL, "r": 8}
    clients.s3.put_object(
        Bucket=bucket, Key="a/x/adapter_config.json", Body=json.dumps(config).encode()
    )
    clients.s3.put_object(Bucket=bucket, Key="a/x/adapter_model.safetensors", Body=b"{}")
    clients.s3.put_object(Bucket=bucket, Key="a/adapter.tar.gz", Body=b"gz")
    return f"s3://{bucket}/a/x"


@pytest.fixture
def version(clients, weights: str) -> str:
    """The ARN of an adapter version in group `other`."""
    return publish(clients, "other", modelDataUrl=weights, adapterName="my-sft")


def publish(
    clients, group: str, approval: str = "Approved", *, adapter: bool = True, **metadata: str
) -> str:
    groups = clients.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if group not in {one["ModelPackageGroupName"] for one in groups}:
        clients.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    said = {"modelName": MODEL, "projectName": group} | metadata
    said |= {"isAdapter": "true"} if adapter else {}
    made = clients.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=approval,
        CustomerMetadataProperties={key: value for key, value in said.items() if value},
    )
    return str(made["ModelPackageArn"])


def project_folder(tmp_path: Path, **config: str | None) -> ProjectFolder:
    said = {
        "PROJECT_NAME": "tv",
        "DEPLOYMENT_TARGET": "realtime-inference",
        "ENABLE_LORA": "true",
        "MODEL_NAME": MODEL,
        "ENDPOINT_NAME": ENDPOINT,
    } | config
    do = tmp_path / "project" / "do"
    (do / "ic").mkdir(parents=True, exist_ok=True)
    lines = [f'export {name}="{value}"' for name, value in said.items() if value is not None]
    (do / "config").write_text("\n".join(lines) + "\n")
    (do / "ic" / "default.conf").write_text(f'export IC_DEPLOYED_NAME="{BASE}"\n')
    return read_project(do.parent)


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    return project_folder(tmp_path)


def conf_of(folder: ProjectFolder, name: str = "my-sft") -> Path:
    return folder.root / "do" / "adapters" / f"{name}.conf"


def timeless(**options: Any) -> Call:
    return Call(**({"wait": lambda _: None} | options))


Deploy = Callable[..., RolloutResult]


def rollout_in(
    aws: BotoAws, policy: ConsentPolicy | None = None, directory: BotoDirectory | None = None
) -> Rollout:
    def elsewhere(region: str) -> BotoAws:
        assert directory is not None
        return directory.open(region=region, profile="")

    return Rollout(aws, elsewhere, policy or ConsentPolicy(), now=lambda: NOW)


@pytest.fixture
def deploy(aws: BotoAws, endpoint: str) -> Deploy:
    """Rolls out as the server does; waiting takes no time."""

    def run(
        folder: ProjectFolder | None,
        policy: ConsentPolicy | None = None,
        call: Call | None = None,
        **arguments: Any,
    ) -> RolloutResult:
        rollout = rollout_in(aws, policy)
        return rollout.deploy(RolloutRequest(**arguments), folder, call or timeless())

    return run


def creations(sandbox: Sandbox) -> list[dict[str, Any]]:
    calls = sandbox.control.calls("CreateInferenceComponent")
    return [call["request"] for call in calls if "VariantName" not in call["request"]]
