"""Every configId of the record contract's vectors, section 7 and `config_ids`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.identifiers import config_id

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "config_ids.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["cases"]


def test_all_inputs_are_here() -> None:
    assert 52 == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["configId"] for case in CASES])
def test_a_configuration_has_the_id_that_mlcc_gives_it(case: dict[str, Any]) -> None:
    given = case["input"]

    found = config_id(
        deployment_config=given["deploymentConfig"],
        model_name=given["modelName"] or "",
        instance_type=given["instanceType"],
        region=given["region"],
        deployment_target=given["deploymentTarget"],
        ic_count=1 if given["icCount"] is None else given["icCount"],
        adapter_count=given["adapterCount"] or 0,
    )

    assert case["configId"] == found
    assert case["js_five_field_id"] != found
