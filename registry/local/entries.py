"""Checks a document against the exported JSON Schema of its record, before it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from registry.errors import InvalidArgument

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Kind = Literal["deployment", "dataset", "evaluator"]


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One place where a document does not fit its schema.

    Attributes:
        path: JSON pointer to the value, or to where a missing one belongs.
        reason: What the schema wants there; never the value itself, which may be a secret.
    """

    path: str
    reason: str


def schema_problems(document: object, kind: Kind = "deployment") -> list[SchemaProblem]:
    """Return where the document does not fit its schema, in the document's order."""
    return [_problem(error) for error in _validator(kind).iter_errors(document)]


def validate_entry(document: object, kind: Kind = "deployment") -> None:
    """Return when the document may be stored.

    Raises:
        InvalidArgument: it does not fit; the message names each JSON pointer and what is wanted.
    """
    problems = schema_problems(document, kind)
    if problems:
        listed = "; ".join(f"{problem.path} {problem.reason}" for problem in problems)
        raise InvalidArgument(f"not a valid {kind} record: {listed}")


def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema of a stored record, as `schemas/json/` has it."""
    text = resources.files("schemas").joinpath("json", f"{kind}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 0.15 s that reading need not take

    return Draft202012Validator(schema_of(kind))


def _problem(error: ValidationError) -> SchemaProblem:
    path = "".join(f"/{_pointer_part(part)}" for part in error.absolute_path)
    if error.validator == "required":
        # One error per missing key, and only its message says which.
        named = error.message.split("'")[1]
        return SchemaProblem(f"{path}/{_pointer_part(named)}", "is missing")
    return SchemaProblem(path, _wanted(error))


_WANTED: dict[str, Callable[[Any], str]] = {
    "enum": lambda values: "must be one of " + ", ".join(json.dumps(value) for value in values),
    "const": lambda value: f"must be {json.dumps(value)}",
    "type": lambda name: f"must be of type {name}",
    "anyOf": lambda branches: (
        "must be of type " + " or ".join(one.get("type", "any") for one in branches)
    ),
    "minLength": lambda _: "must not be empty",
    "minItems": lambda _: "must not be empty",
    "minimum": lambda least: f"must be at least {least}",
    "pattern": lambda pattern: f"must match {pattern}",
}


def _wanted(error: ValidationError) -> str:
    describe = _WANTED.get(str(error.validator))
    return describe(error.validator_value) if describe else f"does not satisfy {error.validator}"


def _pointer_part(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
