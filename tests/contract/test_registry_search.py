"""Our filters against what `registry list` and `registry search` of MLCC 1.5.2 printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.deployments.filters import DeploymentFilter
from registry.deployments.listing import list_deployments
from registry.instants import parse_instant
from registry.local.deployments import project_registry, user_registry

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data/contract/registry_list_search.json").read_text("utf-8")
)
STORED: list[dict[str, Any]] = VECTORS["user_entries"] + VECTORS["project_entries"]
FLAGS = {
    "--backend": "backend",
    "--architecture": "architecture",
    "--instance-type": "instance_type",
    "--status": "status",
    "--deployment-config": "deployment_config",
    "--region": "region",
}

EXEMPT = {
    "list --deployment-config transformers-vllm": "D37: upstream ignores the filter",
    "list --region us-west-2": "D37: upstream knows no such filter, ours is the design's",
}
"""Calls that we answer otherwise, each with its reason."""

HIDDEN = {"NGC_API_KEY": "D12: MLCC stores it in clear, and no answer of ours shows it"}
"""Parameters whose value is redacted, each with its reason."""


def call_of(case: dict[str, Any]) -> str:
    return " ".join(case["argv"][1:])


def filter_of(argv: list[str]) -> DeploymentFilter:
    command, *rest = argv[1:]
    wanted: dict[str, str] = {}
    words = [part for word in rest for part in word.split("=", 1)]
    while words:
        flag = words.pop(0)
        if flag == "--project":  # chooses the file, not the entries
            continue
        if flag == "--model":
            name = "model" if command == "list" else "model_glob"
        else:
            name = FLAGS[flag]
        wanted[name] = words.pop(0)
    return DeploymentFilter(**wanted)


def ids(wanted: DeploymentFilter, entries: list[dict[str, Any]]) -> list[str]:
    return [
        entry["id"] for entry in entries if wanted.admits(entry, parse_instant(entry["timestamp"]))
    ]


@pytest.mark.parametrize("case", VECTORS["results"], ids=call_of)
def test_the_same_entries_are_found(case):
    """Record contract, section 1: list, search."""
    wanted = filter_of(case["argv"])
    ours = ids(wanted, VECTORS["user_entries"]) + ids(wanted, VECTORS["project_entries"])
    theirs = case["user_ids"] + case["project_ids"]

    assert (ours == theirs) is (call_of(case) not in EXEMPT)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The vectors' entries in a user's and a project's file."""
    home, project = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("project")
    (project / ".ml-container-creator").mkdir()
    for path, entries in (
        (home / "registry.json", VECTORS["user_entries"]),
        (project / ".ml-container-creator" / "registry.json", VECTORS["project_entries"]),
    ):
        document = {"schemaVersion": "2026-03-20", "entries": entries}
        path.write_text(json.dumps(document), "utf-8")
    return [("user", user_registry(home)), ("project", project_registry(project))]


def listed(logs, wanted: DeploymentFilter) -> list[dict[str, Any]]:
    """Every entry that our listing gives, whole, by its id."""
    found, cursor = [], ""
    while True:
        page = list_deployments(logs, wanted, limit=0, cursor=cursor, full=True)
        found += [each.entry for each in page.deployments]
        if page.complete:
            return sorted(found, key=lambda entry: entry["id"])
        cursor = page.next_cursor or ""


@pytest.mark.parametrize("case", VECTORS["results"], ids=call_of)
def test_the_entries_are_listed_whole(case, logs):
    """Pages of whole entries hold each document as MLCC stored it; ours come newest first."""
    stored = {entry["id"]: as_shown(entry) for entry in STORED}
    expected = [stored[each] for each in sorted(case["user_ids"] + case["project_ids"])]

    assert (expected == listed(logs, filter_of(case["argv"]))) is (call_of(case) not in EXEMPT)


def as_shown(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with what no answer shows replaced."""
    parameters = entry["configuration"]["parameters"]
    hidden = dict.fromkeys(HIDDEN.keys() & parameters.keys(), "***REDACTED***")
    return {**entry, "configuration": {"parameters": {**parameters, **hidden}}}


def test_every_exemption_is_one():
    assert set(EXEMPT) <= {call_of(case) for case in VECTORS["results"]}
    assert any(HIDDEN.keys() <= entry["configuration"]["parameters"].keys() for entry in STORED)
    assert (55, 30, 3) == tuple(
        len(VECTORS[each]) for each in ("results", "user_entries", "project_entries")
    )
