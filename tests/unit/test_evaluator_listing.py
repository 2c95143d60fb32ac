"""Evaluators of the local file and of a hub as one list (design, `list_evaluators`)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry.errors import InvalidArgument, NotFound
from registry.evaluators.listing import EvaluatorInHub, list_evaluators

STAMP = "2026-05-01T10:00:00.000000Z"


def entry(name: str, *before: str, **more: Any) -> dict[str, Any]:
    facts = {
        "type": "lambda",
        "arn_or_uri": f"arn:{name}",
        "technique": "rlvr",
        "description": "d",
        "project_name": "p",
        "registered_at": STAMP,
    }
    history = {"history": [facts | {"arn_or_uri": each} for each in before]} if before else {}
    return {"name": name, **facts, **history, **more}


def in_hub(name: str, **more: Any) -> EvaluatorInHub:
    said = {"type": "model", "technique": "rlaif", "reference": "s3://hub/"} | more
    return EvaluatorInHub(name, "2.0.0", f"arn:hub/{name}", **said)


def listed(entries: list[Any], contents: list[EvaluatorInHub] | None = None, **asked: Any) -> Any:
    options = {
        "hub_warning": "",
        "name": "",
        "technique": "",
        "kind": "",
        "limit": 0,
        "cursor": "",
        "full": False,
    }
    return list_evaluators(entries, contents or [], **(options | asked))


def test_each_evaluator_is_shown_as_it_is_now_by_name():
    page = listed([entry("b", "arn:old"), entry("a", description="")])

    shown = {
        "type": "lambda",
        "technique": "rlvr",
        "registeredAt": STAMP,
        "origin": "local",
    }
    assert {
        "message": "2 evaluators, by name.",
        "evaluators": [
            {"name": "a", "arn": "arn:a", **shown},
            {"name": "b", "arn": "arn:b", "description": "d", "historyCount": 1, **shown},
        ],
        "count": 2,
        "complete": True,
        "warnings": [],
    } == page.wire()


def test_local_and_hub_are_one_by_name_and_the_local_record_leads():
    entries, contents = [entry("both")], [in_hub("only"), in_hub("both")]
    both, only = listed(entries, contents, full=True).evaluators
    glance, _ = listed(entries, contents).evaluators

    assert ("both", "arn:both", "lambda", "2.0.0", "arn:hub/both") == (
        both.origin,
        both.arn,
        both.type,
        both.hub_version,
        both.hub_arn,
    )
    assert ("2.0.0", None) == (glance.hub_version, glance.hub_arn)
    assert ("hub", "s3://hub/", "model", "rlaif") == (
        only.origin,
        only.arn,
        only.type,
        only.technique,
    )


def test_a_named_evaluator_is_shown_with_what_it_was_newest_first():
    (found,) = listed([entry("a", "arn:1", "arn:2"), entry("b")], name="a").evaluators

    assert ["arn:2", "arn:1"] == [each.arn for each in found.history]
    assert None is found.entry


def test_full_detail_adds_history_and_the_stored_entry():
    history = [f"arn:{number}" for number in range(9)]
    (found,) = listed([entry("a", *history, mine=[1])], full=True).evaluators

    assert (5, 9, "arn:8") == (len(found.history), found.history_count, found.history[0].arn)
    assert ([1], False) == (found.entry["mine"], "history" in found.entry)
    (named,) = listed([entry("a", *history)], full=True, name="a").evaluators
    assert 9 == len(named.history)


def test_filters_are_anded_and_look_at_the_hub_too():
    entries = [entry("a"), entry("b", technique="rlaif"), entry("c", type="model")]
    contents = [in_hub("h"), in_hub("a")]

    def names(**asked: str) -> list[str]:
        return [each.name for each in listed(entries, contents, **asked).evaluators]

    assert ["b", "h"] == names(technique="rlaif")
    assert ["c", "h"] == names(kind="model")
    assert ["h"] == names(kind="model", technique="rlaif")
    none = listed(entries, name="a", kind="model")
    assert ((), "Evaluator a is of another type or technique.") == (none.evaluators, none.message)


def test_an_unknown_name_is_answered_with_near_ones_of_both_and_why_there_may_be_more():
    with pytest.raises(NotFound) as refusal:
        listed([entry("reward")], [in_hub("rewards")], name="rewad", hub_warning="hub is missing")

    assert {"reward", "rewards"} == set(refusal.value.details["candidates"])
    assert "list_evaluators" in refusal.value.hint
    assert "hub is missing" in refusal.value.hint


def test_entries_that_people_left_are_shown_as_far_as_they_go():
    odd = [{"name": "x", "history": {"a": 1}}, {"history": [1, {"type": 2}]}, entry("x")]

    page = listed(odd, full=True)

    assert [("None", 1), ("x", None)] == [
        (each.name, each.history_count) for each in page.evaluators
    ]
    assert "2" == page.evaluators[0].history[0].type


def test_pages_follow_one_another_without_gap_or_repeat():
    entries = [entry(f"e{number:02}") for number in range(25)]
    contents = [in_hub(f"h{number:02}") for number in range(20)]
    seen: list[str] = []
    cursor = ""
    for count in (20, 20, 5):
        page = listed(entries, contents, cursor=cursor)
        assert (count, count < 20) == (page.count, page.complete)
        seen += [each.name for each in page.evaluators]
        cursor = page.next_cursor or ""

    assert sorted({each["name"] for each in entries} | {each.name for each in contents}) == seen
    with pytest.raises(InvalidArgument, match="other arguments"):
        listed(entries, cursor=listed(entries, limit=2).next_cursor, kind="lambda")


def test_an_answer_stays_short_whatever_people_wrote():
    name = "a-reward-function-of-customer-questions-"
    history = [f"arn:{number}" for number in range(60)]
    entries = [entry(f"{name}{n:02}", *history, description="é" * 4096) for n in range(30)]
    contents = [in_hub(each["name"]) for each in entries]

    def size(**asked: Any) -> int:
        wire = listed(entries, contents, **asked).wire()
        return len(json.dumps(wire, separators=(",", ":"), ensure_ascii=False))

    # Some 3 characters a token: 2,000 tokens by default, 20,000 at most.
    assert size() < 7000
    assert size(full=True) < 60_000
    assert size(name=f"{name}00") < 10_000
    assert 4096 == len(listed(entries, name=f"{name}00").evaluators[0].description)


def test_a_hub_that_could_not_be_asked_makes_the_answer_incomplete():
    page = listed([entry("a")], hub_warning="the hub cannot be reached")

    assert (False, ("the hub cannot be reached",)) == (page.complete, page.warnings)
