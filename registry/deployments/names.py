"""Names that registered deployments hold: their ids, projects and adapters, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.deployments.filters import value_at
from registry.deployments.listing import Located, located
from registry.errors import InvalidArgument
from registry.identifiers import PackageArn
from registry.stores import DeploymentLog
from schemas.deployment_views import Origin

Logs = Sequence[tuple[Origin, DeploymentLog]]


def known_ids(logs: Logs) -> list[str]:
    """Return the ids of all entries. Raises CorruptRegistry."""
    return _distinct(str(each.entry.get("id") or "") for each in _newest(logs))


def known_projects(logs: Logs) -> list[str]:
    """Return the projects of all entries. Raises CorruptRegistry."""
    return _distinct(_project(each.entry) for each in _newest(logs))


def known_adapters(logs: Logs, project: str) -> list[str]:
    """Return the adapters that a project was deployed with. Raises CorruptRegistry."""
    found = []
    for each in _newest(logs):
        components = value_at(each.entry, "deployment", "icList")
        if _project(each.entry) == project and isinstance(components, list):
            found += [
                str(one.get("name") or "")
                for one in components
                if isinstance(one, Mapping) and one.get("isAdapter")
            ]
    return _distinct(found)


def _newest(logs: Logs) -> list[Located]:
    return sorted(located(logs), key=lambda each: each.key, reverse=True)


def _project(entry: Mapping[str, Any]) -> str:
    """Return an entry's project; MLCC's entries name it only by their group."""
    named = entry.get("projectName")
    if isinstance(named, str) and named:
        return named
    try:
        return PackageArn.parse(str(entry.get("modelPackageArn"))).project
    except InvalidArgument:
        return ""


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))
