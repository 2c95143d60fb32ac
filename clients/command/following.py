"""Follows a rollout to its end, wherever it was begun; Ctrl-C ends the following alone."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from clients.command.answers import Answer, Progress, Refused
from clients.command.exits import Exit
from clients.command.front import Front
from clients.command.options import given
from clients.command.output import hint, print_answer
from clients.command.watching import watched

if TYPE_CHECKING:
    from clients.command.session import Conversation, Registry

_TOGETHER_S = 45
"""How long one call waits: hosts and servers end calls at about a minute."""

_UNSETTLED = ("creating", "updating", "deleting")


@dataclass(slots=True)
class Following:
    """A rollout that is followed to its end, and what was last heard of it.

    Attributes:
        minutes: How long to wait at most; 0 to look once.
    """

    place: Mapping[str, Any]
    minutes: float
    last: Answer = field(default_factory=dict)

    @classmethod
    def of(cls, options: dict[str, Any], *, wait: bool) -> Following:
        """Return who follows what the options name; what is its own leaves the options."""
        minutes = options.pop("wait_minutes")
        place = given({name: options[name] for name in ("region", "profile")})
        return cls(place, minutes if wait and not options.get("dry_run") else 0)

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


def follow(
    front: Front,
    following: Following,
    begin: Conversation,
    *,
    as_json: bool,
    asking: bool = False,
) -> Exit:
    """Begin something, follow it, and print what came of it.

    Args:
        begin: Makes the first call; what it answers is followed.
        asking: The server's questions are put to the person.

    Raises:
        Refused: it could not begin, or could not be looked at.
    """

    async def talk(registry: Registry) -> Answer:
        first = await begin(registry)
        async with watched(str(first.get("icName"))) as progress:
            return await following.to_its_end(registry, first, progress)

    try:
        answer = front.converse(talk, asking=asking)
    except KeyboardInterrupt:
        if again := following.how_to_go_on():
            click.echo(f"\nit goes on without you; to follow it: {again}", err=True)
        return Exit.INTERRUPTED
    print_answer(answer, as_json=as_json)
    if following.exit is Exit.TIMEOUT:
        hint(f"to follow it: {following.how_to_go_on()}")
    return following.exit
