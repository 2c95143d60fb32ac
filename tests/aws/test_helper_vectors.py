"""The metadata of model package versions, as SageMaker holds it, against MLCC 1.5.2's helper."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.package_records import version_of
from registry.aws.package_search import SearchAbility
from registry.calls import Call
from registry.registration.packages import PackageRegistrar
from registry.registration.request import RegistrationRequest
from schemas.facts import AdapterFacts, DeploymentFacts

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "helpers.json"
HELPERS: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))
CASES: list[dict[str, Any]] = HELPERS["metadata"]

HERE = ("metadata", "version_from_arn")
ELSEWHERE = {
    "about": "what the file is",
    "hub_name": "compared where hubs are named",
    "increment_version": "compared in tests/contract/test_dataset_helpers.py",
    "is_s3_prefix": "compared in tests/contract/test_dataset_helpers.py",
    "technique_from_description": "D3: MLCC's hub call always fails, so nothing in a hub has such "
    "a description; ours has the technique among its keywords",
}
"""Sections that this file does not compare, each with the reason."""

REFUSED = "refused"
D1 = "D1: the service takes no empty value, so the key is left out"
D2 = "D2: what MLCC cuts ends in what the service refuses; we say that it is too long"
D20 = "D20: an adapter's name is among its metadata"
FIGURES = "design: benchmark is a flat object"

EXEMPT: dict[int, tuple[str, Any]] = {
    1: (D1, {"baseImage": "", "modelFormat": "", "generatorVersion": ""}),
    3: (D2, REFUSED),
    4: (D2, REFUSED),
    5: (D2, REFUSED),
    6: (FIGURES, REFUSED),
    9: (D2, REFUSED),
    11: ("D2: what the service refuses becomes _", {"modelName": "has_ comma _paren_ _hash"}),
    12: (D20, {"adapterName": "a"}),
    13: (D1 + D20, {"adapterName": "a", "tuneTechnique": "", "datasetS3Uri": ""}),
    14: (D2, REFUSED),
    15: (D1 + D20, {"adapterName": "a", "tuneTechnique": "", "datasetS3Uri": ""}),
}
"""Case -> why ours differs, and our values, "" for a key that is left out."""

NO_FIGURES = {7: FIGURES, 8: FIGURES}
"""Cases in which MLCC passes over figures that are no object, and the server refuses them."""


@pytest.fixture
def registered(sessions, aws_env, clients):
    """Register a case and return the metadata that SageMaker holds, `refused` for none."""
    aws = BotoAws(
        Connection(sessions, region="us-west-2", profile=""), SearchAbility(), sandbox=True
    )

    def register(args: dict[str, Any], kind: str) -> Any:
        given = args.get("benchmark_results", {})
        figures = json.loads(given) if isinstance(given, str) else given
        registrar = PackageRegistrar(
            aws=aws,
            facts=facts_of(args, kind),
            request=RegistrationRequest(benchmark=figures),
            entry_id="00000001",
            resumed=False,
            since=datetime.now(UTC),
            image=None,
            call=Call(),
        )
        made = registrar.register(None)
        place = made.package if kind == "model" else made.adapters[0]
        if place.state == "failed":
            return REFUSED
        held = clients.sagemaker.describe_model_package(ModelPackageName=place.arn)
        return held["CustomerMetadataProperties"]

    return register


def facts_of(args: dict[str, Any], kind: str) -> DeploymentFacts:
    own = ("parent_version_arn", "tune_technique", "dataset_s3_uri", "dataset_version")
    of_model = {key: args[key] for key in args.keys() - {*own, "benchmark_results"}}
    adapter = AdapterFacts(
        name="a",
        technique=args.get("tune_technique", ""),
        dataset_s3_uri=args.get("dataset_s3_uri", ""),
        dataset_version=args.get("dataset_version", ""),
    )
    return DeploymentFacts(**of_model, adapters=(adapter,) if kind == "adapter" else ())


def expected(number: int) -> Any:
    theirs = CASES[number]["metadata"]
    _, ours = EXEMPT.get(number, ("", {}))
    if ours == REFUSED:
        return REFUSED
    changed = {**theirs, **ours}
    left_out = {key for key, value in ours.items() if not value}
    assert all(theirs[key] == "" for key in left_out), "an exemption that no longer applies"
    return {key: value for key, value in changed.items() if key not in left_out}


@pytest.mark.parametrize("number", [n for n in range(len(CASES)) if n not in NO_FIGURES])
def test_a_version_holds_the_metadata_that_mlcc_gives_it(number, registered):
    """Record contract, section 5; D1, D2, D20."""
    ours = registered(CASES[number]["args"], CASES[number]["kind"])

    assert expected(number) == ours
    assert (ours == CASES[number]["metadata"]) is (number not in EXEMPT)


@pytest.mark.parametrize("number", NO_FIGURES)
def test_figures_that_are_no_object_change_nothing_for_mlcc(number):
    """What the server does with them: tests/unit/server/test_arguments.py."""
    figures = CASES[number]["args"]["benchmark_results"]

    assert figures in ("not json", "[1,2]")
    assert not [key for key in CASES[number]["metadata"] if key.startswith("benchmark_")]


@pytest.mark.parametrize(
    ("arn", "version"), [(arn, version) for arn, version in HELPERS["version_from_arn"] if version]
)
def test_a_versions_number_is_read_off_its_arn(arn, version):
    assert version == version_of(arn)


@pytest.mark.parametrize(
    "arn", [arn for arn, version in HELPERS["version_from_arn"] if not version]
)
def test_what_names_no_version_has_no_number(arn):
    """MLCC answers 0, which no version has."""
    with pytest.raises((ValueError, IndexError)):
        version_of(arn)


def test_the_vectors_are_all_there():
    assert {*HERE, *ELSEWHERE} == HELPERS.keys()
    assert (16, 6) == tuple(len(HELPERS[section]) for section in HERE)
