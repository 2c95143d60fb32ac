"""The state of a rollout, told by the component's name alone, so that any process can answer."""

from __future__ import annotations

from dataclasses import dataclass

from registry.calls import Call
from registry.errors import InvalidArgument, NotFound, RegistryError
from registry.identifiers import adapter_component_name
from registry.project.folder import AdapterConf, ProjectFolder
from registry.rollout.carry_out import StepLog
from registry.rollout.deploy import DEFAULT_POLL_S
from registry.rollout.request import check_wait
from registry.rollout.watch import FINAL, log_group, rollout_state, watch
from registry.stores import Aws, InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutResult

_MARK = "-adapter-"


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
            return cls(ic_name, project or ic_name.partition(_MARK)[0], conf)
        if not adapter_name or not project:
            raise InvalidArgument(
                "the rollout is not named",
                hint="pass ic_name, or adapter_name with project_dir or project_name",
            )
        conf = folder.adapter(adapter_name) if folder else None
        recorded = conf.ic_name if conf else ""
        return cls(recorded or adapter_component_name(project, adapter_name), project, conf)


def rollout_status(
    name: RolloutName, *, aws: Aws, wait_s: int, poll_s: float = DEFAULT_POLL_S, call: Call
) -> RolloutResult:
    """Return the state of a component, after waiting for it to be final.

    Args:
        wait_s: 0 to 50 seconds; returns as soon as the state is final.

    Raises:
        NotFound: there is no such component (`candidates` are the project's), or it vanished.
    """
    check_wait(wait_s)
    log = StepLog()
    try:
        component = aws.components.describe(name.ic_name)
    except NotFound as error:
        raise _unknown(name, aws.components, call) from error
    warnings: tuple[str, ...] = ()
    if component.status not in FINAL and wait_s:
        watched = watch(
            aws.components,
            name.ic_name,
            wait_s=wait_s,
            poll_s=poll_s,
            known=component,
            call=call,
        )
        component, warnings = watched.component or component, watched.warnings
    return _result(name, component, aws, log, warnings)


def _result(
    name: RolloutName,
    component: InferenceComponent,
    aws: Aws,
    log: StepLog,
    warnings: tuple[str, ...],
) -> RolloutResult:
    state = rollout_state(component)
    reason = component.failure_reason
    final = component.status in FINAL
    again = f"get_adapter_rollout with ic_name={component.name}, wait_s=50"
    return RolloutResult(
        message=f"{component.name} on endpoint {component.endpoint_name} is {component.status}"
        + (f": {reason}" if reason else ""),
        next_step=_after_failure(component) if state == "failed" else None if final else again,
        aws=aws.identity,
        state=state,
        adapter_name=name.conf.name if name.conf else component.name.partition(_MARK)[2] or None,
        ic_name=component.name,
        endpoint_name=component.endpoint_name,
        base_component_name=component.base_component,
        version_arn=(name.conf.registry_arn or None) if name.conf else None,
        weights_uri=component.artifact_url,
        conf_path=name.conf.conf_path if name.conf else None,
        failure_reason=reason,
        log_group=log_group(component.name),
        elapsed_seconds=log.elapsed_s,
        warnings=warnings,
    )


def _after_failure(component: InferenceComponent) -> str:
    return f"read log group {log_group(component.name)}, then delete the component and deploy again"


def _unknown(name: RolloutName, components: InferenceComponents, call: Call) -> NotFound:
    known: list[str] = []
    if name.project_name:
        try:
            found = components.named_like(f"{name.project_name}{_MARK}", call=call)
        except RegistryError:  # the component is missing all the same; names are a courtesy
            found = ()
        known = sorted(one.name for one in found)
    hint = f"adapters of {name.project_name}: {', '.join(known)}" if known else "see list_adapters"
    return NotFound(
        f"there is no inference component {name.ic_name!r}", hint=hint, candidates=known
    )
