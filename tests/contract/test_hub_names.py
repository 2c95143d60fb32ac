"""Every case of MLCC's hub name vectors: which hub a home's `config.json` gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.settings import Settings
from registry.workspace import Workspace

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "helpers.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["hub_name"]

ACTIVE_ALONE = "design: only the active profile counts; MLCC looks into others"

EXEMPT: dict[int, tuple[str, str]] = {
    6: (ACTIVE_ALONE, ""),
    7: (ACTIVE_ALONE, ""),
    8: (ACTIVE_ALONE, ""),
    9: (ACTIVE_ALONE, ""),
    10: (ACTIVE_ALONE, ""),
    11: (ACTIVE_ALONE, ""),
    12: (ACTIVE_ALONE, ""),
    13: ("contract, section 3: prefer flat, then what the module put out", "hub-mod"),
    14: ("a config.json of another shape is no profile, and no error", ""),
}
"""Cases that end otherwise here: the reason, and our hub, "" for none."""


def registry_of(home: Path, config: Any, **settings: Any) -> Registry:
    if config is not None:
        raw = config.get("raw_text") if isinstance(config, dict) else None
        (home / "config.json").write_text(raw if raw is not None else json.dumps(config), "utf-8")
    return Registry(
        settings=Settings(home=home, **settings),
        workspace=Workspace([home]),
        directory=BotoDirectory(),
        environment={},
        now=lambda: datetime.now(UTC),
    )


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_hub_is_the_one_that_mlcc_finds(number, tmp_path):
    case = CASES[number]
    theirs = "" if "raises" in case else case["hub"] or ""
    expected = EXEMPT[number][1] if number in EXEMPT else theirs

    assert expected == registry_of(tmp_path, case["config_file"]).given_hub().value
    if number in EXEMPT:
        assert "raises" in case or expected != theirs, "an exemption that no longer applies"


def test_what_the_server_was_told_comes_before_the_profile(tmp_path):
    config = {"activeProfile": "a", "profiles": {"a": {"aiRegistryHubName": "hub-a"}}}

    assert "team-hub" == registry_of(tmp_path, config, hub="team-hub").given_hub().value


def test_the_vectors_are_all_there():
    assert (15, 9) == (len(CASES), len(EXEMPT))
