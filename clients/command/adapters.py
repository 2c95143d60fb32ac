"""`adapters`: what is registered, rolling one out, following it, taking it off."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer, Progress, Refused
from clients.command.consent import with_consent
from clients.command.exits import Exit
from clients.command.front import Front
from clients.command.options import Command, as_json, aws, given, most, project_dir
from clients.command.output import hint, print_asides, print_json, print_message, print_table
from clients.command.watching import watched

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
_TOGETHER_S = 45
"""How long one call waits: hosts and servers end calls at about a minute."""

_UNSETTLED = ("creating", "updating", "deleting")
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


@dataclass(slots=True)
class Following:
    """A rollout that is followed to its end, and what was last heard of it.

    Attributes:
        minutes: How long to wait at most; 0 to look once.
    """

    place: Mapping[str, Any]
    minutes: float
    last: Answer = field(default_factory=dict)

    async def to_its_end(self, registry: Registry, first: Answer, progress: Progress) -> Answer:
        """Ask until the state is final; the component's name is all that it takes."""
        self.last = first
        ends = time.monotonic() + self.minutes * 60
        while self.last["state"] in _UNSETTLED and time.monotonic() < ends:
            wait_s = int(min(_TOGETHER_S, max(1, ends - time.monotonic())))
            wanted = {"ic_name": self.last["icName"], "wait_s": wait_s, **self._account()}
            self.last.pop("nextStep", None)  # it was to look again
            self.last = {**self.last, **await _look(registry, wanted, progress)}
        return self.last

    def _account(self) -> dict[str, Any]:
        """Where to look: where the first answer was given, whatever the folder says."""
        told = self.last.get("aws") or {}
        told = {name: told[name] for name in ("region", "profile") if told.get(name)}
        return {**told, **self.place}

    @property
    def exit(self) -> Exit:
        """The status that the last state ends the command with."""
        state = self.last.get("state")
        if state == "failed":
            return Exit.FAILED
        return Exit.TIMEOUT if state in _UNSETTLED and self.minutes else Exit.DONE

    def how_to_go_on(self) -> str:
        """Return the command that takes the waiting up again; "" before anything has begun."""
        if "icName" not in self.last:
            return ""
        place = "".join(f" --{name} {value}" for name, value in self._account().items())
        return f"mlcc-registry adapters status --ic-name {self.last['icName']} --wait{place}"


async def _look(registry: Registry, wanted: Mapping[str, Any], progress: Progress) -> Answer:
    """Return how a component stands; one that is gone was removed."""
    try:
        return await registry.call("get_adapter_rollout", wanted, progress)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        return {"state": "removed", "message": f"{wanted['ic_name']} is gone"}


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


@adapter_alias.command()
@click.argument("adapter_name", metavar="[NAME]", required=False)
@click.option("--from-registry", is_flag=True, required=True, help="From the registry.")
@click.argument("version_arn", metavar="[ARN]", required=False)
@_rolls_out
@click.pass_context
def add(context: click.Context, /, from_registry: bool, **options: Any) -> None:  # noqa: ARG001 - it has to be there, as in MLCC's form
    """Roll a registered adapter out: another word for adapters deploy."""
    name = options["adapter_name"] or ""
    if name.startswith("arn:"):
        options["adapter_name"], options["version_arn"] = None, name
    context.exit(_roll_out(context.obj, **options))


def _roll_out(front: Front, *, as_json: bool, yes: bool, wait: bool, **options: Any) -> Exit:
    following = _following(options, wait=wait)
    wanted = {**given(options), "wait_s": 0}

    async def talk(registry: Registry) -> Answer:
        first = await with_consent(registry, "deploy_adapter_from_registry", wanted, lambda _: yes)
        async with watched(f"rolling out {first.get('icName')}") as progress:
            return await following.to_its_end(registry, first, progress)

    return _follow(front, following, talk, as_json=as_json, asking=not yes)


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
    following = _following(options, wait=wait)

    async def talk(registry: Registry) -> Answer:
        first = await registry.call("get_adapter_rollout", given(options))
        async with watched(f"following {first.get('icName')}") as progress:
            return await following.to_its_end(registry, first, progress)

    context.exit(_follow(context.obj, following, talk, as_json=as_json))


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
    following = _following(options, wait=wait)
    wanted = {**given(options), "wait_s": 0}

    async def talk(registry: Registry) -> Answer:
        first = await with_consent(registry, "remove_adapter", wanted, lambda _: yes)
        async with watched(f"taking {first.get('icName')} off") as progress:
            return await following.to_its_end(registry, first, progress)

    context.exit(_follow(context.obj, following, talk, as_json=as_json, asking=not yes))


def _following(options: dict[str, Any], *, wait: bool) -> Following:
    """Return who follows the rollout that the options name; what is its own leaves the options."""
    minutes = options.pop("wait_minutes")
    place = given({name: options[name] for name in ("region", "profile")})
    return Following(place, minutes if wait and not options.get("dry_run") else 0)


def _follow(
    front: Front,
    following: Following,
    talk: Any,
    *,
    as_json: bool,
    asking: bool = False,
) -> Exit:
    """Hold the conversation and print what came of it; Ctrl-C ends the waiting alone."""
    try:
        answer = front.converse(talk, asking=asking)
    except KeyboardInterrupt:
        if again := following.how_to_go_on():
            click.echo(f"\nit goes on without you; to follow it: {again}", err=True)
        return Exit.INTERRUPTED
    if as_json:
        print_json(answer)
    else:
        print_message(answer)
    print_asides(answer)
    if following.exit is Exit.TIMEOUT:
        hint(f"to follow it: {following.how_to_go_on()}")
    return following.exit
