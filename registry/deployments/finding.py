"""One entry by its id, in the registry files that a call reads."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from registry.deployments.listing import Located, located
from registry.errors import NotFound
from registry.stores import DeploymentLog
from schemas.deployment_views import Origin


def find_entry(logs: Sequence[tuple[Origin, DeploymentLog]], entry_id: str) -> Located:
    """Return the first entry of that id, the user's file before the project's.

    Raises:
        NotFound: no file that was read holds it; the hint and `candidates` name near ids.
        CorruptRegistry: a registry file does not parse.
    """
    known: list[str] = []
    for each in located(logs):
        if each.entry.get("id") == entry_id:
            return each
        known.append(str(each.entry.get("id")))
    near = get_close_matches(entry_id, known, n=3, cutoff=0.5)
    raise NotFound(
        f"no registered deployment has the id {entry_id[:80]!r}",
        hint="list_deployments gives the ids" + (f"; near: {', '.join(near)}" if near else ""),
        candidates=near,
    )
