"""`call` and `tools`: whatever the server offers that has no command of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer
from clients.command.front import Front
from clients.command.options import as_json
from clients.command.output import print_json, print_table

if TYPE_CHECKING:
    from clients.command.session import Registry


@click.command()
@click.argument("tool")
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE | KEY:=JSON]...")
@click.option("--json", is_flag=True, expose_value=False, help="As always: the answer is JSON.")
@click.pass_obj
def call(front: Front, /, tool: str, arguments: tuple[str, ...]) -> None:
    """Call any tool and print its answer; see `tools` for what there is.

    KEY=VALUE passes text, KEY:=JSON any other value.
    """
    print_json(front.call(tool, dict(map(_argument, arguments))))


def _argument(text: str) -> tuple[str, Any]:
    key, given, value = text.partition("=")
    if not given or not key.strip(":"):
        raise click.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="KEY=VALUE")
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], json.loads(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{key[:-1]} is not JSON: {error}", param_hint="KEY:=JSON"
        ) from error


@click.command()
@as_json
@click.pass_obj
def tools(front: Front, /, as_json: bool) -> None:
    """List every tool, with what it does."""

    async def talk(registry: Registry) -> Answer:
        return {"tools": await registry.tools()}

    answer = front.converse(talk)
    if as_json:
        return print_json(answer)
    return print_table({"TOOL": "name", "DOES": "does"}, answer["tools"])
