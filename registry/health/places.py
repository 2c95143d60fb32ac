"""The files that the server reads and writes, as the doctor looks at them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from registry.core import Registry
from registry.local.deployments import project_registry, user_registry
from registry.local.documents import JsonFile
from registry.local.salvage import DATASETS, DEPLOYMENTS, EVALUATORS, Shape
from schemas.doctor import FileKind


@dataclass(frozen=True, slots=True)
class Place:
    """One file.

    Attributes:
        shape: How it holds its entries; None for MLCC's configuration, which is only read.
    """

    kind: FileKind
    file: JsonFile
    shape: Shape | None

    @property
    def has_deployments(self) -> bool:
        """Whether it is a deployment registry, the user's or a project's."""
        return self.shape is DEPLOYMENTS


def places_of(registry: Registry) -> list[Place]:
    """Return the registry home's files, and the project's own where the doctor stands in one."""
    home = registry.settings.home
    found = [
        Place("deployments", user_registry(home).document, DEPLOYMENTS),
        Place("datasets", registry.datasets(), DATASETS),
        Place("evaluators", registry.evaluators(), EVALUATORS),
        Place(
            "bootstrap",
            JsonFile(home / "config.json", ascii_only=False, final_newline=True),
            None,
        ),
    ]
    project = registry.project_root("")
    if project:
        own = project_registry(project).document
        if os.path.realpath(own.path) != os.path.realpath(found[0].file.path):
            found.append(Place("project_deployments", own, DEPLOYMENTS))
    return found
