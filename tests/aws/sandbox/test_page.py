"""The sandbox's page names what there is."""

from pathlib import Path

import pytest

from sandbox.faults import KINDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_on_the_page(kind):
    assert f"`{kind}`" in PAGE
