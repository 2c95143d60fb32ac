"""Finding one dataset, or one version of it, by `name`, `name@v2` or `name@v1.2.0`.

Source: record contract, section 2 (Resolve).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.datasets.versions import with_versions
from registry.errors import NotFound
from registry.named_entries import no_such_entry
from registry.redaction import quoted
from registry.stores import JsonObject

_NEAR = 5
_OFFERED = 50


@dataclass(frozen=True, slots=True)
class ResolvedDataset:
    """One version of a dataset and where it stands.

    Attributes:
        entry: The stored entry, as the file has it.
        version: The chosen version, the newest when none was named.
        ordinal: Its place among the entry's versions, from 1.
        named: Whether the reference named a version.
    """

    name: str
    entry: Mapping[str, Any]
    version: JsonObject
    ordinal: int
    named: bool


def resolve_dataset(entries: Sequence[Mapping[str, Any]], reference: str) -> ResolvedDataset:
    """Return the dataset version that a reference means.

    Args:
        entries: The entries of `datasets.json`; of two with one name, the first counts.
        reference: `name` for the newest version, `name@v2` for the second one, `name@v1.2.0` for
            the one of that number; the `v` may be left out.

    Raises:
        NotFound: no such dataset, the details' `candidates` are near names; or no such version,
            `candidates` are then those there are, each `{ordinal, version}`.
    """
    by_name = {str(entry.get("name")): entry for entry in reversed(entries)}
    name, wanted = split_reference(reference, by_name)
    entry = by_name.get(name)
    if entry is None:
        raise no_such_entry("dataset", name, by_name)
    versions = with_versions(entry)["versions"]
    known = [(place, str(each.get("version"))) for place, each in enumerate(versions, start=1)]
    place = place_of(name, known, wanted) if wanted else len(versions) - 1
    return ResolvedDataset(name, entry, versions[place], place + 1, named=bool(wanted))


def split_reference(reference: str, names: Iterable[str]) -> tuple[str, str]:
    """Return name and version of a reference; a name that is there wins over an `@` in it."""
    if reference in set(names):
        return reference, ""
    name, _, version = reference.rpartition("@")
    return (name, version) if name and version else (reference.rstrip("@"), "")


def place_of(name: str, known: Sequence[tuple[int | None, str]], wanted: str) -> int:
    """Return the index of the wanted version: by ordinal when it is a number, else by its text.

    Args:
        known: Ordinal and text of each version; one that only a hub has has no ordinal.

    Raises:
        NotFound: there is no such version; the details' `candidates` are those there are.
    """
    text = wanted.removeprefix("v")
    for index, (ordinal, _) in enumerate(known):
        if ordinal is not None and text == str(ordinal):
            return index
    for index, (_, version) in enumerate(known):
        if version in (text, wanted):
            return index
    offered = known[-_OFFERED:]
    raise NotFound(
        f"dataset {name} has no version {quoted(wanted, 40)}",
        hint="its versions: " + ", ".join(_spelled(*each) for each in offered[-_NEAR:]),
        candidates=[
            {"version": version} if ordinal is None else {"ordinal": ordinal, "version": version}
            for ordinal, version in offered
        ],
    )


def _spelled(ordinal: int | None, version: str) -> str:
    return version if ordinal is None else f"{version} (v{ordinal})"
