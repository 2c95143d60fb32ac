"""Questions to a person as data, and what they came to.

The server puts them, in whichever way the client knows; nothing here or in a tool awaits anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Choice:
    """Which one of several is meant.

    Attributes:
        message: What the person reads.
        fills: Name of the argument that the answer stands for.
        options: What can be chosen, each label with the argument's value.
    """

    message: str
    fills: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether a plan is to be carried out.

    Attributes:
        message: The plan, as the person reads it.
        digest: What agreeing stands for.
    """

    message: str
    digest: str


Question = Choice | Consent


@dataclass(frozen=True, slots=True)
class Person:
    """Who is behind the caller's client, as far as a question can tell.

    Attributes:
        can_be_asked: The client shows questions, and the server may ask.
        agreed: Digest of the plan that was shown and agreed to; "" for none.
        silence: Why a question has no answer; "" where none was asked, or all were answered.
    """

    can_be_asked: bool = False
    agreed: str = ""
    silence: Literal["", "declined", "unanswered"] = ""

    @property
    def why_silent(self) -> str:
        """What became of the question in words, "" where none is without an answer."""
        if self.silence == "unanswered":
            return "the question was not answered in time"
        return "the question was declined, or the client did not show it" if self.silence else ""


NOBODY = Person()
"""Nobody can be asked, and nobody was."""
