"""The CI side of a registration: one configuration, created or reset to untested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from registry.capture import ci_config_json, config_id_of
from registry.errors import InvalidArgument
from registry.instants import whole_seconds
from registry.registration.request import RegistrationRequest
from registry.stores import CiTable
from schemas.base import Identity, State
from schemas.ci import CiRegistration
from schemas.facts import DeploymentFacts
from schemas.registration import CiOutcome


@dataclass(frozen=True, slots=True)
class CiTarget:
    """The table to write to, and its name and its account for the answer."""

    name: str
    table: CiTable
    identity: Identity


def register_ci(
    target: CiTarget,
    facts: DeploymentFacts,
    request: RegistrationRequest,
    *,
    entry_id: str,
    now: datetime,
) -> CiOutcome:
    """Create the configuration, or reset it to untested keeping its history.

    Raises:
        InvalidArgument: the deployment lacks what identifies a configuration.
        RegistryError: the table refused or could not be reached.
    """
    registration = _registration(facts, request, entry_id, now)
    state = target.table.register(registration)
    return CiOutcome(state=state, config_id=registration.config_id, table=target.name)


def preview_ci(
    target: CiTarget,
    facts: DeploymentFacts,
    request: RegistrationRequest,
    *,
    entry_id: str,
    now: datetime,
) -> CiOutcome:
    """Tell what `register_ci` would do; reads the table, writes nothing."""
    registration = _registration(facts, request, entry_id, now)
    present = target.table.get(registration.config_id)
    state: State = "created"
    if present is not None:
        state = "unchanged" if present.registration_id == entry_id else "updated"
    return CiOutcome(state=state, config_id=registration.config_id, table=target.name, dry_run=True)


def _registration(
    facts: DeploymentFacts, request: RegistrationRequest, entry_id: str, now: datetime
) -> CiRegistration:
    missing = [
        name
        for name, value in (("instance_type", facts.instance_type), ("region", facts.region))
        if not value
    ]
    if missing:
        raise InvalidArgument(
            f"a CI configuration needs {' and '.join(missing)}, which the project does not give",
            hint=f"pass {' and '.join(missing)} to register_deployment",
        )
    return CiRegistration(
        config_id=config_id_of(facts),
        config_json=ci_config_json(facts, request.strategy),
        deployment_config=facts.deployment_config,
        base_image=facts.base_image,
        base_image_version=facts.base_image_version,
        build_strategy=request.strategy,
        project_name=facts.project_name,
        registration_id=entry_id,
        now=whole_seconds(now),
    )
