"""Every project folder of the record contract's vectors: our documents beside MLCC's, whole.

A difference has to stand in `EXEMPTIONS`, and an exemption has to be a difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.capture import (
    Overrides,
    capture,
    ci_config_json,
    config_id_of,
    deployment_record,
    entry_sections,
)
from registry.project.folder import ProjectFolder, read_project
from schemas.deployment import DeploymentEntry, MetadataSection, OutcomeSection
from schemas.facts import DeploymentFacts

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "do_folders.json"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads(VECTORS.read_text())["cases"]
}

NOTHING = "<nothing>"
"""What a document has where it lacks a key."""

_LIST_PLACES = ("record.icList", "configJson.icList", "entry.deployment.icList")
_PARAMETER_PLACES = (
    "record.parameters",
    "configJson.parameters",
    "entry.configuration.parameters",
)


def _everywhere(
    case: str, places: tuple[str, ...], name: str, reason: str
) -> list[tuple[str, str, str]]:
    return [(case, f"{place}{name}", reason) for place in places]


EXEMPTIONS: list[tuple[str, str, str]] = [
    *[
        exemption
        for index in range(1, 6)
        for exemption in _everywhere(
            "vllm-lora-five-adapters",
            _LIST_PLACES,
            f"[{index}].baseIcName",
            "D16: the base component, not the adapter's own",
        )
    ],
    *_everywhere(
        "vllm-lora-five-adapters", _PARAMETER_PLACES, ".VLLM_API_KEY", "D12: a key in clear"
    ),
    *_everywhere("http-fastapi-secrets", _PARAMETER_PLACES, ".API_KEY", "D12: a key in clear"),
    *_everywhere(
        "http-fastapi-secrets", _PARAMETER_PLACES, ".DB_PASSWORD", "D12: a password in clear"
    ),
    *_everywhere("vllm-secrets", _PARAMETER_PLACES, ".VLLM_API_KEY", "D12: a key in clear"),
    *_everywhere("vllm-secrets", _PARAMETER_PLACES, ".VLLM_HF_TOKEN", "D11: a token in clear"),
    *_everywhere(
        "vllm-html-escaped-values",
        _PARAMETER_PLACES,
        ".VLLM_EXTRA",
        "D14: MLCC stores the value of generation time; ours is what bash sees in the file now",
    ),
    *_everywhere(
        "vllm-plain-env-override",
        _PARAMETER_PLACES,
        ".VLLM_FROM_SHELL",
        "D13: it came from the caller's shell, not from the project",
    ),
    ("vllm-digest-image", "ci.baseImageVersion", "D42: a digest is no version"),
    ("vllm-port-image-no-tag", "ci.baseImageVersion", "D42: a port is no version"),
    ("vllm-plain-generator-1.6.0", "entry", "D41: 1.6.0 writes no local entry, we do"),
    ("marketplace", "record", "D28: MLCC pastes invalid JSON"),
    ("marketplace", "configJson", "D28: MLCC pastes invalid JSON"),
    ("marketplace", "entry", "D9: MLCC loses the entry; the design records it"),
    (
        "marketplace",
        "variables.BENCHMARK_S3_OUTPUT_PATH",
        "rule 2: a command substitution is not executed",
    ),
]


def _rendered(assignment: dict[str, Any]) -> str:
    name, form = assignment["name"], assignment["form"]
    value = {
        "double": lambda: f'"{assignment["value"]}"',
        "bare": lambda: assignment["value"],
        "single": lambda: f"'{assignment['value']}'",
        "default_bare": lambda: f"${{{name}:-{assignment['default']}}}",
        "default_quoted": lambda: f'"${{{name}:-{assignment["default"]}}}"',
        "other": lambda: assignment["text"],
    }[form]()
    export = "" if assignment.get("exported") is False else "export "
    comment = " # x" if assignment.get("trailing_comment") else ""
    return f"{export}{name}={value}{comment}\n"


def _write(case: dict[str, Any], root: Path) -> None:
    (root / "do").mkdir(parents=True)
    if case["has_ic_dir"]:
        (root / "do" / "ic").mkdir()
    texts = {path: "".join(map(_rendered, held)) for path, held in case["files"].items()}
    for path, text in (texts | case["text_files"]).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _differences(path: str, ours: object, theirs: object) -> Iterator[tuple[str, Any]]:
    """Yield where two documents differ, and what ours has there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            one, other = ours.get(key, NOTHING), theirs.get(key, NOTHING)
            yield from _differences(f"{path}.{key}", one, other)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(f"{path}[{index}]", one, other)
    elif ours != theirs or type(ours) is not type(theirs):
        yield path, ours


def _entry(facts: DeploymentFacts, theirs: dict[str, Any] | None) -> dict[str, Any]:
    """Return our entry; what the folder does not decide is taken from theirs."""
    sections = entry_sections(facts)
    decided = theirs or {}
    entry = DeploymentEntry(
        timestamp="2026-05-01T10:00:00.123Z",
        id="0123abcd",
        deployment=sections.deployment,
        model=sections.model,
        infrastructure=sections.infrastructure,
        configuration=sections.configuration,
        outcome=OutcomeSection(),
        metadata=MetadataSection(generator_version=facts.generator_version),
        model_package_arn=decided.get("modelPackageArn"),
        model_package_version=decided.get("modelPackageVersion"),
    )
    return entry.document() | {"timestamp": "<timestamp>", "id": "<id>"}


def _ci(facts: DeploymentFacts) -> dict[str, str]:
    return {
        "configId": config_id_of(facts),
        "deploymentConfig": facts.deployment_config,
        "baseImage": facts.base_image,
        "baseImageVersion": facts.base_image_version,
        "projectName": facts.project_name,
    }


@pytest.fixture(params=CASES, ids=list(CASES))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return CASES[request.param]


@pytest.fixture
def folder(case: dict[str, Any], tmp_path: Path) -> ProjectFolder:
    _write(case, tmp_path / "project")
    return read_project(tmp_path / "project", environment=case["extra_environment"])


def _compared(case: dict[str, Any], folder: ProjectFolder) -> dict[str, tuple[Any, Any]]:
    facts = capture(folder, Overrides(generator_version=case["generated_by"]))
    theirs = case["upstream"]
    item = theirs["ci_first_write"]["request"]["Item"]
    ci = _ci(facts)
    return {
        "record": (deployment_record(facts, status="partial"), theirs["record_from_json_flag"]),
        "configJson": (
            json.loads(ci_config_json(facts, "codebuild-submit")),
            theirs["ci_first_write"]["configJson_parsed"],
        ),
        "ci": (ci, {key: item[key]["S"] for key in ci}),
        "entry": (_entry(facts, theirs["registry_entry"]), theirs["registry_entry"]),
        "variables": (dict(folder.config.values), theirs["vars_as_bash_sees_them"]),
    }


def test_all_folders_are_here() -> None:
    assert 28 == len(CASES)


def test_every_exemption_names_a_folder_and_a_reason() -> None:
    assert {case for case, _, _ in EXEMPTIONS} <= CASES.keys()
    assert all(reason for _, _, reason in EXEMPTIONS)


def test_our_documents_differ_from_mlccs_only_where_they_should(
    case: dict[str, Any], folder: ProjectFolder
) -> None:
    exempt = {path for name, path, _ in EXEMPTIONS if name == case["id"]}

    found = {
        path
        for kind, (ours, theirs) in _compared(case, folder).items()
        for path, _ in _differences(kind, ours, theirs)
    }

    assert exempt == found


def test_keys_come_in_mlccs_order(case: dict[str, Any], folder: ProjectFolder) -> None:
    for kind in ("record", "configJson", "entry"):
        ours, theirs = _compared(case, folder)[kind]
        if theirs is not None:
            assert list(theirs) == list(ours)


def test_config_json_is_compact_ascii(case: dict[str, Any], folder: ProjectFolder) -> None:
    text = ci_config_json(capture(folder, Overrides()), "codebuild-submit")

    assert text.isascii()
    assert json.dumps(json.loads(text), separators=(",", ":")) == text


def test_a_secret_of_a_folder_is_nowhere_in_what_is_captured(
    case: dict[str, Any], folder: ProjectFolder
) -> None:
    facts = capture(folder, Overrides()).model_dump_json()

    assert not [secret for secret in ("sk-plain", "k-123", "t-456") if secret in facts]


def test_a_marketplace_deployment_is_a_whole_record(tmp_path: Path) -> None:
    _write(CASES["marketplace"], tmp_path)
    facts = capture(read_project(tmp_path), Overrides())

    assert {
        "projectName": "mkt",
        "deploymentConfig": "marketplace",
        "architecture": "marketplace",
        "backend": "",
        "modelName": "",
        "instanceType": "ml.g5.xlarge",
        "awsRegion": "us-east-1",
        "deploymentTarget": "realtime-inference",
        "buildTarget": "",
        "baseImage": "",
        "status": "success",
        "icList": [{"name": "default", "image": "mkt-latest", "gpuCount": 1, "copyCount": 1}],
        "parameters": {},
    } == deployment_record(facts, status="success")
    assert "marketplace" == entry_sections(facts).deployment.backend
