"""Looks at a stored file without changing it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import RegistryError
from registry.health.places import Place
from registry.local.acknowledged import Discrepancy, discrepancies
from registry.local.deployments import DeploymentFile
from registry.local.documents import ASIDE
from registry.local.locking import holder_of
from registry.local.repair import find_damage
from registry.local.replacing import strays_of
from registry.profiles import read_bootstrap
from schemas.doctor import StoredFile


@dataclass(frozen=True, slots=True)
class Inspected:
    """One file as it stands, and in what it differs from what was acknowledged."""

    facts: StoredFile
    discrepancies: Sequence[Discrepancy] = ()


def inspect(place: Place) -> Inspected:
    """Return one file as it stands; whatever is wrong with it is in the answer."""
    path = place.file.path
    seen: dict[str, Any] = {"kind": place.kind, "path": str(path), "exists": os.path.lexists(path)}
    differing: Sequence[Discrepancy] = ()
    try:
        seen |= _around(Path(os.path.realpath(path)))
        if path.exists():
            status = path.stat()
            seen["size_bytes"] = status.st_size
            seen["mode"] = f"{stat.S_IMODE(status.st_mode):04o}"
        seen |= _inside(place)
        if place.has_deployments and not seen.get("damage"):
            differing = discrepancies(path)
            seen["discrepancies"] = tuple(each.says for each in differing)
    except OSError as error:
        seen["unreadable"] = error.strerror or str(error)
    except RegistryError as error:
        seen["unreadable"] = error.message
    return Inspected(StoredFile(**seen), differing)


def _around(path: Path) -> dict[str, Any]:
    """Return what lies beside a file: temporary files, damaged ones, its lock."""
    if not path.parent.is_dir():
        return {}
    with os.scandir(path.parent) as found:
        aside = sorted(entry.path for entry in found if entry.name.startswith(path.name + ASIDE))
    holder = holder_of(path)
    strays = () if holder else tuple(str(each) for each in strays_of(path))
    return {"locked_by": holder, "stray_files": strays, "set_aside": tuple(aside)}


def _inside(place: Place) -> dict[str, Any]:
    """Return what a file holds, or why it cannot be used. Raises RegistryError."""
    if place.shape is None:
        return _profiles(place)
    if damage := find_damage(place.file, place.shape):
        return {"damage": damage}
    content = place.file.read()
    if content is None or not place.has_deployments:
        return {} if content is None else {"entries": len(content)}
    log = DeploymentFile(str(place.file.path), place.file)
    version = content.get("schemaVersion") if isinstance(content, dict) else None
    return {
        "entries": len(log.entries()),
        "schema_version": None if version is None else str(version),
        "newer": log.format_warning() is not None,
    }


def _profiles(place: Place) -> dict[str, Any]:
    warning = read_bootstrap(place.file.path.parent).warning
    if warning:
        return {"damage": warning}
    content = place.file.read()
    profiles = content.get("profiles") if isinstance(content, dict) else None
    return {"entries": len(profiles)} if isinstance(profiles, dict) else {}
