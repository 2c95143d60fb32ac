"""A registered evaluator: the entry of `evaluators.json`, a request for one, and the answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Outcome, Record, Result
from schemas.dataset import StoredRow

EvaluatorType = Literal["lambda", "model"]
EvaluatorTechnique = Literal["rlvr", "rlaif"]


class EvaluatorFacts(StoredRow):
    """What an evaluator was at one time.

    Attributes:
        arn_or_uri: A Lambda function's ARN, or where a preference model is.
        registered_at: UTC, microseconds, `Z`.
    """

    type: str | None = None
    arn_or_uri: str | None = None
    technique: str | None = None
    description: str | None = None
    project_name: str | None = None
    registered_at: str | None = None


class EvaluatorEntry(StoredRow):
    """One entry of `evaluators.json`.

    Attributes:
        history: What it was before, oldest first; MLCC ignores the key.

    Source: record contract, section 2.
    """

    name: Annotated[str, Field(min_length=1)]
    type: EvaluatorType
    arn_or_uri: Annotated[str, Field(min_length=1)]
    technique: EvaluatorTechnique
    description: str
    project_name: str
    registered_at: str
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
    hub: Outcome
    warnings: tuple[str, ...] = ()
