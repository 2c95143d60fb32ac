"""Generated assignment files, read by us and by a real bash: what we claim, bash holds.

Three generators: the forms that we promise to read exactly; the same among constructs that we
do not evaluate; and fragments thrown together, most of them syntax errors.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from registry.project.assignments import Assignments, read_assignments

NAMES = ("A", "B", "C_1", "D")
ENVIRONMENT = {"C_1": "from the shell"}
Seen = dict[str, tuple[str, bool]]
Bash = Callable[[Sequence[str]], list[Seen | None]]

QUICK = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking would run bash a thousand times
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
LONG = settings(QUICK, max_examples=1500, derandomize=False)

names = st.sampled_from(NAMES)
bare_text = st.text(alphabet="abcXYZ019._/:=,+@%^-é日\r", max_size=6)
spaces = st.sampled_from([" ", "  ", "\t"])


def _reference(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"${{{name}}}", f"${name}."])


references = names.flatmap(_reference)
single_quoted = st.text(alphabet='ab 019#$`"\\{}~é\n\r', max_size=8).map(lambda t: f"'{t}'")
escaped = st.sampled_from(["\\ ", "\\$", "\\#", "\\\\", "\\'", '\\"', "\\;", "\\a", "\\~", "\\\n"])
double_pieces = st.one_of(
    st.text(alphabet="ab 019#'{}~!*?;|&()é\n\r", max_size=6),
    st.sampled_from(['\\"', "\\$", "\\\\", "\\`", "\\n", "\\a", "\\\n", "$ ", "$."]),
    references,
)
ansi = st.lists(
    st.one_of(
        st.text(alphabet='ab 09"$`', max_size=4),
        st.sampled_from(
            ["\\n", "\\t", "\\\\", "\\'", '\\"', "\\x41", "\\101", "\\e", "\\z", "\\7"]
        ),
    ),
    max_size=3,
).map(lambda pieces: f"$'{''.join(pieces)}'")
operators = st.sampled_from([":-", "-", ":=", "=", ":+", "+"])


def _expansions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, operator, word: f"${{{name}{operator}{word}}}",
        names,
        operators,
        st.lists(inner, max_size=3).map("".join),
    )


quoted_word = st.one_of(
    st.text(alphabet="ab 01{#~:;é\n", max_size=5),
    st.sampled_from(["\\}", "\\$", '\\"', "\\a", "'a b'", "'${A}'"]),
    references,
)
quoted_default = st.recursive(_expansions(quoted_word), _expansions, max_leaves=3)
double_quoted = st.lists(st.one_of(double_pieces, quoted_default), max_size=4).map(
    lambda pieces: f'"{"".join(pieces)}"'
)
unquoted_word = st.one_of(
    st.text(alphabet="ab 01{#:;é\n", max_size=5), escaped, single_quoted, double_quoted, references
)
unquoted_default = st.recursive(_expansions(unquoted_word), _expansions, max_leaves=3)
values = st.lists(
    st.one_of(
        bare_text,
        single_quoted,
        double_quoted,
        escaped,
        references,
        unquoted_default,
        ansi,
        st.sampled_from(["#", "a#b", "{x}", "}", "*", "?", "[a]", "$.", "$=", "="]),
    ),
    max_size=3,
).map(lambda pieces: "x".join(pieces) if pieces and pieces[0][:1] in "#" else "".join(pieces))
assignments = st.builds(
    lambda name, sign, value: f"{name}{sign}{value}",
    names,
    st.sampled_from(["=", "=", "=", "+="]),
    values,
)
comments = st.sampled_from(["", "", " # a note", "\t#", ' # it\'s "odd" ${'])
statements = st.one_of(
    assignments.map(lambda text: f"export {text}"),
    assignments,
    st.lists(assignments, min_size=2, max_size=3).map(lambda many: "export " + " ".join(many)),
    st.lists(assignments, min_size=2, max_size=3).map("  ".join),
    names.map(lambda name: f"export {name}"),
    st.builds(lambda name, text: f"export {name}={text} ", names, double_quoted),
    double_quoted.map(lambda text: f"echo {text}"),
    st.builds(
        lambda name, text: f'export "{name}={text}"',
        names,
        st.text(alphabet="ab =:#/~", max_size=5),
    ),
    st.sampled_from(["# export A=1", "", "   ", ":", "set -e", "set -a", "export"]),
)
static_files = st.lists(
    st.builds(
        lambda lead, text, comment, end: f"{lead}{text}{comment}{end}",
        st.sampled_from(["", "  ", "\t"]),
        statements,
        comments,
        st.sampled_from(["\n", "\n", "\n\n"]),
    ),
    min_size=1,
    max_size=5,
).map("".join)
dynamic_statements = st.one_of(
    *(
        st.builds(
            lambda name, value, form=form: form.replace("N", name).replace("V", value),
            names,
            values,
        )
        for form in [
            "export N=$(echo V)",
            "N=`echo`",
            "N=$((1+1))",
            ": $((N=4))",
            "true && N=V",
            "false || export N=V",
            "if true; then\n N=V\nfi",
            "{ N=V; }",
            "( N=V )",
            "unset N",
            "for N in a b; do :; done",
            "while false; do N=V; done",
            "N=V :",
            "N=V true",
            "case V in a) N=1;; *) N=2; esac",
            "f() { N=V; }",
            "f() { N=V; }\nf",
            "declare N=V",
            "readonly N",
            "read N",
            "printf -v N x",
            "N=(1 2)",
            "N[0]=V",
            "let N=2",
            "((N=3))",
            "N=${N%x}",
            "N=${N:1:2}",
            "N=${!N}",
            "N=$1",
            "N=$$",
            "export -n N",
            "! N=V",
            "N=V | true",
            "N=V &",
            "set -u",
            "[[ V == a ]] && N=b",
            "true <<X\n${N:=V}\nX",
            "true <<'X'\nN=V\nX",
            "eval 'N=1'",
            "command export N=1",
            "export N$D=1",
            "N=~/x",
            "N=V; return",
            "if",
            "N='",
            "N=$UID",
            "N=${#N}",
            "N=V <<X\nX",
        ]
    )
)
mixed_files = st.lists(
    st.one_of(statements, dynamic_statements).map(lambda text: text + "\n"), min_size=1, max_size=6
).map("".join)

FRAGMENTS = """a b x é 1 | && || & ; ;; ;} { } ( ) # ' " \\ $ ~ : = * [ ] ! $A $B ${A} ${B:- ${A-
${B:= ${C_1:+ ${C_1+ ${#A} ${A%a} ${A:1} ${!A} $' $1 $@ $- $_ $(a) `a` $((1+1)) $((A=5)) ((B=2))
A= B= C_1= A+= A[0]=1 B=(1 fi esac done then else true false time command printf"""
LINES = (
    " ",
    "  ",
    "\t",
    "\n",
    "\n",
    "\nA=",
    "\nexport A=",
    "export B=",
    "export ",
    " # ",
    "\r",
    "\\\n",
    "\nfi\n",
    "if a; then ",
    "case a in a)",
    "for A in b;do ",
    "a() {",
    "<<a\n",
    "\na\n",
    "set -a\n",
    "set -u\n",
    "unset A",
    "export -n A\n",
    "declare A=1\n",
    "readonly B\n",
    "return\n",
    "eval A=2\n",
    "read A\n",
    'export "A=b"',
    "local A\n",
    "printf -v A b\n",
    "[[ a ]]",
    "[[ -n $A && a == b ]]",
    "B=(1 2)",
    '"${A:-',
    "\"${B:-'",
    "C_1=",
    "<<<a",
)
GRAMMAR = (
    *("while ", "until ", "if ", "do ", "done\n", "then ", "elif ", "else ", "; do ", "; then "),
    *(
        "for A ",
        "for A in a",
        "for A;",
        "\nin ",
        "in ",
        "select B ",
        "case ",
        "|b)",
        ";;",
        "esac\n",
    ),
    *(
        "function f ",
        "f() ",
        "f\n",
        "f() { A=q; }\n",
        "f() { unset $B; }\n",
        "coproc ",
        "{ ",
        "\n}\n",
    ),
    *("time ", "time -p ", "-p ", "! ", "&&\n", "||\n", "|\n", "; ", "(a)", "(", "@(a)", "[[ a"),
    *("A[", "b[", "]", "[a]", "=1", "A{x,y}", "{export,A=1}", "&\\\n&", ";\\\n;", "$\\\n", "1\\\n"),
    *("B=A\n", "B='unset A'\n", "$B\n", '"$B" A\n', "unset $B\n", "read $B\n", 'declare "$B=1"\n'),
    *(
        "printf -v $B x\n",
        'unset "A"\n',
        "eval ",
        "let ",
        "let A=1\n",
        "command ",
        "builtin ",
        "cd /\n",
    ),
    *("shopt -s extglob\n", "\nA=1;", "A=y ", "; A=2", "A='", "'A'", '"B"=', "\\A", "<a "),
)
"""What makes and breaks compound commands, and commands that only running would tell."""


def _disagreement(script: str, seen: Seen | None) -> str:
    """Return what we claim and bash does not hold; "" when nothing."""
    if seen is None:
        return ""
    found = read_assignments(script, environment=ENVIRONMENT, file="f")
    uncertain = {entry.name for entry in found.unresolved}
    notices = " ".join(found.notices)
    for name in NAMES:
        if name in uncertain or "export of something computed" in notices:
            continue
        if name not in found.values and "something computed is run" in notices:
            continue
        ours = found.values.get(name, ENVIRONMENT.get(name) if name not in found.values else None)
        theirs, exported = seen.get(name, (None, False))
        if ours != theirs:
            return f"{name}: ours {ours!r}, bash {theirs!r} in {script!r}"
        if name in found.values and exported and name not in found.exported:
            return f"{name}: bash exports it, in {script!r}"
    return ""


def _inexact(script: str, seen: Seen | None) -> str:
    """Return how our reading of a file of promised forms is not bash's; "" when it is."""
    assert seen is not None, f"bash ended in {script!r}"
    found = read_assignments(script, environment=ENVIRONMENT, file="f")
    if found.unresolved or found.notices:
        return f"{found.unresolved} {found.notices} in {script!r}"
    ours = {name: (value, name in found.exported) for name, value in found.values.items()}
    ours = {name: (value, True) for name, value in ENVIRONMENT.items()} | ours
    return "" if ours == seen else f"ours {ours}, bash {seen} in {script!r}"


def _exact(bash: Bash, scripts: Sequence[str]) -> None:
    for script, seen in zip(scripts, bash(scripts), strict=True):
        assert "" == _inexact(script, seen)


def _sound(bash: Bash, scripts: Sequence[str]) -> None:
    scripts = [script for script in scripts if ">" not in script]
    for script, seen in zip(scripts, bash(scripts), strict=True):
        assert "" == _disagreement(script, seen)


def _thrown_together(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    pool = [*FRAGMENTS.split(), *LINES]
    tails = ["", "A=z\n", "export B=$A\n"]
    return [
        "".join(chance.choices(pool, k=chance.randint(2, 14))) + "\n" + chance.choice(tails)
        for _ in range(count)
    ]


def _grammar_thrown_together(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    pool = [*FRAGMENTS.split(), *LINES, *GRAMMAR, *GRAMMAR]
    heads = ["", "A=1\n", "A=1;", "export A=p\n"]
    tails = ["", "A=z\n", "export B=$A\n", "B=w\n"]
    return [
        chance.choice(heads)
        + "".join(chance.choices(pool, k=chance.randint(1, 9)))
        + "\n"
        + chance.choice(tails)
        for _ in range(count)
    ]


@QUICK
@given(scripts=st.lists(static_files, min_size=5, max_size=12))
def test_the_promised_forms_are_read_exactly_as_bash_reads_them(
    bash: Bash, scripts: list[str]
) -> None:
    _exact(bash, scripts)


@QUICK
@given(scripts=st.lists(mixed_files, min_size=5, max_size=12))
def test_what_is_claimed_beside_dynamic_constructs_is_what_bash_holds(
    bash: Bash, scripts: list[str]
) -> None:
    _sound(bash, scripts)


def test_what_is_claimed_of_fragments_thrown_together_is_what_bash_holds(bash: Bash) -> None:
    _sound(bash, _thrown_together(seed=20260501, count=600))
    _sound(bash, _grammar_thrown_together(seed=20260501, count=300))


def test_a_line_that_ends_in_the_middle_of_a_list_does_nothing(bash: Bash) -> None:
    _sound(bash, [f"A=1;B=$A{mark}\n" for mark in ("&&", "||", "|", "|&", "&& !", ";f()")])
    _sound(bash, ["A=falsex;}$B&&\n", "export A=;}then|\n", "A=1; (: &&)\nB=2\n"])


def test_an_unset_of_an_invalid_name_leaves_the_variable(bash: Bash) -> None:
    _sound(bash, ['export "A=b"thenA=unset A[\nexport B=$A\n', "A=1\nunset A[\nB=$A\n"])
    _sound(bash, ['unset A[[ -n $A && a == b ]]\\\n:$A]x\nlocal A\nexport "A=b"\nexport B=$A\n'])


def test_a_subscript_swallows_the_lines_up_to_its_bracket(bash: Bash) -> None:
    _sound(bash, ["b\\\n[\nA=z\n", "b[\nA=z\n]=1\n", "b[x[y]\nA=z\n", "b[x[y]]=1\nA=z\n"])


def test_what_cannot_be_read_may_change_all_that_it_mentions(bash: Bash) -> None:
    scripts = ["unset A; b[ x]=1", "f; b[ x]=1", "{export,A=2}; b[ x]=1", "read A; b[ x]=1"]
    _sound(bash, [f"f() {{ A=3; }}\nA=1\n{script}\nB=$A\n" for script in scripts])


def test_a_negation_of_nothing_before_an_operator_is_an_error(bash: Bash) -> None:
    _sound(bash, ["(a!\n!) &\nA=z\n", "! && A=1\nB=2\n", ": | ! :\nB=2\n", "coproc\nA=1\nB=2\n"])
    _sound(bash, ["! time A=1\n", "time -p A=1\n", "time -- A=1\nB=$A\n"])


def test_a_command_that_is_computed_may_change_everything(bash: Bash) -> None:
    commands = ["$B", "unset $B", 'unset "$B"', "$(printf 'unset A')", "{unset,A}", "f"]
    scripts = [f"f() {{ unset $B; }}\nA=1\nB=A\n{command}\nC=$A\n" for command in commands]
    _sound(bash, [*scripts, "A=1\nB='unset A'\n$B\n", "B=A\nA=1\nprintf -v $B 2\n"])
    assert {"A", "B"} <= {
        entry.name for entry in read_assignments("A=1\nB=A\nunset $B\n", file="f").unresolved
    }


def test_the_parts_of_a_compound_command_stand_in_their_order(bash: Bash) -> None:
    wrong = ["while false; done", "if a; fi", "if a; then b; else c; else d; fi", "(a) (b)"]
    wrong += ["for A b; do :; done", "for A; b; do :; done", "for A;in b; do :; done", "in"]
    wrong += ["case a in b c) :;; esac", "case a in ) :;; esac", "f() ; { :; }", "f() g() { :; }"]
    _sound(bash, [f"D=1; {command}\nB=1\n" for command in wrong])


def test_well_formed_compounds_leave_the_rest_of_the_file_certain(bash: Bash) -> None:
    right = ["for D in a\\\n b\n\n do :; done", "for D\n\nin b; do :; done", "for D do :; done"]
    right += [
        "for ((;0;)) do :; done",
        "for D in; do :; done",
        "if a; then b; elif c; then d; fi",
    ]
    right += ["case a in\n\n(a|b) :;;\n c) ;; d) esac", "case a in esac", "until true; do :; done"]
    right += ["f()\n{ :; }", "function f() { :; }", "function f { :; }", "time :", "! :", "{ (:) }"]
    scripts = [f"A=1\n{command}\nB=$A\n" for command in right]
    _sound(bash, scripts)
    assert [] == [s for s in scripts if "1" != read_assignments(s, file="f").get("B")]


def test_an_operator_may_be_spread_over_two_lines(bash: Bash) -> None:
    _sound(bash, ["=1<<<a$\\\n$(a)\nB=w\n", "$\\\n[\nB=1\n", "1\\\n<none B=1\n", "A=1&\\\n&B=2\n"])


def test_evaluated_text_may_end_the_file_or_set_what_it_names(bash: Bash) -> None:
    texts = ["return", "read A", "printf -v A b", "[[ a", "'if'"]
    _sound(bash, [f"eval {text}\nA=z\n" for text in texts])
    _sound(bash, [f"eval {text}\n" for text in texts])


def test_a_trap_may_run_between_any_two_commands(bash: Bash) -> None:
    signals = ("DEBUG", "ERR", "RETURN", "debug")
    _sound(bash, [f"f() {{ A=2; }}\ntrap f {signal}\nA=1\nx\nB=$A\n" for signal in signals])


def test_export_with_p_still_sets(bash: Bash) -> None:
    _sound(bash, ["export -p A=y\n", "export -p\nA=1\n"])


@pytest.mark.soak
@pytest.mark.timeout(1200)
@LONG
@given(scripts=st.lists(static_files, min_size=5, max_size=12))
def test_many_files_of_promised_forms_are_read_exactly(bash: Bash, scripts: list[str]) -> None:
    _exact(bash, scripts)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@LONG
@given(scripts=st.lists(mixed_files, min_size=5, max_size=12))
def test_many_files_with_dynamic_constructs_are_read_soundly(
    bash: Bash, scripts: list[str]
) -> None:
    _sound(bash, scripts)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(30))
def test_many_fragments_thrown_together_are_read_soundly(bash: Bash, seed: int) -> None:
    _sound(bash, _thrown_together(seed=seed, count=2000))


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(30))
def test_much_grammar_thrown_together_is_read_soundly(bash: Bash, seed: int) -> None:
    _sound(bash, _grammar_thrown_together(seed=seed, count=2000))


def test_a_disagreement_is_seen() -> None:
    wrong: Seen = {"A": ("other", False), "C_1": ("from the shell", True)}

    assert "A: ours '1', bash 'other'" in _disagreement("A=1\n", wrong)
    assert "ours" in _inexact("A=1\n", wrong)


def test_reading_gives_assignments() -> None:
    assert isinstance(read_assignments("", file="f"), Assignments)
