"""Every AWS call that each tool makes, by every kind of fault, before and after the work.

A failure names its cells. One alone: pytest tests/aws/faults --cell="roll out / sts". The normal
run draws a few cells per scenario, the same ones every time; `make soak` runs them all.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from tools.catalog import CATALOG

from .cells import Cell
from .matrix import Row, makes_only_reads
from .scenarios import SCENARIOS, Scenario

SAMPLED = 2
SEED = 4
RowOf = Callable[[Scenario], Row]
BY_NAME = [pytest.param(each, id=each.name) for each in SCENARIOS]


def complaints(row: Row, cells: Iterable[Cell]) -> list[str]:
    return [f"{cell}: {each}" for cell in cells for each in row.complaints(cell)]


def say(wrong: list[str]) -> None:
    """Fail with every complaint whole, as no comparison of lists would show them."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def report(row: Row, record_property: Callable[[str, object], None], ran: int) -> None:
    """Record the figures that the end of the run says."""
    record_property("figure: fault matrix, cells", len(row.cells))
    record_property("figure: fault matrix, cells run", ran)
    for outcome, count in row.outcomes.items():
        record_property(f"figure: fault matrix, outcome {outcome}", count)


def test_every_tool_that_reaches_aws_has_a_row():
    reaching = {spec.name for spec in CATALOG if spec.open_world}

    assert reaching == {each.tool.__name__ for each in SCENARIOS}


@pytest.mark.parametrize("scenario", BY_NAME)
def test_a_sample_of_the_cells_has_the_right_outcome(
    row: RowOf, scenario: Scenario, record_property, request: pytest.FixtureRequest
):
    made = row(scenario)
    assert made.unfaulted.calls, "it reaches no AWS"
    wanted = request.config.getoption("--cell", default="")
    cells = [each for each in made.cells if wanted in str(each)]
    if not cells:
        pytest.skip("no cell of this scenario is called that")
    if not wanted:
        chance = random.Random(f"{SEED} {scenario.name}")  # noqa: S311 - repeatable, no secret
        cells = chance.sample(cells, SAMPLED)
    wrong = complaints(made, cells)
    report(made, record_property, len(cells))
    say(wrong)

    assert not made.only_reads or makes_only_reads(made.unfaulted.calls)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", BY_NAME)
def test_every_cell_has_the_right_outcome(row: RowOf, scenario: Scenario, record_property):
    made = row(scenario)
    wrong = complaints(made, made.cells)
    report(made, record_property, len(made.cells))
    say(wrong)
