"""Carrying a plan out: the conf, then the component; nothing half when it is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registry.calls import Call
from registry.errors import (
    Conflict,
    CredentialsFailed,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RegistryError,
)
from registry.rollout.plan import Planned, check_existing
from registry.stores import InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutStep

_NOTHING_DONE = (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    CredentialsFailed,
)
"""Refusals after which there is certainly no component; others may have lost the answer."""

_STEPS = 3.0


@dataclass(slots=True)
class StepLog:
    """What was done so far, and how long each step took."""

    clock: Callable[[], float] = time.monotonic
    steps: list[RolloutStep] = field(default_factory=list)
    _began: float = 0.0
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._began = self._since = self.clock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the log was begun."""
        return round(self.clock() - self._began, 3)

    def done(self, name: str, state: str) -> None:
        """Note a step that has ended now."""
        now = self.clock()
        step = {"name": name, "state": state, "elapsedSeconds": round(now - self._since, 3)}
        self.steps.append(RolloutStep.model_validate(step))
        self._since = now

    def wire(self) -> list[dict[str, Any]]:
        """Return the steps as a failed result shows them."""
        return [step.wire() for step in self.steps]


def carry_out(
    planned: Planned, components: InferenceComponents, log: StepLog, call: Call
) -> InferenceComponent | None:
    """Write the conf and ask for the component, or find the one an earlier call asked for.

    Returns:
        The component where it was there already, None when it was asked for now.

    Raises:
        Conflict: a component of that name appeared meanwhile, or the conf was changed.
        RegistryError: SageMaker refused the component; the conf is as it was, unless nobody
            can tell whether the component exists: then the message says so.
    """
    plan = planned.plan
    call.check("writing anything")
    if planned.conf:
        call.report(0, _STEPS, f"{planned.conf.state} {planned.conf.relative}")
        planned.conf.write()
        log.done("conf", planned.conf.state)
    if planned.existing:
        log.done("component", "found")
        return planned.existing
    call.report(1, _STEPS, f"creating inference component {plan.ic_name}")
    try:
        components.create_adapter(
            name=plan.ic_name,
            endpoint_name=plan.endpoint_name,
            base_component=plan.base_component_name,
            artifact_url=plan.weights_uri,
        )
    except _NOTHING_DONE as error:
        raise _put_back(planned, error) from error
    except RegistryError as error:
        found = _reconciled(planned, components, error)
        log.done("component", "found")
        return found
    log.done("component", "created")
    return None


def _reconciled(
    planned: Planned, components: InferenceComponents, refusal: RegistryError
) -> InferenceComponent:
    """Return the component that our request made, though its answer was lost or a repeat refused.

    Raises:
        Conflict: it is somebody else's.
        RegistryError: there is none, or nobody can tell.
    """
    name = planned.plan.ic_name
    try:
        found = components.describe(name)
    except NotFound:
        raise _put_back(planned, refusal) from refusal
    except RegistryError as error:
        raise _unknown(planned, refusal) from error
    try:
        check_existing(found, planned.plan, replace=False)
    except Conflict as error:
        raise _put_back(planned, error) from refusal
    return found


def _put_back(planned: Planned, refusal: RegistryError) -> RegistryError:
    """Restore the conf and return the refusal, which says so where it could not be restored."""
    conf = planned.conf
    if conf is None:
        return refusal
    try:
        restored = conf.put_back()
    except RegistryError as error:
        restored, why = False, error.message
    else:
        why = f"{conf.relative} was changed by somebody else meanwhile and stays"
    if not restored:
        refusal.hint = f"{refusal.hint}; {why}" if refusal.hint else why
        refusal.details["done"] = {"confPath": conf.relative, "conf": conf.state}
    return refusal


def _unknown(planned: Planned, refusal: RegistryError) -> RegistryError:
    conf = planned.conf
    done = {"done": {"confPath": conf.relative, "conf": conf.state}} if conf else {}
    return type(refusal)(
        f"it is not known whether inference component {planned.plan.ic_name!r} was created: "
        f"{refusal.message}",
        hint="repeat the same call: it finds the component or creates it",
        **(refusal.details | done),
    )
