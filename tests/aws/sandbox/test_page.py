"""The sandbox's page names what there is, and only that."""

import dataclasses
import re
from pathlib import Path

import pytest

from sandbox.faults import KINDS
from sandbox.settings import Settings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_on_the_page(kind):
    assert f"`{kind}`" in PAGE


def test_every_setting_that_answers_a_question_exists():
    """The table's third column: what AWS leaves open, by the name that turns it."""
    rows = re.findall(r"^\| .+ \| .+ \| (`.+`) \|$", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    known = {one.name for one in dataclasses.fields(Settings)}

    assert named
    assert set() == named - known
