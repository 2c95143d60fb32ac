"""`docs/specification-map.md` stays true: its modules and tests exist, no statement lacks proof."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "specification-map.md"
ROW = re.compile(r"\| S(?P<number>\d+) \| (?P<statement>.+?) \| (?P<built>.+?) \| (?P<proof>.+) \|")
TEST = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)`")
MODULE = re.compile(r"`([\w/]+\.py)`")
REASON = re.compile(r"\bDeviation: \w.+\.$")
COLUMNS = 4

LINES = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| S")]
ROWS = [found.groupdict() for found in map(ROW.fullmatch, LINES) if found]


def functions_of(path: Path) -> set[str]:
    """Return the test functions that a file defines, collected by reading it."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, functions) and node.name.startswith("test_")
    }


def test_every_row_has_its_columns():
    assert [] == [line for line in LINES if not ROW.fullmatch(line)]
    assert {COLUMNS} == {len(line.strip("| ").split(" | ")) for line in LINES}


def test_numbers_are_consecutive():
    assert list(range(1, len(ROWS) + 1)) == [int(row["number"]) for row in ROWS]


def test_no_statement_stands_twice():
    seen = [row["statement"] for row in ROWS if not row["statement"].startswith("`name`")]

    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"S{row['number']}")
def test_a_statement_is_proved_or_says_why_not(row):
    named = TEST.findall(row["proof"])
    modules = MODULE.findall(row["built"])

    assert named or REASON.search(row["proof"])
    assert modules or (row["built"] == "—" and not named)
    assert [] == [each for each in modules if not (ROOT / each).is_file()]
    assert row["proof"].count("::") == len(named), "every test is written as `tests/...py::name`"


def test_every_named_test_exists():
    named = {found for row in ROWS for found in TEST.findall(row["proof"])}
    paths = {path for path, _ in named}
    known = {path: functions_of(ROOT / path) for path in paths if (ROOT / path).is_file()}

    assert [] == sorted(
        f"{path}::{name}" for path, name in named if name not in known.get(path, ())
    )


def test_the_page_names_nothing_outside_of_the_repository():
    text = PAGE.read_text("utf-8")

    assert [] == re.findall(r"(?<![\w.`])/(?:home|work|tmp|usr)\S*|\.\./\S+|https?://\S+", text)
