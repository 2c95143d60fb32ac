"""What the server hands to a tool besides the caller's arguments, and what it knows of a tool."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.calls import Call
from registry.core import Registry
from registry.questions import NOBODY, Person, Question
from schemas.base import Result


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The registry to work on, the call that is being answered, and what a person said to it."""

    registry: Registry
    call: Call
    person: Person = NOBODY


AskedOf = Callable[[ToolContext, Mapping[str, Any]], Question | None]
"""Returns what a person has to be asked, by the tool's arguments; None when nothing is open.

It reads and changes nothing, and is asked again for every call and every round of one.
"""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool: its function, whose signature and docstring are published, and its marks.

    Attributes:
        function: Takes a `ToolContext` first, then the published arguments by name.
        read_only: It changes nothing anywhere.
        destructive: It may change or remove what is live.
        idempotent: A repeat of the same call changes nothing more.
        open_world: It reaches AWS.
        questions: What to ask a person first, in order, where the client shows questions.
    """

    function: Callable[..., Result]
    title: str
    toolset: str = "core"
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = True
    questions: tuple[AskedOf, ...] = ()

    @property
    def name(self) -> str:
        """The tool's published name."""
        return self.function.__name__

    @property
    def result(self) -> type[Result]:
        """The model of what it answers. Raises TypeError for a function that returns another."""
        model = inspect.signature(self.function, eval_str=True).return_annotation
        if not (isinstance(model, type) and issubclass(model, Result)):
            raise TypeError(f"{self.name} must return a Result, not {model!r}")
        return model
