"""What commands print: tables for people, lines for pipes, JSON for scripts.

Standard output carries the answer alone. Warnings, hints and questions go to standard error, and
hints only to a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from clients.command.answers import Refused

Columns = Mapping[str, str]
"""A table's columns: heading to the record's key, with a dot into an inner object."""


def print_json(value: object) -> None:
    """Print a value as JSON, indented by two as MLCC does."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Columns, records: Iterable[Mapping[str, Any]]) -> None:
    """Print records as a table; to a pipe as lines of tab-separated fields without a heading."""
    rows = [[_cell(record, path) for path in columns.values()] for record in records]
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich import box  # noqa: PLC0415 - a tenth of a second that only a terminal needs
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in columns:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def print_message(answer: Mapping[str, Any]) -> None:
    """Print what happened, in the server's words."""
    click.echo(answer["message"])


def print_answer(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an answer that is told in a sentence, with what goes beside it."""
    if as_json:
        print_json(answer)
    else:
        print_message(answer)
        if answer.get("dryRun") and "plan" in answer:
            _print_plan(answer)
    print_asides(answer)


def _print_plan(answer: Mapping[str, Any]) -> None:
    facts = {**answer["plan"], "digest": answer["digest"]}
    print_table({"PLAN": "name", "": "value"}, [{"name": k, "value": v} for k, v in facts.items()])
    for line in answer.get("confDiff") or ():
        click.echo(_text(line))


def print_asides(answer: Mapping[str, Any]) -> None:
    """Print an answer's warnings and, to a terminal, what is left to do."""
    for warning in answer.get("warnings", ()):
        warn(warning)
    if answer.get("nextStep"):
        hint(f"next: {answer['nextStep']}")


def warn(text: str) -> None:
    """Print a warning the way MLCC's scripts do."""
    click.secho(f"⚠️  {text}", err=True, fg="yellow")


def hint(text: str) -> None:
    """Print what helps a person; a script is not told."""
    if sys.stderr.isatty():
        click.secho(text, err=True, dim=True)


def print_refusal(refused: Refused) -> None:
    """Print why a call failed, what to do, and what was done or can be chosen."""
    click.secho(f"mlcc-registry: {refused.message}", err=True, fg="red")
    if refused.hint:
        click.echo(f"  {refused.hint}", err=True)
    for key in ("candidates", "plan", "digest", "existing", "wanted", "action", "resource", "done"):
        if key in refused.answer:
            click.echo(f"  {key}: {_text(refused.answer[key])}", err=True)


def _cell(record: Mapping[str, Any], path: str) -> str:
    value: Any = record
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return _text(value)


def _text(value: object) -> str:
    """Return a value on one line, without control characters: records are not to be trusted."""
    if value is None:
        return ""
    plain = isinstance(value, str | int | float)
    text = str(value) if plain else json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else " " for each in text)


def states(outcomes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return one row per place that a write touched: its name, state, and what it is there."""
    return [
        {
            "place": place,
            "state": outcome["state"],
            "what": next(
                (
                    outcome[key]
                    for key in ("arn", "configId", "path", "warning")
                    if outcome.get(key)
                ),
                "",
            ),
        }
        for place, outcome in outcomes
    ]
