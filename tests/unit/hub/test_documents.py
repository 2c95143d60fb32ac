"""What goes into a hub, and what is read from documents that others wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import PreconditionFailed
from registry.hub.documents import (
    DatasetDocument,
    dataset_draft,
    evaluator_draft,
    is_evaluator_document,
    reference_of,
    same_document,
    takes_description,
)
from registry.hub.keywords import (
    dataset_keywords,
    evaluator_keywords,
    evaluator_type_of,
    is_evaluator,
    technique_of,
)
from registry.hub.naming import content_version, fits_hub, hub_version, next_version, order_of
from registry.stores import HubContent, HubContentDraft


def entry(**more: Any) -> dict[str, Any]:
    version = {
        "version": "1.0.0",
        "s3_uri": "s3://b/d/train.jsonl",
        "hash": "5f39a533d23e57f6",
        "technique": "sft",
        "rows": 3,
    }
    return {"name": "faq", "format": "jsonl", "column_schema": None, "versions": [version]} | more


def evaluator(**more: Any) -> dict[str, Any]:
    facts = {"name": "r", "type": "lambda", "arn_or_uri": "arn:f", "technique": "rlvr"}
    return {**facts, "description": "judges", **more}


def stored(draft: HubContentDraft, **changes: Any) -> HubContent:
    said = {
        "document": draft.document,
        "keywords": draft.keywords,
        "description": draft.description,
    } | changes
    return HubContent(draft.name, draft.version, "arn", "Available", draft.content_type, **said)


def test_a_secret_in_a_description_that_mlcc_stored_stays_on_this_machine():
    secret = "hf_abcdefghijklmnopqrstuvwx0123456789"

    draft = evaluator_draft(evaluator(description=f"judges with {secret}"), "1.0.0")

    assert "judges with ***REDACTED***" == draft.description


def test_what_is_not_known_is_left_out_of_a_document():
    unknown = {"version": "1.0.0", "s3_uri": "s3://b", "hash": None, "technique": "sft"}
    draft = dataset_draft(entry(versions=[unknown]), role_arn="")

    document = json.loads(draft.document)
    assert {"DatasetRoleArn", "DatasetS3Prefix"} & set(document) == set()
    assert {"Format": "jsonl"} == document["ContentMetadata"]


@given(
    schema=st.text(),
    key=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
    description=st.text(),
)
def test_documents_are_one_line_whatever_they_hold(schema, key, description):
    """ImportHubContent takes a document that matches `.*`, no more."""
    versions = [{**entry()["versions"][0], "s3_uri": f"s3://b/{key}"}]
    dataset = dataset_draft(entry(column_schema=schema, versions=versions), role_arn="")
    drafts = [dataset, evaluator_draft(evaluator(description=description), "1.0.0")]

    for draft in drafts:
        assert [draft.document] == draft.document.splitlines()
        assert len(draft.description.splitlines()) <= 1
    assert f"s3://b/{key}" == DatasetDocument.read(dataset.document).s3_uri
    assert schema == DatasetDocument.read(dataset.document).facts["ColumnSchema"]


@pytest.mark.parametrize("technique", ["sft", "dpo", "rlvr", "rlaif"])
def test_a_technique_is_read_from_the_keywords_as_it_was_written(technique):
    assert technique == technique_of(dataset_keywords(technique))
    for kind in ("lambda", "model"):
        keywords = evaluator_keywords(kind, technique)
        assert (technique, kind, True) == (
            technique_of(keywords),
            evaluator_type_of(keywords),
            is_evaluator(keywords),
        )
        assert {1} == {each.count(":") for each in keywords}


@pytest.mark.parametrize("keywords", [(), ("plain",), ("a:b:c",), (":",), ("technique:",)])
def test_keywords_of_others_tell_nothing(keywords):
    assert (None, None, False) == (
        technique_of(keywords),
        evaluator_type_of(keywords),
        is_evaluator(keywords),
    )


def test_equal_content_is_told_by_location_and_hash_as_far_as_they_are_known():
    ours = DatasetDocument.read(dataset_draft(entry(), role_arn="r").document)

    def others(**changes: Any) -> bool:
        said = {"DatasetS3Bucket": "b", "DatasetS3Prefix": "d/train.jsonl", **changes}
        return DatasetDocument.read(json.dumps(said)).is_content_of(ours)

    assert others()
    assert others(ContentMetadata={"ContentHash": "5f39a533d23e57f6"})
    assert not others(ContentMetadata={"ContentHash": "other"})
    assert not others(DatasetS3Prefix="d/other.jsonl")
    assert not others(DatasetS3Bucket=None)


@pytest.mark.parametrize(
    "document", [None, "", "[1]", "{", '"x"', '{"JsonContent": 1}', '{"JsonContent": "[]"}']
)
def test_a_document_of_another_kind_says_nothing(document):
    read = DatasetDocument.read(document)

    assert (None, None, {}) == (read.s3_uri, read.content_hash, dict(read.facts))
    assert (None, False) == (reference_of(document), is_evaluator_document(document))


def test_a_location_that_is_too_long_to_be_one_is_not_shown():
    """A document may have 327,680 characters, and answers are read by models."""
    long = "x" * 3000

    assert None is DatasetDocument.read(json.dumps({"DatasetS3Bucket": long})).s3_uri
    assert None is reference_of(json.dumps({"JsonContent": json.dumps({"Reference": long})}))


def test_an_evaluators_document_is_the_same_however_it_is_spelled():
    draft = evaluator_draft(evaluator(), "1.0.0")
    inner = '{"EvaluatorType" :"RewardFunction","Reference":"arn:f"}'
    spelled = json.dumps({"JsonContent": inner, "SubType": "AWS/Evaluator"}, indent=1)
    more = (*draft.keywords, "@domain:d-1")

    assert same_document(stored(draft, document=spelled, keywords=more), draft)
    assert not same_document(stored(draft, description="other"), draft)
    assert not same_document(stored(draft, keywords=draft.keywords[1:]), draft)
    assert not same_document(stored(evaluator_draft(evaluator(arn_or_uri="g"), "1.0.0")), draft)
    assert "arn:f" == reference_of(spelled)


@pytest.mark.parametrize(
    ("text", "taken"),
    [("", True), ("x" * 1023, True), ("x" * 1024, False), ("a\nb", False), ("a\u2028b", False)],
)
def test_a_description_is_one_line_of_bounded_length(text, taken):
    assert taken is takes_description(text)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a", True),
        ("a--b", True),
        ("A1", True),
        ("x" * 63, True),
        ("x" * 64, False),
        ("-a", False),
        ("a-", False),
        ("a_b", False),
        ("a.b", False),
        ("", False),
        ("ä", False),
        ("a\n", False),
    ],
)
def test_a_hub_contents_name_is_of_letters_digits_and_inner_hyphens(name, fits):
    """ImportHubContent, HubContentName."""
    assert fits is fits_hub(name)


@pytest.mark.parametrize(
    ("version", "numbered"),
    [
        ("1.2.3", "1.2.3"),
        ("1.2", "1.2.0"),
        ("v3", "3.0.0"),
        ("9999.9999.9999", "9999.9999.9999"),
        ("1.10000.0", None),
        ("1.2.3.4", None),
        ("latest", None),
        ("", None),
        ("1..2", None),
    ],
)
def test_a_version_is_numbered_as_a_hub_has_it_or_refused(version, numbered):
    assert numbered == hub_version(version)
    if numbered is None:
        with pytest.raises(PreconditionFailed, match="cannot have the version"):
            content_version(version)


@pytest.mark.parametrize(
    ("version", "following"),
    [("1.0.0", "1.1.0"), ("1.9.5", "1.10.5"), ("1.9999.3", "2.0.0"), ("9998.9999.0", "9999.0.0")],
)
def test_the_next_version_is_one_that_a_hub_takes(version, following):
    assert following == next_version(version)


def test_a_hub_without_a_number_left_is_told():
    with pytest.raises(PreconditionFailed):
        next_version("9999.9999.0")


def test_versions_are_ordered_by_their_numbers():
    assert ["1.9.0", "1.10.0", "10.0.0"] == sorted(["10.0.0", "1.10.0", "1.9.0"], key=order_of)
