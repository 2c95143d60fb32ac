"""Runs cells of the matrix and judges them by what is there in the end, not by the answer alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.catalog import CATALOG

from .arranged import Arguments
from .cells import AwsCall, Cell, calls_of, cells_of
from .outcomes import COMPLETE, PARTIAL, outcome_of, said_in_addition
from .rules import READS, SENT_AGAIN, is_named, names_the_store, right_outcomes
from .scenarios import Scenario
from .world import Answer, Resources, Server, World

_ADDED_LATER = {
    "modelPackageArn",
    "modelPackageVersion",
    "arn",
    "content_hash",
    "row_count",
    "versions",
}
_READING_TOOLS = {spec.function for spec in CATALOG if spec.read_only}


@dataclass(frozen=True, slots=True)
class Unfaulted:
    """What a scenario comes to where nothing fails.

    Attributes:
        before: What was there before the call.
        after, repeated: What was there after it, and after the same call again.
    """

    calls: list[AwsCall]
    answers: tuple[Answer, Answer]
    before: Resources
    after: Resources
    repeated: Resources


@dataclass
class Row:
    """One scenario's cells.

    Attributes:
        outcomes: How often each outcome was met so far.
    """

    world: World
    scenario: Scenario
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.unfaulted = self._recorded()
        self.cells = list(cells_of(self.scenario.name, self.unfaulted.calls))

    @property
    def only_reads(self) -> bool:
        """Whether the call is to change nothing anywhere."""
        return self.scenario.dry or self.scenario.tool in _READING_TOOLS

    def complaints(self, cell: Cell) -> Iterator[str]:
        """Run one cell and yield what is wrong with it."""
        control = self.world.sandbox.control
        arguments = self._arranged()
        control.fail(**cell.rule())
        with self.world.server() as server:
            answer = self._called(server, arguments)
            [rule] = control.faults()
            control.clear_faults()
            left = self.world.resources()
            again = self._called(server, arguments)
            final = self.world.resources()
        outcome = self._outcome(answer)
        self.outcomes[outcome] += 1
        if not rule["used"]:
            yield "the call did not meet the fault"
        yield from self._about_the_answer(cell, answer, outcome)
        yield from self._about_what_is_left(answer, left, cell)
        yield from self._about_the_repeat(cell, again, final)

    def _recorded(self) -> Unfaulted:
        before: Resources = {}
        if not self.only_reads:
            self._arranged()
            before = self.world.resources()
        arguments = self._arranged()
        with self.world.server() as server:
            answer = self._called(server, arguments)
            calls = calls_of(self.world.sandbox.control.calls())
            after = self.world.resources()
            again = self._called(server, arguments)
            repeated = self.world.resources()
        return Unfaulted(calls, (answer, again), before or after, after, repeated)

    def _arranged(self) -> Arguments:
        self.world.begin()
        control = self.world.sandbox.control
        control.change_settings(**self.scenario.settings)
        arguments = self.scenario.arrange(self.world)
        control.clear_log()
        return arguments

    def _called(self, server: Server, arguments: Arguments) -> Answer:
        return server.call(self.scenario.tool, arguments)

    def _outcome(self, answer: Answer) -> str:
        return outcome_of(answer, self.unfaulted.answers[0])

    def _about_the_answer(self, cell: Cell, answer: Answer, outcome: str) -> Iterator[str]:
        right = right_outcomes(cell, self.scenario)
        if outcome not in right:
            yield f"the outcome is {outcome}, right is {sorted(right)}: {_told(answer)}"
        if outcome == PARTIAL:
            said = said_in_addition(answer, self.unfaulted.answers[0])
            if not names_the_store(cell.call, said) and not answer.get("nextStep"):
                yield f"the answer does not name what failed: {said}"

    def _about_what_is_left(self, answer: Answer, left: Resources, cell: Cell) -> Iterator[str]:
        """Yield what was made that nobody asked for, made twice, or changed half."""
        before, after = self.unfaulted.before, self.unfaulted.after
        told = "done" in answer or cell.kind == "lost_answer"
        if "error" in answer and left != before and not told:
            yield f"the error does not say what was done: {_differing(left, before)}"
        if self.only_reads and left != after:
            yield f"a reading call changed {_differing(left, after)}"
        for kind, things in left.items():
            for name, thing in things.items():
                known = [_begun(each[kind][name]) for each in (before, after) if name in each[kind]]
                if not known:
                    yield f"there is one too many of {kind}: {name}"
                elif _begun(thing) not in known and not self._is_sealed(cell):
                    yield f"{name} of {kind} is neither as before nor as asked for: {thing}"
        if left["records"].keys() != after["records"].keys():
            yield f"the local record does not stand: {sorted(left['records'])}"

    def _about_the_repeat(self, cell: Cell, again: Answer, final: Resources) -> Iterator[str]:
        unfaulted = self.unfaulted
        outcomes = {outcome_of(again, answer) for answer in unfaulted.answers}
        if final not in (unfaulted.after, unfaulted.repeated):
            if _names(final) != _names(unfaulted.after) or not self._is_sealed(cell):
                yield f"the repeat leaves something else: {_differing(final, unfaulted.after)}"
        elif COMPLETE not in outcomes:
            yield f"the repeat does not complete it, but is {outcomes}: {_told(again)}"

    def _is_sealed(self, cell: Cell) -> bool:
        return cell.kind not in SENT_AGAIN and is_named(cell.call, self.scenario.sealing)


def makes_only_reads(calls: list[AwsCall]) -> bool:
    """Tell whether no call of these changes anything."""
    return all(call.operation.startswith(READS) for call in calls)


def _begun(thing: Any) -> Any:
    """Return a local record without what a repeat may add to it; anything else as it is."""
    if not isinstance(thing, dict):
        return thing
    return {key: each for key, each in thing.items() if key not in _ADDED_LATER}


def _names(resources: Resources) -> dict[str, set[str]]:
    return {kind: set(things) for kind, things in resources.items()}


def _told(answer: Answer) -> Any:
    return answer.get("error") or [answer.get("message"), answer.get("warnings")]


def _differing(one: Resources, other: Resources) -> dict[str, Any]:
    return {
        kind: {
            name: [one[kind].get(name), other[kind].get(name)]
            for name in one[kind].keys() | other[kind].keys()
            if one[kind].get(name) != other[kind].get(name)
        }
        for kind in one
        if one[kind] != other[kind]
    }
