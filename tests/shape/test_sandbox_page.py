"""docs/sandbox.md: every switch is there, and what it says is tested is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sandbox.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
FILES = dict(re.findall(r"([A-Z]{4,}) (?:is )?`(tests/[\w/]+\.py)`", PAGE))
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in re.findall(r"^\|.*\|$", PAGE, re.MULTILINE)
    if row.count("|") == 5
]
PACE = re.compile(r"_(polls|seconds)$")
"""How long a change takes is no question about AWS but a test's own affair."""
OWN = {"failing_artifact_marker", "denied_keys", "known_keys_only"}


def test_every_switch_is_in_the_table_and_every_row_names_one():
    switches = {each.name for each in fields(Settings) if not PACE.search(each.name)} - OWN
    named = {name for row in ROWS[2:] for name in re.findall(r"`(\w+)`", row[2])}

    assert switches | {"component_hidden_polls"} == named


@pytest.mark.parametrize("row", ROWS[2:], ids=lambda row: row[0])
def test_a_test_that_a_row_names_is_there(row):
    named = re.findall(r"([A-Z]{4,})((?: `\w+`,?)+)", row[3])

    for file, tests in named:
        text = (ROOT / FILES[file]).read_text("utf-8")
        for test in re.findall(r"`(\w+)`", tests):
            assert f"def {test}(" in text
    assert named or "`" not in row[3]
