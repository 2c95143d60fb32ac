"""What the registry says should run in a region: each project's newest entry per endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.deployments.filters import value_at
from registry.deployments.listing import Located, located
from registry.stores import DeploymentLog
from schemas.deployment_views import Origin

NO_ENDPOINT = "the entry names no endpoint, as entries that MLCC wrote never do: it is not compared"
_ENDPOINT_TARGETS = frozenset({"", "realtime-inference", "managed-inference", "async-inference"})


@dataclass(frozen=True, slots=True)
class Registered:
    """One project's newest entry for one endpoint.

    Attributes:
        endpoint: "" where the entry names none.
    """

    entry: Mapping[str, Any]
    project: str
    endpoint: str

    @property
    def id(self) -> str:
        """The entry's id."""
        return str(self.entry.get("id"))

    @property
    def components(self) -> list[Mapping[str, Any]]:
        """The elements of its `icList` that have a name."""
        stored = value_at(self.entry, "deployment", "icList")
        listed = stored if isinstance(stored, list) else []
        return [each for each in listed if isinstance(each, Mapping) and each.get("name")]

    @property
    def uncomparable(self) -> str:
        """Why it cannot be compared with an endpoint, "" when it can."""
        target = value_at(self.entry, "deployment", "deploymentTarget") or ""
        if target not in _ENDPOINT_TARGETS:
            return f"a deployment to {target} has no endpoint to look at"
        return "" if self.endpoint else NO_ENDPOINT


def registered_in(
    logs: Sequence[tuple[Origin, DeploymentLog]], *, region: str, project_name: str
) -> list[Registered]:
    """Return the newest entry of each project and endpoint in a region, whatever its status.

    A deployment that was registered as failed is left out: nothing of it is meant to run.

    Args:
        project_name: Only this project's, "" for all.

    Raises:
        CorruptRegistry: a registry file does not parse.
    """
    newest: dict[tuple[str, str], Located] = {}
    for each in located(logs):
        project = _text(value_at(each.entry, "projectName"))
        if value_at(each.entry, "infrastructure", "region") != region:
            continue
        if project_name and project != project_name:
            continue
        key = project, _text(each.entry.get("endpointName"))
        if key not in newest or each.key > newest[key].key:
            newest[key] = each
    return [
        Registered(each.entry, project, endpoint)
        for (project, endpoint), each in newest.items()
        if each.entry.get("status") != "failed"
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
