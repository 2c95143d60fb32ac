"""What `tools/list` publishes, walked for what known hosts refuse (design, "Names and shapes")."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from server.binding import Binder
from server.publishing import marks
from tools.catalog import CATALOG

SNAPSHOTS = Path(__file__).parent / "snapshots"
FORBIDDEN = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "default", "title"}

SPECS = {spec.name: spec for spec in CATALOG}


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, Any]]:
    """Each tool as a client sees it; publishing needs no registry."""
    binder = Binder(registry=None, limiter=anyio.CapacityLimiter(1))  # type: ignore[arg-type]
    tools = {}
    for spec in CATALOG:
        tool = binder.tool(spec)
        tools[spec.name] = {
            "name": tool.name,
            "title": tool.title,
            "description": tool.description,
            "inputSchema": tool.parameters,
            "outputSchema": tool.output_schema,
            "annotations": tool.annotations.model_dump(by_alias=True, exclude_none=True),
        }
    return tools


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema object; names of properties are not keywords."""
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            if key == "properties":
                for each in value.values():
                    yield from nodes(each)
            else:
                yield from nodes(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from nodes(each)


@pytest.mark.parametrize("name", SPECS)
def test_an_input_schema_is_flat(published, name):
    for node in nodes(published[name]["inputSchema"]):
        assert set() == FORBIDDEN & set(node)
        assert not isinstance(node.get("type"), list)
        assert "" not in node.get("enum", [])
        assert node.get("enum") != []


@pytest.mark.parametrize("name", SPECS)
def test_an_unknown_argument_is_refused_by_the_schema_too(published, name):
    assert published[name]["inputSchema"]["additionalProperties"] is False


@pytest.mark.parametrize("name", SPECS)
def test_argument_names_are_snake_case(published, name):
    for argument in published[name]["inputSchema"]["properties"]:
        assert argument == argument.lower()
        assert "-" not in argument


@pytest.mark.parametrize("name", SPECS)
def test_an_output_schema_names_top_level_keys_and_requires_none(published, name):
    schema = published[name]["outputSchema"]

    assert {"type", "properties"} == set(schema)
    assert {"message", "nextStep", "error"} <= set(schema["properties"])
    for node in schema["properties"].values():
        assert {"type", "description"} >= set(node)
        assert isinstance(node["type"], str)


@pytest.mark.parametrize("name", SPECS)
def test_a_tool_has_a_title_a_description_and_all_four_marks(published, name):
    tool = published[name]
    hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}

    assert tool["title"]
    assert len(tool["description"]) > 40
    assert hints <= set(tool["annotations"])


def test_a_tool_that_reads_only_is_never_marked_destructive():
    for spec in CATALOG:
        hints = marks(spec)

        assert not (hints.read_only_hint and hints.destructive_hint), spec.name


@pytest.mark.parametrize("name", SPECS)
def test_a_tool_is_published_as_in_its_snapshot(published, name):
    """A changed tool shows in review; `UPDATE_SNAPSHOTS=1` writes them anew."""
    path = SNAPSHOTS / f"{name}.json"
    text = json.dumps(published[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text


def test_there_is_no_snapshot_without_a_tool():
    assert set(SPECS) == {path.stem for path in SNAPSHOTS.glob("*.json")}


@pytest.mark.parametrize("name", [spec.name for spec in CATALOG if spec.open_world])
def test_a_tool_that_reaches_aws_takes_region_and_profile(published, name):
    """Design, "Settings"."""
    assert {"region", "profile"} <= set(published[name]["inputSchema"]["properties"])
