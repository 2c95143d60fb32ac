"""Our export and import against the runs of MLCC 1.5.2, whole documents and counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.calls import Call
from registry.deployments.document_file import read_document
from registry.deployments.exporting import Export, export_deployments
from registry.deployments.filters import DeploymentFilter
from registry.deployments.importing import Import, import_deployments
from registry.errors import CorruptRegistry, InvalidArgument, NotFound
from registry.local.deployments import project_registry, user_registry

DATA = Path(__file__).parents[1] / "data/contract"
VECTORS = json.loads((DATA / "registry_export_import_replay.json").read_text("utf-8"))
ENTRIES = json.loads((DATA / "registry_list_search.json").read_text("utf-8"))["user_entries"]

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def written(path: Path, content: Any) -> None:
    """Write a file as the vector has it: parsed, or the raw text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict) and "raw_text" in content:
        path.write_text(content["raw_text"], "utf-8")
    elif content is not None:
        document = {"schemaVersion": "2026-03-20", "entries": content}
        path.write_text(json.dumps(document), "utf-8")


def call_of(case: dict[str, Any]) -> str:
    return " ".join(case["argv"][1:])


EXPORTS = [case for case in VECTORS["export"] if case["output"]]
STRIPPED = {
    "infrastructure": {"region": "us-west-2", "roleArn": "arn:aws:iam::123456789012:role/r"},
    "parameters": {"HF_TOKEN": "hf_" + "a" * 30, "NGC_API_KEY": "k"},
}


def unstripped(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as it may have been before MLCC exported it."""
    parameters = {**entry["configuration"]["parameters"], **STRIPPED["parameters"]}
    return {
        **entry,
        "infrastructure": {**entry["infrastructure"], **STRIPPED["infrastructure"]},
        "configuration": {**entry["configuration"], "parameters": parameters},
    }


@pytest.mark.parametrize("case", EXPORTS, ids=call_of)
def test_an_export_is_the_document_that_mlcc_exports(case, tmp_path):
    """Record contract, section 1 (export); the vectors give only what came out."""
    everything = {
        entry["id"]: unstripped(entry) for each in EXPORTS for entry in each["output"]["entries"]
    }
    written(tmp_path / "registry.json", list(everything.values()))
    entry_id, status = exported_by(case["argv"])

    page = export_deployments(
        [("user", user_registry(tmp_path))],
        Export(entry_id, DeploymentFilter(status=status), limit=100, cursor=""),
        lambda: NOW,
    )

    expected = {**case["output"], "exportedAt": "2026-03-01T00:00:00.000Z"}
    assert expected == page.document.wire()
    assert page.complete


def exported_by(argv: list[str]) -> tuple[str, str]:
    words = argv[2:]
    status = words[words.index("--status") + 1] if "--status" in words else "success"
    return (words[0] if words and not words[0].startswith("--") else ""), status


@pytest.mark.parametrize(
    "case", [each for each in VECTORS["export"] if not each["output"]], ids=call_of
)
def test_where_mlcc_exports_nothing_neither_do_we(case, tmp_path):
    """Record contract, section 1: no match, no document; D9: MLCC's exit code is 0."""
    entry_id, status = exported_by(case["argv"])
    request = Export(entry_id, DeploymentFilter(status=status), limit=0, cursor="")
    logs = [("user", user_registry(tmp_path))]

    if entry_id:
        with pytest.raises(NotFound):
            export_deployments(logs, request, lambda: NOW)
    else:
        page = export_deployments(logs, request, lambda: NOW)

        assert (None, 0, True) == (page.document, page.count, page.complete)


def without(case: dict[str, Any], *ids: str) -> dict[str, Any]:
    """MLCC's file, some entries left out."""
    kept = [entry for entry in case["after"]["entries"] if entry["id"] not in ids]
    return {**case["after"], "entries": kept}


def untouched(case: dict[str, Any]) -> Any:
    """The file as it was before."""
    before = case["before"]
    if isinstance(before, dict):
        return json.loads(before["raw_text"])
    return {"schemaVersion": "2026-03-20", "entries": before}


def second_replaces_first(case: dict[str, Any]) -> dict[str, Any]:
    """The document's second entry in the place where MLCC puts only its first."""
    second = next(entry for entry in case["after"]["entries"] if entry["id"] == "e96d198e")
    _, *rest = without(case, "e96d198e")["entries"]
    return {**case["after"], "entries": [{**second, "id": "aaaaaaaa"}, *rest]}


def counts(added: int, skipped: int, conflicts: int, *refused: str) -> dict[str, Any]:
    found = {"added": added, "skipped": skipped, "conflicts": conflicts}
    return {"counts": found, "refused": list(refused)}


AS_OBJECTS = "decision: parameters are compared as objects, whatever the order of their keys"
UNCHANGED = "decision: what changes nothing writes nothing, and the envelope's extras stay"
INVALID = "D7: MLCC stores what its own schema refuses"
FOREIGN = "D6: MLCC takes an unknown shape for an empty file and overwrites it"
_0 = "/entries/0"

EXEMPT: dict[int, tuple[str, dict[str, Any], Any]] = {
    0: (AS_OBJECTS, counts(1, 2, 2), lambda case: without(case, "e96d198e")),
    1: (AS_OBJECTS, counts(1, 0, 2), lambda case: case["after"]),
    2: (AS_OBJECTS, counts(1, 0, 2), second_replaces_first),
    9: (
        INVALID,
        counts(
            *(0, 0, 0, f"{_0}/timestamp", f"{_0}/status", f"{_0}/deployment/architecture"),
            *(f"{_0}/deployment/backend", f"{_0}/metadata/generatorVersion"),
        ),
        untouched,
    ),
    10: (
        INVALID,
        counts(
            *(0, 0, 0, f"{_0}/deployment/deploymentConfig", f"{_0}/deployment/architecture"),
            *(f"{_0}/deployment/backend", f"{_0}/metadata/generatorVersion", f"{_0}/timestamp"),
        ),
        untouched,
    ),
    11: (
        "D9: MLCC ends at an invalid entry; we refuse that entry and go on",
        counts(
            *(0, 0, 0, f"{_0}/metadata/generatorVersion", f"{_0}/timestamp", f"{_0}/status"),
            *(f"{_0}/deployment", f"{_0}/model"),
        ),
        untouched,
    ),
    13: (UNCHANGED, counts(0, 1, 1), untouched),
    14: (UNCHANGED, counts(0, 1, 1), untouched),
    17: (FOREIGN, {"error": "refused"}, untouched),
    18: (FOREIGN, {"error": "refused"}, untouched),
}
"""Runs that ours differ from, by their place in the vectors: why, what we answer, the file."""


def strategy_of(argv: list[str]) -> str:
    """Merge wins where both flags are given (record contract, section 1)."""
    return "merge" if "--merge" in argv else "replace" if "--replace" in argv else "skip"


def imported(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run a case with our import; return counts and file, or the error's code."""
    project = "--project" in case["argv"]
    log = project_registry(folder) if project else user_registry(folder)
    written(folder / "registry.json", case["before"])
    document = folder / case["import_file_name"]
    given = case["import_document"]
    raw = given["raw_text"] if "raw_text" in given else json.dumps(given)
    document.write_text(raw, "utf-8")
    try:
        wanted = Import(
            read_document(document), document.name, strategy_of(case["argv"]), dry_run=False
        )
        result = import_deployments(log, wanted, Call())
    except (InvalidArgument, CorruptRegistry) as error:
        return {"error": error.code, "after": stored(folder / "registry.json")}
    return {
        "counts": {name: getattr(result, name) for name in ("added", "skipped", "conflicts")},
        "refused": [each.path for each in result.refused],
        "after": stored(folder / "registry.json"),
    }


def stored(path: Path) -> Any:
    text = path.read_text("utf-8")
    try:
        return json.loads(text)
    except ValueError:
        return {"raw_text": text}


def theirs(case: dict[str, Any]) -> dict[str, Any]:
    outcome: dict[str, Any] = {"after": case["after"]}
    if case["stdout_error"]:
        return outcome | {"error": "refused"}
    return outcome | {"counts": case["counts"], "refused": []}


@pytest.mark.parametrize("number", range(len(VECTORS["import"])))
def test_an_import_leaves_the_file_that_mlcc_leaves(number, tmp_path):
    """Record contract, section 1 (import): whole documents and counts; exemptions as listed."""
    case = VECTORS["import"][number]
    ours = imported(case, tmp_path)
    if "error" in ours:
        ours["error"] = "refused"
    expected = theirs(case)
    if number in EXEMPT:
        _, answer, after = EXEMPT[number]
        expected = {**answer, "after": after(case)}

    assert expected == ours


def test_the_vectors_are_all_there():
    runs = tuple(len(VECTORS[each]) for each in ("export", "import", "replay"))

    assert (6, 20, 12) == runs
    assert {"about", "export", "import", "replay"} == VECTORS.keys()


def test_every_exemption_is_one():
    for number, (reason, answer, after) in EXEMPT.items():
        case = VECTORS["import"][number]

        assert reason
        assert {**answer, "after": after(case)} != theirs(case), number
