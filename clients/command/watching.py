"""Shows how far a rollout has come, to a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.command.answers import Progress


@asynccontextmanager
async def watched(what: str) -> AsyncIterator[Progress]:
    """Show a bar while the block runs, and what the server reports; to a terminal alone.

    SageMaker does not say how far it is: the bar moves, and the time that has passed is shown.
    """
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.markup import escape  # noqa: PLC0415 - as above
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - as above
    from rich.progress import Progress as Bar  # noqa: PLC0415 - as above

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(what), total=None)

        async def show(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - see above
            bar.update(task, description=escape(message or what))

        yield show


async def _unseen(progress: float, total: float | None, message: str | None) -> None:
    """Nobody is there to see it."""
