"""Our `model_glob` beside minimatch, which MLCC's `registry search` uses."""

from __future__ import annotations

import itertools
import random

import pytest

from registry.deployments.filters import DeploymentFilter

NAMES = [
    *("Qwen/Qwen3-4B", "meta-llama/Llama-3.1-8B", "org/model-1.2", "s3://bucket/m/", "é/日本"),
    *("a", "b", "ab", "A", "a/b", "a/b/c", "a/", "a//b", "1", "2", "-", "a b", "a.b", "[x]"),
    *("a!b", "{a}", "a,b", "#x", "!a", "a*b", "a\\b", "x#y"),
]
PARTS = [
    *(
        "*",
        "?",
        "**",
        "/",
        "**/",
        "/**",
        "[ab]",
        "[!a]",
        "[^a]",
        "[a-c]",
        "[]a]",
        "[a/b]",
        "[",
        "]",
    ),
    *("{a,b}", "{1..3}", "{a,{b,c}}", "{a}", "{,a}", "{", "}", "@(a|b)", "(", ")", "+(a|b)"),
    *("?(b)", "*(a|b)", "\\*", "\\[", "#", "!", "|", ",", "-", ".", " ", "a", "b", "x", "Qwen"),
    *("org", "model", "é", "日", "s3:", "meta-*"),
]
HIDDEN = [".hidden", "org/.hidden", "a/.b/c", ".a/b", "a.b"]
NOT = ["!(a)", "!(a|b)", "a!(b)", "!(*.b)", "!(a)/b", "!(*/*)", "!!(a)"]


def found(name: str, pattern: str) -> bool:
    return DeploymentFilter(model_glob=pattern).admits({"model": {"modelName": name}}, None)


def differing(script, cases: list[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    """Return the cases in which minimatch says otherwise, each with its answer."""
    theirs = script("match_globs.mjs", cases)
    assert {True, False} == set(theirs)
    return [(*case, one) for case, one in zip(cases, theirs, strict=True) if one != found(*case)]


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.soak) for n in (1, 2, 3))])
def test_our_globs_find_what_minimatch_finds(script, seed):
    """Record contract, section 1 (search).

    Left out, since no model is called so: names of dots alone, and a backslash at a pattern's
    end. Hidden names and `!(...)` have patterns of their own below: several groups in a row that
    may each stand for nothing are where minimatch contradicts itself.
    """
    chance = random.Random(seed)  # noqa: S311 - the same cases each time
    cases = [
        (name, "".join(chance.choices(PARTS, k=chance.randint(1, 4))))
        for _ in range(400)
        for name in chance.sample(NAMES, 6)
    ]

    assert [] == differing(script, cases)


def test_hidden_names_and_negated_groups_are_found_as_minimatch_finds_them(script):
    """Record contract, section 1 (search): a leading dot needs an explicit dot."""
    patterns = [
        "*",
        "**",
        ".*",
        "?hidden",
        "org/*",
        "org/.*",
        "**/.*",
        "*/**",
        "{.,}*",
    ]
    cases = [
        *itertools.product(HIDDEN, patterns),
        *itertools.product([*HIDDEN, *NAMES], NOT),
    ]

    assert [] == differing(script, cases)
