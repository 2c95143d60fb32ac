"""The state of a rollout, told by the component's name alone, so that any process can answer."""

from __future__ import annotations

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import NotFound
from registry.rollout.naming import ADAPTER_MARK, RolloutName, known_adapters
from registry.rollout.remedies import remedy
from registry.rollout.request import check_wait
from registry.rollout.steps import StepLog
from registry.rollout.watch import DEFAULT_POLL_S, FINAL, log_group, read_logs, rollout_state, watch
from registry.stores import Aws, InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutResult


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
        adapter_name=_adapter_name(name, component),
        ic_name=component.name,
        endpoint_name=component.endpoint_name,
        base_component_name=component.base_component,
        version_arn=(name.conf.registry_arn or None) if name.conf else None,
        weights_uri=component.artifact_url,
        conf_path=name.conf.conf_path if name.conf else None,
        failure_reason=reason,
        log_group=log_group(component.name),
        elapsed_seconds=log.elapsed_s,
        warnings=(*warnings, *_differing(name, component)),
    )


def _adapter_name(name: RolloutName, component: InferenceComponent) -> str | None:
    return name.conf.name if name.conf else component.name.partition(ADAPTER_MARK)[2] or None


def _after_failure(component: InferenceComponent) -> str:
    return (
        f"{read_logs(component)}; {remedy(component.failure_reason or '')}; "
        "then deploy_adapter_from_registry with replace=true, or remove_adapter"
    )


def _differing(name: RolloutName, component: InferenceComponent) -> tuple[str, ...]:
    """Return a warning where the conf names other weights than those that are served."""
    conf = name.conf
    if component.status != "InService" or not conf or not conf.weights_uri:
        return ()
    if same_weights(conf.weights_uri, component.artifact_url):
        return ()
    return (
        f"{conf.conf_path} names {conf.weights_uri}, which is not what is served: the update was "
        "taken back, or somebody else deployed; deploy_adapter_from_registry sets both right",
    )


def _unknown(name: RolloutName, components: InferenceComponents, call: Call) -> NotFound:
    known = known_adapters(name.project_name, components, call)
    hint = f"adapters of {name.project_name}: {', '.join(known)}" if known else "see list_adapters"
    return NotFound(
        f"there is no inference component {name.ic_name!r}", hint=hint, candidates=known
    )
