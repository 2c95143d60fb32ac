import re
import unicodedata

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.errors import InvalidArgument
from registry.package_metadata import clean_metadata, is_allowed, utf16_length

VALUE = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
"""The service model's own pattern for keys and values."""

TEXT = st.text(max_size=300)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.characters())
def test_the_alphabet_is_the_service_models(character: str) -> None:
    if unicodedata.category(character) == "Cn":
        return  # not assigned yet in this Python's version of Unicode

    assert is_allowed(character) == bool(VALUE.fullmatch(character))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=40), TEXT, max_size=8))
@example({"a": "e\u0301", "b": "x\u0301"})
@example({"a": "\U0001f600" * 256})
def test_what_is_cleaned_is_what_the_service_takes(raw: dict[str, str]) -> None:
    try:
        cleaned, _ = clean_metadata(raw)
    except InvalidArgument:
        return

    for key, value in cleaned.items():
        assert VALUE.fullmatch(key)
        assert VALUE.fullmatch(value)
        assert 1 <= utf16_length(key) <= 128
        assert 1 <= utf16_length(value) <= 256


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Za-z_]{1,20}", fullmatch=True), TEXT, max_size=5))
def test_cleaning_twice_changes_nothing_more(raw: dict[str, str]) -> None:
    try:
        cleaned, _ = clean_metadata(raw)
    except InvalidArgument:
        return

    assert clean_metadata(cleaned) == (cleaned, [])


def test_plain_values_stay_byte_for_byte() -> None:
    plain = {
        "modelName": "Qwen/Qwen3-4B",
        "baseImage": "vllm/vllm-openai:v0.8.5",
        "datasetS3Uri": "s3://bucket/a b/train_1.jsonl",
        "eval_accuracy": "0.91",
        "name": "Übergröße 模型",
    }

    assert clean_metadata(plain) == (plain, [])


def test_empty_values_are_left_out_without_a_word() -> None:
    assert clean_metadata({"a": "", "b": "  ", "c": "x"}) == ({"c": "x"}, [])


def test_refused_characters_become_underscores_with_a_warning() -> None:
    cleaned, warnings = clean_metadata({"notes": "fast, (20%) better…"})

    assert cleaned == {"notes": "fast_ _20__ better_"}
    assert len(warnings) == 1
    assert "notes" in warnings[0]
    assert "fast" not in warnings[0]


def test_a_key_is_cleaned_with_a_warning() -> None:
    cleaned, warnings = clean_metadata({"eval_rouge(l)": "1"})

    assert cleaned == {"eval_rouge_l_": "1"}
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "value",
    [
        "s3://bucket/a,b",
        "https://host/x?y",
        "arn:aws:lambda:us-west-2:1:function:x*",
        "s3://bucket/e\u0301",
    ],
)
def test_a_url_or_arn_is_never_altered(value: str) -> None:
    with pytest.raises(InvalidArgument, match="a URL or ARN") as told:
        clean_metadata({"modelDataUrl": value})

    assert value not in told.value.message


@pytest.mark.parametrize(
    "raw",
    [
        {"a": "x" * 257},
        {"a": "😀" * 300},
        {"modelDataUrl": "s3://bucket/" + "x" * 250},
        {"k" * 129: "x"},
        {"a(": "1", "a)": "2"},
        {f"k{number}": "x" for number in range(51)},
    ],
)
def test_what_would_have_to_be_cut_is_refused(raw: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as told:
        clean_metadata(raw)

    assert not re.search("x{20}", told.value.message)


def test_fifty_entries_of_full_length_are_taken() -> None:
    raw = {f"k{number:02}".ljust(128, "k"): "v" * 256 for number in range(50)}

    assert clean_metadata(raw | {"empty": ""}) == (raw, [])
