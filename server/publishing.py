"""What clients see of a tool: input and output schemas that every known host accepts.

Several hosts refuse `$ref`, `anyOf`, lists of types and empty enum values in a tool's input, and
the TypeScript SDK 1.x checks error results against the output schema: so inputs are flat, and
outputs name their top-level keys and require none of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_args

from mcp.types import ToolAnnotations

from tools.context import ToolSpec

_ERROR = {"error": {"type": "object", "description": "Only on failure: code, message, hint"}}


def marks(spec: ToolSpec) -> ToolAnnotations:
    """Return a tool's marks as the protocol spells them."""
    return ToolAnnotations(
        title=spec.title,
        read_only_hint=spec.read_only,
        destructive_hint=spec.destructive,
        idempotent_hint=spec.idempotent,
        open_world_hint=spec.open_world,
    )


def description(spec: ToolSpec) -> str:
    """Return the function's docstring with its lines joined into paragraphs."""
    text = inspect.getdoc(spec.function) or ""
    return "\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def input_schema(generated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the published form of a generated argument schema."""
    properties = {name: _published_property(each) for name, each in generated["properties"].items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if generated.get("required"):
        schema["required"] = list(generated["required"])
    schema["additionalProperties"] = False
    return schema


def _published_property(generated: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in generated.items() if key not in {"title", "default"}}
    if "enum" in kept:
        kept["enum"] = [value for value in kept["enum"] if value != ""]
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    if kept.get("additionalProperties") is True:
        del kept["additionalProperties"]
    items = kept.get("items")
    if isinstance(items, dict):
        kept["items"] = _published_property(items)
    return kept


def output_schema(spec: ToolSpec) -> dict[str, Any]:
    """Return the top-level keys of a tool's answer, with `error`, none of them required."""
    properties: dict[str, Any] = {}
    for name, field in spec.result.model_fields.items():
        properties[field.alias or name] = {"type": _json_type(field.annotation)}
    return {"type": "object", "properties": properties | _ERROR}


def _json_type(annotation: Any) -> str:  # noqa: ANN401 - a type expression
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin = getattr(annotation, "__origin__", None)
    if origin in {tuple, list}:
        return "array"
    options = [each for each in get_args(annotation) if each is not type(None)]
    if options and all(isinstance(each, str) for each in options):
        return "string"
    if len(options) == 1 or (options and origin is None):
        return _json_type(options[0])
    return "object"


_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
