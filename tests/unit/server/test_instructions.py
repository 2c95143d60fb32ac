"""The instructions say in one line what the toolsets that are not published would add."""

from __future__ import annotations

import os

import pytest

from registry.settings import TOOLSETS, Settings
from server.app import build_server
from server.assembling import build_registry
from tools.catalog import CATALOG


def instructions(tmp_path, *toolsets):
    settings = Settings(home=tmp_path, toolsets=toolsets)
    return build_server(build_registry(settings, os.environ)).instructions


@pytest.mark.parametrize("published", TOOLSETS)
def test_each_toolset_that_is_missing_is_named_with_what_it_adds(tmp_path, published):
    lines = [
        line for line in instructions(tmp_path, published).splitlines() if "--toolsets" in line
    ]

    missing = {name for name in TOOLSETS if name not in (published, "core")}
    assert missing == {name for name in TOOLSETS if f"{name} (" in "".join(lines)}
    assert len(lines) == bool(missing)


def test_nothing_is_said_of_toolsets_that_are_all_there(tmp_path):
    assert "--toolsets" not in instructions(tmp_path, *TOOLSETS)


def test_every_toolset_has_tools_and_every_tool_a_toolset():
    assert set(TOOLSETS) == {spec.toolset for spec in CATALOG}
