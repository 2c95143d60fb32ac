"""MLCC's exchange document, and what `export_deployments` and `import_deployments` answer."""

from __future__ import annotations

from typing import Any, Literal

from schemas.base import Record, Result
from schemas.registration import LocalOutcome

EXCHANGE_VERSION = "1.0"
"""`version` of the document that MLCC 1.5.2 exports."""

Strategy = Literal["skip", "merge", "replace"]
"""What happens to an entry that conflicts with one that is there."""


class ExchangeDocument(Record):
    """What `registry export` of MLCC writes and `registry import` reads.

    Source: record contract, section 1 (export).
    """

    version: str = EXCHANGE_VERSION
    exported_at: str
    exported_by: str = "anonymous"
    entries: tuple[dict[str, Any], ...]


class ExportDeploymentsResult(Result):
    """One page of an export.

    Attributes:
        document: A whole exchange document with this page's entries; absent where there are none.
        count: How many entries it has.
    """

    document: ExchangeDocument | None = None
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()


class Refusal(Record):
    """One entry that was not imported.

    Attributes:
        index: Its place among the document's entries, from 0.
        path: JSON pointer into the document.
        reason: What is wanted there; never the value.
    """

    index: int
    path: str
    reason: str


class ImportedEntry(Record):
    """One entry that was stored, and under which id."""

    index: int
    id: str
    state: Literal["added", "merged", "replaced"]


class ImportDeploymentsResult(Result):
    """What became of a document's entries.

    Attributes:
        added: Entries that nothing conflicted with.
        skipped: Entries left out because they, or one like them, are there.
        conflicts: Entries with the model, backend, instance type and parameters of another.
        merged: Conflicting entries stored beside the present ones.
        replaced: Conflicting entries stored in place of the present ones.
        refused_count: Entries refused, each of them named in `refused` as far as it has room.
        entries: What was stored, as far as there is room.
    """

    added: int
    skipped: int
    conflicts: int
    merged: int
    replaced: int
    refused_count: int
    refused: tuple[Refusal, ...] = ()
    entries: tuple[ImportedEntry, ...] = ()
    local: LocalOutcome
    warnings: tuple[str, ...] = ()
    dry_run: bool | None = None
