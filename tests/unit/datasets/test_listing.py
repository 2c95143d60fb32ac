"""Datasets of the local file and of a hub as one list (design, `list_datasets`)."""

from __future__ import annotations

from typing import Any

import pytest

from registry.datasets.listing import DatasetInHub, list_datasets
from registry.errors import InvalidArgument, NotFound

ARN = "arn:aws:sagemaker:us-west-2:123456789012:hub-content/h/DataSet"


def entry(name: str, *versions: str, technique: str = "sft") -> dict[str, Any]:
    return {
        "name": name,
        "s3_uri": f"s3://b/{name}.jsonl",
        "format": "csv",
        "technique": technique,
        "versions": [
            {
                "version": each,
                "s3_uri": f"s3://b/{name}-{each}.jsonl",
                "hash": f"hash of {each}",
                "technique": technique,
                "rows": place,
                "registered_at": "2026-05-01T10:00:00.000000Z",
            }
            for place, each in enumerate(versions)
        ],
        "future": {"kept": [1]},
    }


def in_hub(name: str, version: str, technique: str = "sft") -> DatasetInHub:
    return DatasetInHub(
        name, version, f"{ARN}/{name}/{version}", technique, f"s3://hub/{name}.jsonl"
    )


def listed(entries: list[Any], contents: list[DatasetInHub] | None = None, **asked: Any) -> Any:
    options = {
        "hub_warning": "",
        "reference": "",
        "technique": "",
        "limit": 0,
        "cursor": "",
        "full": False,
    }
    return list_datasets(entries, contents or [], **(options | asked))


def test_each_dataset_is_shown_in_its_newest_version_by_name():
    page = listed([entry("b", "1.0.0", "1.1.0"), entry("a", "1.0.0")])

    assert {
        "message": "2 datasets, by name.",
        "datasets": [
            {
                "name": "a",
                "version": "1.0.0",
                "ordinal": 1,
                "versionCount": 1,
                "s3Uri": "s3://b/a-1.0.0.jsonl",
                "format": "csv",
                "technique": "sft",
                "rowCount": 0,
                "origin": "local",
            },
            {
                "name": "b",
                "version": "1.1.0",
                "ordinal": 2,
                "versionCount": 2,
                "s3Uri": "s3://b/b-1.1.0.jsonl",
                "format": "csv",
                "technique": "sft",
                "rowCount": 1,
                "origin": "local",
            },
        ],
        "count": 2,
        "complete": True,
        "warnings": [],
    } == page.wire()


def test_a_named_dataset_is_shown_with_its_versions_newest_first():
    (found,) = listed([entry("a", "1.0.0", "1.1.0"), entry("b", "1.0.0")], reference="a").datasets

    assert ("1.1.0", 2) == (found.version, found.ordinal)
    assert [("1.1.0", 2, "local"), ("1.0.0", 1, "local")] == [
        (each.version, each.ordinal, each.origin) for each in found.versions
    ]
    assert ("hash of 1.0.0", 0) == (found.versions[1].content_hash, found.versions[1].row_count)


@pytest.mark.parametrize("reference", ["a@v1", "a@v1.0.0", "a@1"])
def test_a_named_version_is_the_one_shown(reference):
    (found,) = listed([entry("a", "1.0.0", "1.1.0")], reference=reference).datasets

    assert ("1.0.0", 1, "s3://b/a-1.0.0.jsonl", 0) == (
        found.version,
        found.ordinal,
        found.s3_uri,
        found.row_count,
    )
    assert 2 == len(found.versions)


def test_local_and_hub_are_one_by_name_and_version():
    contents = [in_hub("a", "1.0.0"), in_hub("a", "2.0.0", "dpo"), in_hub("only", "1.0.0", "dpo")]

    a, only = listed([entry("a", "1.0.0", "1.1.0")], contents, full=True).datasets

    assert ("both", "1.1.0", 3) == (a.origin, a.version, a.version_count)
    assert [("2.0.0", None, "hub"), ("1.1.0", 2, "local"), ("1.0.0", 1, "both")] == [
        (each.version, each.ordinal, each.origin) for each in a.versions
    ]
    assert [f"{ARN}/a/2.0.0", None, f"{ARN}/a/1.0.0"] == [each.arn for each in a.versions]
    assert ("hub", "1.0.0", None, "dpo", "s3://hub/only.jsonl", f"{ARN}/only/1.0.0") == (
        only.origin,
        only.version,
        only.ordinal,
        only.technique,
        only.s3_uri,
        only.arn,
    )
    assert None is only.entry
    assert ({"kept": [1]}, False) == (a.entry["future"], "versions" in a.entry)


def test_an_older_version_is_in_the_hub_when_the_record_says_so():
    """A listing of every dataset names the latest version alone."""
    recorded = entry("a", "1.0.0", "1.1.0")
    recorded["versions"][0]["arn"] = f"{ARN}/a/1.0.0"

    (found,) = listed([recorded], [in_hub("a", "1.1.0")], full=True).datasets

    assert [("1.1.0", "both"), ("1.0.0", "both")] == [
        (each.version, each.origin) for each in found.versions
    ]
    assert f"{ARN}/a/1.0.0" == found.versions[1].arn


def test_what_only_a_hub_has_is_found_by_name_and_by_its_number():
    contents = [in_hub("only", "1.0.0"), in_hub("only", "2.0.0"), in_hub("a", "3.0.0")]
    entries = [entry("a", "1.0.0")]

    assert "2.0.0" == listed(entries, contents, reference="only").datasets[0].version
    assert "1.0.0" == listed(entries, contents, reference="only@v1.0.0").datasets[0].version
    assert "3.0.0" == listed(entries, contents, reference="a@v3.0.0").datasets[0].version
    assert "1.0.0" == listed(entries, contents, reference="a@v1").datasets[0].version
    with pytest.raises(NotFound) as refusal:
        listed(entries, contents, reference="a@v2")
    assert [{"ordinal": 1, "version": "1.0.0"}, {"version": "3.0.0"}] == refusal.value.details[
        "candidates"
    ]


def test_an_unknown_name_is_answered_with_near_ones_of_both():
    with pytest.raises(NotFound) as refusal:
        listed([entry("faq-sft", "1.0.0")], [in_hub("faq-dpo", "1.0.0")], reference="faq-xyz")

    assert ["faq-dpo", "faq-sft"] == sorted(refusal.value.details["candidates"])


def test_the_technique_is_that_of_the_newest_version():
    changed = {**entry("changed", "1.0.0"), "technique": "dpo"}
    entries = [changed, entry("sft", "1.0.0"), {"name": "bare"}]
    contents = [in_hub("hub-dpo", "1.0.0", "dpo"), in_hub("sft", "2.0.0", "dpo")]

    def named(technique: str) -> list[str]:
        return [each.name for each in listed(entries, contents, technique=technique).datasets]

    assert (["changed", "hub-dpo"], ["sft"], []) == (named("dpo"), named("sft"), named("rlvr"))
    none = listed(entries, contents, technique="rlvr", reference="sft")
    assert ((), "Dataset sft is of another technique.") == (none.datasets, none.message)


def test_entries_that_people_or_older_versions_left_are_shown_as_far_as_they_go():
    entries = [
        {"name": "old", "s3_uri": "s3://b/o.jsonl", "technique": "dpo", "row_count": 6},
        {"s3_uri": "s3://b/nameless.jsonl"},
        {"name": "odd", "versions": [{"version": 3, "rows": "many", "s3_uri": None}]},
        {"name": "old", "s3_uri": "s3://b/second.jsonl"},
        {"name": "broken", "versions": "none"},
    ]

    page = listed(entries, full=True)

    assert ["None", "broken", "odd", "old"] == [each.name for each in page.datasets]
    assert ("1.0.0", 6, "s3://b/o.jsonl") == (
        page.datasets[3].version,
        page.datasets[3].row_count,
        page.datasets[3].s3_uri,
    )
    assert ("3", None, None) == (
        page.datasets[2].version,
        page.datasets[2].row_count,
        page.datasets[2].s3_uri,
    )


def test_pages_follow_one_another_without_gap_or_repeat():
    entries = [entry(f"d{number:03}", "1.0.0") for number in range(45)]
    contents = [in_hub(f"e{number:03}", "1.0.0") for number in range(10)]
    seen: list[str] = []
    cursor = ""
    for count in (20, 20, 15):
        page = listed(entries, contents, cursor=cursor)
        assert (count, count < 20) == (page.count, page.complete)
        seen += [each.name for each in page.datasets]
        cursor = page.next_cursor or ""

    assert seen == sorted({each["name"] for each in entries} | {each.name for each in contents})
    assert "" == cursor


def test_a_cursor_goes_on_after_what_was_removed_meanwhile():
    entries = [entry(f"d{number}", "1.0.0") for number in range(5)]
    first = listed(entries, limit=2)

    rest = listed(entries[2:], limit=2, cursor=first.next_cursor)

    assert ["d2", "d3"] == [each.name for each in rest.datasets]


def test_a_cursor_belongs_to_its_filters():
    entries = [entry(f"d{number}", "1.0.0") for number in range(5)]
    cursor = listed(entries, limit=2).next_cursor

    for other in ({"technique": "dpo"}, {"full": True}, {"reference": "d1"}):
        with pytest.raises(InvalidArgument, match="other arguments"):
            listed(entries, limit=2, cursor=cursor, **other)


def test_versions_are_bounded_however_many_there_are():
    entries = [entry("a", *(f"1.{number}.0" for number in range(500)))]

    def shown(**asked: Any) -> tuple[int, str]:
        (found,) = listed(entries, **asked).datasets
        return len(found.versions or ()), found.versions[0].version if found.versions else ""

    assert [(0, ""), (5, "1.499.0"), (20, "1.499.0"), (100, "1.499.0")] == [
        shown(),
        shown(full=True),
        shown(reference="a"),
        shown(reference="a", full=True),
    ]


def test_a_hub_that_could_not_be_asked_makes_the_answer_incomplete():
    page = listed([entry("a", "1.0.0")], hub_warning="the hub cannot be reached")

    assert (False, ("the hub cannot be reached",), None) == (
        page.complete,
        page.warnings,
        page.next_cursor,
    )


def test_nothing_registered_is_said():
    page = listed([])

    assert ("No dataset matches.", 0, True) == (page.message, page.count, page.complete)
