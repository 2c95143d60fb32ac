"""Where an adapter goes: endpoint and base component, from a project folder or by name."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import InvalidArgument, NotFound, PreconditionFailed
from registry.identifiers import REALTIME, check_project_name
from registry.project.folder import DEFAULT_COMPONENT, ProjectFolder
from registry.rollout.request import RolloutRequest
from registry.stores import InferenceComponents

_TARGETS = (REALTIME, "managed-inference")
"""The second is the name that older projects have for the first."""

_LORA_OFF = "ENABLE_LORA"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and the base component on it.

    Attributes:
        folder: The project folder, which gets a conf; None for a target given by name.
        base_conf: The base component's conf in the folder.
        model_name: What the project serves; "" when not known.
        max_rank: Largest LoRA rank that the container takes, where the folder says; 0 if not.
        objections: What speaks against it and `force` overrides, by name.
    """

    project_name: str
    endpoint_name: str
    base_component: str
    folder: ProjectFolder | None = None
    base_conf: str = DEFAULT_COMPONENT
    model_name: str = ""
    max_rank: int = 0
    objections: tuple[tuple[str, str], ...] = ()

    def was_rolled_out(self, adapter_name: str) -> bool:
        """Tell whether the folder says that the adapter has a component already."""
        conf = self.folder.adapter(adapter_name) if self.folder else None
        return bool(conf and conf.ic_name)


def resolve_target(request: RolloutRequest, folder: ProjectFolder | None) -> Target:
    """Return the target that arguments and folder name together; arguments win.

    Raises:
        InvalidArgument: something is missing, or a name is not allowed.
        PreconditionFailed: the project is not one that serves adapters, or not deployed.

    Source: record contract, section 6 (preconditions, step 4).
    """
    return _by_name(request) if folder is None else _in_folder(request, folder)


def check_live(target: Target, components: InferenceComponents) -> None:
    """Return when the base component is InService on the endpoint, which is alive then.

    The endpoint itself is only looked at when the base is not there.

    Raises:
        NotFound: one of them does not exist.
        PreconditionFailed: one of them is not InService, or not what it should be.
    """
    try:
        base = components.describe(target.base_component)
    except NotFound as error:
        _check_endpoint(target, components)
        raise NotFound(
            f"there is no base component {target.base_component!r}",
            hint="name the component that serves the base model with base_component, or deploy it",
            candidates=_base_names(target),
        ) from error
    if base.base_component:
        raise PreconditionFailed(
            f"{base.name!r} is itself an adapter, on {base.base_component!r}",
            hint=f"base_component={base.base_component}",
        )
    if base.endpoint_name != target.endpoint_name:
        _check_endpoint(target, components)
        raise PreconditionFailed(
            f"base component {base.name!r} is on endpoint {base.endpoint_name!r}, "
            f"not on {target.endpoint_name!r}"
        )
    if base.status != "InService":
        raise PreconditionFailed(
            f"base component {base.name!r} is {base.status}, not InService",
            hint="wait until it is, then repeat the call",
            state=base.status,
        )


def _check_endpoint(target: Target, components: InferenceComponents) -> None:
    endpoint = components.endpoint(target.endpoint_name)
    if endpoint.status != "InService":
        raise PreconditionFailed(
            f"endpoint {endpoint.name!r} is {endpoint.status}, not InService",
            hint="wait until it is, then repeat the call",
            state=endpoint.status,
        )


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
    return Target(
        project_name=check_project_name(request.project_name or folder.require("PROJECT_NAME")),
        endpoint_name=endpoint_name,
        base_component=base_component,
        folder=folder,
        base_conf=base_conf,
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


def _base_names(target: Target) -> list[str]:
    if target.folder is None:
        return []
    named = [one.deployed_name for one in target.folder.components if one.deployed_name]
    return [name for name in named if name != target.base_component]
