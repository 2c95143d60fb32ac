"""Puts the server's questions to the person at the terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult


async def at_the_terminal(
    context: ClientRequestContext,  # noqa: ARG001 - the protocol library's signature
    params: ElicitRequestParams,
) -> ElicitResult:
    """Show a question and return the answer; Ctrl-C or the end of input cancels it.

    The loop waits with the person: the server holds nothing meanwhile.
    """
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="decline")
    click.echo(f"\n{params.message}\n", err=True)
    try:
        with _interruptible():
            content = {
                name: _answer(shape)
                for name, shape in params.requested_schema["properties"].items()
            }
    except click.Abort:
        click.echo(err=True)
        return ElicitResult(action="cancel")
    if content.get("agree") is False:
        return ElicitResult(action="decline")
    return ElicitResult(action="accept", content=content)


def _answer(shape: dict[str, Any]) -> str | bool:
    title = str(shape.get("title", "Answer"))
    if shape.get("type") == "boolean":
        return click.confirm(title, err=True)
    options = shape.get("enum")
    if not options:
        return str(click.prompt(title, err=True))
    for number, option in enumerate(options, 1):
        click.echo(f"{number:>4}  {option}", err=True)
    chosen = click.prompt(title, type=click.IntRange(1, len(options)), err=True)
    return str(options[chosen - 1])


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a prompt at once; the loop would only note it and wait for the prompt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
