"""Where what ours records may differ from what MLCC records, and why.

Each row names its defect in the record contract, section 8 (`D..`), or the design's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

NOTHING = "<nothing>"
"""What a document has where it lacks a key."""


@dataclass(frozen=True, slots=True)
class Row:
    """A place where documents may differ, as a glob, and what each has there."""

    place: str
    why: str
    holds: Callable[[Any, Any], bool]


def apart(theirs: Any, ours: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield every place where two documents differ, with what each has there."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            there = f"{place}/{key}" if place else key
            yield from apart(theirs.get(key, NOTHING), ours.get(key, NOTHING), there)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from apart(one, other, f"{place}/{index}")
    elif theirs != ours or type(theirs) is not type(ours):
        yield place, theirs, ours


def unexplained(
    theirs: Any, ours: Any, rows: Mapping[str, Row], expected: set[str]
) -> tuple[list[tuple[str, Any, Any]], set[str]]:
    """Return the differences that no expected row explains, and the expected rows without one."""
    left, used = [], set[str]()
    for place, one, other in apart(theirs, ours):
        found = {
            name
            for name in expected
            if fnmatchcase(place, rows[name].place) and rows[name].holds(one, other)
        }
        used |= found
        if not found:
            left.append((place, one, other))
    return left, expected - used
