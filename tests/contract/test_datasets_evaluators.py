"""Every step of the dataset and evaluator vectors, whole documents against MLCC's."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.calls import Call
from registry.datasets.listing import list_datasets
from registry.datasets.register import register_dataset
from registry.datasets.resolving import resolve_dataset
from registry.errors import CorruptRegistry, InvalidArgument, NotFound, RegistryError
from registry.evaluators.register import register_evaluator
from registry.hub.publishing import Published
from registry.local.documents import JsonFile
from registry.named_entries import named_entries
from registry.stores import StoredObject
from schemas.dataset import DatasetRequest, ListDatasetsResult, RegisterDatasetResult
from schemas.evaluator import EvaluatorRequest
from schemas.hub import HubOutcome

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "datasets_evaluators.json"
CASES = {case["id"]: case for case in json.loads(VECTORS.read_text("utf-8"))["cases"]}
STAMP = "2026-05-01T10:00:00.000000Z"

REFUSED: dict[tuple[str, int], tuple[str, type[RegistryError]]] = {
    ("corrupt-file-overwritten", 0): ("D8", CorruptRegistry),
    ("object-instead-of-array", 0): ("D8", CorruptRegistry),
    ("bad-arguments", 4): ("design: an S3 URI is one", InvalidArgument),
    ("bad-arguments", 5): ("names that tune can take: no @, no /, no blank", InvalidArgument),
    ("evaluators", 3): ("design: shapes are checked", InvalidArgument),
}
"""Steps that MLCC carries out and we refuse."""

ACCEPTED = {("bad-arguments", 3): "design: a name that is absent is derived"}
"""Steps that MLCC refuses and we carry out."""

UNCHANGED = {
    ("no-region-no-hash", 1): "design: unreadable content at the same URI is unchanged",
    ("missing-object", 1): "design: unreadable content at the same URI is unchanged",
}
"""Steps that make a version for MLCC and none for us."""

KEPT: dict[tuple[str, int], tuple[str, dict[str, Any]]] = {
    ("versions-and-unchanged", 2): ("what is not given stays", {"project_name": "p1"}),
    ("versions-and-unchanged", 4): ("what is not given stays", {"project_name": "p1"}),
    ("versions-and-unchanged", 5): ("what is not given stays", {"project_name": "p1"}),
    ("versions-and-unchanged", 19): ("what is not given stays", {"project_name": "p1"}),
    ("evaluators", 5): ("what is not given stays", {"description": "d1", "project_name": "p1"}),
    ("legacy-entry", 5): ("a version is always told", {"version": "1.0.0", "ordinal": 1}),
}
"""Steps after which a document's values are ours, with the reason."""

ROWS: dict[tuple[str, int], tuple[str, int | None]] = {
    ("missing-object", 0): ("D35: a missing object has no rows to count", None),
    ("row-counts", 1): ("D35: the last line counts without a newline", 3),
    ("row-counts", 2): ("D35: a blank line is no row", 2),
    ("row-counts", 6): ("D35: the last record counts without a newline", 2),
    ("row-counts", 7): ("D35: a quoted newline ends no record", 1),
    ("row-counts", 12): ("D35: Parquet is counted", 7),
    ("prefix-hash", 0): ("a prefix has the rows of its files", 2),
    ("prefix-hash", 1): ("a prefix has the rows of its files", 2),
}
"""Steps after which the newest version's rows are ours, with the reason."""

INSTEAD = {"bad-arguments": {"name": "x-858b", "s3_uri": "s3://mlcc-t/x.jsonl"}}
"""The entry of an accepted step, which stands where MLCC has those of the refused ones."""

REFUSED_WHOLE = {"corrupt-file-overwritten": "D8", "object-instead-of-array": "D8"}
"""Cases whose file MLCC overwrites and we leave as it was."""

FLAGS = {
    "--name": "name",
    "--s3-uri": "s3_uri",
    "--format": "format",
    "--technique": "technique",
    "--row-count": "row_count",
    "--column-schema": "column_schema",
    "--project-name": "project_name",
    "--type": "type",
    "--arn-or-uri": "arn",
    "--description": "description",
}


class Bucket:
    """S3 in memory; an ETag is the content's MD5."""

    def __init__(self, objects: list[dict[str, str]]) -> None:
        self.content: dict[str, bytes] = {}
        for given in objects:
            self.put(given)

    def put(self, given: dict[str, str]) -> None:
        text = given.get("text")
        raw = text.encode() if text is not None else base64.b64decode(given["base64"])
        self.content[f"s3://{given['bucket']}/{given['key']}"] = raw

    def head(self, uri: str) -> StoredObject:
        if uri not in self.content:
            raise NotFound(f"no object at {uri}")
        return self._stored(uri)

    def under(self, uri: str) -> Iterator[StoredObject]:
        for found in sorted(self.content):
            if found.startswith(uri):
                yield self._stored(found)

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        return self.content[uri][:limit_bytes]

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        assert etag == self._stored(uri).etag
        return self.content[uri][start : start + length]

    def _stored(self, uri: str) -> StoredObject:
        raw = self.content[uri]
        etag = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        return StoredObject(uri.split("/", 3)[3], etag, len(raw))


class Scenario:
    """One case's files and bucket, with our use cases acting on them."""

    def __init__(self, case: dict[str, Any], home: Path) -> None:
        self.datasets = JsonFile(home / "datasets.json", ascii_only=True, final_newline=False)
        self.evaluators = JsonFile(home / "evaluators.json", ascii_only=True, final_newline=False)
        self.bucket = Bucket(case["s3_objects"])
        self.expected: dict[str, Any] = {}
        initial = case["initial_datasets_file"]
        if initial is not None:
            text = initial if isinstance(initial, str) else json.dumps(initial)
            self.datasets.path.write_text(text)

    def register(self, argv: list[str]) -> Any:
        command, *words = argv
        flags = [word for word in words if word != "--force"]
        given: dict[str, Any] = {}
        for flag, value in zip(flags[::2], flags[1::2], strict=True):
            if flag == "--region":
                continue
            given[FLAGS[flag]] = value
        if command == "register-evaluator":
            return self._register_evaluator(given)
        return self._register_dataset(given, force="--force" in words, asked="--region" in words)

    def _register_dataset(self, given: dict[str, Any], *, force: bool, asked: bool) -> Any:
        if "row_count" in given:
            given["row_count"] = int(given["row_count"])
        if "column_schema" in given:
            given["column_schema"] = parsed(given["column_schema"])
        return register_dataset(
            DatasetRequest(force=force, **given),
            store=self.datasets,
            objects=self.bucket if asked else None,
            no_objects_reason="no region",
            publish=unpublished,
            now=lambda: datetime.fromisoformat(STAMP).astimezone(UTC),
            call=Call(),
        )

    def _register_evaluator(self, given: dict[str, Any]) -> Any:
        return register_evaluator(
            EvaluatorRequest(**given),
            store=self.evaluators,
            publish=unpublished,
            now=lambda: datetime.fromisoformat(STAMP).astimezone(UTC),
            call=Call(),
        )


def unpublished(*_: Any) -> Published:
    return Published(HubOutcome(state="skipped"))


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:  # as the server does with an object sent as text
        raise InvalidArgument("column_schema is not an object") from error


def stamped(document: Any) -> Any:
    text = json.dumps(document)
    for old in ("2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", "<timestamp>"):
        text = text.replace(old, STAMP)
    return json.loads(text)


def with_ours(document: Any, ours: dict[str, Any]) -> Any:
    """Return the document with our values wherever it has another for one of these keys."""
    if isinstance(document, list):
        return [with_ours(each, ours) for each in document]
    if not isinstance(document, dict):
        return document
    changed = {key: with_ours(value, ours) for key, value in document.items()}
    return {**changed, **{key: value for key, value in ours.items() if key in changed}}


def with_our_rows(entry: dict[str, Any], rows: int | None) -> dict[str, Any]:
    *before, newest = entry["versions"]
    return {**entry, "row_count": rows, "versions": [*before, {**newest, "rows": rows}]}


def check_step(scenario: Scenario, case: str, number: int, step: dict[str, Any]) -> None:
    key, argv = (case, number), step["argv"]
    before = scenario.datasets.path.read_bytes() if scenario.datasets.path.exists() else None
    if key in REFUSED:
        assert step["exit_code"] == 0, "an exemption that no longer applies"
        with pytest.raises(REFUSED[key][1]):
            scenario.register(argv)
    elif step["exit_code"] and key not in ACCEPTED:
        with pytest.raises(InvalidArgument):
            scenario.register(argv)
    else:
        check_registered(scenario, key, step)
        return
    after = scenario.datasets.path.read_bytes() if scenario.datasets.path.exists() else None
    assert after == before


def check_registered(scenario: Scenario, key: tuple[str, int], step: dict[str, Any]) -> None:
    result = scenario.register(step["argv"])
    theirs = step["stdout_json"]
    if "register-evaluator" in step["argv"]:
        facts = (result.name, result.type, result.arn, result.technique)
        ours = dict(zip(("name", "type", "arn_or_uri", "technique"), facts, strict=True))
        assert theirs == {**ours, "registered": result.local.state in ("created", "updated")}
        return
    if key in ACCEPTED:
        assert theirs["code"] == "MISSING_ARGUMENT", "an exemption that no longer applies"
        assert result.local.state == "created"
        return
    if key in UNCHANGED:
        assert theirs["registered"], "an exemption that no longer applies"
        theirs = {**theirs, "version": "1.0.0", "registered": False, "skipped": True}
    assert theirs == as_mlcc_prints(scenario, result)
    if "entry_after" in step and key not in UNCHANGED:
        check_entry(scenario, key, step, result.name)


def as_mlcc_prints(scenario: Scenario, result: RegisterDatasetResult) -> dict[str, Any]:
    (entry,) = (each for each in scenario.datasets.read() if each["name"] == result.name)
    changed = result.local.state != "unchanged"
    return {
        "name": result.name,
        "s3_uri": result.s3_uri,
        "format": result.format,
        "technique": result.technique,
        "version": result.version,
        "hash": result.content_hash,
        "arn": entry["arn"],
        "registered": changed,
        "skipped": not changed,
    }


def check_entry(scenario: Scenario, key: tuple[str, int], step: dict[str, Any], name: str) -> None:
    (ours,) = (entry for entry in stamped(scenario.datasets.read()) if entry["name"] == name)
    (theirs,) = stamped(step["entry_after"])
    scenario.expected[name] = exempted(key, theirs)

    assert json.dumps(scenario.expected[name]) == json.dumps(ours)


def exempted(key: tuple[str, int], theirs: Any) -> Any:
    expected = with_ours(theirs, KEPT[key][1]) if key in KEPT else theirs
    expected = with_our_rows(expected, ROWS[key][1]) if key in ROWS else expected
    assert (expected != theirs) == (key in KEPT or key in ROWS), "an exemption no longer applies"
    return expected


def check_reading(scenario: Scenario, key: tuple[str, int], step: dict[str, Any]) -> None:
    command, *words = step["argv"]
    asked = dict(zip(words[::2], words[1::2], strict=True))
    theirs = stamped(step["stdout_json"])
    if step["exit_code"] == 0:
        assert exempted(key, theirs) == stamped(READING[command](scenario, asked))
        return
    with pytest.raises(NotFound) as refusal:
        READING[command](scenario, asked)
    assert theirs["code"] in ("DATASET_NOT_FOUND", "VERSION_NOT_FOUND", "EVALUATOR_NOT_FOUND")
    if "available_versions" in theirs:
        assert theirs["available_versions"] == refusal.value.details["candidates"]


def listed(scenario: Scenario, reference: str, technique: str) -> ListDatasetsResult:
    return list_datasets(
        named_entries(scenario.datasets, "datasets.json"),
        [],
        hub_warning="",
        reference=reference,
        technique=technique,
        limit=0,
        cursor="",
        full=True,
    )


def list_documents(scenario: Scenario, asked: dict[str, str]) -> Any:
    """Return our list as MLCC prints its own, `--source local` being all there is."""
    documents = [
        {
            **view.entry,
            "versions": [
                {
                    "version": each.version,
                    "s3_uri": each.s3_uri,
                    "hash": each.content_hash,
                    "technique": each.technique,
                    "rows": each.row_count,
                    "registered_at": each.registered_at,
                }
                for each in reversed(view.versions)
            ],
            "origin": view.origin,
            "version_count": view.version_count,
        }
        for view in listed(scenario, "", asked.get("--technique", "")).datasets
    ]
    return {"datasets": documents, "local": documents, "source": asked["--source"]}


def list_versions(scenario: Scenario, asked: dict[str, str]) -> Any:
    (view,) = listed(scenario, asked["--name"], "").datasets
    return {
        "name": view.name,
        "versions": [
            {
                "version": each.version,
                "hash": each.content_hash,
                "date": each.registered_at,
                "rows": each.row_count,
                "s3_uri": each.s3_uri,
            }
            for each in reversed(view.versions)
        ],
    }


def resolved(scenario: Scenario, asked: dict[str, str]) -> Any:
    reference = asked["--name"] + (f"@{asked['--version']}" if "--version" in asked else "")
    entries = named_entries(scenario.datasets, "datasets.json")
    found = resolve_dataset(entries, reference)
    place = {"version": found.version["version"], "ordinal": found.ordinal}
    if not found.named or "versions" not in found.entry:
        return {**found.entry, "arn": found.entry.get("arn"), **place}
    return {
        "name": found.name,
        "arn": found.entry["arn"],
        "format": found.entry["format"],
        **{key: found.version[key] for key in ("s3_uri", "technique", "hash")},
        **place,
    }


def evaluator(scenario: Scenario, asked: dict[str, str]) -> Any:
    for entry in named_entries(scenario.evaluators, "evaluators.json"):
        if entry["name"] == asked["--name"]:
            return {key: value for key, value in entry.items() if key != "history"}
    raise NotFound(f"no evaluator {asked['--name']}")


READING = {
    "list-datasets": list_documents,
    "list-dataset-versions": list_versions,
    "resolve-dataset": resolved,
    "resolve-evaluator": evaluator,
}


@pytest.mark.parametrize("name", CASES)
def test_each_step_does_what_mlcc_does(name, tmp_path):
    scenario = Scenario(CASES[name], tmp_path)

    for number, step in enumerate(CASES[name]["steps"]):
        if "s3_object_changed" in step:
            scenario.bucket.put(step["s3_object_changed"])
        elif step["argv"][0] in READING:
            check_reading(scenario, (name, number), step)
        else:
            check_step(scenario, name, number, step)
    check_end(scenario, CASES[name])


def check_end(scenario: Scenario, case: dict[str, Any]) -> None:
    """The whole file is MLCC's, but for what single steps made ours, refused, or accepted."""
    path = scenario.datasets.path
    if case["id"] in REFUSED_WHOLE:
        initial = case["initial_datasets_file"]
        before = initial if isinstance(initial, str) else json.dumps(initial)
        assert case["final_datasets_file"] != initial, "an exemption that no longer applies"
        assert before == path.read_text("utf-8")
        return
    theirs = stamped(case["final_datasets_file"]) or []
    expected = [scenario.expected.get(each["name"], each) for each in theirs]
    if case["id"] in INSTEAD:
        expected = [with_ours(theirs[0], INSTEAD[case["id"]])]
    ours = stamped(scenario.datasets.read()) if path.exists() else []

    assert json.dumps(expected) == json.dumps(ours)


def test_the_evaluators_end_as_mlccs_but_for_what_is_kept_and_refused(tmp_path):
    scenario = Scenario(CASES["evaluators"], tmp_path)
    for number in (0, 1, 2):
        scenario.register(CASES["evaluators"]["steps"][number]["argv"])
    reward, preference, refused = stamped(CASES["evaluators"]["final_evaluators_file"])

    assert refused["arn_or_uri"] == "not-an-arn"
    was = {
        **{key: value for key, value in reward.items() if key != "name"},
        "arn_or_uri": "arn:aws:lambda:us-west-2:123456789012:function:f",
        "description": "d1",
        "project_name": "p1",
    }
    kept = {**reward, "description": "d1", "project_name": "p1", "history": [was]}
    assert json.dumps([kept, preference]) == json.dumps(scenario.evaluators.read())


def test_every_exemption_names_a_step():
    for case, number in [*REFUSED, *ACCEPTED, *UNCHANGED]:
        assert CASES[case]["steps"][number]["argv"][0].startswith("register-")
    assert INSTEAD.keys() == {case for case, _ in ACCEPTED}
    assert REFUSED_WHOLE.keys() <= {case for case, _ in REFUSED}
    for case, number in [*KEPT, *ROWS]:
        step = CASES[case]["steps"][number]
        assert "entry_after" in step or step["argv"][0] in READING
    steps = [step for case in CASES.values() for step in case["steps"] if "argv" in step]
    reading = [step for step in steps if step["argv"][0] in READING]
    assert (len(CASES), len(steps), len(reading)) == (12, 70, 23)
