"""The CI side of a registration: one configuration, created or reset to untested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.capture import ci_config_json, config_id_of
from registry.errors import InvalidArgument
from registry.instants import parse_instant, whole_seconds
from registry.registration.request import RegistrationRequest
from registry.stores import CiTable
from schemas.base import Identity, State
from schemas.ci import CiConfiguration, CiRegistration
from schemas.facts import DeploymentFacts
from schemas.registration import CiOutcome


@dataclass(frozen=True, slots=True)
class CiTarget:
    """The table to write to, and its name and its account for the answer."""

    name: str
    table: CiTable
    identity: Identity


@dataclass(frozen=True, slots=True)
class CiRequest:
    """What one registration writes to the CI table.

    Attributes:
        entry: The local entry.
        found: Whether an earlier call made the entry: then what was recorded since is newer.
    """

    facts: DeploymentFacts
    request: RegistrationRequest
    entry: Mapping[str, Any]
    found: bool
    now: datetime


def register_ci(target: CiTarget, wanted: CiRequest) -> CiOutcome:
    """Create the configuration, or reset it to untested keeping its history.

    Raises:
        InvalidArgument: the deployment lacks what identifies a configuration.
        RegistryError: the table refused or could not be reached.
    """
    registration = _registration(wanted)
    state = target.table.register(registration)
    if state == "superseded":
        present = target.table.get(registration.config_id)
        return _left(target, registration, present)
    return CiOutcome(state=state, config_id=registration.config_id, table=target.name)


def identified(facts: DeploymentFacts) -> str:
    """Return the id of a deployment's configuration, over the true counts (D27).

    Raises:
        InvalidArgument: the deployment lacks what identifies a configuration.
    """
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
    return config_id_of(facts)


def preview_ci(target: CiTarget, wanted: CiRequest) -> CiOutcome:
    """Tell what `register_ci` would do; reads the table, writes nothing."""
    registration = _registration(wanted)
    present = target.table.get(registration.config_id)
    state: State = "created"
    if present is not None:
        same = present.registration_id == registration.registration_id
        if not same and _is_newer(present, registration.only_if_before):
            return _left(target, registration, present, dry_run=True)
        state = "unchanged" if same else "updated"
    return CiOutcome(state=state, config_id=registration.config_id, table=target.name, dry_run=True)


def _is_newer(present: CiConfiguration, before: str | None) -> bool:
    return before is not None and (present.updated_at or present.last_test_timestamp) >= before


def _left(
    target: CiTarget,
    registration: CiRegistration,
    present: CiConfiguration | None,
    *,
    dry_run: bool = False,
) -> CiOutcome:
    """Return the outcome for a configuration that is newer than the registration."""
    by = present.registration_id if present else None
    since = f"registration {by} recorded it since" if by else "it was recorded or tested since"
    return CiOutcome(
        state="unchanged",
        config_id=registration.config_id,
        table=target.name,
        warning=f"the configuration is left as it is: {since}; other notes register it anew",
        dry_run=dry_run or None,
    )


def _registration(wanted: CiRequest) -> CiRegistration:
    facts, request = wanted.facts, wanted.request
    made = parse_instant(wanted.entry.get("timestamp")) if wanted.found else None
    return CiRegistration(
        config_id=identified(facts),
        config_json=ci_config_json(facts, request.strategy),
        deployment_config=facts.deployment_config,
        base_image=facts.base_image,
        base_image_version=facts.base_image_version,
        build_strategy=request.strategy,
        project_name=facts.project_name,
        registration_id=str(wanted.entry["id"]),
        now=whole_seconds(wanted.now),
        only_if_before=whole_seconds(made) if made else None,
    )
