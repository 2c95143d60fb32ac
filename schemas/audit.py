"""What `audit_deployments` answers: the registry beside what runs."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from schemas.base import Record, Result

AuditState = Literal["running", "drifted", "gone", "unregistered", "unknown"]
"""As registered; running, but otherwise than registered; registered, but not there any more;
there, but never registered; cannot be told."""


class Drift(Record):
    """One place where what runs is not what was registered.

    Attributes:
        path: JSON pointer into the registered entry, a component of `icList` by its name;
            `/endpoint/status` is the endpoint's own.
        registered: Absent for what runs and was never registered.
        running: Absent for what was registered and does not run.
    """

    path: str
    registered: JsonValue = None
    running: JsonValue = None


class AuditedEndpoint(Record):
    """One endpoint, registered or running or both.

    Attributes:
        endpoint_name: Absent for an entry that names none.
        deployments: Ids of the entries that it was compared with, a project's newest each.
        note: Why the state is unknown, or what was not compared.
        omitted: How many drifts the answer has no room for.
    """

    endpoint_name: str | None = None
    state: AuditState
    endpoint_status: str | None = None
    project_names: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()
    omitted: int | None = None
    note: str | None = None


class AuditPage(Result):
    """One page of endpoints of one region, by name.

    Attributes:
        complete: No endpoint is left for another page.
    """

    endpoints: tuple[AuditedEndpoint, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
