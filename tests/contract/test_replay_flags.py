"""Our replay flags against MLCC 1.5.2's own function.

The vectors also have overrides, which `get_deployment` has no use for: whoever generates again
adds their own. They are laid over our list as MLCC lays them over its own.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry.deployments.replay import replay_flags

CASES = json.loads(
    (Path(__file__).parents[1] / "data/contract/registry_export_import_replay.json").read_text(
        "utf-8"
    )
)["replay"]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_an_entry_is_made_again_by_the_flags_that_mlcc_uses(case):
    """Record contract, section 1 (replay flags); a list, where MLCC pastes a command (D10)."""
    flags = replay_flags(case["entry"])
    ours = dict(zip(flags[::2], flags[1::2], strict=True))
    given = {flag: value for flag, value in case["overrides"].items() if value is not None}

    assert case["flags"] == {**ours, **given}


def test_a_flag_has_its_value_and_nothing_else_is_in_the_list():
    for case in CASES:
        flags = replay_flags(case["entry"])

        assert len(flags) == 2 * len(set(flags[::2]))
        assert all(flag.startswith("--") for flag in flags[::2])
