"""Agreeing to a plan that a tool answers instead of carrying it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer, Progress, Refused
from clients.command.output import print_refusal

if TYPE_CHECKING:
    from clients.command.session import Registry

Agrees = Callable[["Refused"], bool]
"""Tells whether the plan of a refusal is agreed to."""


async def with_consent(
    registry: Registry,
    tool: str,
    arguments: Mapping[str, Any],
    agrees: Agrees,
    progress: Progress | None = None,
) -> Answer:
    """Call a tool, and once more if it answers a plan and that is agreed to.

    Raises:
        Refused: the call failed, or nobody agreed.
    """
    try:
        return await registry.call(tool, arguments, progress)
    except Refused as refused:
        is_open = refused.code == "needs_confirmation" and "confirm" not in arguments
        if not is_open or not agrees(refused):
            raise
        agreed = {**arguments, "confirm": refused.answer["digest"]}
    return await registry.call(tool, agreed, progress)


def asking_here(refused: Refused) -> bool:
    """Show a plan that the server has no question for, and ask the person."""
    print_refusal(refused)
    return click.confirm("Carry this plan out", err=True)
