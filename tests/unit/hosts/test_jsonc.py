"""A value is set in JSON with comments where it belongs, and nothing else changes."""

from __future__ import annotations

import json

import pytest

from clients.hosts.jsonc import read, with_value

ADDED = [
    ("", '{\n  "s": {\n    "n": 1\n  }\n}\n'),
    ("\n", '\n{\n  "s": {\n    "n": 1\n  }\n}\n'),
    ("// mine", '// mine\n{\n  "s": {\n    "n": 1\n  }\n}\n'),
    ("{}", '{\n  "s": {\n    "n": 1\n  }\n}'),
    ('{"s":{}}', '{"s":{"n": 1}}'),
    ('{"s":{"a":0}}', '{"s":{"a":0, "n": 1}}'),
    ('{ "s": { "a": 0, } }\n', '{ "s": { "a": 0, "n": 1, } }\n'),
    ('{\n\t"s": {}\n}', '{\n\t"s": {\n\t\t"n": 1\n\t}\n}'),
    ('{\n    "s": { "a": 0 }\n}', '{\n    "s": { "a": 0, "n": 1 }\n}'),
    (
        '{\r\n  "s": {\r\n    "a": 0\r\n  }\r\n}\r\n',
        '{\r\n  "s": {\r\n    "a": 0,\r\n    "n": 1\r\n  }\r\n}\r\n',
    ),
    (
        '{\n  "s": {\n    "a": 0 // zero\n    // none yet: {}\n  }\n}',
        '{\n  "s": {\n    "a": 0, // zero\n    // none yet: {}\n    "n": 1\n  }\n}',
    ),
    (
        '{\n  "s": {\n    "a": 0, /* "}" */\n  },\n}',
        '{\n  "s": {\n    "a": 0, /* "}" */\n    "n": 1,\n  },\n}',
    ),
    (
        '{\n  "s": { // none\n  }\n}',
        '{\n  "s": { // none\n    "n": 1\n  }\n}',
    ),
    ('{"s": {"//": "/*"}}', '{"s": {"//": "/*", "n": 1}}'),
    ('{"s": 5, "s": {"a": "\\"}"}}', '{"s": 5, "s": {"a": "\\"}", "n": 1}}'),
]


@pytest.mark.parametrize(("before", "after"), ADDED)
def test_a_member_goes_behind_the_last_in_the_texts_own_style(before, after):
    assert after == with_value(before, ("s", "n"), 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"s": {"n": [1, /* one */ 2], "b": 3}}', '{"s": {"n": 1, "b": 3}}'),
        ('{"s": {"n": 0 /* was */, },}', '{"s": {"n": 1 /* was */, },}'),
        ('{"s": {"n": 7, "n": 8}}', '{"s": {"n": 7, "n": 1}}'),
    ],
)
def test_a_value_is_replaced_in_its_place(before, after):
    assert after == with_value(before, ("s", "n"), 1)


def test_a_value_of_several_lines_has_the_indent_of_its_place():
    after = with_value('{\n   "s": {\n      "a": 0\n   }\n}', ("s", "n"), {"k": ["v"]})

    assert (
        '{\n   "s": {\n      "a": 0,\n      "n": {\n         "k": [\n            "v"\n'
        "         ]\n      }\n   }\n}"
    ) == after


@pytest.mark.parametrize(
    "text",
    ["[]", "5", "{", "{} {}", '{"a": }', "{'a': 1}", "{} /* open", "/*/", '{"a": "b}', "{a: 1}"],
)
def test_what_is_no_object_of_json_with_comments_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_hostile_texts_are_read_in_time_that_grows_with_their_length():
    for text in ('"\\"' * 200_000, "/*" * 200_000, "{," * 100_000, "," + " " * 400_000):
        with pytest.raises(ValueError, match=r"."):
            read(text)


def test_text_beyond_ascii_stays_as_it_is():
    text = json.dumps({"s": {"größe": "大"}}, ensure_ascii=False)

    assert {"s": {"größe": "大", "n": "é"}} == read(with_value(text, ("s", "n"), "é"))
