"""Watching a component until its state is final, or the caller's patience ends."""

from __future__ import annotations

from dataclasses import dataclass

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import NotFound, Throttled, Unavailable
from registry.stores import InferenceComponents
from registry.waiting import look_until_settled
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutState

DEFAULT_POLL_S = 2.0
FINAL = frozenset({"InService", "Failed"})

_STATES: dict[str, RolloutState] = {
    "InService": "in_service",
    "Creating": "creating",
    "Updating": "updating",
    "Deleting": "deleting",
    "Failed": "failed",
}
_TOO_EARLY = 2
"""How often a look may be too early to show what was just asked for."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the last look showed.

    Attributes:
        component: None when no look succeeded.
        settled: Its state is final, and not one from before an update that was asked for.
        warnings: Looks that failed.
    """

    component: InferenceComponent | None
    settled: bool
    warnings: tuple[str, ...] = ()


def rollout_state(component: InferenceComponent) -> RolloutState:
    """Return a component's status in the rollout's words; one that is new to us is on its way."""
    return _STATES.get(component.status, "updating")


def log_group(ic_name: str) -> str:
    """Return the CloudWatch log group of a component."""
    return f"/aws/sagemaker/InferenceComponents/{ic_name}"


def read_logs(component: InferenceComponent) -> str:
    """Return where to read why a component failed: its base's container is what loads an adapter.

    Source: CreateInferenceComponent; an adapter is loaded by its base and has no container.
    """
    own = f"read log group {log_group(component.name)}"
    if not component.base_component:
        return own
    return f"{own}, and its base's, which loads it: {log_group(component.base_component)}"


def watch(
    components: InferenceComponents,
    ic_name: str,
    *,
    wait_s: float,
    poll_s: float,
    known: InferenceComponent | None,
    call: Call,
    updated_to: str = "",
) -> Watched:
    """Look at a component at once and then now and again, and return the last look.

    Args:
        wait_s: Seconds to wait at most; the call's deadline comes first.
        poll_s: Seconds to the second look; later ones are further apart, up to five times.
        known: An earlier look; None for a component that was asked for just now.
        updated_to: The weights that an update just asked for: a first look may still show the
            component as it was before.

    Raises:
        NotFound: it vanished meanwhile.
        Cancelled: the caller withdrew; the component goes on.
    """
    watching = _Watching(components, ic_name, known, updated_to)
    settled = look_until_settled(
        watching.look,
        lambda: watching.status,
        ic_name,
        wait_s=wait_s,
        poll_s=poll_s,
        call=call,
    )
    return Watched(watching.component, settled, tuple(watching.warnings))


def watch_gone(
    components: InferenceComponents,
    ic_name: str,
    *,
    wait_s: float,
    poll_s: float,
    call: Call,
) -> bool:
    """Look at a component that was deleted until it is gone; return whether it is.

    Raises:
        Cancelled: the caller withdrew; the deletion goes on.
    """
    gone = False

    def look() -> bool:
        nonlocal gone
        try:
            components.describe(ic_name)
        except NotFound:
            gone = True
        except (Throttled, Unavailable):
            return False  # the next look tells
        return gone

    return look_until_settled(
        look,
        lambda: "gone" if gone else "Deleting",
        ic_name,
        wait_s=wait_s,
        poll_s=poll_s,
        call=call,
    )


class _Watching:
    """The looks at one component so far."""

    def __init__(
        self,
        components: InferenceComponents,
        ic_name: str,
        known: InferenceComponent | None,
        updated_to: str,
    ) -> None:
        self._components = components
        self._ic_name = ic_name
        self._updated_to = updated_to
        self._misses = 0
        self._stale_looks = 0
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
        before = self.component
        try:
            self.component = self._components.describe(self._ic_name)
        except NotFound as error:
            self._misses += 1
            if self.component or self._misses > _TOO_EARLY:
                raise _vanished(self._ic_name, self.component) from error
            return False
        except (Throttled, Unavailable) as error:
            self.warnings = [f"a look at the component failed: {error.message}"]
            return False
        self.warnings = []
        return self.component.status in FINAL and not self._is_stale(self.component, before)

    def _is_stale(self, now: InferenceComponent, before: InferenceComponent | None) -> bool:
        """Tell whether a look may be from before the update that was asked for."""
        if not self._updated_to or same_weights(now.artifact_url, self._updated_to):
            return False
        if before and before.status == "Updating":
            return False
        self._stale_looks += 1
        return self._stale_looks <= _TOO_EARLY


def _vanished(ic_name: str, last: InferenceComponent | None) -> NotFound:
    if last and last.status == "Deleting":
        return NotFound(
            f"inference component {ic_name!r} is gone, as was asked for",
            hint="deploy_adapter_from_registry creates it again",
            existing=last.wire(),
        )
    before = f" (it was {last.status})" if last else ""
    return NotFound(
        f"inference component {ic_name!r} vanished while waiting for it{before}",
        hint="somebody deleted it, or SageMaker gave it up; see the log group, then deploy again",
        logGroup=log_group(ic_name),
        **({"existing": last.wire()} if last else {}),
    )
