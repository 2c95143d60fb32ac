"""The matrix: every AWS call that a scenario makes, by every kind of fault, once and for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.faults import KINDS

SLOW_S = 0.02


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call of a scenario: the nth of its operation, counted from 1."""

    service: str
    operation: str
    nth: int

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}#{self.nth}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One call of one scenario that suffers one fault.

    Attributes:
        lasting: It and every later call of the operation do, until the next call of the tool.
    """

    scenario: str
    call: AwsCall
    kind: str
    lasting: bool

    def __str__(self) -> str:
        how_long = "lasting" if self.lasting else "once"
        return f"{self.scenario} / {self.call} / {self.kind} {how_long}"

    def rule(self) -> dict[str, Any]:
        """Return the fault as `Control.fail` takes it."""
        return {
            "service": self.call.service,
            "operation": self.call.operation,
            "kind": self.kind,
            "skip": self.call.nth - 1,
            "times": -1 if self.lasting else 1,
            "delay_s": SLOW_S if self.kind == "slow" else 0.0,
        }


def calls_of(log: Iterable[dict[str, Any]]) -> list[AwsCall]:
    """Return the calls in a sandbox's log, each numbered among those of its operation."""
    seen: Counter[tuple[str, str]] = Counter()
    calls = []
    for one in log:
        named = one["service"], one["operation"]
        seen[named] += 1
        calls.append(AwsCall(*named, seen[named]))
    return calls


def cells_of(scenario: str, calls: Iterable[AwsCall]) -> Iterator[Cell]:
    """Yield a row of the matrix: a scenario's calls by every kind, once and lasting."""
    for call in calls:
        for kind in KINDS:
            for lasting in (False, True):
                yield Cell(scenario, call, kind, lasting)
