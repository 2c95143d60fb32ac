"""`name`, `name@v2` and `name@v1.2.0` (record contract, section 2, Resolve)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.datasets.resolving import resolve_dataset
from registry.errors import NotFound


def entry(name: str, *versions: str) -> dict[str, object]:
    return {
        "name": name,
        "s3_uri": f"s3://b/{name}.jsonl",
        "versions": [{"version": each, "hash": each} for each in versions],
    }


ENTRIES = [
    entry("faq", "1.0.0", "1.1.0", "1.2.0"),
    {"name": "old", "s3_uri": "s3://b/old.jsonl", "row_count": 5},
    entry("odd", "7", "2.9.5"),
    entry("a@v2", "1.0.0"),
    entry("faq", "9.0.0"),
]


@pytest.mark.parametrize(
    ("reference", "name", "version", "ordinal", "named"),
    [
        ("faq", "faq", "1.2.0", 3, False),
        ("faq@v1", "faq", "1.0.0", 1, True),
        ("faq@2", "faq", "1.1.0", 2, True),
        ("faq@v1.1.0", "faq", "1.1.0", 2, True),
        ("faq@1.2.0", "faq", "1.2.0", 3, True),
        ("faq@", "faq", "1.2.0", 3, False),
        ("old", "old", "1.0.0", 1, False),
        ("old@v1", "old", "1.0.0", 1, True),
        ("odd@v2", "odd", "2.9.5", 2, True),
        ("odd@v7", "odd", "7", 1, True),
        ("a@v2", "a@v2", "1.0.0", 1, False),
        ("a@v2@v1", "a@v2", "1.0.0", 1, True),
    ],
)
def test_a_reference_means_one_version(reference, name, version, ordinal, named):
    found = resolve_dataset(ENTRIES, reference)

    assert (name, version, ordinal, named) == (
        found.name,
        found.version["version"],
        found.ordinal,
        found.named,
    )
    assert name == found.entry["name"]


@pytest.mark.parametrize(
    "wanted", ["v0", "v4", "-1", "7.7.7", "x", "v", "01", "1.0", "latest", "²", "v1.2.0 "]
)
def test_a_version_that_is_not_there_is_answered_with_those_that_are(wanted):
    with pytest.raises(NotFound) as refusal:
        resolve_dataset(ENTRIES, f"faq@{wanted}")

    assert [
        {"ordinal": 1, "version": "1.0.0"},
        {"ordinal": 2, "version": "1.1.0"},
        {"ordinal": 3, "version": "1.2.0"},
    ] == refusal.value.details["candidates"]
    assert "1.0.0 (v1), 1.1.0 (v2), 1.2.0 (v3)" in refusal.value.hint


@pytest.mark.parametrize(
    ("reference", "near"),
    [
        ("fag", ["faq"]),
        ("FAQ", ["faq"]),
        ("fa@v1", ["faq"]),
        ("ol", ["old"]),
        ("zzzzzz", []),
        ("", ["a@v2", "faq", "odd", "old"]),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_near_it(reference, near):
    with pytest.raises(NotFound) as refusal:
        resolve_dataset(ENTRIES, reference)

    assert near == refusal.value.details["candidates"]
    assert all(name in refusal.value.hint for name in near)


def test_of_many_versions_the_newest_are_offered():
    many = [entry("m", *(f"1.{number}.0" for number in range(200)))]

    with pytest.raises(NotFound) as refusal:
        resolve_dataset(many, "m@v999")

    assert 50 == len(refusal.value.details["candidates"])
    assert {"ordinal": 200, "version": "1.199.0"} == refusal.value.details["candidates"][-1]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    versions=st.lists(
        st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]", fullmatch=True), min_size=1, unique=True
    )
)
def test_every_version_is_found_by_ordinal_and_by_number(versions):
    entries = [entry("d", *versions)]
    for ordinal, version in enumerate(versions, start=1):
        for reference in (f"d@v{ordinal}", f"d@{ordinal}", f"d@v{version}", f"d@{version}"):
            found = resolve_dataset(entries, reference)
            assert (ordinal, version) == (found.ordinal, found.version["version"])
