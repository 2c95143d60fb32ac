"""What models send, and what becomes of it (design, "Names and shapes")."""

from __future__ import annotations

import pytest

from registry.errors import InvalidArgument
from server.arguments import tidy

SCHEMA = {
    "type": "object",
    "properties": {
        "project_dir": {"type": "string"},
        "exclude": {"type": "array", "items": {"type": "string"}},
        "ic_list": {"type": "array", "items": {"type": "object"}},
        "parameters": {"type": "object"},
        "limit": {"type": "integer"},
        "ci": {"type": "boolean"},
    },
}


def test_null_is_not_given():
    assert {} == tidy({"project_dir": None, "exclude": None, "ci": None}, SCHEMA)


def test_an_empty_text_is_not_given_where_no_text_is_meant():
    assert {} == tidy({"exclude": "", "limit": "", "parameters": "", "ci": ""}, SCHEMA)


def test_an_empty_text_that_was_sent_for_text_is_known_to_have_been_sent():
    assert {"project_dir": ""} == tidy({"project_dir": ""}, SCHEMA)


def test_an_empty_list_or_object_that_was_sent_is_explicit():
    sent = {"ic_list": [], "parameters": {}}

    assert sent == tidy(sent, SCHEMA)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("a,b", ["a", "b"]),
        (" a , b ,", ["a", "b"]),
        ("one", ["one"]),
        ('["a", "b,c"]', ["a", "b,c"]),
        ("[]", []),
    ],
)
def test_a_list_may_be_json_text_or_comma_separated(sent, expected):
    assert {"exclude": expected} == tidy({"exclude": sent}, SCHEMA)


def test_an_object_may_be_json_text():
    assert {"parameters": {"A": "1"}} == tidy({"parameters": '{"A": "1"}'}, SCHEMA)


@pytest.mark.parametrize("sent", ["{oops", "[1]", "3", "[" * 100_000, '{"a":' + "9" * 5000 + "}"])
def test_text_that_is_no_object_is_refused_without_echoing_it(sent):
    with pytest.raises(InvalidArgument) as refused:
        tidy({"parameters": sent}, SCHEMA)

    assert "parameters" in refused.value.message
    assert sent not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    ("sent", "nearest"),
    [
        ("projectDir", "project_dir"),
        ("project-dir", "project_dir"),
        ("icList", "ic_list"),
        ("excludes", "exclude"),
        ("param", "parameters"),
        ("dir", "project_dir"),
        ("list_of_ic_names", "ic_list"),
        ("the_exclude", "exclude"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_real_one(sent, nearest):
    with pytest.raises(InvalidArgument) as refused:
        tidy({sent: "x"}, SCHEMA)

    assert f"{sent} (did you mean {nearest}?)" in refused.value.message


def test_a_name_unlike_any_is_refused_with_the_list_of_names():
    with pytest.raises(InvalidArgument) as refused:
        tidy({"zzz": 1}, SCHEMA)

    assert refused.value.message == "unknown argument: zzz"
    assert "project_dir" in refused.value.hint


def nested(depth):
    value = "end"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("name", ["parameters", "ic_list"])
def test_what_is_nested_too_deeply_for_clients_to_read_back_is_refused(name):
    value = nested(17)
    with pytest.raises(InvalidArgument) as refused:
        tidy({name: value if name == "parameters" else [value]}, SCHEMA)

    assert name in refused.value.message


def test_what_is_nested_less_deeply_is_taken():
    value = nested(16)

    assert {"parameters": value} == tidy({"parameters": value}, SCHEMA)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_has_no_form_for_is_refused(number):
    with pytest.raises(InvalidArgument):
        tidy({"ic_list": f'[{{"gpuCount": {number}}}]'}, SCHEMA)
