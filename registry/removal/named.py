"""Removing a dataset, one version of it, or an evaluator from the file that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry.datasets.resolving import ResolvedDataset, resolve_dataset, split_reference
from registry.datasets.versions import with_versions
from registry.errors import CorruptRegistry
from registry.evaluators.listing import earlier_states
from registry.local.documents import HOW_TO_REPAIR
from registry.named_entries import no_such_entry
from registry.removal.planned import Planned, Planning, result
from registry.stores import JsonDocument, JsonObject
from schemas.removal import RemovalPlan, RemoveRecordResult, Staying

_STAYING_SHOWN = 20
_MIRRORED = {
    "s3_uri": "s3_uri",
    "technique": "technique",
    "row_count": "rows",
    "registered_at": "registered_at",
    "latest_version": "version",
    "content_hash": "hash",
    "arn": "arn",
}
"""Fields of a dataset's entry, and of its newest version that they repeat.

Source: record contract, section 2 (Dataset entry).
"""


def remove_dataset(
    store: JsonDocument, path: str, reference: str, confirm: str
) -> RemoveRecordResult:
    """Remove a dataset, or the version that `name@v2` or `name@v1.2.0` means.

    With its last version a dataset goes whole.

    Raises:
        NotFound: no such dataset or version; the details' `candidates` are those there are.
        NeedsConfirmation: the plan's digest has to come back in `confirm`.
        CorruptRegistry, Conflict, Unavailable: as `JsonDocument.change`.
    """
    return _remove(store, path, lambda entries: _dataset(entries, path, reference), confirm)


def remove_evaluator(store: JsonDocument, path: str, name: str, confirm: str) -> RemoveRecordResult:
    """Remove an evaluator, its history with it.

    Raises:
        NotFound: no such evaluator; the hint and `candidates` name near ones.
        NeedsConfirmation, CorruptRegistry, Conflict, Unavailable: as `remove_dataset`.
    """
    return _remove(store, path, lambda entries: _evaluator(entries, path, name), confirm)


def _remove(store: JsonDocument, path: str, plan: Planning, confirm: str) -> RemoveRecordResult:
    plan(_entries(store.read(), path)).check(confirm)
    done: list[Planned] = []

    def edit(content: Any) -> list[JsonObject]:  # noqa: ANN401 - the file's own shape
        planned = plan(_entries(content, path))
        planned.check(confirm)
        done.append(planned)
        return planned.rest

    store.change(edit)
    return result(done[-1])


def _entries(content: Any, path: str) -> list[JsonObject]:  # noqa: ANN401 - the file's own shape
    entries = [] if content is None else content
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise CorruptRegistry(f"{path} is not a list of objects", hint=HOW_TO_REPAIR)
    return entries


def _dataset(entries: Sequence[JsonObject], path: str, reference: str) -> Planned:
    name, _ = split_reference(reference, [str(each.get("name")) for each in entries])
    _check_versions([each for each in entries if each.get("name") == name], path)
    found = resolve_dataset(entries, reference)
    if found.named and len(with_versions(found.entry)["versions"]) > 1:
        return _version(entries, path, found)
    versions = with_versions(found.entry)["versions"]
    stays = _objects(versions) + _hub(*versions, found.entry)
    plan = RemovalPlan(
        kind="dataset",
        name=found.name,
        path=path,
        says=f"{len(versions)} version{'s' if len(versions) != 1 else ''}, "
        f"newest {versions[-1].get('version')}",
        stays=tuple(stays),
    )
    return Planned(plan, found.entry, [each for each in entries if each is not found.entry])


def _version(entries: Sequence[JsonObject], path: str, found: ResolvedDataset) -> Planned:
    entry = with_versions(found.entry)
    kept = [each for n, each in enumerate(entry["versions"], start=1) if n != found.ordinal]
    newest = kept[-1]
    rest = {**found.entry, "versions": kept}
    stays = _objects([found.version]) + _hub(found.version)
    if found.ordinal == len(entry["versions"]):
        rest |= {field: newest.get(key) for field, key in _MIRRORED.items()}
        stays = _objects([found.version]) + _hub(found.version, found.entry)
    note = f"{found.name} is then at {newest.get('version')}"
    if found.ordinal <= len(kept):
        note = f"later versions are then counted from v{found.ordinal}, one lower than before"
    version = found.version
    plan = RemovalPlan(
        kind="dataset version",
        name=f"{found.name}@{version.get('version')}",
        path=path,
        says=f"version {found.ordinal} of {len(entry['versions'])}, "
        f"registered {version.get('registered_at')}",
        stays=tuple(stays),
        note=note,
    )
    changed = [rest if each is found.entry else each for each in entries]
    return Planned(plan, {"name": found.name, **version}, changed)


def _evaluator(entries: Sequence[JsonObject], path: str, name: str) -> Planned:
    entry = next((each for each in entries if each.get("name") == name), None)
    if entry is None:
        raise no_such_entry("evaluator", name, [str(each.get("name")) for each in entries])
    target = entry.get("arn_or_uri")
    what = "Lambda function" if entry.get("type") == "lambda" else "model"
    stays = [Staying(what=what, name=str(target))] if target else []
    plan = RemovalPlan(
        kind="evaluator",
        name=name,
        path=path,
        says=f"{entry.get('type')}, {entry.get('technique')}",
        stays=tuple(stays + _hub(*earlier_states(entry), entry)),
    )
    return Planned(plan, entry, [each for each in entries if each is not entry])


def _objects(versions: Sequence[Mapping[str, Any]]) -> list[Staying]:
    uris = dict.fromkeys(str(each["s3_uri"]) for each in versions if each.get("s3_uri"))
    return [Staying(what="data", name=uri) for uri in list(uris)[-_STAYING_SHOWN:]]


def _hub(*records: Mapping[str, Any]) -> list[Staying]:
    arns = dict.fromkeys(str(each["arn"]) for each in records if each.get("arn"))
    return [Staying(what="hub content", name=arn) for arn in list(arns)[-_STAYING_SHOWN:]]


def _check_versions(entries: Sequence[JsonObject], path: str) -> None:
    for entry in entries:
        versions = entry.get("versions") or []
        if not isinstance(versions, list) or not all(isinstance(each, dict) for each in versions):
            raise CorruptRegistry(
                f"{path}: the versions of {entry.get('name')!r} are not a list of objects",
                hint="it was left as it is; repair the entry",
            )
