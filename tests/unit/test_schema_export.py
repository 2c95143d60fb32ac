"""The JSON Schemas that other languages read are those of the models."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from schemas.export import FOLDER, RECORDS, schema_text


@pytest.mark.parametrize("name", RECORDS)
def test_the_exported_schema_is_its_models(name):
    assert (FOLDER / f"{name}.json").read_text("utf-8") == schema_text(name), (
        "run `python -m schemas.export`"
    )
    Draft202012Validator.check_schema(json.loads(schema_text(name)))


def test_no_schema_is_left_over():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(RECORDS)
