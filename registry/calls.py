"""What one call carries besides arguments: a deadline, a progress sink, a way to be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from registry.errors import Cancelled, DeadlineExceeded

CALL_BUDGET_S = 55.0
"""A call ends within this many seconds: many MCP clients give up after 60."""

_SLICE_S = 0.2


def _unobserved(done: float, total: float | None, text: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Call:
    """One caller's patience and attention.

    Attributes:
        deadline: The instant on `time.monotonic()`'s scale by which the call must have answered.
        report: Takes (done, total or None, text) for each step worth telling.
        cancelled: Tells whether the caller has withdrawn.
        sent: Names of the arguments that the caller really sent.
        wait: Waits that many seconds; tests pass one that moves a clock instead.
    """

    deadline: float = field(default_factory=lambda: time.monotonic() + CALL_BUDGET_S)
    report: Callable[[float, float | None, str], None] = _unobserved
    cancelled: Callable[[], bool] = lambda: False
    sent: frozenset[str] = frozenset()
    wait: Callable[[float], None] = time.sleep

    @property
    def remaining_s(self) -> float:
        """Seconds left before the deadline, never below zero."""
        return max(0.0, self.deadline - time.monotonic())

    def check(self, doing: str) -> None:
        """Return while the call may go on.

        Args:
            doing: What the call is about to do, for the error's message.

        Raises:
            Cancelled: the caller has withdrawn.
            DeadlineExceeded: no time is left.
        """
        if self.cancelled():
            raise Cancelled(f"the call was cancelled before {doing}")
        if self.remaining_s <= 0:
            raise DeadlineExceeded(
                f"no time was left for {doing}", hint="call again; what was done is kept"
            )

    def pause(self, seconds: float) -> None:
        """Wait up to that many seconds, less when the deadline comes or the caller withdraws.

        Raises:
            Cancelled: the caller withdrew meanwhile.
        """
        left = min(seconds, self.remaining_s)
        while left > 0:
            if self.cancelled():
                raise Cancelled("the call was cancelled while waiting")
            nap = min(_SLICE_S, left)
            self.wait(nap)
            left -= nap
