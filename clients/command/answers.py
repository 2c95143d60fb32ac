"""What a call comes to: an answer, or a refusal with its reason."""

from __future__ import annotations

from typing import Any, Protocol

from clients.command.exits import Exit

Answer = dict[str, Any]


class Progress(Protocol):
    """Is told how far a call has come."""

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """Take the news: steps done, of how many, and in words."""


class Refused(Exception):
    """The server's own no, or no answer at all.

    Attributes:
        answer: The whole answer: `error`, and beside it what helps to go on.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        error = answer.get("error", {})
        self.code = str(error.get("code", "internal"))
        self.message = str(error.get("message", "no reason given"))
        self.hint = str(error.get("hint") or "")
        super().__init__(f"{self.code}: {self.message}")

    @classmethod
    def because(cls, code: str, message: str, hint: str = "") -> Refused:
        """Return a failure that is not the server's own words."""
        return cls({"error": {"code": code, "message": message, "hint": hint, "retryable": False}})

    @property
    def exit(self) -> Exit:
        """The status to end with."""
        return Exit.of(self.code)
