"""Registering datasets: what changes, what stays, and what is said about it."""

from __future__ import annotations

import hashlib
import json
import string
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.calls import Call
from registry.datasets.content import dataset_content
from registry.datasets.names import MAX_NAME, checked_name, derived_name, slug_of
from registry.datasets.register import register_dataset
from registry.datasets.sources import ProjectValues
from registry.datasets.versions import version_after
from registry.errors import (
    Cancelled,
    Conflict,
    CorruptRegistry,
    CredentialsFailed,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RegistryError,
    Throttled,
    Unavailable,
)
from registry.hub.publishing import NOT_FATAL, Published
from registry.local.documents import JsonFile
from registry.local.entries import schema_problems
from registry.stores import StoredObject
from schemas.dataset import DatasetRequest, RegisterDatasetResult
from schemas.hub import HubOutcome

URI = "s3://bucket/d/train.jsonl"


class Content:
    """S3 with the ETags it is given, or one failure for everything."""

    def __init__(self, etags: dict[str, str], failure: RegistryError | None = None) -> None:
        self.etags = etags
        self.failure = failure

    def head(self, uri: str) -> StoredObject:
        if self.failure:
            raise self.failure
        if uri not in self.etags:
            raise NotFound(f"no object at {uri}")
        return StoredObject(uri.split("/", 3)[3], self.etags[uri], 1)

    def under(self, uri: str) -> Iterator[StoredObject]:
        if self.failure:
            raise self.failure
        for found, etag in self.etags.items():
            if found.startswith(uri):
                yield StoredObject(found.split("/", 3)[3], etag, 1)

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        raise Unavailable(f"{limit_bytes} bytes of {uri} cannot be read now")

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        raise Unavailable(f"{length} bytes of {uri} ({etag}) cannot be read from {start} on")


class Registry:
    """The datasets file of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "datasets.json"
        self.store = JsonFile(self.path, ascii_only=True, final_newline=False)
        self.at = datetime(2026, 5, 1, 10, tzinfo=UTC)
        self.hub = HubOutcome(state="skipped", warning="no hub is configured")
        self.published: list[dict[str, Any]] = []
        self.whole: list[bool] = []

    def publish(self, entry: dict[str, Any], is_whole: bool) -> Published:
        self.published.append(entry)
        self.whole.append(is_whole)
        return Published(self.hub)

    def register(
        self,
        objects: Content | Stored | None = None,
        project: ProjectValues | None = None,
        call: Call | None = None,
        **said: Any,
    ) -> RegisterDatasetResult:
        return register_dataset(
            DatasetRequest(**{"name": "alpaca", "s3_uri": URI, **said}),
            store=self.store,
            objects=objects,
            no_objects_reason="no AWS region is known",
            project=project,
            publish=self.publish,
            now=lambda: self.at,
            call=call or Call(),
        )

    def entry(self) -> dict[str, Any]:
        (entry,) = json.loads(self.path.read_text())
        return dict(entry)


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


def etag(value: str, uri: str = URI) -> Content:
    return Content({uri: f'"{value}"'})


ONE, TWO = etag("1" * 32), etag("2" * 32)


def test_the_first_registration_is_version_one_with_the_specifications_defaults(registry):
    result = registry.register(ONE, row_count=3)

    assert result.wire() == {
        "message": "Dataset alpaca was registered: version 1.0.0.",
        "name": "alpaca",
        "version": "1.0.0",
        "ordinal": 1,
        "s3Uri": URI,
        "format": "jsonl",
        "technique": "sft",
        "rowCount": 3,
        "contentHash": "1" * 16,
        "contentChecked": True,
        "local": {"state": "created"},
        "hub": {"state": "skipped", "warning": "no hub is configured"},
        "warnings": [],
    }
    assert schema_problems(registry.entry(), "dataset") == []
    raw = registry.path.read_text()
    assert raw.startswith("[\n  {\n")
    assert raw.endswith("]")


def test_the_same_again_is_unchanged_and_writes_nothing(registry):
    registry.register(ONE, row_count=3, technique="dpo")
    before = registry.path.stat()

    for said in ({}, {"technique": "dpo"}, {"row_count": 3}, {"format": "jsonl"}):
        result = registry.register(ONE, **said)
        assert (result.local.state, result.version, result.technique) == (
            "unchanged",
            "1.0.0",
            "dpo",
        )
    assert registry.path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize(
    ("said", "key", "value"),
    [
        ({"technique": "dpo"}, "technique", "dpo"),
        ({"row_count": 0}, "row_count", 0),
        ({"format": "csv"}, "format", "csv"),
        ({"column_schema": {"a": "é"}}, "column_schema", '{"a":"é"}'),
        ({"s3_uri": "s3://other/copy.jsonl"}, "s3_uri", "s3://other/copy.jsonl"),
    ],
)
def test_another_fact_about_the_same_content_is_corrected_in_place(said, key, value, registry):
    registry.register(ONE, row_count=3)
    content = Content({URI: "1" * 32, "s3://other/copy.jsonl": "1" * 32})

    result = registry.register(content, **said)

    entry = registry.entry()
    assert (result.local.state, result.version) == ("updated", "1.0.0")
    assert entry[key] == value
    assert len(entry["versions"]) == 1
    mirrored = {"technique": "technique", "row_count": "rows", "s3_uri": "s3_uri"}
    assert all(entry["versions"][0][mirrored[k]] == value for k in said if k in mirrored)


def test_a_schema_that_is_spelled_differently_is_the_same(registry):
    registry.register(ONE, column_schema={"a": "x", "b": "y"}, row_count=1)

    result = registry.register(ONE, column_schema={"b": "y", "a": "x"})

    assert result.local.state == "unchanged"


def test_changed_content_is_the_next_minor_version_and_says_nothing_of_rows(registry):
    registry.register(ONE, row_count=3, technique="dpo", format="csv", column_schema={"a": "x"})

    result = registry.register(TWO)

    entry = registry.entry()
    assert (result.local.state, result.version, result.ordinal) == ("created", "1.1.0", 2)
    assert [version["version"] for version in entry["versions"]] == ["1.0.0", "1.1.0"]
    assert (entry["technique"], entry["format"]) == ("dpo", "csv")
    assert (entry["row_count"], entry["column_schema"]) == (None, None)
    assert any("row_count" in warning for warning in result.warnings)


def test_force_makes_a_version_of_the_same_content_with_its_rows(registry):
    registry.register(ONE, row_count=3)

    result = registry.register(ONE, force=True)

    assert (result.local.state, result.version, result.row_count) == ("created", "1.1.0", 3)


class Stored:
    """S3 with one object, whose bytes can be read; an ETag is the content's MD5."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.reads = 0

    def head(self, uri: str) -> StoredObject:
        etag = hashlib.md5(self.raw, usedforsecurity=False).hexdigest()
        return StoredObject(uri.split("/", 3)[3], etag, len(self.raw))

    def under(self, uri: str) -> Iterator[StoredObject]:
        if URI.startswith(uri):
            yield self.head(URI)

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        assert uri == URI
        return self.raw[:limit_bytes]

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        self.reads += 1
        if etag != self.head(uri).etag:
            raise Conflict(f"{uri} was replaced while it was being read")
        return self.raw[start : start + length]


def test_rows_are_counted_once_and_again_when_the_content_changed(registry):
    three, two = Stored(b"{}\n{}\n{}"), Stored(b"{}\n\n{}\n")

    first = registry.register(three)
    again = registry.register(three)
    corrected = registry.register(three, technique="dpo")
    forced = registry.register(three, force=True)
    changed = registry.register(two)

    assert [3, 3, 3, 3, 2] == [
        each.row_count for each in (first, again, corrected, forced, changed)
    ]
    assert (1, 1) == (three.reads, two.reads)
    assert [3, 3, 2] == [each["rows"] for each in registry.entry()["versions"]]
    assert 2 == registry.entry()["row_count"]
    assert () == first.warnings == changed.warnings


@pytest.mark.parametrize("rows", [0, 99])
def test_rows_that_the_caller_gives_are_not_counted(rows, registry):
    content = Stored(b"{}\n")

    result = registry.register(content, row_count=rows)

    assert (rows, 0) == (result.row_count, content.reads)


def test_rows_that_a_tune_job_gives_are_not_counted(registry):
    content = Stored(b"{}\n")
    state = {"TUNE_TECHNIQUE": "sft", "TUNE_DATASET_S3_URI": URI, "TUNE_DATASET_ROW_COUNT": "7"}

    result = registry.register(content, project=project(**state), from_tune="latest")

    assert (7, 0) == (result.row_count, content.reads)


def test_rows_that_were_unknown_are_filled_in_when_they_can_be_counted(registry):
    registry.register(None)

    result = registry.register(Stored(b"{}\n"))

    assert ("updated", "1.0.0", 1) == (result.local.state, result.version, result.row_count)


def test_rows_that_were_given_for_content_unseen_stand(registry):
    registry.register(None, row_count=5)
    content = Stored(b"{}\n")

    result = registry.register(content)

    assert ("updated", 5, 0) == (result.local.state, result.row_count, content.reads)


def test_the_hash_is_of_what_was_counted_or_nothing_was(registry):
    class Replaced(Stored):
        def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
            self.raw = b"{}\n{}\n"
            return super().read_part(uri, start=start, length=length, etag=etag)

    content = Replaced(b"{}\n")
    before = content.head(URI).etag[:16]

    first = registry.register(content)
    second = registry.register(content)

    assert (before, None) == (first.content_hash, first.row_count)
    assert any("was replaced while it was being read" in each for each in first.warnings)
    assert (content.head(URI).etag[:16], 2) == (second.content_hash, second.row_count)
    assert ("created", "1.1.0") == (second.local.state, second.version)


ARN = "arn:aws:sagemaker:us-west-2:123456789012:hub-content/h/DataSet/alpaca/1.0.0"


def test_what_is_recorded_is_published_and_its_arn_recorded_too(registry):
    registry.hub = HubOutcome(state="created", hub="h", arn=ARN)

    result = registry.register(ONE, row_count=3)

    (published,) = registry.published
    assert ("1.0.0", None) == (published["versions"][-1]["version"], published["arn"])
    assert ("created", "created") == (result.local.state, result.hub.state)
    versions = [{**published["versions"][0], "arn": ARN}]
    assert {**published, "arn": ARN, "versions": versions} == registry.entry()
    assert (ARN, ()) == (result.hub.arn, result.warnings)


def test_a_repeat_publishes_what_is_missing_and_writes_nothing_more(registry):
    registry.hub = HubOutcome(state="failed", hub="h", warning="the hub cannot be reached")
    failed = registry.register(ONE, row_count=3)
    registry.hub = HubOutcome(state="created", hub="h", arn=ARN)
    completed = registry.register(ONE)
    registry.hub = HubOutcome(state="unchanged", hub="h", arn=ARN)
    before = registry.path.stat().st_mtime_ns
    again = registry.register(ONE)

    assert ("created", "failed") == (failed.local.state, failed.hub.state)
    assert (NOT_FATAL, "the hub cannot be reached") == failed.warnings
    assert "register_dataset again" in (failed.next_step or "")
    assert ("unchanged", "created") == (completed.local.state, completed.hub.state)
    assert ("unchanged", "unchanged") == (again.local.state, again.hub.state)
    assert (ARN, before) == (registry.entry()["arn"], registry.path.stat().st_mtime_ns)


def test_the_arn_of_a_version_is_not_that_of_the_next(registry):
    registry.hub = HubOutcome(state="created", hub="h", arn=ARN)
    registry.register(ONE, row_count=3)
    registry.hub = HubOutcome(state="failed", hub="h", warning="throttled")

    registry.register(TWO, row_count=4)

    assert None is registry.entry()["arn"]


def test_an_entry_that_changed_while_its_version_was_published_keeps_its_own_arn(registry):
    def superseded(_entry: dict[str, Any], _is_whole: bool) -> Published:
        registry.publish = Registry.publish.__get__(registry)
        registry.register(TWO, row_count=4)
        return Published(HubOutcome(state="created", hub="h", arn=ARN))

    registry.publish = superseded
    result = registry.register(ONE, row_count=3)

    assert ("1.0.0", "1.1.0") == (result.version, registry.entry()["latest_version"])
    assert None is registry.entry()["arn"]


def test_an_entry_that_went_while_it_was_published_does_not_come_back(registry):
    def removed(_entry: dict[str, Any], _is_whole: bool) -> Published:
        registry.path.write_text("[]")
        return Published(HubOutcome(state="created", hub="h", arn=ARN))

    registry.publish = removed
    registry.register(ONE, row_count=3)

    assert "[]" == registry.path.read_text()


def test_an_arn_that_cannot_be_recorded_is_a_warning(registry):
    def broken(_entry: dict[str, Any], _is_whole: bool) -> Published:
        registry.path.write_text("{}")
        return Published(HubOutcome(state="created", hub="h", arn=ARN))

    registry.publish = broken
    result = registry.register(ONE, row_count=3)

    assert "created" == result.hub.state
    assert ARN in (result.hub.warning or "")
    assert "is not a list" in (result.hub.warning or "")


FAILURES = [
    CredentialsFailed("the token has expired"),
    PermissionDenied("s3:GetObject was refused", action="s3:GetObject", resource=URI),
    NotFound("no such key"),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_content_that_cannot_be_read_is_registered_with_a_warning(failure, registry):
    result = registry.register(Content({}, failure))

    told = "there is no object at" if isinstance(failure, NotFound) else failure.message
    assert (result.content_checked, result.content_hash) == (False, None)
    assert told in result.warnings[0]
    assert registry.entry()["content_hash"] is None


@pytest.mark.parametrize(
    ("failure", "said", "whole"),
    [
        (Throttled("slow down"), {}, False),
        (Throttled("slow down"), {"row_count": 3}, False),
        (Throttled("slow down"), {"force": True}, True),
        (PermissionDenied("s3:GetObject was refused"), {}, True),
        (NotFound("no such key"), {}, True),
    ],
)
def test_a_version_is_said_to_lack_something_while_the_next_call_may_read_it(
    failure, said, whole, registry
):
    registry.register(Content({}, failure), **said)
    registry.register(ONE, row_count=3)

    assert [whole, True] == registry.whole


@pytest.mark.parametrize("failure", [None, *FAILURES])
def test_the_same_uri_is_the_same_content_while_it_cannot_be_read(failure, registry):
    registry.register(ONE, row_count=3)
    objects = Content({}, failure) if failure else None

    again = registry.register(objects)
    corrected = registry.register(objects, technique="rlvr")
    forced = registry.register(objects, force=True)
    elsewhere = registry.register(objects, s3_uri="s3://bucket/new.jsonl")

    assert (again.local.state, again.content_checked) == ("unchanged", False)
    assert again.content_hash == "1" * 16
    assert (corrected.local.state, corrected.version) == ("updated", "1.0.0")
    assert (forced.local.state, forced.version) == ("created", "1.1.0")
    assert (elsewhere.local.state, elsewhere.version) == ("created", "1.2.0")


def test_a_hash_that_was_missing_is_filled_in_when_the_content_can_be_read(registry):
    registry.register(None, row_count=3)

    result = registry.register(ONE)

    assert (result.local.state, result.version) == ("updated", "1.0.0")
    assert registry.entry()["content_hash"] == "1" * 16
    assert registry.entry()["versions"][0]["hash"] == "1" * 16


def test_why_the_content_was_not_asked_for_is_said(registry):
    assert "no AWS region is known" in registry.register(None).warnings[0]


def test_a_cancelled_call_writes_nothing(registry):
    with pytest.raises(Cancelled):
        registry.register(
            Content({"s3://bucket/p/a": "1"}),
            s3_uri="s3://bucket/p",
            call=Call(cancelled=lambda: True),
        )
    assert not registry.path.exists()


def test_an_entry_from_before_versions_gets_them_with_its_first_change(registry):
    old = {"name": "alpaca", "s3_uri": URI, "technique": "dpo", "row_count": 5, "custom": [1]}
    registry.path.write_text(json.dumps([{"name": "other", "x": 1}, old]))

    unchanged = registry.register(None)
    registry.register(ONE, s3_uri="s3://bucket/new.jsonl")

    assert (unchanged.local.state, unchanged.version, unchanged.row_count) == (
        "unchanged",
        "1.0.0",
        5,
    )
    other, entry = json.loads(registry.path.read_text())
    assert other == {"name": "other", "x": 1}
    assert [version["version"] for version in entry["versions"]] == ["1.0.0", "1.1.0"]
    assert (entry["custom"], entry["versions"][0]["hash"]) == ([1], None)


@pytest.mark.parametrize(
    "content",
    [
        '{"entries": []}',
        '"text"',
        "[1]",
        '[{"name": "alpaca", "versions": "none"}]',
        '[{"name": "alpaca", "versions": [1]}]',
        '[{"name": "alpaca", "versions": [{"version": 3}]}]',
        '[{"name": "alpaca", "technique": "odd"}]',
    ],
)
def test_a_file_of_another_shape_is_refused_and_left_alone(content, registry):
    registry.path.write_text(content)

    with pytest.raises(CorruptRegistry, match=r"datasets\.json"):
        registry.register(ONE)
    assert registry.path.read_text() == content


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"format": "xml"}, "format must be one of jsonl, parquet, csv"),
        ({"technique": "ppo"}, "technique must be one of sft, dpo, rlaif, rlvr"),
        ({"row_count": -2}, "row_count must be 0 or more"),
        ({"s3_uri": ""}, "s3_uri is missing"),
        ({"s3_uri": "http://x/y.jsonl"}, "not an S3 URI"),
        ({"s3_uri": "s3:///y.jsonl"}, "not an S3 URI"),
        ({"s3_uri": "s3://b/\n"}, "not an S3 URI"),
        ({"s3_uri": "s3://b/\ud800", "name": ""}, "not an S3 URI"),
        ({"s3_uri": "s3://b/" + "é" * 600}, "not an S3 URI"),
        ({"name": "a@v2"}, "name 'a@v2' is not one"),
        ({"name": "a/b"}, "name 'a/b' is not one"),
        ({"name": "-a"}, "name '-a' is not one"),
        ({"name": "a" * 64}, "is not one"),
        ({"from_tune": "sft", "from_train": "sft"}, "two sources"),
        ({"from_tune": "sft"}, "project_dir"),
    ],
)
def test_an_argument_that_cannot_be_stored_is_refused(said, told, registry):
    with pytest.raises(InvalidArgument) as refusal:
        registry.register(ONE, **said)

    assert told in refusal.value.message + refusal.value.hint
    assert not registry.path.exists()


def test_a_name_that_is_absent_is_derived_from_the_uri(registry):
    assert registry.register(ONE, name="").name == derived_name(URI, URI)


@pytest.mark.parametrize(
    ("key", "told"), [("x.parquet", "parquet"), ("x.CSV", "csv"), ("x.csv.gz", "csv")]
)
def test_an_extension_that_says_another_format_is_a_warning(key, told, registry):
    result = registry.register(None, s3_uri=f"s3://b/{key}")

    assert result.format == "jsonl"
    assert f"the key's extension says {told}" in result.warnings[-1]


def project(unresolved: dict[str, str] | None = None, **resolved: str) -> ProjectValues:
    return ProjectValues({"PROJECT_NAME": "p", **resolved}, unresolved or {})


STATE = {
    "TUNE_TECHNIQUE": "dpo",
    "TUNE_DATASET_S3_URI": "s3://b/second.jsonl",
    "TUNE_DATASET_SOURCE": "hf://org/second",
    "TUNE_DATASET_ROW_COUNT": "20",
    "TUNE_DATASET_S3_URI_SFT": "s3://b/first.jsonl",
}


def test_a_techniques_own_values_are_not_filled_from_another_techniques(registry):
    result = registry.register(project=project(**STATE), name="", s3_uri="", from_tune="sft")

    assert result.name == derived_name("", "s3://b/first.jsonl")
    assert (result.technique, result.row_count) == ("sft", None)
    assert registry.entry()["project_name"] == "p"


def test_the_latest_job_may_have_only_values_without_a_technique(registry):
    for asked in ("latest", "dpo", "DPO"):
        result = registry.register(project=project(**STATE), name="", s3_uri="", from_tune=asked)
        assert (result.name, result.technique, result.row_count) == (
            derived_name("hf://org/second", "s3://b/second.jsonl"),
            "dpo",
            20,
        )


def test_a_technique_without_a_job_is_refused_with_those_that_have_one(registry):
    with pytest.raises(InvalidArgument, match="techniques with one: dpo, sft"):
        registry.register(project=project(**STATE), s3_uri="", from_tune="rlvr")


def test_from_train_reads_its_own_variables(registry):
    values = project(
        TRAIN_TECHNIQUE="sft",
        TRAIN_DATASET_S3_URI_SFT="s3://b/My Train.jsonl",
        TRAIN_DATASET_S3_URI_DPO="s3://b/d.csv",
    )

    latest = registry.register(project=values, name="", s3_uri="", from_train="latest")
    other = registry.register(project=values, name="", s3_uri="", from_train="dpo")

    assert (latest.technique, latest.s3_uri) == ("sft", "s3://b/My Train.jsonl")
    assert latest.name.startswith("my-train-")
    assert (other.technique, other.format) == ("dpo", "csv")
    with pytest.raises(InvalidArgument, match="techniques with one: dpo, sft"):
        registry.register(project=values, s3_uri="", from_train="rlaif")


def test_a_job_of_an_unknown_technique_needs_one_of_ours(registry):
    values = project(TRAIN_TECHNIQUE="custom", TRAIN_DATASET_S3_URI_CUSTOM="s3://b/x.jsonl")

    with pytest.raises(InvalidArgument, match="'custom' is not one"):
        registry.register(project=values, s3_uri="", from_train="latest")
    result = registry.register(project=values, s3_uri="", from_train="latest", technique="rlvr")
    assert result.technique == "rlvr"


def test_a_value_that_only_a_shell_knows_is_refused_unless_the_caller_gives_it(registry):
    values = project(
        {"TUNE_DATASET_S3_URI_SFT": "do/config line 9: command substitution"},
        TUNE_TECHNIQUE="sft",
        TUNE_DATASET_SOURCE_SFT="hf://o/n",
    )

    with pytest.raises(InvalidArgument) as refusal:
        registry.register(project=values, name="", s3_uri="", from_tune="sft")
    assert "TUNE_DATASET_S3_URI_SFT" in refusal.value.message
    assert "do/config line 9" in refusal.value.message
    result = registry.register(project=values, name="", s3_uri="s3://b/x.jsonl", from_tune="sft")
    assert result.name == derived_name("hf://o/n", "s3://b/x.jsonl")


def test_a_prefix_hashes_everything_under_it_and_nothing_beside_it():
    inside = {"s3://b/p/a:b": "1", "s3://b/p/a": "2"}
    beside = {"s3://b/p-other/c": "3"}

    def hashed(uri: str, etags: dict[str, str]) -> str | None:
        return dataset_content(uri, Content(etags), "", Call()).hash

    assert hashed("s3://b/p", inside) == hashed("s3://b/p/", {**beside, **inside})
    assert hashed("s3://b/p", inside) != hashed("s3://b/p", {**inside, "s3://b/p/a": "9"})
    assert hashed("s3://b/p", beside) is None


def test_a_listing_that_outlasts_the_call_is_a_warning():
    objects = Content({"s3://b/p/a": "1"})

    found = dataset_content("s3://b/p", objects, "", Call(deadline=time.monotonic() + 1))

    assert found.hash is None
    assert "too many objects" in found.warning


def test_a_version_that_is_no_text_is_followed_as_one_without_three_numbers_is():
    assert version_after(None) == "1.1.0"


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    source=st.text(max_size=120)
    | st.text(max_size=120).map(lambda text: f"hf://{text}")
    | st.text(max_size=120).map(lambda text: f"s3://{text}")
)
def test_every_derived_name_is_one_that_can_be_given(source):
    name = derived_name(source, "s3://b/x")

    assert checked_name(name, "dataset") == name
    assert len(name) <= MAX_NAME
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
    assert slug_of(name) == name


facts = st.fixed_dictionaries(
    {},
    optional={
        "technique": st.sampled_from(["sft", "dpo"]),
        "row_count": st.integers(0, 2),
        "format": st.sampled_from(["jsonl", "csv"]),
        "force": st.booleans(),
    },
)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["1", "2", None]), facts), max_size=8))
def test_whatever_is_registered_repeating_it_changes_nothing(steps, tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("home"))
    for content, said in steps:
        objects = etag(content * 32) if content else None
        versions = len(registry.entry()["versions"]) if registry.path.exists() else 0
        first = registry.register(objects, **said)
        entry = registry.entry()
        again = registry.register(objects, **{**said, "force": False})

        assert again.local.state == "unchanged"
        assert registry.entry() == entry
        assert schema_problems(entry, "dataset") == []
        assert len(entry["versions"]) - versions == (first.local.state == "created")
        newest = entry["versions"][-1]
        assert (entry["latest_version"], entry["content_hash"], entry["row_count"]) == (
            newest["version"],
            newest["hash"],
            newest["rows"],
        )
