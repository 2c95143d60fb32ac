"""Removing a registered deployment from the file that holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry.deployments.filters import value_at
from registry.deployments.finding import find_entry
from registry.deployments.lineage import entry_config_id
from registry.deployments.values import cut
from registry.errors import Conflict, PreconditionFailed
from registry.removal.planned import Planned, result
from registry.stores import DeploymentLog, JsonObject
from schemas.deployment_views import Origin
from schemas.removal import RemovalPlan, RemoveRecordResult, Staying

_LONGEST = 300


def remove_deployment(
    logs: Sequence[tuple[Origin, DeploymentLog]], entry_id: str, confirm: str
) -> RemoveRecordResult:
    """Remove the first entry of that id, from the user's file before the project's.

    Raises:
        NotFound: no file that was read holds it; the hint and `candidates` name near ids.
        NeedsConfirmation: the plan's digest has to come back in `confirm`.
        Conflict: another call removed it meanwhile.
        PreconditionFailed, CorruptRegistry, Unavailable: as `DeploymentLog.change`.
    """
    found = find_entry(logs, entry_id)
    log = next(log for _, log in logs if log.path == found.path)
    if newer := log.format_warning():
        raise PreconditionFailed(newer, hint="a newer version of this server may write it")
    _planned(list(log.entries()), entry_id, log.path).check(confirm)
    done: list[Planned] = []

    def edit(present: list[JsonObject]) -> list[JsonObject]:
        planned = _planned(present, entry_id, log.path)
        planned.check(confirm)
        done.append(planned)
        return planned.rest

    log.change(edit)
    return result(done[-1])


def _planned(present: Sequence[Mapping[str, Any]], entry_id: str, path: str) -> Planned:
    place = next((n for n, entry in enumerate(present) if entry.get("id") == entry_id), None)
    if place is None:
        raise Conflict(f"deployment {entry_id} was removed from {path} meanwhile")
    entry = present[place]
    parts = [
        value_at(entry, "deployment", "deploymentConfig"),
        value_at(entry, "model", "modelName"),
        entry.get("status"),
        f"registered {entry.get('timestamp')}",
    ]
    plan = RemovalPlan(
        kind="deployment",
        name=entry_id,
        path=path,
        says=", ".join(cut(str(part), _LONGEST) for part in parts if part),
        stays=tuple(_stays(entry)),
    )
    rest = [each for n, each in enumerate(present) if n != place]
    return Planned(plan, entry, [each for each in rest if isinstance(each, dict)])


def _stays(entry: Mapping[str, Any]) -> list[Staying]:
    named = {
        "model package version, with the adapter versions linked to it": entry.get(
            "modelPackageArn"
        ),
        "CI configuration": entry_config_id(entry),
        "endpoint": entry.get("endpointName"),
    }
    return [
        Staying(what=what, name=cut(str(name), _LONGEST)) for what, name in named.items() if name
    ]
