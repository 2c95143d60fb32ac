"""How imported entries join those of a registry file: skipped, kept beside, or put in place.

Source: record contract, section 1 (import).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.deployments.candidates import Candidate
from registry.deployments.filters import value_at
from registry.deployments.values import outline
from registry.identifiers import entry_id
from registry.stores import JsonObject
from schemas.exchange import ImportedEntry, Strategy

_FACTS = (("model", "modelName"), ("deployment", "backend"), ("infrastructure", "instanceType"))
_PARAMETERS = ("configuration", "parameters")


@dataclass
class Joined:
    """The entries of a file once a document's are among them, and what became of each.

    Attributes:
        entries: New list; an entry that stays is the very object that was there.
    """

    entries: list[JsonObject]
    added: int = 0
    skipped: int = 0
    conflicts: int = 0
    merged: int = 0
    replaced: int = 0
    stored: list[ImportedEntry] = field(default_factory=list)


def joined(
    present: Sequence[JsonObject], candidates: Sequence[Candidate], strategy: Strategy
) -> Joined:
    """Return a file's entries with the candidates among them, each under an id of this file.

    An entry conflicts with one that deploys the same: model, backend, instance type and
    parameters. Those joined before it count. What an earlier call of the same merge stored is
    skipped, so that a repeat changes nothing.
    """
    return _Joining(present, strategy).join(candidates)


class _Joining:
    def __init__(self, present: Sequence[JsonObject], strategy: Strategy) -> None:
        self._result = Joined(list(present))
        self._strategy = strategy
        self._taken = {str(entry.get("id")) for entry in present}
        self._first_alike: dict[object, int] = {}
        for place, entry in enumerate(present):
            self._first_alike.setdefault(_deployed(entry), place)
        merging = present if strategy == "merge" else ()
        self._before = {_but_for_its_id(entry) for entry in merging}

    def join(self, candidates: Sequence[Candidate]) -> Joined:
        for candidate in candidates:
            place = self._first_alike.get(_deployed(candidate.entry))
            if place is None:
                self._result.added += 1
                self._append(candidate, "added")
                continue
            self._result.conflicts += 1
            if self._strategy == "replace":
                self._result.replaced += 1
                self._replace(candidate, place)
            elif self._strategy == "skip" or _but_for_its_id(candidate.entry) in self._before:
                self._result.skipped += 1
            else:
                self._result.merged += 1
                self._append(candidate, "merged")
        return self._result

    def _append(self, candidate: Candidate, state: str) -> None:
        entry = candidate.entry
        new = entry_id(entry["timestamp"], entry["deployment"]["deploymentConfig"], self._taken)
        self._first_alike.setdefault(_deployed(entry), len(self._result.entries))
        self._result.entries.append(self._named(candidate, new, state))

    def _replace(self, candidate: Candidate, place: int) -> None:
        own = self._result.entries[place].get("id")
        entry = candidate.entry
        if not isinstance(own, str):
            own = entry_id(entry["timestamp"], entry["deployment"]["deploymentConfig"], self._taken)
        self._result.entries[place] = self._named(candidate, own, "replaced")

    def _named(self, candidate: Candidate, name: str, state: str) -> JsonObject:
        self._taken.add(name)
        stored = {"index": candidate.index, "id": name, "state": state}
        self._result.stored.append(ImportedEntry.model_validate(stored))
        return {**candidate.entry, "id": name}


def _deployed(entry: Mapping[str, Any]) -> object:
    """Return what an entry deploys, to look it up by; parameters that are missing are none."""
    facts = (value_at(entry, *path) for path in _FACTS)
    return outline([*facts, value_at(entry, *_PARAMETERS) or {}])


def _but_for_its_id(entry: Mapping[str, Any]) -> object:
    return outline({**entry, "id": None})
