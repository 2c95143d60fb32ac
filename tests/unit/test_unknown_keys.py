"""Whatever JSON other programs keep beside ours, at any level, survives each of our rewrites.

Source: design, rule 1 (unknown fields survive); record contract, section 1.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.calls import Call
from registry.datasets.register import register_dataset
from registry.deployments.importing import Import, import_deployments
from registry.errors import NeedsConfirmation
from registry.evaluators.register import register_evaluator
from registry.hub.publishing import Published
from registry.local.deployments import user_registry
from registry.local.documents import JsonFile
from registry.redaction import redact_parameters
from registry.removal.deployments import remove_deployment
from registry.removal.named import remove_dataset, remove_evaluator
from schemas.dataset import DatasetRequest
from schemas.evaluator import EvaluatorRequest
from schemas.hub import HubOutcome

TEXT = st.text(max_size=10) | st.sampled_from(
    [
        "\ud83d",
        "\udc00\ud83d",
        "\x00\x1f",
        "é\u2028\U0001f680",
        "a/b~c",
        "__proto__",
        "Ångström",
        "🚀",
    ]
)
NUMBERS = (
    st.integers()
    | st.integers(2**53, 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1.0, -0.0, 1e308, 5e-324, -(2**63), 10**1000])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTRAS = st.lists(
    st.dictionaries(TEXT.map("x{}".format), VALUES, max_size=2), min_size=9, max_size=9
)


def deployment(number: int, extras: list[dict[str, Any]]) -> dict[str, Any]:
    """An entry with unknown keys in itself, in each of its sections and in a component."""
    return {
        "timestamp": f"2026-05-0{number}T10:00:00.000Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "transformers-vllm",
            "architecture": "transformers",
            "backend": "vllm",
            "icList": [{"name": "default", **extras[0]}],
            **extras[1],
        },
        "model": {"modelName": f"org/{number}", **extras[2]},
        "infrastructure": {"instanceType": "ml.g5.xlarge", "region": "us-west-2", **extras[3]},
        "configuration": {"parameters": extras[4], **extras[5]},
        "outcome": {"notes": None, **extras[6]},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", **extras[7]},
        "id": f"0000000{number}",
        **extras[8],
    }


def spelled(value: object) -> str:
    """JSON text, which tells 1 from 1.0 and True, and one order of keys from another."""
    return json.dumps(value)


def agreed(remove: Callable[[str], object]) -> None:
    with pytest.raises(NeedsConfirmation) as asked:
        remove("")
    remove(asked.value.details["digest"])


def appended(home: Path, extras: list[dict[str, Any]]) -> list[Any]:
    new = deployment(3, extras)
    user_registry(home).append(lambda _: new)
    return [deployment(1, extras), deployment(2, extras), new]


def patched(home: Path, extras: list[dict[str, Any]]) -> list[Any]:
    changes = {"modelPackageVersion": 3, "outcome": {"notes": "n"}}
    user_registry(home).patch("00000001", changes)
    first = deployment(1, extras)
    first["outcome"]["notes"] = "n"
    return [{**first, "modelPackageVersion": 3}, deployment(2, extras)]


def imported(home: Path, extras: list[dict[str, Any]]) -> list[Any]:
    document = {"version": "1.0", "entries": [deployment(4, extras)]}
    answer = import_deployments(user_registry(home), Import(document, "", "skip", False), Call())
    assert answer.added == 1
    new = redact_parameters({**deployment(4, extras), "id": answer.entries[0].id})
    new["metadata"] |= {"source": "imported", "importedFrom": None}
    return [deployment(1, extras), deployment(2, extras), new]


def removed(home: Path, extras: list[dict[str, Any]]) -> list[Any]:
    logs = [("user", user_registry(home))]
    agreed(lambda confirm: remove_deployment(logs, "00000001", confirm))
    return [deployment(2, extras)]


@pytest.mark.parametrize("rewrite", [appended, patched, imported, removed])
@given(extras=EXTRAS, of_file=st.dictionaries(TEXT.map("x{}".format), VALUES, max_size=2))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_a_rewritten_registry_keeps_every_unknown_key(rewrite, extras, of_file):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "registry.json")
        entries = [deployment(1, extras), deployment(2, extras)]
        envelope = {"schemaVersion": "2026-03-20", "entries": entries, **of_file}
        path.write_text(json.dumps(envelope), "utf-8")

        expected = {**envelope, "entries": rewrite(Path(folder), extras)}

        assert spelled(expected) == spelled(json.loads(path.read_text("utf-8")))


def dataset(name: str, extras: list[dict[str, Any]]) -> dict[str, Any]:
    """A dataset of two versions, with unknown keys in itself and in both."""
    versions = [
        {
            "version": f"1.{number}.0",
            "s3_uri": f"s3://b/{number}.jsonl",
            "hash": f"{number:016x}",
            "technique": "sft",
            "rows": number,
            "registered_at": "2026-05-01T10:00:00.000000Z",
            **extras[number],
        }
        for number in range(2)
    ]
    return {
        "name": name,
        "s3_uri": "s3://b/1.jsonl",
        "format": "jsonl",
        "technique": "sft",
        "row_count": 1,
        "column_schema": None,
        "project_name": "",
        "arn": None,
        "registered_at": "2026-05-01T10:00:00.000000Z",
        "latest_version": "1.1.0",
        "content_hash": "0000000000000001",
        "versions": versions,
        **extras[2],
    }


def registered(store: JsonFile, s3_uri: str, rows: int) -> None:
    register_dataset(
        DatasetRequest(name="a", s3_uri=s3_uri, row_count=rows),
        store=store,
        objects=None,
        no_objects_reason="none here",
        publish=lambda *_: Published(HubOutcome(state="skipped")),
        now=lambda: datetime(2026, 6, 1, tzinfo=UTC),
        call=Call(),
    )


def with_new_version(store: JsonFile, entry: dict[str, Any]) -> dict[str, Any]:
    registered(store, "s3://b/2.jsonl", 7)
    stamp = "2026-06-01T00:00:00.000000Z"
    newest = {
        "version": "1.2.0",
        "s3_uri": "s3://b/2.jsonl",
        "hash": None,
        "technique": "sft",
        "rows": 7,
        "registered_at": stamp,
    }
    mirrored = {"s3_uri": "s3://b/2.jsonl", "row_count": 7, "registered_at": stamp}
    of_newest = {"latest_version": "1.2.0", "content_hash": None}
    return {**entry, **mirrored, **of_newest, "versions": [*entry["versions"], newest]}


def with_other_rows(store: JsonFile, entry: dict[str, Any]) -> dict[str, Any]:
    registered(store, "s3://b/1.jsonl", 7)
    first, newest = entry["versions"]
    return {**entry, "row_count": 7, "versions": [first, {**newest, "rows": 7}]}


def without_the_first(store: JsonFile, entry: dict[str, Any]) -> dict[str, Any]:
    agreed(lambda confirm: remove_dataset(store, str(store.path), "a@v1", confirm))
    return {**entry, "versions": entry["versions"][1:]}


@pytest.mark.parametrize("rewrite", [with_new_version, with_other_rows, without_the_first])
@given(extras=EXTRAS)
@settings(max_examples=30, derandomize=True, deadline=None)
def test_a_rewritten_dataset_keeps_every_unknown_key(rewrite, extras):
    with tempfile.TemporaryDirectory() as folder:
        store = JsonFile(Path(folder, "datasets.json"), ascii_only=True, final_newline=False)
        store.path.write_text(json.dumps([dataset("a", extras), dataset("b", extras)]), "utf-8")

        expected = [rewrite(store, dataset("a", extras)), dataset("b", extras)]

        assert spelled(expected) == store_text(store)


def evaluator(name: str, extras: list[dict[str, Any]]) -> dict[str, Any]:
    """An evaluator that was changed before, with unknown keys in itself and in its history."""
    return {
        "name": name,
        "type": "lambda",
        "arn_or_uri": "arn:aws:lambda:us-west-2:123456789012:function:f",
        "technique": "rlvr",
        "description": "",
        "project_name": "",
        "registered_at": "2026-05-01T10:00:00.000000Z",
        "history": [{"type": "lambda", **extras[0]}],
        **extras[1],
    }


def with_another_function(store: JsonFile, entry: dict[str, Any]) -> list[Any]:
    other = "arn:aws:lambda:us-west-2:123456789012:function:g"
    register_evaluator(
        EvaluatorRequest(name="a", type="lambda", arn=other, technique="rlvr"),
        store=store,
        publish=lambda *_: Published(HubOutcome(state="skipped")),
        now=lambda: datetime(2026, 6, 1, tzinfo=UTC),
        call=Call(),
    )
    facts = ("type", "arn_or_uri", "technique", "description", "project_name", "registered_at")
    was = {key: entry[key] for key in facts}
    stamp = "2026-06-01T00:00:00.000000Z"
    history = [*entry["history"], was]
    return [{**entry, "arn_or_uri": other, "registered_at": stamp, "history": history}]


def without_it(store: JsonFile, _entry: dict[str, Any]) -> list[Any]:
    agreed(lambda confirm: remove_evaluator(store, str(store.path), "a", confirm))
    return []


@pytest.mark.parametrize("rewrite", [with_another_function, without_it])
@given(extras=EXTRAS)
@settings(max_examples=30, derandomize=True, deadline=None)
def test_a_rewritten_evaluator_keeps_every_unknown_key(rewrite, extras):
    with tempfile.TemporaryDirectory() as folder:
        store = JsonFile(Path(folder, "evaluators.json"), ascii_only=True, final_newline=False)
        store.path.write_text(json.dumps([evaluator("a", extras), evaluator("b", extras)]), "utf-8")

        expected = [*rewrite(store, evaluator("a", extras)), evaluator("b", extras)]

        assert spelled(expected) == store_text(store)


def store_text(store: JsonFile) -> str:
    return spelled(json.loads(store.path.read_text("utf-8")))
