"""Looks at a component in an order that only a service that lags gives."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from registry.calls import Call
from registry.errors import NotFound, RegistryError, Unavailable
from registry.rollout.watch import Watched, watch
from schemas.inference_component import InferenceComponent

OLD, NEW = "s3://old/w/", "s3://new/w/"
GONE = NotFound("it is gone")
BROKEN = Unavailable("it does not answer")


def seen(status: str, weights: str = NEW) -> InferenceComponent:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    return InferenceComponent(
        name="tv-adapter-x",
        endpoint_name="tv",
        status=status,
        base_component="tv-base",
        artifact_url=weights,
        created_at=at,
        modified_at=at,
    )


@dataclass
class Looks:
    """What each look shows, the last for ever."""

    shown: list[InferenceComponent | RegistryError]
    looked: int = 0

    def describe(self, _name: str) -> InferenceComponent:
        look = self.shown[min(self.looked, len(self.shown) - 1)]
        self.looked += 1
        if isinstance(look, RegistryError):
            raise look
        return look


def watched(*shown: InferenceComponent | RegistryError, wait_s: float, updated_to: str) -> Watched:
    return watch(
        Looks(list(shown)),  # type: ignore[arg-type] # all that watching uses
        "tv-adapter-x",
        wait_s=wait_s,
        poll_s=1,
        known=None,
        call=Call(wait=lambda _: None),
        updated_to=updated_to,
    )


def test_a_first_look_that_still_shows_the_old_weights_settles_nothing() -> None:
    last = watched(seen("InService", OLD), wait_s=0, updated_to=NEW)

    assert (False, "InService") == (last.settled, last.component and last.component.status)


def test_old_weights_are_waited_past_until_the_update_shows() -> None:
    last = watched(
        seen("InService", OLD),
        seen("InService", OLD),
        seen("Updating", OLD),
        seen("InService", NEW),
        wait_s=30,
        updated_to=NEW,
    )

    assert Watched(seen("InService", NEW), settled=True) == last


@pytest.mark.parametrize("looks", [("Updating", "InService"), ("InService",) * 3])
def test_old_weights_after_an_update_or_for_too_long_are_a_roll_back(
    looks: tuple[str, ...],
) -> None:
    last = watched(*(seen(status, OLD) for status in looks), wait_s=30, updated_to=NEW)

    assert Watched(seen("InService", OLD), settled=True) == last


def test_a_component_may_be_too_new_to_be_seen_twice() -> None:
    last = watched(GONE, GONE, seen("InService"), wait_s=30, updated_to="")

    assert Watched(seen("InService"), settled=True) == last


@pytest.mark.parametrize("looks", [(GONE, GONE, GONE), (seen("Creating"), GONE)])
def test_a_component_that_was_never_seen_or_is_seen_no_more_has_vanished(
    looks: tuple[InferenceComponent | RegistryError, ...],
) -> None:
    with pytest.raises(NotFound, match="vanished while waiting"):
        watched(*looks, wait_s=30, updated_to="")


def test_looks_that_fail_are_a_warning_only_while_they_fail() -> None:
    failing = watched(seen("Creating"), BROKEN, wait_s=1, updated_to="")
    recovered = watched(seen("Creating"), BROKEN, seen("InService"), wait_s=30, updated_to="")

    assert (seen("Creating"), False) == (failing.component, failing.settled)
    assert ["a look at the component failed: it does not answer"] == list(failing.warnings)
    assert Watched(seen("InService"), settled=True) == recovered
