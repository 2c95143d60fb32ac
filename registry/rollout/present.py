"""What a component that has the wanted name already means for a rollout."""

from __future__ import annotations

from typing import Literal

from registry.adapters import same_weights
from registry.errors import Conflict, PreconditionFailed
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutPlan

_GOING = frozenset({"InService", "Creating", "Updating"})
_REPLACEABLE = frozenset({"InService", "Failed", "Deleting"})


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
    hints = {
        "Failed": "replace=true deletes and creates it again; remove_adapter only deletes it",
        "Deleting": "wait until it is gone, then repeat the call",
    }
    reason = existing.failure_reason
    return PreconditionFailed(
        f"inference component {existing.name!r} is {existing.status}"
        + (f": {reason}" if reason else ""),
        hint=hints.get(existing.status, "wait until it is InService, then repeat the call"),
        existing=existing.wire(),
        state=existing.status.lower(),
        **({"failureReason": reason} if reason else {}),
    )
