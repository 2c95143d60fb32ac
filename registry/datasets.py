"""Registering datasets in `datasets.json`, a new version for each change of content.

Source: record contract, section 2; design, `register_dataset`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.calls import Call
from registry.content_hash import ContentHash, content_hash
from registry.dataset_sources import DatasetFacts, ProjectValues, dataset_facts, format_of
from registry.dataset_versions import FIRST, version_after, with_versions
from registry.named_entries import (
    HUB_NOT_BUILT,
    check_storable,
    microseconds,
    put_named,
    unusable,
)
from registry.stores import JsonDocument, JsonObject, Objects
from schemas.base import Outcome, State
from schemas.dataset import DatasetEntry, DatasetRequest, RegisterDatasetResult

FILE = "datasets.json"
DEFAULT_FORMAT = "jsonl"
DEFAULT_TECHNIQUE = "sft"

ROWS_NOT_COUNTED = (
    "the row count is unknown: this version does not count rows; pass row_count to record it"
)


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of a dataset's entry, and what was done to it."""

    entry: JsonObject
    state: State
    done: str


def register_dataset(
    request: DatasetRequest,
    *,
    store: JsonDocument,
    objects: Objects | None,
    no_objects_reason: str = "",
    project: ProjectValues | None = None,
    now: Callable[[], datetime],
    call: Call,
) -> RegisterDatasetResult:
    """Return the dataset as it is recorded now: created, updated, or as it was.

    The same content again changes nothing, or corrects what the caller says differently; other
    content, or `force`, makes the next minor version. While the content cannot be read, the same
    URI counts as the same content. What the caller leaves open is taken from the dataset's record.

    Args:
        objects: S3, None when it cannot be asked; `no_objects_reason` then says why.
        project: The project's values, for `from_tune` and `from_train`.

    Raises:
        InvalidArgument: an argument cannot be stored, or the project knows no such job.
        CorruptRegistry: `datasets.json` is not what it should be; it is left as it is.
        Conflict, Unavailable: as `JsonDocument.change`.
        Cancelled: the caller withdrew before anything was written.
    """
    facts = dataset_facts(request, project)
    hashed = content_hash(facts.s3_uri, objects, no_objects_reason, call)
    made: list[_Decision] = []

    def make(present: JsonObject | None) -> JsonObject:
        decision = _decide(present, facts, hashed, force=request.force, stamp=microseconds(now()))
        made.append(decision)
        return decision.entry

    put_named(store, FILE, facts.name, make)
    return _result(made[-1], facts, hashed)


def _decide(
    present: JsonObject | None,
    facts: DatasetFacts,
    hashed: ContentHash,
    *,
    force: bool,
    stamp: str,
) -> _Decision:
    if present is None:
        blank: JsonObject = {
            **dict.fromkeys(DatasetEntry.model_fields),
            "name": facts.name,
            "versions": [],
        }
        entry = _with_new_version(blank, facts, hashed, stamp)
        return _checked(_Decision(entry, "created", "was registered"))
    stored = present.get("versions") or []
    if not isinstance(stored, list) or not all(isinstance(one, dict) for one in stored):
        raise unusable(present, FILE, "/versions is not a list of objects")
    old = with_versions(present)
    if force or not _same_content(old, facts, hashed):
        entry = _with_new_version(old, facts, hashed, stamp)
        return _checked(_Decision(entry, "created", "has a new version"))
    entry = _with_facts(old, facts, hashed)
    if _facts_of(entry) == _facts_of(old):
        return _Decision(present, "unchanged", "is registered already")
    return _checked(_Decision(entry, "updated", "was updated in place"))


def _same_content(entry: JsonObject, facts: DatasetFacts, hashed: ContentHash) -> bool:
    last = entry["versions"][-1]
    if hashed.value and last.get("hash"):
        return bool(hashed.value == last["hash"])
    return bool(facts.s3_uri == last.get("s3_uri", entry.get("s3_uri")))


def _with_new_version(
    entry: JsonObject, facts: DatasetFacts, hashed: ContentHash, stamp: str
) -> JsonObject:
    versions = entry["versions"]
    version = version_after(versions[-1].get("version")) if versions else FIRST
    technique = facts.technique or entry.get("technique") or DEFAULT_TECHNIQUE
    rows = facts.rows
    if rows is None and versions and hashed.value and hashed.value == versions[-1].get("hash"):
        rows = versions[-1].get("rows")
    newest = {
        "version": version,
        "s3_uri": facts.s3_uri,
        "hash": hashed.value,
        "technique": technique,
        "rows": rows,
        "registered_at": stamp,
    }
    return _mirrored(
        {**entry, "versions": [*versions, newest]}, facts, column_schema=facts.column_schema
    )


def _with_facts(entry: JsonObject, facts: DatasetFacts, hashed: ContentHash) -> JsonObject:
    """Return the entry with what the caller says about the content that it already has."""
    last = entry["versions"][-1]
    corrected = {
        **last,
        "s3_uri": facts.s3_uri,
        "hash": hashed.value or last.get("hash"),
        "technique": facts.technique or last.get("technique") or entry.get("technique"),
        "rows": last.get("rows") if facts.rows is None else facts.rows,
    }
    schema = entry.get("column_schema")
    if facts.column_schema and _parsed(facts.column_schema) != _parsed(schema):
        schema = facts.column_schema
    versions = [*entry["versions"][:-1], corrected]
    return _mirrored({**entry, "versions": versions}, facts, column_schema=schema)


def _mirrored(entry: JsonObject, facts: DatasetFacts, *, column_schema: str | None) -> JsonObject:
    """Return the entry with its own fields as its newest version has them, in MLCC's order."""
    newest = entry["versions"][-1]
    mirrored = {
        "s3_uri": newest["s3_uri"],
        "format": facts.format or entry.get("format") or DEFAULT_FORMAT,
        "technique": newest["technique"] or DEFAULT_TECHNIQUE,
        "row_count": newest["rows"],
        "column_schema": column_schema,
        "project_name": facts.project_name or entry.get("project_name") or "",
        "arn": entry.get("arn"),
        "registered_at": newest.get("registered_at") or entry.get("registered_at"),
        "latest_version": newest["version"],
        "content_hash": newest["hash"],
    }
    return {**entry, **mirrored}


def _facts_of(entry: JsonObject) -> tuple[object, ...]:
    """Return what makes two records of the same content differ."""
    last = entry["versions"][-1]
    return (
        last.get("s3_uri", entry.get("s3_uri")),
        last.get("hash"),
        last.get("technique") or entry.get("technique") or DEFAULT_TECHNIQUE,
        last.get("rows", entry.get("row_count")),
        entry.get("format") or DEFAULT_FORMAT,
        _parsed(entry.get("column_schema")),
    )


def _parsed(schema: object) -> object:
    try:
        return json.loads(schema) if isinstance(schema, str) else schema
    except ValueError:
        return schema  # text that MLCC stored unchecked; it equals only itself


def _checked(decision: _Decision) -> _Decision:
    check_storable(decision.entry, "dataset", FILE)
    return decision


def _result(decision: _Decision, facts: DatasetFacts, hashed: ContentHash) -> RegisterDatasetResult:
    entry = with_versions(decision.entry)
    newest = entry["versions"][-1]
    version = str(newest.get("version"))
    return RegisterDatasetResult(
        message=f"Dataset {facts.name} {decision.done}: version {version}.",
        name=facts.name,
        version=version,
        ordinal=len(entry["versions"]),
        s3_uri=str(newest.get("s3_uri", entry.get("s3_uri"))),
        format=str(entry.get("format") or DEFAULT_FORMAT),
        technique=str(newest.get("technique") or entry.get("technique") or DEFAULT_TECHNIQUE),
        row_count=newest.get("rows"),
        content_hash=newest.get("hash"),
        content_checked=hashed.value is not None,
        local=Outcome(state=decision.state),
        hub=Outcome(state="skipped", warning=HUB_NOT_BUILT),
        warnings=tuple(_warnings(entry, facts, hashed)),
    )


def _warnings(entry: Mapping[str, Any], facts: DatasetFacts, hashed: ContentHash) -> list[str]:
    warnings = [hashed.warning] if hashed.warning else []
    if entry["versions"][-1].get("rows") is None:
        warnings.append(ROWS_NOT_COUNTED)
    told = format_of(facts.s3_uri)
    recorded = entry.get("format") or DEFAULT_FORMAT
    if told and told != recorded:
        warnings.append(f"the format is recorded as {recorded}, the key's extension says {told}")
    return warnings
