"""What MLCC's own `do/adapter` did, case by case, and where we decide otherwise."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.errors import (
    RegistryError,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from registry.rollout.deploy import Rollout
from registry.rollout.removal import Removal
from registry.rollout.request import RemovalRequest, RolloutRequest
from sandbox.service import Sandbox

from .conftest import (
    BASE,
    ENDPOINT,
    conf_of,
    project_folder,
    rollout_in,
    start_component,
    timeless,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "data/contract/adapter_deploy.json").read_text("utf-8")
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exemption:
    """A case in which we decide otherwise than MLCC.

    Attributes:
        calls: What is asked of SageMaker before it is refused; None where it is rolled out.
    """

    reason: str
    calls: tuple[str, ...] | None = None


_BAD_NAME = "a name that is not allowed is refused before SageMaker is asked anything"
EXEMPTIONS = {
    "existing-conf": Exemption("a conf alone never blocks: it is updated"),
    "not-an-adapter-version": Exemption("base models are refused (D23)", ("version",)),
    "name:trail-": Exemption("no hyphen at the end (D24)", ()),
    "name:My-SFT": Exemption(_BAD_NAME, ()),
    "name:under_score": Exemption(_BAD_NAME, ()),
    f"name:{'a' * 51}": Exemption(_BAD_NAME, ()),
    "no-name": Exemption("the version's recorded name is the default", ("version",)),
    "mismatch-arn-slug-not-in-artifact": Exemption("model names decide, not ARNs (D23)"),
    "different-model-no-deployed-arn": Exemption("model names differ (D23)", ("version", "base")),
    "different-model-no-artifact-url": Exemption("model names differ (D23)", ("version", "base")),
    "lora-disabled": Exemption("what force overrides is told with the plan", ("version", "base")),
}
_OURS_ALONE = (
    "GetCallerIdentity",  # the account is named in every answer
    "Search",  # candidates beside a refusal
    "ListModelPackages",
    "ListModelPackageGroups",
    "DescribeModelPackageGroup",
    "DescribeEndpoint",  # tells a missing base from a missing endpoint
)

NOT_ROLLED_OUT_FROM_HERE = {
    "weights-s3": "weights that are not registered: register them first",
    "weights-s3-not-targz": "the same",
    "two-sources": "there is one source only",
    "update": "the same with weights that are not registered; `replace` takes a version",
    "from-train": "the same; the generator's subcommand is missing (D25)",
}
"""Cases of commands that have no counterpart, with what to do instead."""

REGISTRY_CASES = [
    case
    for case in VECTORS["cases"]
    if "--from-registry" in case["argv"] and case["id"] not in NOT_ROLLED_OUT_FROM_HERE
]
REMOVAL_CASES = [case for case in VECTORS["cases"] if case["argv"][1] == "remove"]


def test_every_case_is_run_or_has_no_counterpart() -> None:
    run = {case["id"] for case in (*REGISTRY_CASES, *REMOVAL_CASES)}

    assert {case["id"] for case in VECTORS["cases"]} == run | set(NOT_ROLLED_OUT_FROM_HERE)
    assert not run & set(NOT_ROLLED_OUT_FROM_HERE)


@pytest.mark.parametrize("case", REGISTRY_CASES, ids=lambda case: case["id"])
def test_mlccs_cases_end_as_mlcc_or_as_we_decided(
    case: dict[str, Any],
    aws: BotoAws,
    endpoint: str,
    clients,
    bucket: str,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    for place in ("s3://mlcc-adapters/", "s3://b/", "s3://spec/"):
        case = json.loads(json.dumps(case).replace(place, f"s3://{bucket}/"))
    folder = _vector_account(case, clients, bucket, tmp_path, sandbox)
    sandbox.control.clear_log()

    ours = _our_document(case, rollout_in(aws), folder, sandbox)

    mlccs = _mlccs_document(case)
    exemption = EXEMPTIONS.get(case["id"])
    if exemption is None:
        assert mlccs == ours
        return
    assert mlccs != ours, f"{case['id']} needs no exemption any more"
    assert _decided(case, exemption) == ours


def test_every_exemption_is_of_a_case_that_there_is() -> None:
    assert set(EXEMPTIONS) <= {case["id"] for case in REGISTRY_CASES}


LOOKS_FIRST = {"remove-ic-already-gone"}
"""Cases in which MLCC asks to delete what is gone; we look first, to show what goes."""


@pytest.mark.parametrize("case", REMOVAL_CASES, ids=lambda case: case["id"])
def test_an_adapter_is_removed_as_mlcc_removes_it(
    case: Document, aws: BotoAws, endpoint: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    folder = project_folder(tmp_path, **case["project"])
    conf = conf_of(folder, "u1")
    conf.parent.mkdir()
    conf.write_text('export ADAPTER_NAME="u1"\nexport ADAPTER_IC_NAME="tv-adapter-u1"\n')
    for one in case["inference_components"]:
        if one["name"] != BASE:
            aws.components.create_adapter(
                name=one["name"],
                endpoint_name=endpoint,
                base_component=BASE,
                artifact_url=one["artifactUrl"],
            )
    sandbox.control.clear_log()

    ours = _our_removal(case, Removal(aws, ConsentPolicy(auto_approve=True)), folder, sandbox)

    mlccs = {
        "outcome": "removed" if case["exit_code"] == 0 else "refused",
        "changes": _changes(case["sagemaker_calls"]),
        "conf stays": case["exit_code"] != 0,
    }
    if case["id"] in LOOKS_FIRST:
        assert mlccs["changes"] != ours["changes"]
        mlccs["changes"] = []
    assert mlccs == ours


def _our_removal(
    case: Document, removal: Removal, folder: ProjectFolder, sandbox: Sandbox
) -> Document:
    outcome = "removed"
    try:
        request = RemovalRequest(adapter_name=case["argv"][2])
        removal.remove(request, read_project(folder.root), timeless())
    except RegistryError:
        outcome = "refused"
    calls = [
        {"action": call["operation"], "params": call["request"]} for call in sandbox.control.calls()
    ]
    stays = conf_of(folder, "u1").exists()
    return {"outcome": outcome, "changes": _changes(calls), "conf stays": stays}


def _changes(calls: list[Document]) -> list[Document]:
    reading = ("Describe", "List", "Search", "Get")
    return [call for call in calls if not call["action"].startswith(reading)]


def _mlccs_document(case: Document) -> Document:
    """Return what MLCC did, looks at the same thing once, our own variable added to its conf."""
    conf = case["conf_variables_in_order"]
    if conf and case["exit_code"] == 0:
        conf = conf + _technique(case)
    return {
        "outcome": "rolled out" if case["exit_code"] == 0 else "refused",
        "calls": _once_each(case["sagemaker_calls"]),
        "conf": conf,
    }


def _decided(case: Document, exemption: Exemption) -> Document:
    """Return the document that an exemption stands for."""
    arn = next(word for word in case["argv"] if word.startswith("arn:"))
    base = case["inference_components"][0]["name"]
    asked = {
        "version": {"action": "DescribeModelPackage", "params": {"ModelPackageName": arn}},
        "base": _described_component(base),
    }
    if exemption.calls is not None:
        calls = [asked[each] for each in exemption.calls]
        return {"outcome": "refused", "calls": calls, "conf": None}
    metadata = case["model_package"]["CustomerMetadataProperties"]
    weights, name = f"{metadata['modelDataUrl'].rstrip('/')}/", case["argv"][2]
    component = f"{case['project']['PROJECT_NAME']}-adapter-{name}"
    creation = {
        "InferenceComponentName": component,
        "EndpointName": case["project"]["ENDPOINT_NAME"],
        "Specification": {
            "BaseInferenceComponentName": base,
            "Container": {"ArtifactUrl": weights},
        },
    }
    own = _described_component(component)
    create = {"action": "CreateInferenceComponent", "params": creation}
    looks = [own] if case["conf_variables_in_order"] else []  # a conf that names a component
    variables = {
        "ADAPTER_NAME": name,
        "ADAPTER_IC_NAME": component,
        "ADAPTER_WEIGHTS_URI": weights,
        "ADAPTER_CREATED_AT": "<timestamp>",
        "ADAPTER_SOURCE": "registry",
        "ADAPTER_REGISTRY_ARN": arn,
        "ADAPTER_PARENT_MODEL_ARN": metadata["parentModelVersionArn"],
        "ADAPTER_PARENT_MODEL_SLUG": metadata["modelName"],
    }
    conf = [[name, "double", value] for name, value in variables.items()] + _technique(case)
    calls = [asked["version"], *looks, asked["base"], create, own]
    return {"outcome": "rolled out", "calls": calls, "conf": conf}


def _technique(case: Document) -> list[list[str]]:
    technique = case["model_package"]["CustomerMetadataProperties"].get("tuneTechnique")
    return [["ADAPTER_TECHNIQUE", "double", technique]] if technique else []


def _described_component(name: str) -> Document:
    return {"action": "DescribeInferenceComponent", "params": {"InferenceComponentName": name}}


def _once_each(calls: list[Document]) -> list[Document]:
    return [call for call, _ in itertools.groupby(calls)]


def _our_document(
    case: Document, rollout: Rollout, folder: ProjectFolder, sandbox: Sandbox
) -> Document:
    """Return what our rollout does in the case's own words."""
    positional = [word for word in case["argv"][2:] if not word.startswith("arn:")]
    request = RolloutRequest(
        adapter_name="" if positional[0] == "--from-registry" else positional[0],
        version_arn=next((word for word in case["argv"] if word.startswith("arn:")), ""),
        force="--force" in case["argv"],
    )
    outcome = "rolled out"
    try:
        rollout.deploy(request, folder, timeless())
    except RegistryError:
        outcome = "refused"
    calls = [
        {"action": call["operation"], "params": _without_card(call["request"])}
        for call in sandbox.control.calls()
        if call["operation"] not in _OURS_ALONE
    ]
    conf = conf_of(folder, request.adapter_name)
    return {
        "outcome": outcome,
        "calls": _once_each(calls),
        "conf": _variables(conf.read_text()) if conf.exists() else None,
    }


def _without_card(request: Document) -> Document:
    """Return a request without our wish to be spared the model card."""
    return {key: value for key, value in request.items() if key != "IncludedData"}


def _variables(text: str) -> list[list[str]]:
    found = []
    for line in text.splitlines():
        name, value = line.removeprefix("export ").split("=", 1)
        assert value[0] == value[-1] == '"'
        found.append([name, "double", "<timestamp>" if "CREATED_AT" in name else value[1:-1]])
    return found


def _vector_account(
    case: dict[str, Any], clients, bucket: str, tmp_path: Path, sandbox: Sandbox
) -> ProjectFolder:
    for key in ("other/adapters/x/w", "a/w", "a/adapter.tar.gz", "m.tar.gz", "base-model/w"):
        clients.s3.put_object(Bucket=bucket, Key=key, Body=b"w")
    _vector_version(case["model_package"], clients)
    config: dict[str, str | None] = dict(case["project"])
    config["ENABLE_LORA"] = "false" if case["id"] == "lora-disabled" else "true"
    names = [one["name"] for one in case["inference_components"]]
    if case["id"] == "legacy-base-ic":
        config["INFERENCE_COMPONENT_NAME"] = names[0]
        start_component(clients, names[0], ENDPOINT)
        sandbox.control.advance(3600)
    folder = project_folder(tmp_path, **config)
    if case["id"] == "legacy-base-ic":
        (folder.root / "do/ic/default.conf").write_text('export IC_GPU_COUNT="1"\n')
    if case["id"] == "existing-conf":
        conf_of(folder).parent.mkdir()
        said = case["conf_variables_in_order"]
        conf_of(folder).write_text("".join(f'export {name}="{value}"\n' for name, _, value in said))
    if case["id"] in {"base-missing", "base-not-inservice"}:
        clients.sagemaker.delete_inference_component(InferenceComponentName=BASE)
    if case["id"] == "base-missing":
        sandbox.control.advance(3600)
    return read_project(folder.root)


def _vector_version(package: dict[str, Any], clients) -> None:
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="other")
    more: dict[str, Any] = {}
    if package["InferenceSpecification"]:
        more["InferenceSpecification"] = package["InferenceSpecification"] | {
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        }
    clients.sagemaker.create_model_package(
        ModelPackageGroupName="other",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=package["CustomerMetadataProperties"],
        **more,
    )
