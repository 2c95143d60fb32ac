"""The time that the sandbox goes by, which a test may move."""

import time
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time in epoch seconds."""

    def now(self) -> float:
        """Return the time in seconds since 1970-01-01T00:00:00Z."""
        ...


class MovableClock:
    """The machine's clock, moved forward by what was advanced, or standing still."""

    def __init__(self) -> None:
        self._ahead_s = 0.0
        self._frozen_at: float | None = None

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds, to the millisecond as the service does."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        return round(base + self._ahead_s, 3)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``, or back when negative."""
        self._ahead_s += seconds

    def freeze(self) -> None:
        """Let the clock stand still; only ``advance`` moves it from now on."""
        if self._frozen_at is None:
            self._frozen_at = time.time()

    def reset(self) -> None:
        """Go by the machine's clock again."""
        self._ahead_s = 0.0
        self._frozen_at = None
