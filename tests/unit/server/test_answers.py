"""What goes over the wire: readable by every client, and without what looks like a secret."""

from __future__ import annotations

import json

from registry.errors import NotFound
from schemas.base import TOO_DEEP, Result, ShownDocument
from server.answers import answer, bug, failure, marked_as_sandbox

TOKEN = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"


class Entry(Result):
    """An answer with a stored document in it."""

    entry: ShownDocument
    warnings: tuple[str, ...] = ()


def both(result):
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def test_text_and_data_are_the_same_object():
    assert {"message": "m", "entry": {"a": None}, "warnings": []} == both(
        answer(Entry(message="m", entry={"a": None}))
    )


def test_a_stored_document_that_no_client_could_parse_is_cut_where_it_is_too_deep():
    deep: object = "end"
    for _ in range(500):
        deep = [deep]
    text = answer(Entry(message="m", entry={"a": deep})).content[0].text

    assert TOO_DEEP in text


def test_half_a_surrogate_pair_becomes_a_character_that_can_be_sent():
    shown = both(answer(Entry(message="m", entry={"notes": "x\ud800y"})))

    assert "x\ufffdy" == shown["entry"]["notes"]


def test_what_looks_like_a_secret_leaves_neither_in_a_message_nor_in_a_warning():
    shown = both(answer(Entry(message=f"m {TOKEN}", entry={}, warnings=(f"w {TOKEN}",))))

    assert TOKEN not in json.dumps(shown)


def test_an_error_echoes_no_secret_anywhere():
    error = NotFound(f"no {TOKEN}", hint=f"try {TOKEN}", candidates=[TOKEN], plan={"a": TOKEN})
    result = failure(error)

    assert result.is_error
    assert TOKEN not in json.dumps(both(result))
    assert "not_found" == both(result)["error"]["code"]


def test_a_bug_is_internal_and_shows_nothing_of_itself():
    result = bug("some_tool", ValueError(TOKEN))

    assert "internal" == both(result)["error"]["code"]
    assert TOKEN not in result.content[0].text


def test_an_answer_from_a_sandbox_says_so_in_text_and_data():
    shown = both(marked_as_sandbox(failure(NotFound("gone"))))

    assert shown["sandbox"] is True
    assert "not_found" == shown["error"]["code"]
