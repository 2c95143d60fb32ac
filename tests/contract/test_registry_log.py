"""Every case of the registry log vectors, as whole files against what MLCC 1.5.2 wrote."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from registry.errors import InvalidArgument
from registry.identifiers import entry_id
from registry.local.deployments import project_registry, user_registry
from registry.local.entries import schema_problems, validate_entry
from schemas.deployment import DeploymentEntry

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "registry_log.json"
CASES = {case["id"]: case for case in json.loads(VECTORS.read_text("utf-8"))["cases"]}

EXEMPT_PATHS = {
    ("marketplace", "/deployment/architecture"): (
        "design: marketplace deployments are recorded, with architecture and backend `marketplace`"
    ),
}
"""(case, refused path) that we do not refuse, with the reason."""

EXEMPT_REFUSALS = {
    "role-arn-not-a-flag": "the refusal is of a command-line flag; an entry may have any key",
    "project-name-not-a-flag": "design: projectName is a key of our entries",
}
"""Refused cases that have nothing to do with the entry's schema, with the reason."""

FLAGS = {
    "--deployment-config": ("deployment", "deploymentConfig"),
    "--architecture": ("deployment", "architecture"),
    "--backend": ("deployment", "backend"),
    "--base-image": ("deployment", "baseImage"),
    "--deployment-target": ("deployment", "deploymentTarget"),
    "--build-target": ("deployment", "buildTarget"),
    "--ic-list": ("deployment", "icList"),
    "--model-name": ("model", "modelName"),
    "--model-format": ("model", "modelFormat"),
    "--instance-type": ("infrastructure", "instanceType"),
    "--region": ("infrastructure", "region"),
    "--role-arn": ("infrastructure", "roleArn"),
    "--parameters": ("configuration", "parameters"),
    "--notes": ("outcome", "notes"),
    "--generator-version": ("metadata", "generatorVersion"),
    "--status": ("status",),
    "--project-name": ("projectName",),
}
JSON_FLAGS = ("--ic-list", "--parameters")


def given_by(argv: list[str]) -> tuple[dict[str, Any], bool]:
    """Return the document that the arguments spell, and whether it is for the project's file."""
    document: dict[str, Any] = {
        "deployment": {},
        "model": {"modelName": None},
        "infrastructure": {},
        "configuration": {},
        "outcome": {},
        "metadata": {},
    }
    words = [part for word in argv[2:] for part in split(word)]
    project = "--project" in words
    for flag, value in itertools.pairwise(words):
        if flag in FLAGS:
            put(document, FLAGS[flag], flag, value)
    return document, project


def split(word: str) -> list[str]:
    return word.split("=", 1) if word.startswith("--") else [word]


def put(document: dict[str, Any], path: tuple[str, ...], flag: str, value: str) -> None:
    content: Any = value
    if flag in JSON_FLAGS:
        try:
            content = json.loads(value)
        except json.JSONDecodeError:
            return  # MLCC warns and records nothing of it; `warned_unparsable_json`
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = content


def stamped(document: dict[str, Any], timestamp: str) -> dict[str, Any]:
    configuration = str(document["deployment"].get("deploymentConfig", ""))
    return {**document, "timestamp": timestamp, "id": entry_id(timestamp, configuration, ())}


def with_defaults(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with what `registry log` itself supplies before it validates."""
    return {
        "status": "success",
        **document,
        "configuration": {"parameters": {}, **document["configuration"]},
        "metadata": {"generatorVersion": "unknown", "source": "local", **document["metadata"]},
    }


def expected_file(case: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = case["user_registry_file"] or case["project_registry_file"]
    return found


def in_order(value: Any) -> str:
    """Return text that is equal for equal documents with the same key order.

    JavaScript has one kind of number and writes 1.0 as 1; both are the same JSON number.
    """
    return json.dumps(json.loads(json.dumps(value), parse_float=whole_or_float))


def whole_or_float(digits: str) -> float:
    number = float(digits)
    return int(number) if number.is_integer() else number


LOGGED = [name for name, case in CASES.items() if case["entry_logged"]]
REFUSED = [name for name in CASES if name not in LOGGED]


@pytest.mark.parametrize("name", LOGGED)
def test_an_entry_is_stored_as_mlcc_stores_it(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    expected = expected_file(case)
    assert expected is not None
    document, for_project = given_by(case["argv"])
    registry = project_registry(tmp_path) if for_project else user_registry(tmp_path)
    entry = DeploymentEntry.model_validate(stamped(document, expected["entries"][0]["timestamp"]))

    stored, appended = registry.append(lambda _: entry.document())

    raw = Path(registry.path).read_bytes()
    assert appended
    assert in_order(expected) == in_order(json.loads(raw))
    assert in_order(expected["entries"][0]) == in_order(stored)
    facts = case.get("raw", {"indent": 2, "trailing_newline": True, "ascii_only": True})
    assert facts == {
        "indent": len(raw.split(b"\n")[1]) - len(raw.split(b"\n")[1].lstrip()),
        "trailing_newline": raw.endswith(b"}\n"),
        "ascii_only": raw.isascii(),
    }


@pytest.mark.parametrize("name", REFUSED)
def test_what_mlcc_refuses_is_refused_with_the_same_paths(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    document, _ = given_by(case["argv"])
    whole = stamped(with_defaults(document), "2026-05-01T10:00:00.123Z")
    paths = [problem.path for problem in schema_problems(whole)]
    exempt = {path for case_name, path in EXEMPT_PATHS if case_name == name}
    expected = [path for path in case.get("schema_error_paths", ()) if path not in exempt]

    assert sorted(expected) == sorted(paths)
    assert not exempt & set(paths), "an exemption that no longer applies"
    if name in EXEMPT_REFUSALS:
        assert paths == [], "an exemption that no longer applies"
        validate_entry(whole)
        return
    with pytest.raises(InvalidArgument) as refusal:
        user_registry(tmp_path).append(lambda _: whole)
    assert all(f"{path} " in refusal.value.message for path in paths)
    assert list(tmp_path.glob("*.json")) == []
    with pytest.raises(ValidationError):
        DeploymentEntry.model_validate(whole)


def test_every_exemption_names_a_case() -> None:
    named = {case for case, _ in EXEMPT_PATHS} | set(EXEMPT_REFUSALS)

    assert set() == named - set(REFUSED)
    assert all(path in CASES[case]["schema_error_paths"] for case, path in EXEMPT_PATHS)


def test_the_vectors_are_all_there() -> None:
    assert (len(CASES), len(LOGGED), len(REFUSED)) == (34, 20, 14)
