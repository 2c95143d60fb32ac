"""Every assignment form of the record contract's vectors, section 4 and `assignment_forms`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.project.assignments import read_assignments

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "assignment_forms.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["cases"]


def test_all_forms_are_here() -> None:
    assert 45 == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_form_has_the_value_that_bash_gives_it(case: dict[str, Any]) -> None:
    found = read_assignments(
        "\n".join(case["lines"]) + "\n", environment=case["environment"], file="do/config"
    )

    for name, expected in case["values"].items():
        if expected is not None and expected.startswith("<do not evaluate"):
            entry = found.why_unresolved(name)
            assert entry is not None
            assert ("do/config", True) == (entry.file, 1 <= entry.line <= len(case["lines"]))
            assert name not in found.values
        else:
            assert expected == (found.get(name) if name in found.exported else None)
            assert found.why_unresolved(name) is None


def test_the_line_of_an_unresolved_variable_is_its_own() -> None:
    found = read_assignments('\nexport OK=1\n\nexport A="$(hostname)"\n', file="do/config")

    assert [("A", 4)] == [(entry.name, entry.line) for entry in found.unresolved]
