"""What the reader says of files that do more than assign, and of files made to hurt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import InvalidArgument
from registry.project.assignments import Assignments, read_assignments


def read(text: str, **environment: str) -> Assignments:
    return read_assignments(text, environment=environment, file="do/config")


def uncertain(text: str) -> dict[str, int]:
    return {entry.name: entry.line for entry in read(text).unresolved}


def test_a_variable_of_the_environment_shows_only_when_the_file_exports_it() -> None:
    assert {"B": "1"} == dict(read("B=1\n", A="x").values)
    assert "x" == read("export A\n", A="x").get("A")
    assert frozenset() == read("echo $A\n", A="x").exported


def test_a_plain_assignment_after_a_conditional_one_is_certain_again() -> None:
    found = read("A=1\nif x; then A=2; fi\nB=$A\nA=3\n")

    assert ("3", None) == (found.get("A"), found.get("B"))
    assert ["B"] == [entry.name for entry in found.unresolved]


def test_a_value_known_before_a_condition_that_may_change_it_is_not_known_after() -> None:
    assert {"A": 3} == uncertain("A=1\nif x; then\n  A=2\nfi\n")


@pytest.mark.parametrize(
    "text",
    [
        "unset A",
        "readonly A=1",
        "declare -x A=1",
        "typeset A=1",
        "local A=1",
        "read A",
        "printf -v A x",
        "A=(1 2)",
        "A[0]=1",
        "true && A=1",
        "false || A=1",
        "A=1 | cat",
        "A=1 &",
        "(A=1)",
        "{ A=1; }",
        "for A in 1 2; do :; done",
        "while x; do A=1; done",
        "case x in x) A=1;; esac",
        "f() { A=1; }",
        "function f { A=1; }",
        "cat <<E\n${A:=1}\nE",
        "eval 'export A=1'",
        "A=~/x",
        "A=$HOME/x",
        "A=${B//x/y}",
        "A=${!B}",
        "A=$RANDOM",
        "export A={1,2}",
        "! A=1",
        "time A=1",
        "((A=1))",
        "let A=1",
        "A=1 > there",
    ],
)
def test_what_is_not_evaluated_leaves_its_variable_uncertain_and_others_alone(text: str) -> None:
    found = read(f"export BEFORE=b\n{text}\nexport AFTER=a\n")

    entry = found.why_unresolved("A")
    assert entry is not None
    assert 2 <= entry.line <= 3
    assert ("b", "a") == (found.get("BEFORE"), found.get("AFTER"))


def test_what_follows_a_return_is_uncertain() -> None:
    assert {"B": 3} == uncertain("A=1\nreturn 0\nexport B=2\n")


def test_what_follows_a_syntax_error_is_uncertain_and_said_so() -> None:
    found = read('A=1\nB="never closed\nexport C=3\n')

    assert "1" == found.get("A")
    assert {"B": 2, "C": 3} == {entry.name: entry.line for entry in found.unresolved}
    assert (
        "do/config line 2: not read further: a double quote that is never closed" in found.notices
    )


def test_a_file_that_reads_another_says_so() -> None:
    assert (
        "do/config line 1: source is not followed; what it sets or changes is not seen",
    ) == read("source ./other\nA=1\n").notices


def test_a_function_that_is_called_makes_what_it_sets_uncertain() -> None:
    assert {"A": 3} == uncertain("f() { A=1; }\nA=2\nf\n")


def test_what_follows_a_required_variable_that_is_missing_is_uncertain() -> None:
    assert {"A": 1, "B": 2} == uncertain("A=${X:?message}\nB=1\n")


def test_set_a_exports_what_follows() -> None:
    assert {"B"} == read("A=1\nset -a\nB=2\nset +a\nC=3\n").exported


def test_braces_are_text_in_an_assignment() -> None:
    assert "{a,b}" == read("A={a,b}\n").get("A")


def test_literals_and_own_defaults_are_told_apart() -> None:
    found = read("export A=1\nexport B=${B:-1}\nexport B=${B:-1}\nexport C=x$A\nexport D=\n")

    assert {"A", "D"} == found.literals
    assert 2 == found.defaulted["B"]


def test_a_variable_of_an_earlier_file_is_seen_and_its_doubt_too() -> None:
    config = read("A=1\nX=$(date)\n")
    conf = read_assignments("B=$A\nC=$X\n", inherited=config, file="do/ic/default.conf")

    assert {"B": "1"} == dict(conf.values)
    assert ["C"] == [entry.name for entry in conf.unresolved]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("export A=$(date)\n", ["do/config line 1", "A", "command substitution"]),
        ("export B=1\n", ["do/config", "does not set A"]),
        ("export A=\n", ["do/config", "does not set A"]),
    ],
)
def test_a_required_value_that_is_not_there_is_named(text: str, words: list[str]) -> None:
    with pytest.raises(InvalidArgument) as failure:
        read(text).require("A")

    assert [] == [word for word in words if word not in failure.value.message]


def test_a_required_value_that_is_there_is_given() -> None:
    assert "v" == read("A=v\n").require("A")


def test_a_nul_character_is_refused_by_line() -> None:
    with pytest.raises(InvalidArgument, match="do/config line 2: a NUL character"):
        read("A=1\nB=\0\n")


_SIZE = 1000
_GROWTH = 8


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "A=" + "x" * 60 * n,
        lambda n: 'A="' + "x y" * 60 * n + '"',
        lambda n: "A='" + "x" * 60 * n,
        lambda n: "A=" + "${B:-" * n,
        lambda n: "A=" + "${B:-" * n + "}" * n,
        lambda n: 'A="' + "${B:-" * n + "}" * n + '"',
        lambda n: "A=" + "$(" * n,
        lambda n: "A=" + "$(" * n + ")" * n,
        lambda n: "A=" + "`" * n,
        lambda n: "A=" + '"' * n,
        lambda n: "A=" + "\\" * n,
        lambda n: "A=" + "\\\n" * n,
        lambda n: "(" * n,
        lambda n: "{ " * n,
        lambda n: "if " * n,
        lambda n: "x && " * n,
        lambda n: "! " * n,
        lambda n: "A=1;" * n,
        lambda n: "x <<E\n" + "\\\n" * n,
        lambda n: "x <<E\n" * n,
        lambda n: "f() { A=1; }\n" * (n // 4) + "f\n" * (n // 4),
        lambda n: "f() { " + "".join(f"A{i}=1;" for i in range(n // 4)) + "}\n" + "f\n" * (n // 4),
        lambda n: "if x; then\n" + "".join(f"A{i}=1\n" for i in range(n)) + "fi\n",
        lambda n: "".join(f"A{i}=1\n" for i in range(n // 4)) + "unset $X\n" * (n // 4),
        lambda n: "".join(f"A{i}=1\n" for i in range(n)) + "((\n",
        lambda n: "[[ " * n,
        lambda n: "$((" * n,
        lambda n: "# " * n,
        lambda n: "A=$'" + "\\x41" * n + "'",
        lambda n: 'A="${B:-' + "'" * n + '}"',
        lambda n: "command " * n,
        lambda n: "A=[" * n,
        lambda n: "A[ " * n,
        lambda n: "A\\\n" * n + "[",
        lambda n: "A[x" * n + "]" * n,
        lambda n: "export A=" + "{" * n,
        lambda n: "eval " + "A=1 " * n,
        lambda n: "eval '" + "A[ " * n + "'",
    ],
    ids=lambda text: f"{text(1)[:24]!a}",
)
def test_reading_takes_time_in_proportion_to_the_text(text: Callable[[int], str]) -> None:
    small, large = text(_SIZE), text(_SIZE * _GROWTH)

    # Twice what proportion allows, where a square would be eight times that; a pause of the
    # machine may spoil one measurement, not three.
    assert any(_seconds(large) < 2 * _GROWTH * _seconds(small) + 0.02 for _ in range(3))


def _seconds(text: str) -> float:
    begun = time.process_time()
    read(text)
    return time.process_time() - begun


def test_a_value_that_doubles_itself_is_cut_off() -> None:
    found = read("A=xxxxxxxxxx\n" + "A=$A$A\n" * 64)

    assert found.why_unresolved("A") is not None


def test_many_long_values_stay_within_a_budget() -> None:
    found = read("A=" + "x" * 100_000 + "\n" + "B=$A\n" * 1000)

    assert found.why_unresolved("B") is not None


def test_a_deeply_nested_default_is_uncertain_and_the_rest_is_read() -> None:
    found = read("A=" + "${B:-" * 1000 + "x" + "}" * 1000 + "\nC=3\n")

    assert ["A"] == [entry.name for entry in found.unresolved]
    assert "3" == found.get("C")


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    forms = [
        f"A=$(touch {mark})",
        f"A=`touch {mark}`",
        f"A=${{X:-$(touch {mark})}}",
        f'A="${{X:-`touch {mark}`}}"',
        f"A=<(touch {mark})",
        f"touch {mark}",
        f"eval 'touch {mark}'",
        f"cat <<E\n$(touch {mark})\nE",
        f"A=$((a[$(touch {mark})]))",
        f"trap 'touch {mark}' EXIT",
        f"A=x > {mark}",
        f". {mark}",
    ]

    read("\n".join(forms) + "\n")

    assert [] == list(tmp_path.iterdir())
