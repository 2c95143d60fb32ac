"""`docs/tools/`: one page per tool, in step with what the server publishes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tools.catalog import CATALOG

from .tool_pages import index, page

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "tools"
SNAPSHOTS = Path(__file__).parent / "snapshots"
TOOLSETS = {spec.name: spec.toolset for spec in CATALOG}


def published(name):
    """Return the tool as its snapshot has it; another test keeps that in step with the server."""
    return json.loads((SNAPSHOTS / f"{name}.json").read_text("utf-8"))


def wanted():
    tools = [published(name) for name in TOOLSETS]
    pages = {f"{each['name']}.md": page(each, TOOLSETS[each["name"]]) for each in tools}
    return {"README.md": index(tools, TOOLSETS), **pages}


@pytest.fixture(scope="module", autouse=True)
def written():
    """Make the pages anew where `UPDATE_SNAPSHOTS=1` asks for it."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGES.mkdir(exist_ok=True)
        for name, text in wanted().items():
            (PAGES / name).write_text(text, "utf-8")


@pytest.mark.parametrize("name", sorted(wanted()))
def test_a_page_says_what_is_published(name):
    assert wanted()[name] == (PAGES / name).read_text("utf-8")


def test_there_is_no_page_of_a_tool_that_is_gone():
    assert set(wanted()) == {each.name for each in PAGES.iterdir()}
