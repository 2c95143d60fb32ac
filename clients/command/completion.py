"""`mlcc-registry completion SHELL`: what a shell has to source."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from clients.command.starting import COMPLETION


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and flags; source it in the shell's start file."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "mlcc-registry", COMPLETION).source())
