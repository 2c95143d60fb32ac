"""What `register_deployment` answers: every place it touched, each with its own state."""

from __future__ import annotations

from pydantic import JsonValue

from schemas.base import Outcome, Result


class LocalOutcome(Outcome):
    """The entry in the registry file; `path` is that file."""

    path: str


class PackageOutcome(Outcome):
    """The model version in the project's model package group."""

    group: str | None = None
    arn: str | None = None
    version: int | None = None


class AdapterOutcome(Outcome):
    """One adapter's linked version."""

    name: str
    arn: str | None = None
    version: int | None = None


class CiOutcome(Outcome):
    """The configuration in the CI table."""

    config_id: str | None = None
    table: str | None = None


class RegisterDeploymentResult(Result):
    """One registered deployment.

    Attributes:
        id: The entry's id in the registry file.
        record: The deployment record, as MLCC prints and CI stores it.
    """

    id: str
    timestamp: str
    status: str
    record: dict[str, JsonValue]
    local: LocalOutcome
    model_package: PackageOutcome
    adapters: tuple[AdapterOutcome, ...] = ()
    ci: CiOutcome
    warnings: tuple[str, ...] = ()
    dry_run: bool | None = None
