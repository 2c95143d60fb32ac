"""A page per tool, made from what the server publishes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_HEAD = "<!-- Made from the published tool; do not edit. -->"
_KINDS = {"string": "text", "integer": "whole number", "boolean": "yes or no", "number": "number"}


def page(tool: dict[str, Any], toolset: str) -> str:
    """Return a tool's page in Markdown."""
    name = tool["name"]
    answer = tool["outputSchema"]["properties"]
    lines = [
        _HEAD,
        f"# {name}",
        "",
        tool["description"],
        "",
        f"Toolset `{toolset}`. {_marks(tool['annotations'])}",
        "",
        "## Arguments",
        "",
        "| argument | takes | meaning |",
        "|---|---|---|",
        *_arguments(tool["inputSchema"]),
        "",
        "## Answer",
        "",
        "| key | is |",
        "|---|---|",
        *(
            _row(f"`{key}`", ". ".join([_kind(shape), *_said(shape)]))
            for key, shape in answer.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def index(tools: Iterable[dict[str, Any]], toolsets: dict[str, str]) -> str:
    """Return the page that lists all of them, in the order in which clients see them."""
    rows = [
        f"| [`{each['name']}`]({each['name']}.md) | `{toolsets[each['name']]}` | "
        f"{each['description'].splitlines()[0]} |"
        for each in tools
    ]
    head = [_HEAD, "# Tools", "", "| tool | toolset | does |", "|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def _arguments(schema: dict[str, Any]) -> list[str]:
    needed = schema.get("required", ())
    return [
        _row(
            f"`{name}`" + (", required" if name in needed else ""),
            _kind(shape),
            "; ".join(_said(shape)),
        )
        for name, shape in schema["properties"].items()
    ]


def _said(shape: dict[str, Any]) -> list[str]:
    said = [shape["description"]] if "description" in shape else []
    if "examples" in shape:
        said.append("such as " + ", ".join(f"`{each}`" for each in shape["examples"]))
    return said


def _kind(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(f"`{each}`" for each in shape["enum"])
    if shape["type"] == "array":
        return "list" if "items" not in shape else f"list of {_kind(shape['items'])}"
    kind = _KINDS.get(shape["type"], shape["type"])
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is None and high is None:
        return kind
    return f"{kind}, {'from ' + str(low) if high is None else f'{low} to {high}'}"


def _marks(marks: dict[str, bool]) -> str:
    if marks["readOnlyHint"]:
        return "Only reads."
    changes = (
        "Writes, and may change or remove what is there." if marks["destructiveHint"] else "Writes."
    )
    again = "may be repeated" if marks["idempotentHint"] else "does more each time"
    return f"{changes} The same call {again}."


def _row(*cells: str) -> str:
    escaped = [each.replace("|", "\\|").replace("\n", " ") for each in cells]
    return f"| {' | '.join(escaped)} |"
