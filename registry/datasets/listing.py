"""Listing datasets: those of `datasets.json` and of a hub as one, by name and version.

Source: record contract, section 2 (Resolve, List); design, `list_datasets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.datasets.resolving import place_of, split_reference
from registry.datasets.versions import with_versions
from registry.hub.naming import hub_version
from registry.named_entries import no_such_entry
from registry.paging import named_page, page_limit, query_key
from registry.stores import JsonObject
from schemas.dataset import (
    DatasetVersionView,
    DatasetView,
    ListDatasetsResult,
)
from schemas.hub import RecordOrigin

_OF_ONE, _OF_ONE_FULL, _OF_EACH_FULL = 20, 100, 5
"""Versions shown: of the dataset that a call names, the same in full, of each listed in full."""


@dataclass(frozen=True, slots=True)
class DatasetInHub:
    """A version of a dataset that a hub has; None for what its listing does not tell."""

    name: str
    version: str
    arn: str
    technique: str | None = None
    s3_uri: str | None = None
    registered_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Dataset:
    """One dataset wherever it is recorded; its versions oldest first."""

    name: str
    entry: JsonObject
    versions: tuple[DatasetVersionView, ...]
    origin: RecordOrigin

    @property
    def newest(self) -> int:
        """The place of the newest recorded version, of the hub's newest where none is."""
        recorded = sum(each.ordinal is not None for each in self.versions)
        return (recorded or len(self.versions)) - 1


def list_datasets(
    entries: Sequence[Mapping[str, Any]],
    in_hub: Sequence[DatasetInHub],
    *,
    hub_warning: str,
    reference: str,
    technique: str,
    limit: int,
    cursor: str,
    full: bool,
) -> ListDatasetsResult:
    """Return one page of datasets by name; a limit of 0 means the default.

    Args:
        entries: The entries of `datasets.json`.
        in_hub: The versions that a hub has, of one dataset oldest first.
        hub_warning: Why `in_hub` may lack some, "" when it does not.
        reference: `name`, `name@v2` or `name@v1.2.0` of one dataset, "" for all.
        technique: Only datasets whose newest version is of it.
        full: With versions and the stored entry.

    Raises:
        NotFound: no dataset or version is called that; the details' `candidates` help.
        InvalidArgument: the limit is out of bounds, or the cursor is another query's.
    """
    limit = page_limit(limit, full=full)
    known = _merged(entries, in_hub)
    query = query_key("datasets", reference, technique, full)
    if reference:
        known, shown = _named(known, reference, hub_warning)
        room = _OF_ONE_FULL if full else _OF_ONE
    else:
        shown = {}
        room = _OF_EACH_FULL if full else 0
    matching = {
        each.name: each for each in known if not technique or _technique_of(each) == technique
    }
    page = named_page(matching, query, limit=limit, cursor=cursor)
    return ListDatasetsResult(
        datasets=tuple(
            _view(matching[each], shown.get(each, matching[each].newest), room, full=full)
            for each in page.names
        ),
        count=len(page.names),
        next_cursor=page.next_cursor,
        complete=not page.next_cursor and not hub_warning,
        message=_message(len(page.names), len(matching), reference),
        warnings=(hub_warning,) if hub_warning else (),
        next_step=page.next_step,
    )


def _named(
    known: list[_Dataset], reference: str, hub_warning: str
) -> tuple[list[_Dataset], dict[str, int]]:
    """Return the one dataset that a reference names, and which of its versions."""
    by_name = {each.name: each for each in known}
    name, wanted = split_reference(reference, by_name)
    if name not in by_name:
        raise no_such_entry("dataset", name, by_name, warning=hub_warning)
    found = by_name[name]
    if not wanted:
        return [found], {}
    versions = [(each.ordinal, each.version) for each in found.versions]
    return [found], {name: place_of(name, versions, wanted)}


def _merged(entries: Sequence[Mapping[str, Any]], in_hub: Sequence[DatasetInHub]) -> list[_Dataset]:
    local: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        local.setdefault(str(entry.get("name")), entry)
    published: dict[str, list[DatasetInHub]] = {}
    for content in in_hub:
        published.setdefault(content.name, []).append(content)
    return [
        _dataset(name, local.get(name), published.get(name, []))
        for name in sorted({*local, *published})
    ]


def _dataset(name: str, entry: Mapping[str, Any] | None, in_hub: list[DatasetInHub]) -> _Dataset:
    """Return one dataset; versions that only a hub has come after the recorded ones."""
    whole = with_versions(entry) if entry is not None else {"versions": []}
    arns = {each.version: each.arn for each in in_hub}
    recorded = tuple(
        _recorded(ordinal, each, whole, arns.get(hub_version(str(each.get("version"))) or ""))
        for ordinal, each in enumerate(whole["versions"], start=1)
    )
    known = {hub_version(each.version) for each in recorded}
    elsewhere = tuple(_published(each) for each in in_hub if each.version not in known)
    in_both = bool(in_hub) or any(each.arn for each in recorded)
    origin: RecordOrigin = "hub" if entry is None else "both" if in_both else "local"
    return _Dataset(name, whole, (*recorded, *elsewhere), origin)


def _recorded(
    ordinal: int, version: Mapping[str, Any], entry: Mapping[str, Any], listed_arn: str | None
) -> DatasetVersionView:
    # A listing of all datasets names the latest version alone; the record knows the others.
    arn = listed_arn or _text(version.get("arn"))
    return DatasetVersionView(
        version=str(version.get("version")),
        ordinal=ordinal,
        s3_uri=_text(version.get("s3_uri", entry.get("s3_uri"))),
        technique=_text(version.get("technique")),
        row_count=_number(version.get("rows")),
        content_hash=_text(version.get("hash")),
        registered_at=_text(version.get("registered_at")),
        arn=arn,
        origin="both" if arn else "local",
    )


def _published(content: DatasetInHub) -> DatasetVersionView:
    return DatasetVersionView(
        version=content.version,
        s3_uri=content.s3_uri,
        technique=content.technique,
        registered_at=content.registered_at,
        arn=content.arn,
        origin="hub",
    )


def _technique_of(dataset: _Dataset) -> str | None:
    """Return the technique that a filter looks at: the entry's own, else the newest version's."""
    return _text(dataset.entry.get("technique")) or dataset.versions[dataset.newest].technique


def _view(dataset: _Dataset, place: int, room: int, *, full: bool) -> DatasetView:
    chosen = dataset.versions[place]
    stored = {key: value for key, value in dataset.entry.items() if key != "versions"}
    return DatasetView(
        name=dataset.name,
        version=chosen.version,
        ordinal=chosen.ordinal,
        version_count=len(dataset.versions),
        s3_uri=chosen.s3_uri,
        format=_text(dataset.entry.get("format")),
        technique=chosen.technique,
        row_count=chosen.row_count,
        origin=dataset.origin,
        arn=chosen.arn if room else None,
        versions=tuple(reversed(dataset.versions))[:room] if room else None,
        entry=stored if full and stored else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _message(shown: int, matching: int, reference: str) -> str:
    if matching == 0:
        return (
            f"Dataset {reference} is of another technique." if reference else "No dataset matches."
        )
    if shown == matching:
        return f"{matching} dataset{'s' if matching != 1 else ''}, by name."
    return f"{shown} of {matching} datasets, by name."
