"""Adding to a document's final list by its text: the same bytes as laying all of it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.local.documents import JsonFile
from registry.local.json_text import Layout, fingerprint, parse, render
from registry.local.list_text import Added, continued, extended
from registry.local.snapshots import Snapshots

from .conftest import json_values

LAYOUTS = st.builds(Layout, st.booleans(), st.booleans())
ELEMENTS = st.lists(json_values, min_size=1, max_size=4)
FRAMES = st.none() | st.dictionaries(st.text(max_size=4), json_values, max_size=3)


def framed(frame: dict[str, Any] | None, elements: list[Any]) -> Any:
    if frame is None:
        return elements
    return {**{key: value for key, value in frame.items() if key != "list"}, "list": elements}


@settings(max_examples=100, derandomize=True, deadline=None)
@given(layout=LAYOUTS, frame=FRAMES, elements=ELEMENTS, more=ELEMENTS)
def test_what_is_added_stands_as_if_all_had_been_laid_out(layout, frame, elements, more):
    text = parse(render(framed(frame, elements), layout))
    now = list(elements)

    for element in more:
        to = text.value if frame is None else text.value["list"]
        longer = extended(text, Added(element, to, lambda: None), layout)
        now.append(element)
        assert longer is not None
        text = longer

    assert render(framed(frame, now), layout) == text.raw
    assert fingerprint(parse(text.raw).value) == fingerprint(text.value)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(layout=LAYOUTS, frame=FRAMES, elements=ELEMENTS, more=ELEMENTS)
def test_what_others_added_is_read_alone_as_if_all_had_been_read(layout, frame, elements, more):
    known = parse(render(framed(frame, elements), layout))
    raw = render(framed(frame, [*elements, *more]), layout)

    found = continued(raw, known, layout)

    assert found is not None
    assert fingerprint(parse(raw).value) == fingerprint(found.value)
    assert raw == found.raw


MLCC = Layout(ascii_only=False, final_newline=True)
KNOWN = '{\n  "a": 1,\n  "entries": [\n    {\n      "id": 1\n    }\n  ]\n}\n'


@pytest.mark.parametrize(
    "raw",
    [
        KNOWN.replace('"id": 1', '"id": 2'),
        KNOWN.replace("\n  ]\n}\n", ',\n    {"id": 2}\n  ],\n  "b": [\n    1\n  ]\n}\n'),
        KNOWN.replace("\n  ]\n}\n", ",\n  ]\n}\n"),
        KNOWN.rstrip("\n"),
        KNOWN[:-20],
    ],
    ids=["an element changed", "a key came after", "no JSON", "another ending", "shorter"],
)
def test_what_is_not_plainly_longer_is_left_to_be_read_whole(raw):
    assert continued(raw.encode(), parse(KNOWN.encode()), MLCC) is None


def test_a_key_that_comes_twice_in_what_was_added_is_told():
    raw = KNOWN.replace("\n  ]\n}\n", ',\n    {"k": 1, "k": 2}\n  ]\n}\n').encode()

    found = continued(raw, parse(KNOWN.encode()), MLCC)

    assert found is not None
    assert ("k", {"k": 2}) == (found.repeated_key, found.value["entries"][-1])


def test_a_file_whose_list_is_not_its_end_is_not_taken_for_longer():
    """The key that comes twice stands at its first place, but the text ends with another's list."""
    raw = b'{\n  "a": 1,\n  "b": [\n    1\n  ],\n  "a": [\n    2\n  ]\n}\n'
    longer = raw.replace(b"2\n  ]", b"2,\n    3\n  ]")

    assert continued(longer, parse(raw), MLCC) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"v":1,"entries":[{"id":1}]}',
        '{\n    "v": 1,\n    "entries": [\n        {"id": 1}\n    ]\n}\n',
        '\ufeff{\n  "v": 1,\n  "entries": [\n    {\n      "id": 1\n    }\n  ]\n}\n',
        '{\n  "v": 1,\n  "entries": [\n    {\n      "id": 1\n    }\n  ]\n}',
        '{\n  "v": 1,\n  "entries": [\n    {"id": 1}\n  ]\n}\n',
        '{\n  "v": 1,\n  "entries": []\n}\n',
        '{\n  "entries": [\n    {\n      "id": 1\n    }\n  ],\n  "v": 1\n}\n',
        '{\n  "entries": [\n    {\n      "id": 1\n    }\n  ],\n  "v": [\n    1\n  ]\n}\n',
    ],
    ids=[
        "compact",
        "by four",
        "marked",
        "no newline",
        "one-line entry",
        "empty",
        "key after",
        "list after",
    ],
)
def test_a_file_in_another_layout_is_laid_out_whole(text, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text, "utf-8")
    file = JsonFile(path, ascii_only=False, final_newline=True, snapshots=Snapshots())
    before = json.loads(path.read_text("utf-8-sig"))
    after = {**before, "entries": [*before["entries"], {"id": 2}]}

    file.revise(lambda content: Added({"id": 2}, content["entries"], lambda: after))

    assert render(after, MLCC) == path.read_bytes()
    assert after == file.read()


def test_what_others_wrote_within_the_list_stays_byte_for_byte(tmp_path):
    path = tmp_path / "a.json"
    theirs = '[\n  {"n": 1.50e2, "s": "\\u00e9\\/"},\n  {\n    "id": 1\n  }'
    path.write_text(theirs + "\n]\n")
    file = JsonFile(path, ascii_only=False, final_newline=True, snapshots=Snapshots())

    file.revise(lambda content: Added({"id": 2}, content, lambda: None))

    assert theirs + ',\n  {\n    "id": 2\n  }\n]\n' == path.read_text()


def test_what_is_kept_of_an_addition_is_not_the_callers_object(tmp_path):
    file = JsonFile(
        tmp_path / "a.json", ascii_only=False, final_newline=True, snapshots=Snapshots()
    )
    file.change(lambda _: [1])
    element = {"deep": [1]}

    file.revise(lambda content: Added(element, content, lambda: None))
    element["deep"].append(2)

    assert [1, {"deep": [1]}] == file.read()


def test_many_additions_are_put_together_and_stay_exact(tmp_path: Path):
    text = parse(render([0], MLCC))
    for number in range(1, 1200):
        longer = extended(text, Added(number, text.value, lambda: None), MLCC)
        assert longer is not None
        text = longer

    assert len(text.pieces) < 600
    assert render(list(range(1200)), MLCC) == text.raw
