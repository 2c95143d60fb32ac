"""What a registry file lost of what this server acknowledged, and what it holds twice."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from registry.local.deployments import registry_file
from registry.local.journal import Journal

Problem = Literal["missing", "altered", "duplicate_id", "envelope"]

_KEYS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing in which a registry file differs from what was acknowledged, or from itself.

    Attributes:
        problem: `missing`: an entry that this server stored is not there, and no call of ours
            took it out. `altered`: it is there with another content. `duplicate_id`: several
            entries share the id; only the first is ever found. `envelope`: keys of the file's
            own, beside the entries, are gone.
        id: The entry's id; "" for `envelope`.
        stored: The entry as it was acknowledged, for `envelope` the lost keys with their values;
            {} for `duplicate_id`. To put a missing entry back, append it.
        says: One sentence for people; no value of the entry but its id.
    """

    problem: Problem
    id: str
    stored: Mapping[str, Any]
    says: str


def discrepancies(path: Path) -> list[Discrepancy]:
    """Return what a registry file lost, in the order of acknowledging, then what it holds twice.

    Takes no lock and writes nothing. The newest few thousand acknowledgements are known; without
    a journal only `duplicate_id` is found.

    Args:
        path: The registry file, such as `<home>/registry.json`; it need not exist.

    Raises:
        CorruptRegistry: the file does not parse or is no registry.
        Unavailable: it cannot be read.
    """
    journal = Journal(Path(os.path.realpath(path)))
    earlier = journal.acknowledged()
    log = registry_file(path)
    content = log.document.read()
    entries = log.entries_in(content)
    # What was noted on both sides of the reading was to be seen in it, whatever went on meanwhile.
    later = journal.acknowledged()
    by_id = defaultdict(list)
    for entry in entries:
        by_id[str(entry.get("id"))].append(entry)
    standing = {
        key: entry for key, entry in earlier.entries.items() if later.entries.get(key) == entry
    }
    frame = {key: value for key, value in earlier.frame.items() if key in later.frame}
    return [
        *_lost(standing, by_id),
        *_lost_frame(frame, content),
        *_doubled(by_id),
    ]


def _lost(
    standing: Mapping[str, Mapping[str, Any]], by_id: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[Discrepancy]:
    for key, entry in standing.items():
        found = by_id.get(key, ())
        if not found:
            yield Discrepancy("missing", key, entry, f"{key} was registered here and is not there")
        elif entry not in found:
            names = [
                name
                for name in {**entry, **found[0]}
                if entry.get(name, ...) != found[0].get(name, ...)
            ]
            listed = ", ".join(names[:_KEYS_SHOWN])
            yield Discrepancy(
                "altered", key, entry, f"{key} differs from what was stored: {listed}"
            )


def _lost_frame(frame: Mapping[str, Any], content: object) -> Iterator[Discrepancy]:
    present = content if isinstance(content, dict) else {}
    lost = {key: value for key, value in frame.items() if key not in present}
    if lost:
        listed = ", ".join(list(lost)[:_KEYS_SHOWN])
        yield Discrepancy("envelope", "", lost, f"the file's own keys are gone: {listed}")


def _doubled(by_id: Mapping[str, Sequence[object]]) -> Iterator[Discrepancy]:
    for key, entries in by_id.items():
        if len(entries) > 1:
            yield Discrepancy("duplicate_id", key, {}, f"{len(entries)} entries have the id {key}")
