"""Where an adapter goes: endpoint and base component, from a project folder or by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from registry.errors import InvalidArgument, PreconditionFailed
from registry.identifiers import REALTIME, check_project_name
from registry.instants import parse_instant
from registry.project.folder import DEFAULT_COMPONENT, ProjectFolder
from registry.rollout.request import RolloutRequest

_TARGETS = (REALTIME, "managed-inference")
"""The second is the name that older projects have for the first."""

_LORA_OFF = "ENABLE_LORA"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and the base component on it.

    Attributes:
        folder: The project folder, which gets a conf; None for a target given by name.
        base_conf: The base component's conf in the folder.
        deployed_at: When the base was deployed, as its conf writes it; "" when not known.
        model_name: What the project serves; "" when not known.
        max_rank: Largest LoRA rank that the container takes, where the folder says; 0 if not.
        objections: What speaks against it and `force` overrides, by name.
    """

    project_name: str
    endpoint_name: str
    base_component: str
    folder: ProjectFolder | None = None
    base_conf: str = DEFAULT_COMPONENT
    deployed_at: str = ""
    model_name: str = ""
    max_rank: int = 0
    objections: tuple[tuple[str, str], ...] = ()

    @property
    def other_bases(self) -> list[str]:
        """Names of the base components that the folder knows besides."""
        known = self.folder.components if self.folder else ()
        names = [one.deployed_name for one in known]
        return [name for name in names if name and name != self.base_component]

    def was_rolled_out(self, adapter_name: str) -> bool:
        """Tell whether the folder says that the adapter has a component on this base already.

        One from before the base was deployed went with the base of that time.
        """
        conf = self.folder.adapter(adapter_name) if self.folder else None
        if not conf or not conf.ic_name:
            return False
        made, deployed = _instant(conf.created_at), _instant(self.deployed_at)
        return not (made and deployed and made < deployed)


def resolve_target(request: RolloutRequest, folder: ProjectFolder | None) -> Target:
    """Return the target that arguments and folder name together; arguments win.

    Raises:
        InvalidArgument: something is missing, or a name is not allowed.
        PreconditionFailed: the project is not one that serves adapters, or not deployed.

    Source: record contract, section 6 (preconditions, step 4).
    """
    return _by_name(request) if folder is None else _in_folder(request, folder)


def _by_name(request: RolloutRequest) -> Target:
    given = {
        "project_name": request.project_name,
        "endpoint_name": request.endpoint_name,
        "base_component": request.base_component,
    }
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise InvalidArgument(
            f"the target is not known: {', '.join(missing)} missing",
            hint="pass project_dir, or all of project_name, endpoint_name and base_component",
        )
    return Target(
        project_name=check_project_name(request.project_name),
        endpoint_name=request.endpoint_name,
        base_component=request.base_component,
    )


def _in_folder(request: RolloutRequest, folder: ProjectFolder) -> Target:
    if folder.deployment_target not in _TARGETS:
        raise PreconditionFailed(
            f"the project's deployment target is {folder.deployment_target or 'not set'}, "
            f"adapters need {REALTIME}"
        )
    endpoint_name = request.endpoint_name or folder.endpoint_name
    base_component, base_conf = _base(request.base_component, folder)
    if not endpoint_name or not base_component:
        what = "endpoint" if not endpoint_name else "base component"
        raise PreconditionFailed(
            f"the project folder names no deployed {what}",
            hint="deploy the project first (do/deploy), or pass endpoint_name and base_component",
        )
    base = folder.component(base_component)
    return Target(
        project_name=check_project_name(request.project_name or folder.require("PROJECT_NAME")),
        endpoint_name=endpoint_name,
        base_component=base_component,
        folder=folder,
        base_conf=base_conf,
        deployed_at=base.deployed_at if base else "",
        model_name=folder.value("MODEL_NAME") or folder.value("HF_MODEL_ID"),
        max_rank=_max_rank(folder),
        objections=() if folder.lora_enabled else (_lora_is_off(folder),),
    )


def _base(named: str, folder: ProjectFolder) -> tuple[str, str]:
    """Return the base component's name on the endpoint, "" when not deployed, and its conf's."""
    if not named:
        return folder.base_component_name, DEFAULT_COMPONENT
    component = folder.component(named)
    if component is None:
        return named, DEFAULT_COMPONENT
    return component.deployed_name, component.name


def _instant(text: str) -> datetime | None:
    """Return an instant that a conf notes in ISO 8601 or in seconds since 1970."""
    if text.isascii() and text.isdigit():
        return datetime.fromtimestamp(int(text[:12]), UTC)
    return parse_instant(text)


def _max_rank(folder: ProjectFolder) -> int:
    for name in ("OPTION_MAX_LORA_RANK", "VLLM_MAX_LORA_RANK"):
        value = folder.config.get(name) or ""
        if value.isascii() and value.isdigit():
            return int(value[:9])
    return 0


def _lora_is_off(folder: ProjectFolder) -> tuple[str, str]:
    value = folder.value(_LORA_OFF)
    said = f"ENABLE_LORA is {value!r}" if value else "ENABLE_LORA is not set"
    return _LORA_OFF, f"{said} in do/config, so the container loads no adapters"
