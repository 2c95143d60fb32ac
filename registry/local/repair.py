"""Puts a damaged file aside under a dated name, and what can be read of it in its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from registry.local.documents import ASIDE, JsonFile
from registry.local.salvage import Salvage, Shape, damage_of, salvage

_LOOKS = 3
_BETWEEN_LOOKS_S = 0.1
"""MLCC may be half way through writing the file."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that was damaged and is not any more.

    Attributes:
        set_aside: Where the damaged file is now, byte for byte.
        kept: How many entries were read of it.
        lost: What was not, place by place.
    """

    set_aside: Path
    kept: int
    lost: tuple[str, ...]


def find_damage(file: JsonFile, shape: Shape) -> str | None:
    """Return why a file is not of that shape, with the position; None for a sound or absent one.

    Raises:
        Unavailable, InvalidArgument: it cannot be read.
    """
    for look in range(_LOOKS):
        raw = file.raw()
        damage = None if raw is None else damage_of(raw, shape)
        if damage is None:
            return None
        if look < _LOOKS - 1:
            file.wait(_BETWEEN_LOOKS_S)
    return damage


def mend(file: JsonFile, shape: Shape, *, at: datetime) -> Mended | None:
    """Mend a file that does not parse or has a foreign shape; None when nothing is wrong with it.

    Args:
        at: The instant that the damaged file's new name carries.

    Raises:
        Conflict, Unavailable: as `JsonFile.change`; nothing is lost.
    """
    saved: list[Salvage] = []

    def mended(raw: bytes) -> Any:  # noqa: ANN401 - the file's own shape
        if damage_of(raw, shape) is None:
            return None
        saved.append(salvage(raw, shape))
        return saved[-1].document

    set_aside = file.mend(lambda target: _free_name(target, at), mended)
    if set_aside is None:
        return None
    return Mended(set_aside, saved[-1].kept, saved[-1].lost)


def _free_name(target: Path, at: datetime) -> Path:
    """Return a name that nothing has; whoever asks holds the lock of the file."""
    dated = f"{target.name}{ASIDE}{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = chain([dated], (f"{dated}-{number}" for number in count(2)))
    return next(path for name in names if not os.path.lexists(path := target.with_name(name)))
