"""Registering datasets in `datasets.json`, a new version for each change of content.

Source: record contract, section 2; design, `register_dataset`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from registry.calls import Call
from registry.datasets.content import Content, dataset_content
from registry.datasets.entry import (
    DEFAULT_FORMAT,
    DEFAULT_TECHNIQUE,
    FILE,
    Decision,
    Seen,
    decide,
    usable,
)
from registry.datasets.rows import RowCount, count_rows
from registry.datasets.sources import DatasetFacts, ProjectValues, dataset_facts, format_of
from registry.datasets.versions import with_versions
from registry.hub.publishing import PublishDataset, Published, recorded_arn
from registry.named_entries import (
    change_named,
    microseconds,
    named_entries,
    put_named,
)
from registry.stores import JsonDocument, JsonObject, Objects
from schemas.base import Outcome
from schemas.dataset import DatasetRequest, RegisterDatasetResult

ROWS_UNSEEN = "the row count is unknown: the content was not read; pass row_count to record it"


def register_dataset(
    request: DatasetRequest,
    *,
    store: JsonDocument,
    objects: Objects | None,
    no_objects_reason: str = "",
    project: ProjectValues | None = None,
    publish: PublishDataset,
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
        publish: Brings the newest version of the entry into the hub, once it is recorded, or
            leaves it to the repeat where the record is not whole yet; a repeat completes what
            it could not do.

    Raises:
        InvalidArgument: an argument cannot be stored, or the project knows no such job.
        CorruptRegistry: `datasets.json` is not what it should be; it is left as it is.
        Conflict, Unavailable: as `JsonDocument.change`.
        Cancelled: the caller withdrew; nothing is written unless the record was already.
    """
    facts = dataset_facts(request, project)
    content = dataset_content(facts.s3_uri, objects, no_objects_reason, call)
    last = _last_version(store, facts.name)
    counted = (
        RowCount(last.get("rows"))
        if _rows_stand(last, facts, content, force=request.force)
        else _counted(facts, content, objects, call)
    )
    seen = Seen(facts, content, counted)
    made: list[Decision] = []

    def make(present: JsonObject | None) -> JsonObject:
        decision = decide(present, seen, force=request.force, stamp=microseconds(now()))
        made.append(decision)
        return decision.entry

    put_named(store, FILE, facts.name, make)
    return _result(made[-1], seen, _published(store, made[-1], seen, publish, force=request.force))


def _last_version(store: JsonDocument, name: str) -> JsonObject:
    """Return the newest version that is recorded, with its URI; empty for a new dataset."""
    for entry in named_entries(store, FILE):
        if entry.get("name") == name and usable(entry):
            return {"s3_uri": entry.get("s3_uri"), **with_versions(entry)["versions"][-1]}
    return {}


def _rows_stand(last: JsonObject, facts: DatasetFacts, content: Content, *, force: bool) -> bool:
    """Tell whether the rows that are recorded are the rows of this content."""
    if facts.rows is not None or last.get("rows") is None:
        return False
    if content.hash and last.get("hash"):
        return bool(content.hash == last["hash"])
    return facts.s3_uri == last["s3_uri"] and not force


def _counted(
    facts: DatasetFacts, content: Content, objects: Objects | None, call: Call
) -> RowCount:
    if facts.rows is not None:
        return RowCount(facts.rows)
    if objects is None or content.hash is None:
        return RowCount(None, ROWS_UNSEEN)
    return count_rows(facts.s3_uri, content, facts.format or "", objects, call)


def _published(
    store: JsonDocument, decision: Decision, seen: Seen, publish: PublishDataset, *, force: bool
) -> Published:
    """Return what became of the hub's content; its ARN goes into the entry."""
    entry = with_versions(decision.entry)
    published = publish(entry, force or not seen.may_complete(entry["versions"][-1]))
    arn = published.outcome.arn
    if not arn or arn == entry.get("arn"):
        return published
    newest = str(entry["versions"][-1].get("version"))
    return recorded_arn(
        published,
        lambda: change_named(
            store, FILE, str(entry["name"]), lambda present: _with_arn(present, newest, arn)
        ),
    )


def _with_arn(entry: JsonObject, version: str, arn: str) -> JsonObject:
    """Return the entry with the ARN of one version, which is its own while that is the newest."""
    versions = with_versions(entry)["versions"]
    named = [{**each, "arn": arn} if each.get("version") == version else each for each in versions]
    newest = versions[-1].get("version") == version
    return {**entry, **({"arn": arn} if newest else {}), "versions": named}


def _result(decision: Decision, seen: Seen, published: Published) -> RegisterDatasetResult:
    entry = with_versions(decision.entry)
    newest = entry["versions"][-1]
    version = str(newest.get("version"))
    name = seen.facts.name
    return RegisterDatasetResult(
        message=f"Dataset {name} {decision.done}: version {version}{published.told()}.",
        name=name,
        version=version,
        ordinal=len(entry["versions"]),
        s3_uri=str(newest.get("s3_uri", entry.get("s3_uri"))),
        format=str(entry.get("format") or DEFAULT_FORMAT),
        technique=str(newest.get("technique") or entry.get("technique") or DEFAULT_TECHNIQUE),
        row_count=newest.get("rows"),
        content_hash=newest.get("hash"),
        content_checked=seen.content.hash is not None,
        local=Outcome(state=decision.state),
        hub=published.outcome,
        warnings=(*_warnings(entry, seen), *published.warnings()),
        next_step=published.next_step("register_dataset"),
        aws=published.identity,
    )


def _warnings(entry: Mapping[str, Any], seen: Seen) -> list[str]:
    warnings = [*seen.facts.warnings]
    if seen.content.warning:
        warnings.append(seen.content.warning)
    if entry["versions"][-1].get("rows") is None:
        warnings.append(seen.counted.warning or ROWS_UNSEEN)
    told = format_of(seen.facts.s3_uri)
    recorded = entry.get("format") or DEFAULT_FORMAT
    if told and told != recorded:
        warnings.append(f"the format is recorded as {recorded}, the key's extension says {told}")
    return warnings
