"""What `list_deployments` and `get_deployment` answer."""

from __future__ import annotations

from typing import Literal

from schemas.base import Record, Result, ShownDocument
from schemas.ci import CiConfiguration

Origin = Literal["user", "project"]
"""Which registry file an entry is in: the user's, or the project's own."""


class DeploymentSummary(Record):
    """One entry at a glance; `entry` is the whole of it, with `detail="full"` only.

    Attributes:
        origin: Said only of an entry in the project's own file.
    """

    id: str
    timestamp: str
    status: str
    project_name: str | None = None
    deployment_config: str | None = None
    model_name: str | None = None
    instance_type: str | None = None
    region: str | None = None
    origin: Origin | None = None
    entry: ShownDocument | None = None


class ListDeploymentsResult(Result):
    """One page of entries, newest first."""

    deployments: tuple[DeploymentSummary, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()


class LineageVersion(Record):
    """A model package version that an entry led to."""

    name: str | None = None
    arn: str
    version: int | None = None
    approval_status: str | None = None
    dataset_s3_uri: str | None = None
    dataset_version: str | None = None


class LineageDataset(Record):
    """A registered dataset that an adapter of the entry was tuned on."""

    name: str
    version: str
    s3_uri: str


class Lineage(Record):
    """What an entry led to and came from; a part that could not be read is in the warnings.

    Attributes:
        config_id: The entry's configuration in the CI table, whether or not it is there.
    """

    model_package: LineageVersion | None = None
    adapters: tuple[LineageVersion, ...] = ()
    datasets: tuple[LineageDataset, ...] = ()
    config_id: str | None = None
    ci: CiConfiguration | None = None


class GetDeploymentResult(Result):
    """One entry whole, where it came from and led to, and the flags that would make it again.

    Attributes:
        replay_flags: Arguments of MLCC's generator, as a list; never a shell command.
    """

    id: str
    origin: Origin
    path: str
    entry: ShownDocument
    lineage: Lineage
    replay_flags: tuple[str, ...]
    warnings: tuple[str, ...] = ()
