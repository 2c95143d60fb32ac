"""Which rollout is meant: a component's name, or an adapter of a project."""

from __future__ import annotations

from dataclasses import dataclass

from registry.calls import Call
from registry.errors import InvalidArgument, RegistryError
from registry.identifiers import adapter_component_name
from registry.project.folder import AdapterConf, ProjectFolder
from registry.stores import InferenceComponents

ADAPTER_MARK = "-adapter-"
"""What stands between project and adapter in a component's name."""


@dataclass(frozen=True, slots=True)
class RolloutName:
    """Which rollout: the component, or an adapter of a project."""

    ic_name: str
    project_name: str = ""
    conf: AdapterConf | None = None

    @classmethod
    def of(
        cls, *, ic_name: str, adapter_name: str, project_name: str, folder: ProjectFolder | None
    ) -> RolloutName:
        """Return the component that the arguments name.

        Raises:
            InvalidArgument: they name none, or a name is not allowed.
        """
        project = project_name or (folder.config.get("PROJECT_NAME") if folder else "") or ""
        if ic_name:
            confs = folder.adapters if folder else ()
            conf = next((one for one in confs if one.ic_name == ic_name), None)
            return cls(ic_name, project or ic_name.partition(ADAPTER_MARK)[0], conf)
        if not adapter_name or not project:
            raise InvalidArgument(
                "the rollout is not named",
                hint="pass ic_name, or adapter_name with project_dir or project_name",
            )
        conf = folder.adapter(adapter_name) if folder else None
        recorded = conf.ic_name if conf else ""
        return cls(recorded or adapter_component_name(project, adapter_name), project, conf)


def known_adapters(project: str, components: InferenceComponents, call: Call) -> list[str]:
    """Return the names of a project's live adapters, none when they cannot be had."""
    if not project:
        return []
    try:
        found = components.named_like(f"{project}{ADAPTER_MARK}", call=call)
    except RegistryError:  # what is missing is missing all the same; names are a courtesy
        return []
    return sorted(one.name for one in found)
