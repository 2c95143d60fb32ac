"""The register helper of MLCC 1.6.0 on model package versions that ours wrote, and the reverse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox import sample
from sandbox.service import Sandbox

from .conftest import PIN, SERVER

pytestmark = pytest.mark.timeout(300)  # the first test may wait for what npm and pip install

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
GROUP = "support-bot"
ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
MODEL = "s3://support-bot-models/qwen3/model.tar.gz"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
TONE = "s3://support-bot-adapters/tone-dpo/v1"
FAQ_DATA = "s3://support-bot-data/faq/train.jsonl"
TONE_DATA = "s3://support-bot-data/tone/pairs.jsonl"
ABSENT = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/99"

COMMON = {
    "project_name": GROUP,
    "deployment_config": "transformers-vllm",
    "architecture": "transformers",
    "backend": "vllm",
    "instance_type": "ml.g5.2xlarge",
    "model_name": "Qwen/Qwen3-4B",
    "base_image": "vllm/vllm-openai:v0.8.5",
    "model_format": "safetensors",
    "generator_version": "1.5.2",
}
"""What do/register says of the example project; 1.6.0 leaves the generator's version out (D41)."""


@pytest.fixture(scope="module")
def box():
    with Sandbox(region="us-west-2") as opened:
        yield opened


@pytest.fixture(scope="module")
def environment(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    user = tmp_path_factory.mktemp("user")
    return {"PATH": os.environ["PATH"], "HOME": str(user), **box.environment()}


@pytest.fixture(scope="module")
def clients(environment: dict[str, str]):
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    made = {
        name: session.client(name, endpoint_url=environment[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in ("sagemaker", "ecr", "s3")
    }
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def aws(box: Sandbox, clients: dict[str, Any]) -> dict[str, Any]:
    """Independent clients, on an empty SageMaker and ECR."""
    box.control.reset()
    return clients


@pytest.fixture(scope="module")
def helper(pip_install, npm_packages: Path, environment: dict[str, str]):
    """A process that runs MLCC's helper, as often as it is told to."""
    sagemaker = pip_install(PIN.with_name("sagemaker_core.txt"))
    program = npm_packages / "node_modules" / "ml-container-creator-1-6"
    assert "1.6.0" == json.loads((program / "package.json").read_text("utf-8"))["version"]
    script = program / "templates" / "do" / ".register_helper.py"
    with subprocess.Popen(
        [sys.executable, str(PIN.with_name("register_helper.py")), str(script)],
        env={**environment, "PYTHONPATH": str(sagemaker)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.communicate()


@pytest.fixture
def theirs(helper: subprocess.Popen[str], aws: dict[str, Any]):
    """Run one command of MLCC's helper; returns exit status and answer."""

    def run(command: str, **flags: str) -> tuple[int, dict[str, Any]]:
        given = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        assert helper.stdin and helper.stdout
        helper.stdin.write(json.dumps([[command, *given], {}]) + "\n")
        helper.stdin.flush()
        status, answer = json.loads(helper.stdout.readline())
        return status, json.loads(answer)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example project, the working folder of our server."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / GROUP))


@pytest.fixture
def ours(script, environment: dict[str, str], project: Path, aws: dict[str, Any]):
    """Call tools of our server, all in one process; returns what each answered."""
    user = project.parent / "user"
    user.mkdir()
    own = {**environment, "HOME": str(user)}

    def call(*calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        given = [{"name": name, "arguments": arguments} for name, arguments in calls]
        flags = [str(SERVER), "--toolsets", "core,adapters"]
        answers = script("client.mjs", given, *flags, cwd=project, env=own)["answers"]
        assert not [each for each in answers if each.get("isError") or "thrown" in each], answers
        return [dict(each["structuredContent"]) for each in answers]

    return call


@pytest.fixture
def image(aws: dict[str, Any]) -> str:
    """The image that the project's versions name, pushed."""
    aws["ecr"].create_repository(repositoryName=sample.REPOSITORY)
    aws["ecr"].put_image(
        repositoryName=sample.REPOSITORY,
        imageManifest='{"schemaVersion": 2}',
        imageTag=f"{GROUP}-latest",
    )
    return f"123456789012.dkr.ecr.us-west-2.amazonaws.com/{sample.REPOSITORY}:{GROUP}-latest"


def adapter(base: str, weights: str, technique: str, dataset: str, **more: str) -> dict[str, str]:
    return {
        **COMMON,
        "parent_version_arn": base,
        "model_data_url": weights,
        "tune_technique": technique,
        "dataset_s3_uri": dataset,
        **more,
    }


@pytest.fixture
def write(theirs):
    """Have MLCC's helper write a base version and two adapters of the example project."""

    def written() -> dict[str, str]:
        _, base = theirs("register-model", **COMMON)
        arn = base["model_package_arn"]
        faq = adapter(arn, FAQ, "sft", FAQ_DATA, dataset_version="1")
        tone = adapter(arn, f"{TONE}/", "dpo", TONE_DATA)
        made = [theirs("register-adapter", **each)[1] for each in (faq, tone)]
        faq_arn, tone_arn = (each["model_package_arn"] for each in made)
        return {"base": arn, "faq": faq_arn, "tone": tone_arn}

    return written


def shared(listed: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Return what both programs list of each version, oldest first; "" where ours has no key."""
    told = [{key: each.get(key, "") for key in keys} for each in listed]
    return sorted(told, key=lambda each: int(each["version"]))


def test_mlccs_helper_reads_every_version_that_ours_wrote(ours, theirs, aws, image):
    """Base and adapters, with and without an image, with figures, approved and not."""
    figures = {"rps": 12.5, "faq-sft": {"p50_ms": 41}}
    early = {"benchmark": figures, "container_image": image.replace("latest", "not-pushed")}
    later = {"status": "partial", "notes": "tuning ended early", "model_data_url": MODEL}
    first, second = ours(("register_deployment", early), ("register_deployment", later))
    made = [
        version["arn"]
        for answer in (first, second)
        for version in (answer["modelPackage"], *answer["adapters"])
    ]

    read = [theirs("get-version", arn=arn)[1] for arn in made]

    held = [aws["sagemaker"].describe_model_package(ModelPackageName=arn) for arn in made]
    assert [
        {
            "arn": version["ModelPackageArn"],
            "version": version["ModelPackageVersion"],
            "status": version["ModelApprovalStatus"],
            "description": version["ModelPackageDescription"],
            "modelDataUrl": location,
            "metadata": version["CustomerMetadataProperties"],
        }
        for version, location in zip(held, ["", FAQ, TONE, MODEL, FAQ, TONE], strict=True)
    ] == read
    assert ["Approved"] * 3 + ["PendingManualApproval"] * 3 == [each["status"] for each in read]
    assert [""] * 3 + [image] * 3 == [image_of(each) for each in held]
    assert "12.5" == read[0]["metadata"]["benchmark_rps"]
    assert "41" == read[1]["metadata"]["benchmark_p50_ms"]


def image_of(version: dict[str, Any]) -> str:
    containers = version.get("InferenceSpecification", {}).get("Containers", [{}])
    return str(containers[0].get("Image", ""))


def test_both_list_the_same_adapters_and_models_of_what_ours_wrote(ours, theirs):
    """D21: MLCC's lists have no locations and no images."""
    asked = {"project_name": GROUP, "detail": "full"}
    *_, adapters, models = ours(
        ("register_deployment", {}),
        ("register_deployment", {"notes": "again"}),
        ("list_adapters", asked),
        ("list_models", asked),
    )
    _, their_adapters = theirs("list-adapters", project_name=GROUP)
    _, their_models = theirs("list-models", project_name=GROUP)

    lineage = ("tuneTechnique", "datasetS3Uri", "parentModelVersionArn")
    of_adapter = ("arn", "version", *lineage, "description")
    of_model = ("arn", "version", "deploymentConfig", "modelName", "instanceType", "description")
    theirs_told = shared(their_adapters["adapters"], *of_adapter)
    assert shared(adapters["adapters"], *of_adapter) == theirs_told
    assert [("sft", FAQ_DATA), ("dpo", TONE_DATA)] * 2 == [
        (each["tuneTechnique"], each["datasetS3Uri"]) for each in theirs_told
    ]
    assert 2 == len(models["models"])
    assert shared(models["models"], *of_model) == shared(their_models["models"], *of_model)
    assert {""} == {each["modelDataUrl"] for each in their_adapters["adapters"]}


def test_ours_lists_what_mlccs_helper_managed_to_write(ours, theirs, write):
    """D1, D17, D20: what it could not write, and what its versions lack."""
    written = write()
    no_model = theirs("register-model", **COMMON | {"model_format": ""})
    no_adapter = theirs("register-adapter", **adapter(written["base"], FAQ, "", ""))
    merged = theirs("register-adapter", **adapter(written["base"], f"{TONE}-2", "dpo", TONE_DATA))
    absent = theirs("get-version", arn=ABSENT)
    adapters, models = ours(
        ("list_adapters", {"project_name": GROUP}), ("list_models", {"project_name": GROUP})
    )

    assert [(1, "MODEL_REGISTER_FAILED"), (1, "ADAPTER_REGISTER_FAILED")] == [
        (status, answer["code"]) for status, answer in (no_model, no_adapter)
    ]
    assert (1, "GET_VERSION_FAILED") == (absent[0], absent[1]["code"])
    assert (True, written["tone"]) == (merged[1]["deduplicated"], merged[1]["model_package_arn"])
    common = {"approvalStatus": "Approved", "modelName": "Qwen/Qwen3-4B"}
    linked = common | {"parentModelVersionArn": written["base"]}
    told = [
        {key: value for key, value in each.items() if key != "createdAt"}
        for each in adapters["adapters"]
    ]
    assert [
        linked
        | {"arn": written["tone"], "version": 3, "tuneTechnique": "dpo"}
        | {"datasetS3Uri": TONE_DATA, "modelDataUrl": TONE},
        linked
        | {"arn": written["faq"], "version": 2, "tuneTechnique": "sft", "datasetVersion": "1"}
        | {"datasetS3Uri": FAQ_DATA, "modelDataUrl": FAQ},
    ] == told
    assert [written["base"]] == [each["arn"] for each in models["models"]]


def test_equal_versions_of_mlccs_helper_are_found_and_shown_as_the_deployments_lineage(
    ours, write, project
):
    """Nothing is made twice; an endpoint would be ours alone, so this project names none."""
    config = project / "do/config"
    lines = config.read_text("utf-8").splitlines(keepends=True)
    config.write_text("".join(each for each in lines if "ENDPOINT_NAME" not in each), "utf-8")
    given = {"generator_version": "1.5.2"}
    [local] = ours(("register_deployment", given | {"sagemaker": "no"}))
    written = write()
    completed, shown = ours(("register_deployment", given), ("get_deployment", {"id": local["id"]}))

    assert ["unchanged"] * 3 == [
        each["state"] for each in (completed["modelPackage"], *completed["adapters"])
    ]
    assert local["id"] == completed["id"]
    assert written["base"] == shown["lineage"]["modelPackage"]["arn"]
    assert [
        {"arn": written["tone"], "version": 3, "datasetS3Uri": TONE_DATA},
        {"arn": written["faq"], "version": 2, "datasetS3Uri": FAQ_DATA, "datasetVersion": "1"},
    ] == [
        {key: value for key, value in each.items() if key != "approvalStatus"}
        for each in shown["lineage"]["adapters"]
    ]


def test_an_adapter_that_mlccs_helper_registered_is_rolled_out_and_registered_from_there(
    ours, theirs, write, aws, project
):
    """D20: such a version records no name, so the call gives one; its lineage goes with it."""
    aws["s3"].create_bucket(
        Bucket="support-bot-adapters",
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
    )
    aws["s3"].put_object(
        Bucket="support-bot-adapters",
        Key="tone-dpo/v1/adapter_config.json",
        Body=b'{"base_model_name_or_path": "Qwen/Qwen3-4B", "r": 16}',
    )
    image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:support-bot-latest"
    sample.start_endpoint(
        aws["sagemaker"], image, endpoint=ENDPOINT, base_component=BASE, model="Qwen/Qwen3-4B"
    )
    written = write()
    chosen = {"version_arn": written["tone"], "adapter_name": "polite"}
    rolled, registered = ours(("deploy_adapter_from_registry", chosen), ("register_deployment", {}))

    found = aws["sagemaker"].describe_inference_component(
        InferenceComponentName="support-bot-adapter-polite"
    )
    assert ("in_service", "compatible") == (rolled["state"], rolled["compatibility"])
    assert TONE + "/" == found["Specification"]["Container"]["ArtifactUrl"]
    assert BASE == found["Specification"]["BaseInferenceComponentName"]
    conf = (project / "do/adapters/polite.conf").read_text("utf-8").splitlines()
    assert f'export ADAPTER_REGISTRY_ARN="{written["tone"]}"' in conf
    assert f'export ADAPTER_PARENT_MODEL_ARN="{written["base"]}"' in conf
    arn = next(each["arn"] for each in registered["adapters"] if each["name"] == "polite")
    _, polite = theirs("get-version", arn=arn)
    told = {key: polite["metadata"][key] for key in ("tuneTechnique", "datasetS3Uri")}
    assert {"tuneTechnique": "dpo", "datasetS3Uri": TONE_DATA} == told
    assert registered["modelPackage"]["arn"] == polite["metadata"]["parentModelVersionArn"]
    assert TONE == polite["modelDataUrl"]
