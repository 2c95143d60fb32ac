"""What becomes of a dataset's entry when the dataset is registered, again or for the first time.

Source: record contract, section 2 (Dataset entry, Versions); design, `register_dataset`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from registry.datasets.content import Content
from registry.datasets.rows import RowCount
from registry.datasets.sources import DatasetFacts
from registry.datasets.versions import FIRST, version_after, with_versions
from registry.named_entries import check_storable, unusable
from registry.stores import JsonObject
from schemas.base import State
from schemas.dataset import DatasetEntry

FILE = "datasets.json"
DEFAULT_FORMAT = "jsonl"
DEFAULT_TECHNIQUE = "sft"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the caller and S3 say of a dataset."""

    facts: DatasetFacts
    content: Content
    counted: RowCount

    def may_complete(self, version: JsonObject) -> bool:
        """Tell whether the next call may tell of a recorded version what this one could not."""
        unread = version.get("hash") is None and self.content.passing
        uncounted = version.get("rows") is None and (self.content.passing or self.counted.passing)
        return unread or uncounted


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a dataset's entry, and what was done to it."""

    entry: JsonObject
    state: State
    done: str


def decide(present: JsonObject | None, seen: Seen, *, force: bool, stamp: str) -> Decision:
    """Return the entry as it is to be stored: with a new version, corrected, or as it is.

    Args:
        stamp: The present instant, as the file writes it.

    Raises:
        CorruptRegistry: what the file holds of the dataset cannot be built upon.
    """
    if present is None:
        blank: JsonObject = {
            **dict.fromkeys(DatasetEntry.model_fields),
            "name": seen.facts.name,
            "versions": [],
        }
        entry = _with_new_version(blank, seen, stamp)
        return _checked(Decision(entry, "created", "was registered"))
    if not usable(present):
        raise unusable(present, FILE, "/versions is not a list of objects")
    old = with_versions(present)
    if force or not _same_content(old, seen):
        entry = _with_new_version(old, seen, stamp)
        return _checked(Decision(entry, "created", "has a new version"))
    entry = _with_facts(old, seen)
    if _facts_of(entry) == _facts_of(old):
        return Decision(present, "unchanged", "is registered already")
    return _checked(Decision(entry, "updated", "was updated in place"))


def usable(entry: JsonObject) -> bool:
    """Tell whether the entry's versions are what they should be, or not there yet."""
    stored = entry.get("versions") or []
    return isinstance(stored, list) and all(isinstance(one, dict) for one in stored)


def _same_content(entry: JsonObject, seen: Seen) -> bool:
    last = entry["versions"][-1]
    if seen.content.hash and last.get("hash"):
        return bool(seen.content.hash == last["hash"])
    return bool(seen.facts.s3_uri == last.get("s3_uri", entry.get("s3_uri")))


def _with_new_version(entry: JsonObject, seen: Seen, stamp: str) -> JsonObject:
    versions, facts = entry["versions"], seen.facts
    newest = {
        "version": version_after(versions[-1].get("version")) if versions else FIRST,
        "s3_uri": facts.s3_uri,
        "hash": seen.content.hash,
        "technique": facts.technique or entry.get("technique") or DEFAULT_TECHNIQUE,
        "rows": seen.counted.rows,
        "registered_at": stamp,
    }
    # The ARN is of the version before; publishing gives the new one's.
    grown = {**entry, "versions": [*versions, newest]}
    return _mirrored(grown, facts, column_schema=facts.column_schema, arn=None)


def _with_facts(entry: JsonObject, seen: Seen) -> JsonObject:
    """Return the entry with what the caller says about the content that it already has."""
    last, facts = entry["versions"][-1], seen.facts
    rows = last.get("rows") if facts.rows is None else facts.rows
    corrected = {
        **last,
        "s3_uri": facts.s3_uri,
        "hash": seen.content.hash or last.get("hash"),
        "technique": facts.technique or last.get("technique") or entry.get("technique"),
        "rows": seen.counted.rows if rows is None else rows,
    }
    schema = entry.get("column_schema")
    if facts.column_schema and _parsed(facts.column_schema) != _parsed(schema):
        schema = facts.column_schema
    versions = [*entry["versions"][:-1], corrected]
    corrected_entry = {**entry, "versions": versions}
    return _mirrored(corrected_entry, facts, column_schema=schema, arn=entry.get("arn"))


def _mirrored(
    entry: JsonObject, facts: DatasetFacts, *, column_schema: str | None, arn: object
) -> JsonObject:
    """Return the entry with its own fields as its newest version has them, in MLCC's order."""
    newest = entry["versions"][-1]
    mirrored = {
        "s3_uri": newest["s3_uri"],
        "format": facts.format or entry.get("format") or DEFAULT_FORMAT,
        "technique": newest["technique"] or DEFAULT_TECHNIQUE,
        "row_count": newest["rows"],
        "column_schema": column_schema,
        "project_name": facts.project_name or entry.get("project_name") or "",
        "arn": arn,
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


def _checked(decision: Decision) -> Decision:
    check_storable(decision.entry, "dataset", FILE)
    return decision
