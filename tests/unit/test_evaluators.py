"""Registering evaluators: shapes, updates in place, history."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.calls import Call
from registry.errors import Cancelled, CorruptRegistry, InvalidArgument
from registry.evaluators.register import register_evaluator
from registry.hub.publishing import Published
from registry.local.documents import JsonFile
from registry.local.entries import schema_problems
from schemas.evaluator import EvaluatorRequest, RegisterEvaluatorResult
from schemas.hub import HubOutcome

ARN = "arn:aws:lambda:us-west-2:123456789012:function:my-reward"
PACKAGE = "arn:aws:sagemaker:us-west-2:123456789012:model-package/pref/3"


class Registry:
    """The evaluators file of one home."""

    def __init__(self, home: Path) -> None:
        self.path = home / "evaluators.json"
        self.store = JsonFile(self.path, ascii_only=True, final_newline=False)
        self.hour = 0
        self.hub = HubOutcome(state="skipped", warning="no hub is configured")

    def register(
        self, sent: tuple[str, ...] = (), call: Call | None = None, **said: str
    ) -> RegisterEvaluatorResult:
        self.hour += 1
        first = {"name": "reward", "type": "lambda", "arn": ARN, "technique": "rlvr"}
        return register_evaluator(
            EvaluatorRequest(**{**first, **said}),
            store=self.store,
            publish=lambda _: Published(self.hub),
            now=lambda: datetime(2026, 5, 1, self.hour, tzinfo=UTC),
            call=call or Call(sent=frozenset(sent)),
        )

    def entries(self) -> Any:
        return json.loads(self.path.read_text())


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


def test_the_first_registration_is_stored_as_mlcc_stores_it(registry):
    result = registry.register(description="dé", project_name="p")

    assert result.wire() == {
        "message": "Evaluator reward was registered.",
        "name": "reward",
        "type": "lambda",
        "arn": ARN,
        "technique": "rlvr",
        "description": "dé",
        "local": {"state": "created"},
        "hub": {"state": "skipped", "warning": result.hub.warning},
        "warnings": [],
    }
    entry = {
        "name": "reward",
        "type": "lambda",
        "arn_or_uri": ARN,
        "technique": "rlvr",
        "description": "dé",
        "project_name": "p",
        "registered_at": "2026-05-01T01:00:00.000000Z",
    }
    assert registry.path.read_text() == json.dumps([entry], indent=2)


def test_the_same_again_is_unchanged(registry):
    registry.register(description="d")
    before = registry.path.read_bytes()

    assert registry.register().local.state == "unchanged"
    assert registry.register(description="d").local.state == "unchanged"
    assert registry.path.read_bytes() == before


def test_a_change_is_made_in_place_and_what_was_goes_into_the_history(registry):
    registry.register(description="d", project_name="p")
    registry.register(name="other")
    first = registry.entries()[0]

    second = registry.register(arn=f"{ARN}:7", technique="rlaif")
    third = registry.register(arn=f"{ARN}:live", description="e")

    entry, other = registry.entries()
    assert (second.local.state, third.local.state) == ("updated", "updated")
    assert (entry["arn_or_uri"], entry["description"], entry["project_name"]) == (
        f"{ARN}:live",
        "e",
        "p",
    )
    assert list(entry)[-1] == "history"
    assert [was["arn_or_uri"] for was in entry["history"]] == [ARN, f"{ARN}:7"]
    assert entry["history"][0] == {key: first[key] for key in first if key != "name"}
    assert other["name"] == "other"
    assert schema_problems(entry, "evaluator") == []


def test_a_description_is_emptied_only_by_one_that_was_sent(registry):
    registry.register(description="d")

    assert registry.register(description="").description == "d"
    emptied = registry.register(sent=("description",), description="")
    assert (emptied.local.state, emptied.description) == ("updated", "")


def test_unknown_keys_are_kept(registry):
    registry.path.write_text(json.dumps([{"name": "reward", "type": "lambda", "mine": [1]}]))

    registry.register()

    assert registry.entries()[0]["mine"] == [1]


def test_a_secret_in_the_description_is_redacted_and_said_so(registry):
    result = registry.register(description="uses hf_abcdefghijklmnopqrstuvwxyz012345")

    assert "hf_abc" not in registry.path.read_text()
    assert "***REDACTED***" in result.description
    assert "redacted" in result.warnings[0]


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("lambda", f"{ARN}:$LATEST"),
        ("lambda", f"{ARN}:42"),
        ("lambda", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f_1"),
        ("model", "s3://bucket/models/pref/"),
        ("model", "s3://bucket/pref.tar.gz"),
        ("model", PACKAGE),
    ],
)
def test_every_form_of_its_type_is_taken(kind, arn, registry):
    assert registry.register(type=kind, arn=arn, technique="rlaif").arn == arn


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"arn": "not-an-arn"}, "arn:aws:lambda:REGION:ACCOUNT:function:NAME"),
        ({"arn": ""}, "arn:aws:lambda:REGION:ACCOUNT:function:NAME"),
        ({"arn": "s3://b/m/"}, "type lambda needs"),
        ({"arn": ARN + "\n"}, "type lambda needs"),
        ({"arn": ARN.replace(":function:", ":layer:")}, "type lambda needs"),
        ({"type": "model"}, "type model needs"),
        ({"type": "model", "arn": "s3://bucket"}, "type model needs"),
        ({"type": "model", "arn": "s3://b ad/x"}, "not an S3 URI"),
        ({"type": "http"}, "type must be one of lambda, model"),
        ({"type": ""}, "type is missing: it is one of lambda, model"),
        ({"technique": "sft"}, "technique must be one of rlvr, rlaif"),
        ({"technique": ""}, "technique is missing"),
        ({"name": ""}, "name is missing"),
        ({"name": "a b"}, "name 'a b' is not one"),
        ({"description": "x" * 5000}, "longer than"),
    ],
)
def test_an_argument_of_another_form_is_refused_with_the_right_form(said, told, registry):
    with pytest.raises(InvalidArgument) as refusal:
        registry.register(**said)

    assert told in refusal.value.message + refusal.value.hint
    assert not registry.path.exists()


@pytest.mark.parametrize("content", ['{"a": 1}', "[1]", '[{"name": "reward", "history": {}}]'])
def test_a_file_of_another_shape_is_refused_and_left_alone(content, registry):
    registry.path.write_text(content)

    with pytest.raises(CorruptRegistry, match=r"evaluators\.json"):
        registry.register()
    assert registry.path.read_text() == content


def test_a_cancelled_call_writes_nothing(registry):
    with pytest.raises(Cancelled):
        registry.register(call=Call(cancelled=lambda: True))
    assert not registry.path.exists()
