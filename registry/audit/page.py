"""Auditing a region's endpoints a page at a time, each against the newest entries that name it.

A page costs one List per hundred endpoints of the region and, for each endpoint that was
registered, three calls and one more per component, of which a page looks at 200 at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from registry.audit.drift import Running, drift_of, wanted_names
from registry.audit.registered import Registered, registered_in
from registry.calls import Call
from registry.errors import NotFound
from registry.paging import open_cursor, page_limit, query_key, seal_cursor
from registry.stores import Aws, DeploymentLog
from schemas.audit import AuditedEndpoint, AuditPage, AuditState
from schemas.deployment_views import Origin
from schemas.inference_component import Endpoint

MOST_DESCRIBED = 200
"""Components that one page may cost a Describe for each."""

RESERVE_S = 10.0
"""A page goes out short rather than begin another endpoint with less time than this left."""

_DRIFTS_SHOWN = 20
_LAST = "~"  # after every character of an endpoint's name


@dataclass(frozen=True, slots=True)
class _Subject:
    """What one row of the audit is about: an endpoint, or an entry that has none.

    Attributes:
        key: What rows are ordered by: endpoints by name, then entries without one.
        listed: The endpoint as the region's list has it, None when it is not there.
        registered: The entries that name it.
    """

    key: str
    listed: Endpoint | None
    registered: tuple[Registered, ...]

    def row(self, state: AuditState, status: str | None = None) -> AuditedEndpoint:
        """Return the row for a state, without what differs."""
        projects = dict.fromkeys(each.project for each in self.registered if each.project)
        return AuditedEndpoint(
            endpoint_name=self.listed.name if self.listed else self.registered[0].endpoint or None,
            state=state,
            endpoint_status=status,
            project_names=tuple(projects),
            deployments=tuple(each.id for each in self.registered),
        )


@dataclass(slots=True)
class Audit:
    """One region's audit.

    Attributes:
        described: Components looked at for the page so far.
    """

    aws: Aws
    call: Call
    described: int = 0

    def page(
        self,
        logs: Sequence[tuple[Origin, DeploymentLog]],
        *,
        project_name: str,
        limit: int,
        cursor: str,
    ) -> AuditPage:
        """Return one page of endpoints by name; a limit of 0 means the default.

        Args:
            project_name: Only this project's: those its entries name and those named after it.

        Raises:
            InvalidArgument: the limit is out of bounds, or the cursor is another query's.
            CorruptRegistry: a registry file does not parse.
            PermissionDenied: an operation is refused; names the action.
        """
        region = self.aws.identity.region
        query = query_key("audit", region, project_name)
        after = str(open_cursor(query, cursor)["n"]) if cursor else ""
        registered = registered_in(logs, region=region, project_name=project_name)
        listed = self.aws.components.endpoints(project_name, call=self.call)
        subjects = [each for each in _subjects(registered, listed) if each.key > after]
        shown = self._rows(subjects[: page_limit(limit)])
        more = len(shown) < len(subjects)
        last = subjects[len(shown) - 1].key if shown else after
        return AuditPage(
            message=_message(shown, region, project_name),
            next_step="call again with cursor=nextCursor for the rest" if more else None,
            aws=self.aws.identity,
            endpoints=tuple(shown),
            count=len(shown),
            next_cursor=seal_cursor(query, {"n": last}) if more else None,
            complete=not more,
            warnings=tuple(note for _, log in logs if (note := log.format_warning())),
        )

    def _rows(self, subjects: Sequence[_Subject]) -> list[AuditedEndpoint]:
        rows: list[AuditedEndpoint] = []
        for number, subject in enumerate(subjects, start=1):
            spent = self.described >= MOST_DESCRIBED or self.call.remaining_s < RESERVE_S
            if rows and spent:
                break
            self.call.report(number, len(subjects), "comparing endpoints")
            rows.append(self._row(subject))
        return rows

    def _row(self, subject: _Subject) -> AuditedEndpoint:
        if not subject.registered:
            return subject.row("unregistered", subject.listed.status if subject.listed else None)
        if reason := subject.registered[0].uncomparable:
            return subject.row("unknown").model_copy(update={"note": reason})
        try:
            endpoint = self.aws.components.endpoint(subject.registered[0].endpoint)
        except NotFound:
            return subject.row("gone")
        running = self._running(subject, endpoint)
        drift = drift_of(subject.registered, running)
        shown = tuple(islice(drift, _DRIFTS_SHOWN))
        omitted = sum(1 for _ in drift)
        unseen = len(running.names) - len(running.described)
        note = f"{unseen} of its components were not looked at" if unseen > 0 else None
        row = subject.row("drifted" if shown else "running", endpoint.status)
        return row.model_copy(update={"drift": shown, "omitted": omitted or None, "note": note})

    def _running(self, subject: _Subject, endpoint: Endpoint) -> Running:
        components = self.aws.components
        names = components.names_on(endpoint.name, call=self.call)
        room = max(1, MOST_DESCRIBED - self.described)
        looked_at = wanted_names(subject.registered, names)[:room]
        self.described += len(looked_at)
        found = components.each(looked_at, call=self.call)
        return Running(
            status=endpoint.status,
            instance_types=self._instance_types(endpoint),
            names=tuple(names),
            described={each.name: each for each in found},
        )

    def _instance_types(self, endpoint: Endpoint) -> tuple[str, ...]:
        try:
            return self.aws.components.instance_types(endpoint.config_name)
        except NotFound:
            return ()  # a configuration may be deleted while its endpoint runs on


def _subjects(registered: Sequence[Registered], listed: Sequence[Endpoint]) -> list[_Subject]:
    there = {each.name: each for each in listed}
    named: dict[str, list[Registered]] = {name: [] for name in there}
    apart: list[_Subject] = []
    for each in registered:
        if each.uncomparable:
            apart.append(_Subject(f"{_LAST}{each.project} {each.id}", None, (each,)))
        else:
            named.setdefault(each.endpoint, []).append(each)
    subjects = [_Subject(name, there.get(name), tuple(named[name])) for name in named]
    return sorted([*subjects, *apart], key=lambda subject: subject.key)


def _message(shown: Sequence[AuditedEndpoint], region: str, project_name: str) -> str:
    where = f"{region}, project {project_name}" if project_name else region
    if not shown:
        return f"Nothing is registered for {where}, and no endpoint runs there."
    counts: dict[str, int] = {}
    for each in shown:
        counts[each.state] = counts.get(each.state, 0) + 1
    listed = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"Endpoints of {where}: {listed}."
