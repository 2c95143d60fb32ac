"""What `compare_deployments` answers: heads, and per pair only what differs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from schemas.base import Record, Result
from schemas.deployment_views import DeploymentSummary

Change = Literal["added", "removed", "changed"]
"""What the second of two deployments has more, less, or otherwise than the first."""


class ComparedDeployment(DeploymentSummary):
    """One side of a comparison at a glance, with what identifies it and never counts as different.

    Attributes:
        source: `local`, `imported` or `community`.
    """

    model_package_arn: str | None = None
    model_package_version: str | None = None
    source: str | None = None
    imported_from: str | None = None


class Difference(Record):
    """One place where two entries differ.

    Attributes:
        path: JSON pointer into the entry; a component of `icList` is named, not numbered.
        before: The first one's value, absent where it has none; long values are cut.
        after: The second one's.
    """

    path: str
    change: Change
    before: JsonValue = Field(default=None, alias="from")
    after: JsonValue = Field(default=None, alias="to")


class Comparison(Record):
    """How one deployment differs from the first.

    Attributes:
        count: All differences, shown or not.
        omitted: How many of them the answer has no room for.
    """

    from_id: str
    to_id: str
    count: int
    differences: tuple[Difference, ...]
    omitted: int | None = None


class CompareDeploymentsResult(Result):
    """Two or more deployments beside the first of them."""

    deployments: tuple[ComparedDeployment, ...]
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...] = ()
