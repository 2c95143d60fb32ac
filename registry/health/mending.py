"""`doctor --repair`: mends damaged files and puts back what another program's write removed."""

from __future__ import annotations

from datetime import datetime

from registry.errors import RegistryError
from registry.health.places import Place
from registry.local.acknowledged import Discrepancy, discrepancies
from registry.local.deployments import DeploymentFile
from registry.local.repair import mend
from schemas.doctor import Repair


def repair(place: Place, *, at: datetime) -> Repair | None:
    """Repair one file; None when there was nothing to repair, or it is not ours to write.

    Args:
        at: The instant in the name that a damaged file gets.
    """
    if place.shape is None:
        return None
    path = str(place.file.path)
    try:
        mended = mend(place.file, place.shape, at=at)
        restored = _restored(place)
    except RegistryError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Repair(path=path, state="failed", message=f"{error.message}{hint}")
    if mended is None and not restored:
        return None
    said = f"{restored} acknowledged entries were put back" if restored else ""
    if mended is None:
        return Repair(path=path, state="repaired", message=said, restored=restored)
    lost = "nothing was lost" if not mended.lost else "what could not be read is only there"
    said = f"{mended.kept} entries were saved; {lost}" + (f"; {said}" if said else "")
    return Repair(
        path=path,
        state="repaired",
        message=f"the damaged file is {mended.set_aside.name} now; {said}",
        set_aside=str(mended.set_aside),
        kept=mended.kept,
        restored=restored,
        lost=mended.lost,
    )


def _restored(place: Place) -> int:
    """Put acknowledged entries back that are missing; return how many."""
    if not place.has_deployments:
        return 0
    log = DeploymentFile(str(place.file.path), place.file)
    missing = [each for each in discrepancies(place.file.path) if each.problem == "missing"]
    return sum(_put_back(log, each) for each in missing)


def _put_back(log: DeploymentFile, missing: Discrepancy) -> bool:
    """Append the entry, unless somebody was faster; return whether it was appended now."""
    _, appended = log.append(
        lambda present: (
            missing.id
            if any(each.get("id") == missing.id for each in present)
            else dict(missing.stored)
        )
    )
    return appended
