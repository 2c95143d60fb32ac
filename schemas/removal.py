"""What `remove_record` plans and answers."""

from __future__ import annotations

from typing import Literal

from schemas.base import Record, Result, ShownDocument

RecordKind = Literal["deployment", "dataset", "dataset version", "evaluator"]


class Staying(Record):
    """Something that the record names and that is not removed with it."""

    what: str
    name: str


class RemovalPlan(Record):
    """What goes and what stays.

    Attributes:
        name: The deployment's id; the dataset or evaluator, a dataset's version behind an `@`.
        path: The file that the record goes from.
        says: What the record is about, in a few words.
        note: What else changes with it.
    """

    action: Literal["remove"] = "remove"
    kind: RecordKind
    name: str
    path: str
    says: str
    stays: tuple[Staying, ...] = ()
    note: str | None = None


class RemoveRecordResult(Result):
    """One removed record.

    Attributes:
        record: All that was removed, so that nothing is lost by mistake.
    """

    plan: RemovalPlan
    record: ShownDocument
    stays: tuple[Staying, ...] = ()
