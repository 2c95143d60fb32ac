"""What the server hands to a tool besides the caller's arguments, and what it knows of a tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from registry.calls import Call
from registry.core import Registry
from schemas.base import Result


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The registry to work on, and the call that is being answered."""

    registry: Registry
    call: Call


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool: its function, whose signature and docstring are published, and its marks.

    Attributes:
        function: Takes a `ToolContext` first, then the published arguments by name.
        read_only: It changes nothing anywhere.
        destructive: It may change or remove what is live.
        idempotent: A repeat of the same call changes nothing more.
        open_world: It reaches AWS.
    """

    function: Callable[..., Result]
    title: str
    toolset: str = "core"
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = True

    @property
    def name(self) -> str:
        """The tool's published name."""
        return self.function.__name__
