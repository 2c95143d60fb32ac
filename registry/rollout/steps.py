"""What was done so far, and how long each step took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.rollout import RolloutStep


@dataclass(slots=True)
class StepLog:
    """The steps of one call, in order."""

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

    def done(self, name: Literal["conf", "component", "wait"], state: str) -> None:
        """Note a step that has ended now."""
        now = self.clock()
        step = RolloutStep(name=name, state=state, elapsed_seconds=round(now - self._since, 3))
        self.steps.append(step)
        self._since = now

    def wire(self) -> list[dict[str, Any]]:
        """Return the steps as a failed result shows them."""
        return [step.wire() for step in self.steps]
