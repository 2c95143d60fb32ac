"""The entries of an exchange document: which may be stored, and why the others may not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.calls import Call
from registry.deployments.values import unkeepable
from registry.errors import DeadlineExceeded, InvalidArgument
from registry.local.entries import schema_problems
from registry.redaction import redact_parameters, redact_shapes
from registry.stores import JsonObject
from schemas.exchange import Refusal

_PLACEHOLDER = "00000000"
"""Stands for the id that an entry gets when it is stored."""

_OF_ONE_CALL = "idempotencyKey"
"""A key of the exporter's own calls; here it would stand in the way of the importer's."""

# The schema's pattern means ASCII digits and the very end, which Python's reading of it does not.
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_PROBLEMS_SHOWN = 5
_LONGEST_PATH = 200
_EVERY = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may be stored, its place in the document and its id still to come.

    Attributes:
        redacted: Whether it held what looks like a secret.
    """

    index: int
    entry: JsonObject
    redacted: bool = False


def entries_of(document: object) -> list[Any]:
    """Return the entries of an exchange document, whatever they are.

    Raises:
        InvalidArgument: it is no exchange document.

    Source: record contract, section 1 (import).
    """
    problem = "it is not an object"
    if isinstance(document, Mapping):
        version, entries = document.get("version"), document.get("entries")
        if isinstance(entries, list) and version not in (None, False, 0, ""):
            return entries
        problem = "entries is not a list" if not isinstance(entries, list) else "it has no version"
    raise InvalidArgument(
        f"this is no exchange document: {problem}",
        hint='it looks like {"version": "1.0", "exportedAt": ..., "exportedBy": ..., "entries": '
        "[...]}, as export_deployments and MLCC's registry export write it",
    )


def candidates(
    entries: Sequence[Any], source_name: str, call: Call
) -> tuple[list[Candidate], list[list[Refusal]]]:
    """Return the entries that may be stored, and for each other one why it may not.

    Args:
        source_name: Where the document came from, stored as `importedFrom`; "" for null.

    Raises:
        Cancelled, DeadlineExceeded: the caller withdrew, or time ran out; nothing was stored.
    """
    good: list[Candidate] = []
    refused: list[list[Refusal]] = []
    for index, given in enumerate(entries):
        if index % _EVERY == 0:
            _check_time(call)
            call.report(index, len(entries), "checking entries")
        entry, problems, redacted = _prepared(given, source_name)
        if problems:
            refused.append([_refusal(index, path, reason) for path, reason in problems])
        else:
            good.append(Candidate(index, entry, redacted))
    return good, refused


def _check_time(call: Call) -> None:
    try:
        call.check("checking the entries")
    except DeadlineExceeded as error:
        error.hint = "nothing was imported: split the document, each part is imported on its own"
        raise


def _prepared(given: object, source_name: str) -> tuple[JsonObject, list[tuple[str, str]], bool]:
    """Return an entry as it may be stored, what is wrong with it, and whether it was redacted."""
    if not isinstance(given, Mapping):
        return {}, [("", "must be of type object")], False
    if problem := unkeepable(given):
        return {}, [problem], False
    entry = {key: value for key, value in given.items() if key != _OF_ONE_CALL}
    metadata = entry.get("metadata", {})
    if isinstance(metadata, Mapping):
        origin = {"source": "imported", "importedFrom": source_name or None}
        entry["metadata"] = {**metadata, **origin}
    whole = {**entry, "id": _PLACEHOLDER}
    entry = redact_parameters(whole)
    problems = [(each.path, each.reason) for each in schema_problems(entry)]
    stamp = entry.get("timestamp")
    if not problems and not _TIMESTAMP.fullmatch(str(stamp)):
        problems = [("/timestamp", "must be an instant such as 2026-05-01T10:00:00.123Z")]
    return entry, problems[:_PROBLEMS_SHOWN], entry != whole


def _refusal(index: int, path: str, reason: str) -> Refusal:
    whole = redact_shapes(f"/entries/{index}{path}")
    if len(whole) > _LONGEST_PATH:
        whole = f"{whole[:_LONGEST_PATH]}..."
    return Refusal(index=index, path=whole, reason=reason)
