"""The policies of docs/iam: written from what the tools ask of AWS, and tested by the tools."""

from __future__ import annotations

import json
import os

import pytest

from .policies import EVERYTHING, FOLDER, committed, needed, policy
from .scenarios import SCENARIOS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_a_policy_is_what_its_tools_ask_for(play, name):
    """A changed tool shows in review; `UPDATE_SNAPSHOTS=1` writes the policies anew."""
    calls = [call for each in SCENARIOS[name] for call in await play(each, EVERYTHING)]
    written = policy(needed(calls))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        text = json.dumps(written, indent=2) + "\n"
        (FOLDER / f"{name}.json").write_text(text, "utf-8")

    assert committed(name) == written
