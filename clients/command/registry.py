"""`registry`: what was registered, in the shape of MLCC's `registry` subcommands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer
from clients.command.consent import asking_here, with_consent
from clients.command.front import Front
from clients.command.options import Command, as_json, aws, ci_table, given, most, project_dir
from clients.command.output import print_answer, print_asides, print_json, print_table

if TYPE_CHECKING:
    from clients.command.session import Registry

_DEPLOYMENTS = {
    "ID": "id",
    "WHEN": "timestamp",
    "STATUS": "status",
    "PROJECT": "projectName",
    "CONFIG": "deploymentConfig",
    "MODEL": "modelName",
    "INSTANCE": "instanceType",
    "REGION": "region",
}
_STATUSES = click.Choice(["success", "partial", "failed"])


def _filters(command: Command) -> Command:
    """Add the filters that a list, a search and an export share."""
    for flag, says in (
        ("--text", "Anywhere in the entry."),
        ("--until", "ISO 8601 date or instant."),
        ("--since", "ISO 8601 date or instant."),
        ("--region", "Region that was deployed to."),
        ("--instance-type", "Instance type."),
        ("--backend", "Backend."),
        ("--architecture", "Architecture."),
        ("--deployment-config", "Architecture and backend, such as transformers-vllm."),
        ("--project-name", "Project."),
    ):
        command = click.option(flag, help=says)(command)
    return command


@click.group()
def registry() -> None:
    """List, show, search, export, import and replay what was registered."""


@registry.command("list")
@_filters
@click.option("--model", help="Part of the model's name, any case.")
@click.option("--status", type=_STATUSES)
@most
@project_dir
@as_json
@click.pass_obj
def list_(front: Front, /, as_json: bool, most: int | None, **options: Any) -> None:
    """List registered deployments, newest first."""
    _deployments(front, given(options), most or 0, as_json=as_json)


@registry.command()
@_filters
@click.option("--model", "model_glob", metavar="GLOB", help="Glob over the whole name: Qwen/*.")
@click.option("--status", type=_STATUSES)
@most
@project_dir
@as_json
@click.pass_obj
def search(front: Front, /, as_json: bool, most: int | None, **options: Any) -> None:
    """Search registered deployments; as list, but the model's name by a glob."""
    _deployments(front, given(options), most or 0, as_json=as_json)


def _deployments(front: Front, /, wanted: dict[str, Any], most: int, *, as_json: bool) -> None:
    answer = front.whole_list("list_deployments", "deployments", wanted, most)
    if as_json:
        print_json(answer)
    else:
        print_table(_DEPLOYMENTS, answer["deployments"])
    print_asides({"warnings": answer["warnings"]})


def _show(front: Front, /, as_json: bool, **options: Any) -> None:
    """Show one deployment whole, with its lineage."""
    answer = front.call("get_deployment", given(options))
    if as_json:
        print_json(answer)
    else:
        print_json(answer["entry"])
        print_json({"lineage": answer["lineage"]})
    print_asides({"warnings": answer.get("warnings", ())})


for _name in ("get", "show"):
    _command = click.command(_name)(click.pass_obj(_show))
    for _option in (as_json, aws, ci_table, project_dir, click.argument("id")):
        _command = _option(_command)
    registry.add_command(_command)


@registry.command()
@click.argument("id")
@project_dir
@as_json
@click.pass_obj
def replay(front: Front, /, as_json: bool, **options: Any) -> None:
    """Print the generator's flags that would make a deployment again."""
    flags = front.call("get_deployment", given(options))["replayFlags"]
    if as_json:
        return print_json(flags)
    return click.echo(shlex.join(flags))


@registry.command()
@click.argument("id", required=False)
@_filters
@click.option("--model", help="Part of the model's name, any case.")
@click.option(
    "--status", type=click.Choice(["success", "partial", "failed", "any"]), help="Default: success."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@project_dir
@click.pass_obj
def export(front: Front, /, output: Path | None, **options: Any) -> None:
    """Export deployments as the document that import and MLCC read."""

    async def talk(registry: Registry) -> Answer:
        whole: Answer = {}
        entries: list[Any] = []
        async for page in registry.pages("export_deployments", {**given(options), "limit": 100}):
            document = page.get("document") or {}
            entries += document.get("entries", [])
            whole = whole or document
        return {**whole, "entries": entries}

    document = front.converse(talk)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if output is None:
        return click.echo(text)
    output.write_text(text + "\n", "utf-8")
    return click.echo(f"{len(document['entries'])} exported to {output}")


@registry.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--merge", "strategy", flag_value="merge", help="Keep both of two that are alike.")
@click.option(
    "--replace", "strategy", flag_value="replace", help="Overwrite the one that is there."
)
@click.option("--project", "project_level", is_flag=True, help="Into the project's own file.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported.")
@project_dir
@as_json
@click.pass_obj
def import_(front: Front, /, file: Any, as_json: bool, **options: Any) -> None:
    """Import an exported document; an entry like one that is there is skipped."""
    try:
        document = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"{file.name} is not JSON: {error}", param_hint="FILE") from error
    source = {"document": document, "source_name": Path(file.name).name}
    answer = front.call("import_deployments", source | given(options))
    print_answer(answer, as_json=as_json)


@registry.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--confirm", metavar="DIGEST", help="Digest of the plan that was agreed to.")
@project_dir
@as_json
@click.pass_obj
def remove(front: Front, /, id: str, yes: bool, as_json: bool, **options: Any) -> None:  # noqa: A002 - the record's own name
    """Remove one deployment from the local registry; SageMaker and CI records stay."""
    wanted = {"deployment_id": id, **given(options)}

    async def talk(registry: Registry) -> Answer:
        agrees = asking_here if front.person and not yes else lambda _: yes
        return await with_consent(registry, "remove_record", wanted, agrees)

    answer = front.converse(talk)
    print_answer(answer, as_json=as_json)
