"""The component that has a rollout's name already, and what to do about it."""

from __future__ import annotations

from typing import Literal

from registry.adapters import same_weights
from registry.errors import Conflict, NotFound, NotReady, PreconditionFailed
from registry.stores import InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutPlan

_GOING = frozenset({"InService", "Creating", "Updating"})
_REPLACEABLE = frozenset({"InService", "Failed", "Deleting"})


def existing_component(components: InferenceComponents, ic_name: str) -> InferenceComponent | None:
    """Return the component of that name, None when there is none."""
    try:
        return components.describe(ic_name)
    except NotFound:
        return None


def serves(existing: InferenceComponent, plan: RolloutPlan) -> bool:
    """Tell whether a component is just the one that the plan wants."""
    return same_weights(existing.artifact_url, plan.weights_uri) and _is_in_place(existing, plan)


def action_on(
    existing: InferenceComponent, plan: RolloutPlan, *, replace: bool
) -> Literal["replace", "none"]:
    """Return what to do with a component of that name: nothing, or give it the wanted weights.

    Raises:
        Conflict: it serves something else and `replace` was not given, or it is elsewhere; the
            details hold `existing` and `wanted`.
        PreconditionFailed: it is Failed, going away or changing.
    """
    if existing.status in _GOING and serves(existing, plan):
        return "none"
    if replace and not _is_in_place(existing, plan):
        raise _conflict(
            existing,
            plan,
            "is on another endpoint or base",
            "replace gives other weights and moves nothing: remove_adapter takes it off there",
        )
    if replace and existing.status in _REPLACEABLE:
        return "replace"
    if existing.status not in _GOING or replace:
        raise _not_ready(existing)
    raise _conflict(
        existing,
        plan,
        "exists and serves something else",
        "replace=true gives it these weights; or use another adapter_name",
    )


def _is_in_place(existing: InferenceComponent, plan: RolloutPlan) -> bool:
    return (
        existing.endpoint_name == plan.endpoint_name
        and existing.base_component == plan.base_component_name
    )


def _conflict(existing: InferenceComponent, plan: RolloutPlan, what: str, hint: str) -> Conflict:
    return Conflict(
        f"inference component {existing.name!r} {what}",
        hint=hint,
        existing=existing.wire(),
        wanted={
            "artifactUrl": plan.weights_uri,
            "endpointName": plan.endpoint_name,
            "baseComponent": plan.base_component_name,
        },
    )


def _not_ready(existing: InferenceComponent) -> PreconditionFailed:
    reason = existing.failure_reason
    kind: type[PreconditionFailed] = NotReady
    hint = "wait until it is InService, then repeat the call"
    if existing.status == "Deleting":
        hint = "wait until it is gone, then repeat the call"
    if existing.status == "Failed":
        kind = PreconditionFailed
        hint = "replace=true deletes and creates it again; remove_adapter only deletes it"
    return kind(
        f"inference component {existing.name!r} is {existing.status}"
        + (f": {reason}" if reason else ""),
        hint=hint,
        existing=existing.wire(),
        state=existing.status.lower(),
        **({"failureReason": reason} if reason else {}),
    )
