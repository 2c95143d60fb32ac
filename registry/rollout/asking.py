"""Questions to a person, as data: the server puts them, in whichever way the client knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
