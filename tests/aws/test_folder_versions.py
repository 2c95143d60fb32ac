"""What a registration of each vector's folder sends to SageMaker, beside MLCC's own requests.

Whole requests are compared, taken from the sandbox's log. A difference has to stand in
`EXEMPTIONS` with what ours sends in its place, and an exemption has to be a difference.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.package_search import SearchAbility
from registry.calls import Call
from registry.capture import Overrides, capture
from registry.local.deployments import user_registry
from registry.project.folder import read_project
from registry.registration.register import Registrar
from registry.registration.request import RegistrationRequest

from ..contract.test_do_folders import CASES, NOTHING, _differences, _write

FIVE = "vllm-lora-five-adapters"
TOKEN = "<client-token>"
METADATA = "CustomerMetadataProperties"
PARENT = "arn:aws:sagemaker:us-west-2:123456789012:model-package/tv-lora/1"
ADDED = "s3://mlcc-adapters/tv-lora/adapters/added-dpo"
TRAINED = "s3://mlcc-adapters/t/model.tar.gz"
HUBBY = "s3://mlcc-adapters/adapters/tv-lora/hubby/adapter.tar.gz"
REGISTRY = "s3://mlcc-adapters/other/x"
TUNED = "s3://mlcc-adapters/p/sft/output"

D17 = "D17: MLCC takes another adapter's version for this one's"
D18 = "D18: the project's latest dataset is of another technique, or of tuning"
D20 = "D20: an adapter's version tells its name"
D22 = "D22: the image is in the project's region, not the profile's"
WHERE = "design: a version tells its endpoint, and an adapter's its component"

REGIONS = {
    FIVE: "us-east-1",
    "tensorrt-llm": "eu-west-1",
    "lmi": "us-east-1",
    "djl": "us-east-1",
    "http-fastapi-secrets": "us-east-1",
    "triton-fil-model-dir-pbtxt": "us-east-1",
    "triton-onnx-root-pbtxt": "us-east-1",
    "triton-python-no-pbtxt": "us-east-1",
    "triton-vllm": "us-east-1",
    "diffusors-vllm-omni": "us-east-2",
    "vllm-async": "us-east-1",
    "vllm-hyperpod": "us-east-1",
    "vllm-html-escaped-values": "us-east-1",
    "vllm-plain-env-override": "eu-west-1",
}
"""Projects that are deployed elsewhere than in the profile's us-west-2 (D22)."""


def _by_place(requests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the base version's request as `base`, an adapter's by its weights."""
    told = [(each[METADATA], each) for each in requests]
    return {
        metadata["modelDataUrl"] if "isAdapter" in metadata else "base": each
        for metadata, each in told
    }


THEIRS = {name: _by_place(case["upstream"]["create_model_package"]) for name, case in CASES.items()}


def _specification(project: str, region: str, **located: str) -> dict[str, Any]:
    image = f"123456789012.dkr.ecr.{region}.amazonaws.com/ml-container-creator:{project}-latest"
    return {
        "Containers": [{"Image": image, **located}],
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
    }


def _of_the_five(name: str, technique: str, located: dict[str, str], **more: str) -> dict[str, Any]:
    """Return the request for an adapter whose version MLCC never made."""
    common = {key: value for key, value in THEIRS[FIVE]["base"][METADATA].items() if value}
    linked = {"isAdapter": "true", "parentModelVersionArn": PARENT, "adapterName": name}
    return {
        "ModelPackageGroupName": "tv-lora",
        "ModelPackageDescription": f"adapter ({technique}) on ml.g5.2xlarge, parent: {PARENT}",
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": _specification("tv-lora", "us-east-1", **located),
        METADATA: common | linked | more,
        "ClientToken": TOKEN,
    }


def _no_value(name: str, case: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where the vectors say that an empty value has to be left out."""
    for difference in case.get("differences_we_want") or ():
        if difference["defect"] == "D1":
            for field in difference["fields"]:
                yield from ((name, f"{place}.{field}") for place in THEIRS[name])


EXEMPTIONS: dict[tuple[str, str], tuple[str, Any]] = {
    **{
        place: ("D1: the service takes no empty value", NOTHING)
        for name, case in CASES.items()
        for place in _no_value(name, case)
    },
    **{
        (name, f"{place}.InferenceSpecification.Containers[0].Image"): (
            D22,
            request["InferenceSpecification"]["Containers"][0]["Image"].replace(
                "us-west-2", region
            ),
        )
        for name, region in REGIONS.items()
        for place, request in THEIRS[name].items()
    },
    (FIVE, f"{ADDED}.{METADATA}.datasetS3Uri"): (D18, NOTHING),
    (FIVE, f"{TRAINED}.{METADATA}.datasetS3Uri"): (D18, NOTHING),
    (FIVE, f"{TRAINED}.{METADATA}.datasetVersion"): (D18, NOTHING),
    (FIVE, f"{ADDED}.{METADATA}.adapterName"): (D20, "added-dpo"),
    (FIVE, f"{TRAINED}.{METADATA}.adapterName"): (D20, "trained"),
    (FIVE, f"{ADDED}.{METADATA}.icName"): (WHERE, "tv-lora-adapter-added-dpo"),
    (FIVE, f"{TRAINED}.{METADATA}.icName"): (WHERE, "tv-lora-adapter-trained"),
    (FIVE, REGISTRY): (
        D17,
        _of_the_five(
            "from-reg",
            "unknown",
            {},
            modelDataUrl=REGISTRY,
            icName="tv-lora-adapter-from-reg",
        ),
    ),
    (FIVE, HUBBY): (
        D17,
        _of_the_five(
            "hubby",
            "unknown",
            {"ModelDataUrl": HUBBY},
            modelDataUrl=HUBBY,
            icName="tv-lora-adapter-hubby",
        ),
    ),
    (FIVE, TUNED): (
        D17,
        _of_the_five(
            "tuned-sft-alpaca",
            "sft",
            {},
            modelDataUrl=TUNED,
            tuneTechnique="sft",
            datasetS3Uri="s3://mlcc-t/alpaca/train.jsonl",
            datasetVersion="2",
        ),
    ),
    ("vllm-instance-pools", f"base.{METADATA}.endpointName"): (WHERE, "tv-endpoint-1"),
    ("vllm-html-escaped-values", f"base.{METADATA}.modelName"): (
        "D2: what the service refuses becomes _",
        "org/Möd__34_el _amp_ _lt_x_gt_",
    ),
    ("vllm-plain-generator-1.6.0", f"base.{METADATA}.generatorVersion"): (
        "D41: 1.6.0 no longer finds its own version; the caller gave it",
        "1.6.0",
    ),
    ("marketplace", "group"): (
        "D9: MLCC gives up before; the design records such a deployment",
        [{"ModelPackageGroupName": "mkt", "ModelPackageGroupDescription": "Models for mkt"}],
    ),
    ("marketplace", "base"): (
        "D9: as its group",
        {
            "ModelPackageGroupName": "mkt",
            "ModelPackageDescription": "marketplace on ml.g5.xlarge",
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": _specification("mkt", "us-east-1"),
            METADATA: {
                "deploymentConfig": "marketplace",
                "architecture": "marketplace",
                "instanceType": "ml.g5.xlarge",
                "generatorVersion": "1.5.2",
                "projectName": "mkt",
            },
            "ClientToken": TOKEN,
        },
    ),
}
"""Case and place -> why ours differs, and what ours sends there."""


@pytest.fixture
def sent(sessions, aws_env, sandbox, tmp_path):
    """Register a vector's folder; returns the requests of every operation that writes."""
    aws = BotoAws(
        Connection(sessions, region="us-west-2", profile=""), SearchAbility(), sandbox=True
    )
    # MLCC names the image unseen; where nobody may look, ours does as well.
    sandbox.control.fail("DescribeImages", "deny", times=-1, service="ecr")

    def registered(case: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        _write(case, tmp_path / "project")
        folder = read_project(tmp_path / "project", environment=case["extra_environment"])
        facts = capture(folder, Overrides(generator_version=case["generated_by"]))
        registrar = Registrar(
            log=user_registry(tmp_path / "home"),
            account=lambda: aws,
            ci_target=lambda: aws,
            repository="ml-container-creator",
            now=lambda: datetime.now(UTC),
        )
        registrar.register(facts, RegistrationRequest(), Call())
        groups, versions = (
            [dict(each["request"]) for each in sandbox.control.calls(operation)]
            for operation in ("CreateModelPackageGroup", "CreateModelPackage")
        )
        return groups, versions

    return registered


@pytest.mark.parametrize("name", CASES)
def test_every_request_is_mlccs_but_for_what_we_decided(name, sent):
    """Record contract, section 5 and `do_folders`."""
    upstream = CASES[name]["upstream"]
    groups, versions = sent(CASES[name])
    tokens = [version.pop("ClientToken") for version in versions]

    ours: dict[str, Any] = {"group": groups}
    for place, each in _by_place(versions).items():
        ours[place] = each | {"ClientToken": TOKEN}
    theirs = {"group": upstream["create_model_package_group"], **THEIRS[name]}
    found = dict(
        difference
        for place in {**ours, **theirs}
        for difference in _differences(place, ours.get(place, NOTHING), theirs.get(place, NOTHING))
    )

    assert {
        place: value for (case, place), (_, value) in EXEMPTIONS.items() if case == name
    } == found
    assert len(tokens) == len({uuid.UUID(token) for token in tokens})


def test_every_exemption_names_a_folder_and_a_reason():
    assert {case for case, _ in EXEMPTIONS} <= CASES.keys()
    assert all(reason for reason, _ in EXEMPTIONS.values())
    assert 29 == sum(len(each) for each in THEIRS.values())
