"""`adapters`: what is registered, rolling one out, following it, taking it off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer
from clients.command.consent import with_consent
from clients.command.exits import Exit
from clients.command.following import Following, follow
from clients.command.front import Front
from clients.command.options import Command, as_json, aws, given, most, project_dir
from clients.command.output import print_asides, print_json, print_message, print_table

if TYPE_CHECKING:
    from clients.command.session import Registry

_ADAPTERS = {
    "VERSION": "version",
    "NAME": "name",
    "TECHNIQUE": "tuneTechnique",
    "APPROVAL": "approvalStatus",
    "CREATED": "createdAt",
    "LIVE": "live.status",
    "ARN": "arn",
}
_yes = click.option("--yes", is_flag=True, help="Agree to the plan without being asked.")
_confirm = click.option("--confirm", metavar="DIGEST", help="Agree to the plan of that digest.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show the plan and its digest.")
_wait = click.option("--wait/--no-wait", default=True, help="Wait until it is settled; default.")
_minutes = click.option(
    "--wait-minutes",
    type=click.FloatRange(0),
    default=30,
    show_default=True,
    help="Give up waiting, with status 12; the rollout itself goes on.",
)


@click.group()
def adapters() -> None:
    """List registered adapters, roll one out, follow it, take it off."""


@adapters.command("list")
@click.option("--project-name", help="Project; default: the folder's.")
@click.option("--technique", type=click.Choice(["sft", "dpo", "rlaif", "rlvr"]))
@click.option("--parent-version-arn", metavar="ARN", help="Base model version.")
@click.option("--name", help="Adapter name.")
@click.option("--live", is_flag=True, help="Join with what endpoints serve now.")
@most
@project_dir
@aws
@as_json
@click.pass_obj
def list_(front: Front, /, as_json: bool, most: int | None, **options: Any) -> None:
    """List a project's registered adapter versions, newest first."""
    answer = front.whole_list("list_adapters", "adapters", given(options), most or 0)
    if as_json:
        print_json(answer)
    elif answer["adapters"]:
        print_table(_ADAPTERS, answer["adapters"])
    else:
        print_message(answer)
    print_asides({"warnings": answer["warnings"]})


def _rolls_out(command: Command) -> Command:
    """Add the options of a rollout, beside what names its version."""
    for option in (
        as_json,
        aws,
        project_dir,
        _minutes,
        _wait,
        _dry_run,
        _confirm,
        _yes,
        click.option("--force", is_flag=True, help="Override what speaks against it."),
        click.option("--replace", is_flag=True, help="Replace what serves under that name."),
        click.option("--base-component", help="Base component, or its conf's name."),
        click.option("--endpoint-name", help="Endpoint, without a folder."),
        click.option("--project-name", help="Target project, without a folder."),
        click.option("--source-project", help="Project whose version it is; default: the target."),
        click.option("--version", type=click.IntRange(1), help="Instead of an ARN, its number."),
    ):
        command = option(command)
    return command


@adapters.command()
@click.argument("adapter_name", metavar="[NAME]", required=False)
@click.option("--version-arn", metavar="ARN", help="The version; chosen from a list when absent.")
@_rolls_out
@click.pass_context
def deploy(context: click.Context, /, **options: Any) -> None:
    """Roll a registered adapter out to the live endpoint."""
    context.exit(_roll_out(context.obj, **options))


@click.group("adapter", hidden=True)
def adapter_alias() -> None:
    """Take the form of MLCC's `do/adapter`."""


def _only_from_registry(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted and not context.resilient_parsing:
        raise click.UsageError("adapter add is for --from-registry; other sources are MLCC's own")


@adapter_alias.command()
@click.argument("adapter_name", metavar="[NAME]", required=False)
@click.option(
    "--from-registry",
    is_flag=True,
    expose_value=False,
    callback=_only_from_registry,
    help="From the registry; MLCC's other sources are its own.",
)
@click.argument("version_arn", metavar="[ARN]", required=False)
@_rolls_out
@click.pass_context
def add(context: click.Context, /, **options: Any) -> None:
    """Roll a registered adapter out: another word for adapters deploy."""
    name = options["adapter_name"] or ""
    if name.startswith("arn:"):
        options["adapter_name"], options["version_arn"] = None, name
    context.exit(_roll_out(context.obj, **options))


def _roll_out(front: Front, *, as_json: bool, yes: bool, wait: bool, **options: Any) -> Exit:
    return _change(front, "deploy_adapter_from_registry", options, yes, wait, as_json)


def _change(
    front: Front, tool: str, options: dict[str, Any], yes: bool, wait: bool, as_json: bool
) -> Exit:
    """Make a change that is agreed to and takes minutes, and follow it."""
    following = Following.of(options, wait=wait)
    wanted = {**given(options), "wait_s": 0}

    async def begin(registry: Registry) -> Answer:
        return await with_consent(registry, tool, wanted, lambda _: yes)

    return follow(front, following, begin, as_json=as_json, asking=not yes)


@adapters.command()
@click.argument("adapter_name", metavar="[NAME]", required=False)
@click.option("--ic-name", help="Instead, the component's name.")
@click.option("--project-name", help="Project; default: the folder's.")
@click.option("--wait", is_flag=True, help="Wait until it is settled.")
@_minutes
@project_dir
@aws
@as_json
@click.pass_context
def status(context: click.Context, /, as_json: bool, wait: bool, **options: Any) -> None:
    """Tell how a rollout stands, from any machine; status 1 when it failed."""
    following = Following.of(options, wait=wait)

    async def begin(registry: Registry) -> Answer:
        return await registry.call("get_adapter_rollout", given(options))

    context.exit(follow(context.obj, following, begin, as_json=as_json))


@adapters.command()
@click.argument("adapter_name", metavar="[NAME]", required=False)
@click.option("--ic-name", help="Instead, the component's name.")
@click.option("--project-name", help="Project; default: the folder's.")
@_yes
@_confirm
@_dry_run
@_wait
@_minutes
@project_dir
@aws
@as_json
@click.pass_context
def remove(context: click.Context, /, as_json: bool, yes: bool, wait: bool, **options: Any) -> None:
    """Take an adapter off its endpoint; its registered versions stay."""
    context.exit(_change(context.obj, "remove_adapter", options, yes, wait, as_json))
