"""Writes the JSON Schemas of what is stored or printed to `schemas/json/`, for other languages.

Run as `python -m schemas.export`; a test fails while a schema differs from its model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.dataset import DatasetEntry
from schemas.deployment import DeploymentEntry
from schemas.doctor import DoctorReport
from schemas.evaluator import EvaluatorEntry

FOLDER = Path(__file__).parent / "json"

RECORDS: dict[str, type[BaseModel]] = {
    "deployment": DeploymentEntry,
    "dataset": DatasetEntry,
    "evaluator": EvaluatorEntry,
    "doctor": DoctorReport,
}
"""The stored records and the doctor's report, by the name of their schema."""


class StoredForm(GenerateJsonSchema):
    """Leaves out what says nothing about a stored document: defaults and derived titles."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema of the value, without its default."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:
        """Return False: the key is title enough."""
        del schema
        return False


def schema_text(name: str) -> str:
    """Return the JSON Schema of one of these records, as its file holds it.

    Raises:
        KeyError: there is no record of that name.
    """
    return model_schema_text(RECORDS[name])


def model_schema_text(model: type[BaseModel]) -> str:
    """Return a model's JSON Schema as text, in the spelling of what is stored and answered."""
    schema = model.model_json_schema(schema_generator=StoredForm)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every schema and return the process's exit status, 0."""
    for name in RECORDS:
        path = FOLDER / f"{name}.json"
        path.write_text(schema_text(name), "utf-8")
        sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
