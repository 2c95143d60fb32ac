"""A registered evaluator: the entry of `evaluators.json`, a request for one, and the answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Outcome, Record, Result, ShownDocument
from schemas.dataset import StoredRow
from schemas.hub import HubOutcome, RecordOrigin

EvaluatorType = Literal["lambda", "model"]
EvaluatorTechnique = Literal["rlvr", "rlaif"]


class EvaluatorFacts(StoredRow):
    """What an evaluator was at one time.

    Attributes:
        arn_or_uri: A Lambda function's ARN, or where a preference model is.
        registered_at: UTC, microseconds, `Z`.
        arn: The ARN of the hub's version that says the same, where there is one.
    """

    type: str | None = None
    arn_or_uri: str | None = None
    technique: str | None = None
    description: str | None = None
    project_name: str | None = None
    registered_at: str | None = None
    arn: str | None = None


class EvaluatorEntry(StoredRow):
    """One entry of `evaluators.json`.

    Attributes:
        arn: The hub content's ARN, where a hub has it; MLCC ignores this key and the next.
        history: What it was before, oldest first.

    Source: record contract, section 2.
    """

    name: Annotated[str, Field(min_length=1)]
    type: EvaluatorType
    arn_or_uri: Annotated[str, Field(min_length=1)]
    technique: EvaluatorTechnique
    description: str
    project_name: str
    registered_at: str
    arn: str | None = None
    history: list[EvaluatorFacts] = Field(default_factory=list)


class EvaluatorRequest(Record):
    """What a caller says of an evaluator; "" means that nothing is said.

    Attributes:
        arn: A Lambda function's ARN; for a model its S3 URI or model package ARN.
    """

    name: str = ""
    type: str = ""
    arn: str = ""
    technique: str = ""
    description: str = ""
    project_name: str = ""


class RegisterEvaluatorResult(Result):
    """One registered evaluator."""

    name: str
    type: str
    arn: str
    technique: str
    description: str
    local: Outcome
    hub: HubOutcome
    warnings: tuple[str, ...] = ()


class EvaluatorWas(Record):
    """What an evaluator was before an update.

    Attributes:
        arn: As a request has it.
        hub_arn: The hub's version that says so, where there is one.
    """

    type: str | None = None
    arn: str | None = None
    technique: str | None = None
    description: str | None = None
    registered_at: str | None = None
    hub_arn: str | None = None


class EvaluatorView(Record):
    """One evaluator as it is now.

    Attributes:
        arn: A Lambda function's ARN; for a model its S3 URI or model package ARN. A list without
            a name leaves it out for what only a hub has.
        description: Its beginning where several are listed, whole when the call names one.
        hub_version: The hub's latest version of it.
        hub_arn: When the call names an evaluator, or `detail="full"`.
        history_count: How many updates the local record remembers; none without one.
        history: What it was before, newest first, at most as much as fits; when the call names
            an evaluator, or `detail="full"`.
        entry: The entry of `evaluators.json` without its history, with `detail="full"` only.
    """

    name: str
    type: str | None = None
    arn: str | None = None
    technique: str | None = None
    description: str | None = None
    registered_at: str | None = None
    origin: RecordOrigin
    hub_version: str | None = None
    hub_arn: str | None = None
    history_count: int | None = None
    history: tuple[EvaluatorWas, ...] | None = None
    entry: ShownDocument | None = None


class ListEvaluatorsResult(Result):
    """One page of evaluators, by name."""

    evaluators: tuple[EvaluatorView, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
