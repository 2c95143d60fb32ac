"""Registering evaluators in `evaluators.json`: reward functions and preference models.

Source: record contract, section 2; design, `register_evaluator`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from registry.calls import Call
from registry.datasets.names import checked_name, checked_s3_uri, key_of
from registry.errors import InvalidArgument
from registry.hub.publishing import Publish, Published, recorded_arn
from registry.named_entries import (
    change_named,
    check_storable,
    microseconds,
    put_named,
    unusable,
)
from registry.redaction import redact_shapes, redact_text, redaction_warning, refuse_secret
from registry.stores import JsonDocument, JsonObject
from schemas.base import Outcome, State
from schemas.evaluator import (
    EvaluatorRequest,
    EvaluatorTechnique,
    EvaluatorType,
    RegisterEvaluatorResult,
)

FILE = "evaluators.json"
MAX_DESCRIPTION = 4096

_FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]{1,32}:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}"
    r"(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)
_PACKAGE_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]{1,32}:[0-9]{12}:model-package/"
    r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}(?:/[0-9]{1,9})?"
)
_FACTS = ("type", "arn_or_uri", "technique", "description", "project_name")


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of an evaluator's entry, and what was done to it."""

    entry: JsonObject
    state: State


def register_evaluator(
    request: EvaluatorRequest,
    *,
    store: JsonDocument,
    publish: Publish,
    now: Callable[[], datetime],
    call: Call,
) -> RegisterEvaluatorResult:
    """Return the evaluator as it is recorded now: created, updated, or as it was.

    A name that is registered already is updated in place, and what it was goes to the end of the
    entry's `history`. A description or project that the caller does not send stays as it is; an
    empty description that it does send empties it.

    Args:
        publish: Brings the entry into the hub, once it is recorded; a repeat completes what it
            could not do.

    Raises:
        InvalidArgument: an argument is missing, or has not the form that its type needs.
        CorruptRegistry: `evaluators.json` is not what it should be; it is left as it is.
        Conflict, Unavailable: as `JsonDocument.change`.
        Cancelled, DeadlineExceeded: nothing was written, unless the record was already.
    """
    _check(request)
    call.check("registering the evaluator")
    description = redact_text(request.description)
    kept = _kept(request, call)
    made: list[_Decision] = []

    def make(present: JsonObject | None) -> JsonObject:
        stated = {
            "type": request.type,
            "arn_or_uri": request.arn,
            "technique": request.technique,
            "description": description,
            "project_name": redact_shapes(request.project_name),
        }
        made.append(_decide(present, request.name, stated, kept, microseconds(now())))
        return made[-1].entry

    put_named(store, FILE, request.name, make)
    published = _published(store, made[-1].entry, publish)
    return _result(made[-1], published, redacted=description != request.description)


def _check(request: EvaluatorRequest) -> None:
    refuse_secret("name", checked_name(request.name, "evaluator"))
    for argument, value, choices in (
        ("type", request.type, get_args(EvaluatorType)),
        ("technique", request.technique, get_args(EvaluatorTechnique)),
    ):
        if value not in choices:
            said = "must be" if value else "is missing: it is"
            raise InvalidArgument(f"{argument} {said} one of {', '.join(choices)}")
    if len(request.description) > MAX_DESCRIPTION:
        raise InvalidArgument(f"description is longer than {MAX_DESCRIPTION} characters")
    _check_arn(request.type, request.arn)
    refuse_secret("arn", request.arn)


def _check_arn(kind: str, arn: str) -> None:
    if kind == "lambda":
        if not _FUNCTION_ARN.fullmatch(arn):
            raise InvalidArgument(
                "arn is not a Lambda function's ARN, which type lambda needs",
                hint="arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :VERSION or :ALIAS if any",
            )
        return
    if _PACKAGE_ARN.fullmatch(arn):
        return
    if not arn.startswith("s3://") or not key_of(checked_s3_uri(arn, "arn")):
        raise InvalidArgument(
            "arn is neither an S3 URI nor a model package ARN, one of which type model needs",
            hint="s3://BUCKET/PREFIX/, or arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/1",
        )


def _kept(request: EvaluatorRequest, call: Call) -> set[str]:
    """Return the facts that the caller left open, so that a present entry keeps its own."""
    return {
        fact
        for fact, value in (
            ("description", request.description),
            ("project_name", request.project_name),
        )
        if not value and fact not in call.sent
    }


def _decide(
    present: JsonObject | None, name: str, stated: JsonObject, kept: set[str], stamp: str
) -> _Decision:
    if present is None:
        return _Decision({"name": name, **stated, "registered_at": stamp}, "created")
    facts = {
        fact: present[fact] if fact in kept and present.get(fact) else value
        for fact, value in stated.items()
    }
    if all(present.get(fact) == facts[fact] for fact in _FACTS):
        return _Decision(present, "unchanged")
    history = present.get("history", [])
    if not isinstance(history, list):
        raise unusable(present, FILE, "/history is not a list")
    before = {key: present[key] for key in (*_FACTS, "registered_at", "arn") if key in present}
    kept_keys = {key: value for key, value in present.items() if key != "arn"}
    entry = {**kept_keys, **facts, "registered_at": stamp, "history": [*history, before]}
    check_storable(entry, "evaluator", FILE)
    return _Decision(entry, "updated")


def _published(store: JsonDocument, entry: JsonObject, publish: Publish) -> Published:
    """Return what became of the hub's content; its ARN goes into the entry."""
    published = publish(entry)
    arn = published.outcome.arn
    if not arn or arn == entry.get("arn"):
        return published

    def with_arn(present: JsonObject) -> JsonObject:
        superseded = any(present.get(fact) != entry.get(fact) for fact in _FACTS)
        return present if superseded else {**present, "arn": arn}

    return recorded_arn(published, lambda: change_named(store, FILE, str(entry["name"]), with_arn))


def _result(
    decision: _Decision, published: Published, *, redacted: bool
) -> RegisterEvaluatorResult:
    entry = decision.entry
    done = {"created": "was registered", "updated": "was updated; what it was is in its history"}
    secret = (redaction_warning("the description"),)
    what = done.get(decision.state, "is registered already")
    return RegisterEvaluatorResult(
        message=f"Evaluator {entry['name']} {what}{published.told()}.",
        name=entry["name"],
        type=entry["type"],
        arn=entry["arn_or_uri"],
        technique=entry["technique"],
        description=entry["description"],
        local=Outcome(state=decision.state),
        hub=published.outcome,
        warnings=(*(secret if redacted else ()), *published.warnings()),
        next_step=published.next_step("register_evaluator"),
        aws=published.identity,
    )
