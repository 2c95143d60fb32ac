"""The local entry of a registration: what it holds, and which entry an identical call finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from registry.capture import entry_sections
from registry.errors import Conflict
from registry.identifiers import entry_id
from registry.instants import milliseconds, parse_instant
from registry.redaction import redact_shapes
from registry.registration.request import RegistrationRequest
from schemas.deployment import DeploymentEntry, MetadataSection, OutcomeSection
from schemas.facts import DeploymentFacts

REPEAT_WINDOW = timedelta(minutes=10)
"""An identical call within this time finds the entry that the first one made."""

UNKNOWN = "unknown"
"""Generator version of a deployment whose generator left no trace."""

_ASSIGNED = ("id", "timestamp", "modelPackageArn", "modelPackageVersion", "idempotencyKey")


def make_entry(
    facts: DeploymentFacts,
    request: RegistrationRequest,
    *,
    now: datetime,
    present: Sequence[Mapping[str, Any]],
) -> dict[str, Any] | str:
    """Return the document of a new entry, or the id of the present one that is the same.

    Raises:
        Conflict: the idempotency key was used for another deployment.
    """
    stamp = milliseconds(now)
    taken = {str(entry.get("id")) for entry in present}
    sections = entry_sections(facts)
    document = DeploymentEntry(
        timestamp=stamp,
        status=request.status,
        deployment=sections.deployment,
        model=sections.model,
        infrastructure=sections.infrastructure,
        configuration=sections.configuration,
        outcome=OutcomeSection(notes=request.safe_notes),
        metadata=MetadataSection(generator_version=facts.generator_version or UNKNOWN),
        id=entry_id(stamp, facts.deployment_config, taken),
        project_name=facts.project_name,
        build_strategy=request.strategy,
        endpoint_name=facts.endpoint_name or None,
        idempotency_key=request.safe_key or None,
        project=_project_section(facts, request) if request.project_level else None,
    ).document()
    return find_same(document, present, now=now) or document


def find_same(
    wanted: Mapping[str, Any], present: Sequence[Mapping[str, Any]], *, now: datetime
) -> str | None:
    """Return the id of the newest entry that an identical call made, None when there is none.

    Raises:
        Conflict: the idempotency key was used for another deployment.
    """
    key = wanted.get("idempotencyKey")
    if key and (keyed := _with_key(key, wanted, present)):
        return keyed
    for entry in reversed(present):
        if key and entry.get("idempotencyKey"):
            continue  # another key means another registration, however alike
        made = parse_instant(entry.get("timestamp"))
        if made and abs(now - made) <= REPEAT_WINDOW and _same(entry, wanted):
            return str(entry.get("id"))
    return None


def _with_key(
    key: str, wanted: Mapping[str, Any], present: Sequence[Mapping[str, Any]]
) -> str | None:
    entry = next((each for each in present if each.get("idempotencyKey") == key), None)
    if entry is None:
        return None
    if not _same(entry, wanted):
        raise Conflict(
            f"this idempotency_key was used for entry {entry.get('id')}, "
            "which registered something else",
            hint="use a new key for a new registration, or leave it out",
            existing=_differing(entry, wanted),
            wanted=_differing(wanted, entry),
        )
    return str(entry.get("id"))


def _project_section(facts: DeploymentFacts, request: RegistrationRequest) -> dict[str, Any]:
    section: dict[str, Any] = {"name": redact_shapes(request.folder_name) or facts.project_name}
    if facts.endpoint_config:
        section["endpointConfig"] = dict(facts.endpoint_config)
    if facts.ic_config:
        section["icConfig"] = dict(facts.ic_config)
    return section


def _comparable(entry: Mapping[str, Any], *, ignore_region: bool) -> dict[str, Any]:
    kept = {key: value for key, value in entry.items() if key not in _ASSIGNED}
    if ignore_region:
        kept["infrastructure"] = {**kept.get("infrastructure", {}), "region": None}
    return kept


def _same(entry: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # An entry made before a region was known is completed, not repeated, once it is known.
    unknown_before = not (entry.get("infrastructure") or {}).get("region")
    return _comparable(entry, ignore_region=unknown_before) == _comparable(
        wanted, ignore_region=unknown_before
    )


def _differing(entry: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in entry.items()
        if key not in _ASSIGNED and other.get(key) != value
    }
