"""A sample account, filled through real boto3 calls: enough to try every tool at once."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from sandbox.documents import Document

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType

GROUP = "demo-llm"
ENDPOINT = "demo-llm-endpoint"
VARIANT = "AllTraffic"
BASE_COMPONENT = "demo-llm-base"
BUCKET = "mlcc-sandbox-adapters"
ARCHIVE_KEY = "demo-llm/support-tone/adapter.tar.gz"
PREFIX_KEY = "demo-llm/sql-writer/checkpoints/hf/"
DATASET_KEY = "datasets/support-tone.jsonl"
REPOSITORY = "ml-container-creator"
IMAGE_TAG = "demo-llm-latest"
TABLE = "mlcc-ci-table"
HUB = "mlcc-sandbox-hub"
STATUS_INDEX = "testStatus-lastTestTimestamp-index"
BASE_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
INSTANCE_TYPE = "ml.g5.2xlarge"
BASE_IMAGE = "vllm/vllm-openai:v0.10.0"
NEVER_TESTED = "1970-01-01T00:00:00Z"
_LOOKS = 10


def fill(environment: dict[str, str]) -> None:
    """Fill the account that ``environment`` leads to; what is there already stays."""
    region = environment["AWS_REGION"]
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=region,
    )
    at = {
        name: environment[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr")
    }
    fill_s3(session.client("s3", endpoint_url=at["s3"]), region)
    fill_table(session.client("dynamodb", endpoint_url=at["dynamodb"]), region)
    image = fill_ecr(session.client("ecr", endpoint_url=at["ecr"]))
    sagemaker = session.client("sagemaker", endpoint_url=at["sagemaker"])
    fill_sagemaker(sagemaker, image)
    start_hub(sagemaker)


def fill_s3(s3: "S3Client", region: str) -> None:
    """Put adapter weights, as one archive and as a prefix, and a dataset into the bucket."""
    if BUCKET in {one["Name"] for one in s3.list_buckets().get("Buckets", [])}:
        return
    if region == "us-east-1":
        s3.create_bucket(Bucket=BUCKET)
    else:
        # boto3's types list the regions of their day; a bucket may be in any.
        where: Document = {"LocationConstraint": region}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)  # type: ignore[arg-type] # as said
    s3.put_object(Bucket=BUCKET, Key=ARCHIVE_KEY, Body=adapter_archive())
    for name, content in adapter_files().items():
        s3.put_object(Bucket=BUCKET, Key=PREFIX_KEY + name, Body=content)
    s3.put_object(Bucket=BUCKET, Key=DATASET_KEY, Body=dataset())


def fill_ecr(ecr: "ECRClient") -> str:
    """Push the deployed image's manifest and return the image's URI."""
    known = ecr.describe_repositories()["repositories"]
    found = [one for one in known if one.get("repositoryName") == REPOSITORY]
    if not found:
        found = [ecr.create_repository(repositoryName=REPOSITORY)["repository"]]
        manifest = {"schemaVersion": 2, "layers": [{"digest": "sha256:" + "0" * 64, "size": 1024}]}
        ecr.put_image(
            repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageTag=IMAGE_TAG
        )
    return f"{found[0].get('repositoryUri')}:{IMAGE_TAG}"


def fill_table(dynamodb: "DynamoDBClient", region: str) -> None:
    """Make the CI table with its status index, and a few configurations in it.

    Source: record contract, section 7 (configId, attributes).
    """
    if TABLE in dynamodb.list_tables()["TableNames"]:
        return
    create_ci_table(dynamodb, TABLE)
    for number, item in enumerate(_CONFIGURATIONS):
        architecture, backend = item["deploymentConfig"].split("-", 1)
        config = {
            "projectName": GROUP,
            "deploymentConfig": item["deploymentConfig"],
            "architecture": architecture,
            "backend": backend,
            "modelName": BASE_MODEL,
            "instanceType": item["instanceType"],
            "awsRegion": region,
            "deploymentTarget": "realtime-inference",
            "buildTarget": "codebuild",
            "baseImage": BASE_IMAGE,
            "buildStrategy": "codebuild-submit",
            "parameters": {},
        }
        # The table's own rule for ids: one component, no adapters.
        identity = [item["deploymentConfig"], BASE_MODEL, item["instanceType"], region]
        identity += ["realtime-inference", "ic1", "adapt0"]
        texts = {
            "configId": hashlib.sha256(":".join(identity).encode()).hexdigest()[:16],
            "configJson": json.dumps(config, separators=(",", ":")),
            "deploymentConfig": item["deploymentConfig"],
            "testStatus": item["testStatus"],
            "lastTestTimestamp": item["lastTestTimestamp"],
            "baseImage": BASE_IMAGE,
            "baseImageVersion": BASE_IMAGE.rpartition(":")[2],
            "buildStrategy": "codebuild-submit",
            "projectName": GROUP,
            "createdAt": f"2026-01-0{number + 1}T08:00:00Z",
        }
        dynamodb.put_item(
            TableName=TABLE,
            Item={
                "schemaVersion": {"N": "1"},
                **{name: {"S": value} for name, value in texts.items()},
            },
        )


def create_ci_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create a CI table with MLCC's key and status index, and wait until it is there.

    Source: record contract, section 7.
    """
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "configId", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "configId", "AttributeType": "S"},
            {"AttributeName": "testStatus", "AttributeType": "S"},
            {"AttributeName": "lastTestTimestamp", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": STATUS_INDEX,
                "KeySchema": [
                    {"AttributeName": "testStatus", "KeyType": "HASH"},
                    {"AttributeName": "lastTestTimestamp", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
    )


def fill_sagemaker(sagemaker: "SageMakerClient", image: str) -> None:
    """Make the group with a base version and two adapters, the endpoint and its component."""
    groups = sagemaker.list_model_package_groups(NameContains=GROUP)
    if any(one["ModelPackageGroupName"] == GROUP for one in groups["ModelPackageGroupSummaryList"]):
        return
    sagemaker.create_model_package_group(
        ModelPackageGroupName=GROUP, ModelPackageGroupDescription=f"Models for {GROUP}"
    )
    specification: Document = {
        "Containers": [{"Image": image}],
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    base = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelPackageDescription=f"transformers-vllm on {INSTANCE_TYPE}",
        ModelApprovalStatus="Approved",
        InferenceSpecification=specification,  # type: ignore[arg-type] # an untyped document
        CustomerMetadataProperties=_METADATA,
    )
    for name, key in (("support-tone", ARCHIVE_KEY), ("sql-writer", PREFIX_KEY.rstrip("/"))):
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelPackageDescription=f"adapter (sft) on {INSTANCE_TYPE}",
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={
                **_METADATA,
                "isAdapter": "true",
                "adapterName": name,
                "parentModelVersionArn": base["ModelPackageArn"],
                "tuneTechnique": "sft",
                "datasetS3Uri": f"s3://{BUCKET}/{DATASET_KEY}",
                "modelDataUrl": f"s3://{BUCKET}/{key}",
            },
        )
    start_endpoint(sagemaker, image)


def start_endpoint(
    sagemaker: "SageMakerClient",
    image: str,
    *,
    endpoint: str = ENDPOINT,
    base_component: str = BASE_COMPONENT,
    model: str = BASE_MODEL,
    instance_type: "ProductionVariantInstanceTypeType" = "ml.g5.2xlarge",
) -> None:
    """Make an endpoint and its base component and look until both are in service."""
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{endpoint}-config",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/demo-llm-execution",
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "InstanceType": instance_type,
                "InitialInstanceCount": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=f"{endpoint}-config")
    _settled(lambda: sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])
    sagemaker.create_inference_component(
        InferenceComponentName=base_component,
        EndpointName=endpoint,
        VariantName=VARIANT,
        Specification={
            "Container": {
                "Image": image,
                "Environment": {"HF_MODEL_ID": model, "OPTION_ENABLE_LORA": "true"},
            },
            "ComputeResourceRequirements": {
                "MinMemoryRequiredInMb": 16384,
                "NumberOfAcceleratorDevicesRequired": 1,
            },
        },
        RuntimeConfig={"CopyCount": 1},
    )
    _settled(
        lambda: sagemaker.describe_inference_component(InferenceComponentName=base_component).get(
            "InferenceComponentStatus", ""
        )
    )


def start_hub(sagemaker: "SageMakerClient", name: str = HUB) -> None:
    """Make an empty hub, unless there is one of that name, and look until it is in service."""
    try:
        sagemaker.create_hub(HubName=name, HubDescription="Datasets and evaluators of the sandbox")
    except sagemaker.exceptions.ResourceInUse:
        return
    _settled(lambda: sagemaker.describe_hub(HubName=name)["HubStatus"])


def _settled(status: Callable[[], str]) -> None:
    for _ in range(_LOOKS):
        if status() == "InService":
            return
    raise RuntimeError(f"still {status()} after {_LOOKS} looks")


def adapter_files() -> dict[str, bytes]:
    """Return the files of a small LoRA adapter: its configuration and its (empty) weights."""
    config = {
        "base_model_name_or_path": BASE_MODEL,
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": 8,
        "lora_alpha": 16,
        "target_modules": ["q_proj", "v_proj"],
    }
    # A safetensors file without tensors: the length of its header, then the header.
    weights = (2).to_bytes(8, "little") + b"{}"
    return {
        "adapter_config.json": json.dumps(config, indent=2).encode(),
        "adapter_model.safetensors": weights,
    }


def adapter_archive() -> bytes:
    """Return the adapter's files as a ``.tar.gz`` with the files at its root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in adapter_files().items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def dataset() -> bytes:
    """Return a small dataset for supervised fine-tuning, one JSON object a line."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Where is order {number}?"},
                {"role": "assistant", "content": f"Let me look up order {number} for you."},
            ]
        }
        for number in range(1001, 1026)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


_METADATA = {
    "deploymentConfig": "transformers-vllm",
    "architecture": "transformers",
    "backend": "vllm",
    "instanceType": INSTANCE_TYPE,
    "modelName": BASE_MODEL,
    "projectName": GROUP,
}

_CONFIGURATIONS: list[dict[str, str]] = [
    {
        "instanceType": "ml.g5.2xlarge",
        "deploymentConfig": "transformers-vllm",
        "testStatus": "untested",
        "lastTestTimestamp": NEVER_TESTED,
    },
    {
        "instanceType": "ml.g5.2xlarge",
        "deploymentConfig": "transformers-sglang",
        "testStatus": "untested",
        "lastTestTimestamp": NEVER_TESTED,
    },
    {
        "instanceType": "ml.g6.2xlarge",
        "deploymentConfig": "transformers-vllm",
        "testStatus": "pass",
        "lastTestTimestamp": "2026-01-05T09:30:00Z",
    },
    {
        "instanceType": "ml.g6.2xlarge",
        "deploymentConfig": "transformers-tensorrt-llm",
        "testStatus": "fail-deploy",
        "lastTestTimestamp": "2026-01-06T11:00:00Z",
    },
]
