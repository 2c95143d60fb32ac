"""Watching a component until its state is final, or the caller's patience ends."""

from __future__ import annotations

from dataclasses import dataclass

from registry.calls import Call
from registry.errors import NotFound, Throttled, Unavailable
from registry.stores import InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutState

FINAL = frozenset({"InService", "Failed"})

_STATES: dict[str, RolloutState] = {
    "InService": "in_service",
    "Creating": "creating",
    "Updating": "updating",
    "Deleting": "deleting",
    "Failed": "failed",
}
_GROWTH = 1.5
_SLOWEST = 5
"""Looks are at most so many times the first interval apart: 2 s grow to 10 s."""

_RESERVE_S = 3.0
_NOT_FOUND_AT_FIRST = 2
"""How often a component that was just asked for may not be there yet."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the last look showed.

    Attributes:
        component: None when no look succeeded.
        warnings: Looks that failed.
    """

    component: InferenceComponent | None
    warnings: tuple[str, ...] = ()


def rollout_state(component: InferenceComponent) -> RolloutState:
    """Return a component's status in the rollout's words; one that is new to us is on its way."""
    return _STATES.get(component.status, "updating")


def log_group(ic_name: str) -> str:
    """Return the CloudWatch log group that the component's container writes to."""
    return f"/aws/sagemaker/InferenceComponents/{ic_name}"


def watch(
    components: InferenceComponents,
    ic_name: str,
    *,
    wait_s: float,
    poll_s: float,
    known: InferenceComponent | None,
    call: Call,
) -> Watched:
    """Look at a component at once and then now and again, and return the last look.

    Args:
        wait_s: Seconds to wait at most; the call's deadline comes first.
        poll_s: Seconds to the second look; later ones are further apart, up to five times.
        known: An earlier look; None for a component that was asked for just now.

    Raises:
        NotFound: it vanished meanwhile.
        Cancelled: the caller withdrew; the component goes on.
    """
    watching = _Watching(components, ic_name, known)
    waited, interval = 0.0, poll_s
    while not watching.look():
        nap = min(interval, wait_s - waited, call.remaining_s - _RESERVE_S)
        if nap <= 0:
            break
        call.report(waited, wait_s, f"{ic_name} is {watching.status}")
        call.pause(nap)
        waited += nap
        interval = min(interval * _GROWTH, poll_s * _SLOWEST)
    call.report(wait_s or 1, wait_s or 1, f"{ic_name} is {watching.status}")
    return Watched(watching.component, tuple(watching.warnings))


class _Watching:
    """The looks at one component so far."""

    def __init__(
        self, components: InferenceComponents, ic_name: str, known: InferenceComponent | None
    ) -> None:
        self._components = components
        self._ic_name = ic_name
        self._misses = 0
        self.component = known
        self.warnings: list[str] = []

    @property
    def status(self) -> str:
        return self.component.status if self.component else "Creating"

    def look(self) -> bool:
        """Look once; return whether the state is final.

        Raises:
            NotFound: the component is gone.
        """
        try:
            self.component = self._components.describe(self._ic_name)
        except NotFound as error:
            self._misses += 1
            if self.component or self._misses > _NOT_FOUND_AT_FIRST:
                raise _vanished(self._ic_name, self.component) from error
            return False
        except (Throttled, Unavailable) as error:
            self.warnings = [f"a look at the component failed: {error.message}"]
            return False
        self.warnings = []
        return self.component.status in FINAL


def _vanished(ic_name: str, last: InferenceComponent | None) -> NotFound:
    before = f" (it was {last.status})" if last else ""
    return NotFound(
        f"inference component {ic_name!r} vanished while waiting for it{before}",
        hint="somebody deleted it, or SageMaker gave it up; see the log group, then deploy again",
        logGroup=log_group(ic_name),
        **({"existing": last.wire()} if last else {}),
    )
