"""Options that several commands share, and how they become a tool's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_as_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
_region = click.option("--region", help="AWS region, where the project folder names none.")
_profile = click.option("--profile", help="AWS profile.")
project_dir = click.option(
    "--project-dir",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Folder that holds do/; default: the working folder.",
)
ci_table = click.option("--ci-table", help="DynamoDB table; default: as the server is set.")
most = click.option(
    "--limit", "most", type=click.IntRange(1), help="At most so many; default: all."
)


def as_json(command: Command) -> Command:
    """Add `--json`."""
    return _as_json(command)


def aws(command: Command) -> Command:
    """Add `--region` and `--profile`."""
    return _region(_profile(command))


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool's arguments: what the command line said, and nothing that it did not."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None and value is not False and value != ()
    }
