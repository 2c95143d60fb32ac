"""What this server acknowledged to its callers, noted beside the file that holds it.

MLCC 1.5.2 reads the registry, adds an entry and writes the whole file in place, without a lock:
what was stored between its reading and its writing is gone, and nobody is told. The journal
beside the file lets `doctor` tell. It is a help and never a need: a journal that is missing, torn
or refused changes nothing but what can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Problem = Literal["missing", "altered", "duplicate_id", "envelope"]


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
    """Return what a registry file lost or holds twice, in the order of acknowledging.

    Takes no lock and writes nothing. Without a journal only `duplicate_id` is found.

    Args:
        path: The registry file, such as `<home>/registry.json`; it need not exist.

    Raises:
        CorruptRegistry: the file does not parse or is no registry.
        Unavailable: it cannot be read.
    """
    raise NotImplementedError(path)
