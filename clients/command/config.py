"""`mlcc-registry config HOST`: the configuration by which a host starts our server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from clients.command.answers import Answer, Refused
from clients.command.options import as_json, project_dir
from clients.command.output import print_json, warn
from clients.hosts.errors import CannotMerge, Differs
from clients.hosts.file import ConfigurationFile
from clients.hosts.host import Entry, Host, Surroundings
from clients.hosts.known import HOSTS
from clients.hosts.merging import Merged, merge, snippet
from clients.hosts.server import installed_server, is_temporary, refusal, server_arguments


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry goes: the host's file, and the project it belongs to, if any."""

    host: Host
    file: Path
    project: Path | None


@click.command()
@click.argument("host", type=click.Choice(list(HOSTS)))
@click.argument("flags", nargs=-1, type=click.UNPROCESSED, metavar="[-- SERVER FLAGS...]")
@click.option("--write", is_flag=True, help="Merge it into the host's file.")
@click.option(
    "--scope",
    type=click.Choice(["user", "project"]),
    help="For all projects, or one; default: user, and project with --project-dir.",
)
@project_dir
@click.option("--name", default="mlcc-registry", show_default=True, help="The server's name there.")
@click.option("--force", is_flag=True, help="Change another entry of that name.")
@as_json
def config(
    host: str,
    flags: tuple[str, ...],
    write: bool,
    scope: str | None,
    project_dir: str | None,
    name: str,
    force: bool,
    as_json: bool,
) -> None:
    """Print the configuration by which HOST starts the server, or merge it into HOST's file.

    What follows -- are the server's own flags, such as: -- --toolsets core,ci --read-only
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise click.UsageError("a name is 1 to 64 letters, digits, - or _, as all hosts take it")
    place = _place(HOSTS[host], scope, project_dir)
    entry = _entry(place, flags)
    answer: Answer = {"host": host, "file": str(place.file), "name": name, "entry": entry}
    if write:
        merged = _written(place, name, entry, force=force)
        answer |= {"state": merged.state, "message": f"{merged.state} {name} in {place.file}"}
        if merged.replaced is not None:
            answer["replaced"] = _shown(merged.replaced)
    _print(place.host, answer, as_json=as_json)


def _entry(place: _Place, flags: tuple[str, ...]) -> Entry:
    try:
        command = installed_server()
    except CannotMerge as reason:
        raise Refused.because("precondition_failed", reason.message, reason.hint) from reason
    if is_temporary(command):
        warn(f"{command} may be deleted any day: install with `uv tool install` or pipx instead")
    arguments = server_arguments(flags, place.project)
    if flags and (refused := refusal(command, arguments)):
        raise Refused.because("invalid_argument", refused, "see: mlcc-registry-mcp --help")
    return place.host.entry(command, arguments)


def _place(host: Host, scope: str | None, project_dir: str | None) -> _Place:
    around = Surroundings(sys.platform, Path.home(), os.environ)
    if scope == "user" and project_dir:
        raise click.UsageError("--project-dir belongs to --scope project")
    if scope != "project" and not project_dir:
        return _Place(host, host.user_file(around).absolute(), None)
    if not host.project_file:
        raise click.UsageError(f"{host.title} has no configuration of a project: use --scope user")
    project = Path(project_dir or Path.cwd()).resolve()
    if project in {around.home.resolve(), Path(project.anchor)}:
        raise click.UsageError(f"{project} is no project: use --project-dir, or --scope user")
    return _Place(host, project / host.project_file, project)


def _written(place: _Place, name: str, entry: Entry, *, force: bool) -> Merged:
    try:
        file = ConfigurationFile.read(place.file, within=place.project)
        merged = merge(place.host, file.text, name, entry, force=force)
        if merged.state != "unchanged":
            file.replace(merged.text)
    except CannotMerge as reason:
        message = f"{place.file} stays as it is: {reason.message}"
        raise Refused.because("precondition_failed", message, reason.hint) from reason
    except Differs as other:
        refused = Refused.because(
            "conflict",
            f"{place.file} has another entry {name!r}",
            "change it with --force, or choose another --name",
        )
        refused.answer |= {"existing": _shown(other.existing), "wanted": dict(other.wanted)}
        raise refused from other
    return merged


def _print(host: Host, answer: Answer, *, as_json: bool) -> None:
    """Print what was done, or the snippet alone; where it goes is said beside it."""
    if as_json:
        return print_json(answer)
    if "replaced" in answer:
        click.echo(f"  replaced: {answer['replaced']}", err=True)
    if "state" in answer:
        click.echo(answer["message"])
    else:
        click.echo(snippet(host, answer["name"], answer["entry"]), nl=False)
        click.echo(f"belongs into {answer['file']}; --write puts it there", err=True)
    if answer.get("state") != "unchanged":
        click.echo(f"then: {host.then}", err=True)
    return None


def _shown(entry: object) -> object:
    """Return an entry as it may be shown: nothing of another program's that may be a secret."""
    if not isinstance(entry, Mapping):
        return "***"
    shown: dict[str, Any] = dict.fromkeys(entry, "***")
    command = str(entry.get("command", ""))
    if "command" in entry and not re.search("=|://", command):
        shown["command"] = command
    if isinstance(entry.get("args"), list):
        ours = Path(command).stem == "mlcc-registry-mcp"  # none of its flags takes a secret
        shown["args"] = entry["args"] if ours else [_flag(str(each)) for each in entry["args"]]
    return shown


def _flag(argument: str) -> str:
    if not argument.startswith("-"):
        return "***"
    flag, given, _ = argument.partition("=")
    if not flag.startswith("--"):
        return flag[:2]
    return f"{flag}=***" if given else flag
