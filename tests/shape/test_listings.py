"""What is listed beside tools, and the prompts' texts: a change shows in review."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from registry.settings import TOOLSETS, Settings
from server.app import build_server
from server.assembling import build_registry
from tools.workflows import WORKFLOWS

SNAPSHOTS = Path(__file__).parent / "snapshots" / "listings"

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def kept(name: str, text: str) -> str:
    """Return what the snapshot holds; `UPDATE_SNAPSHOTS=1` writes it anew."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def as_json(listed: list[Any]) -> str:
    plain = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in listed]
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


async def test_lists_and_texts_are_those_of_their_snapshots(tmp_path):
    settings = Settings(home=tmp_path, toolsets=TOOLSETS, workspace=(str(tmp_path),))
    server = build_server(build_registry(settings, {}))
    shown = {
        "resources.json": as_json(await server.list_resources()),
        "resource_templates.json": as_json(await server.list_resource_templates()),
        "prompts.json": as_json(await server.list_prompts()),
    }
    for workflow in WORKFLOWS:
        [message] = (await server.get_prompt(workflow.name)).messages
        shown[f"{workflow.name}.md"] = message.content.text

    assert shown == {name: kept(name, text) for name, text in shown.items()}
    assert set(shown) == {path.name for path in SNAPSHOTS.iterdir()}
