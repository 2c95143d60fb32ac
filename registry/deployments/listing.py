"""Listing registered deployments, newest first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from registry.deployments.filters import DeploymentFilter, value_at
from registry.deployments.values import cut, shown, size_bytes
from registry.instants import parse_instant
from registry.paging import PAGE_BYTES, open_cursor, page_limit, query_key, seal_cursor
from registry.stores import DeploymentLog
from schemas.deployment_views import DeploymentSummary, ListDeploymentsResult, Origin

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
"""Characters of a value at a glance; anybody may have written the file."""


@dataclass(frozen=True, slots=True)
class Located:
    """An entry, the file that it is in and its place there."""

    entry: Mapping[str, Any]
    origin: Origin
    path: str
    position: int

    @property
    def key(self) -> tuple[datetime, str, int]:
        """What entries are ordered by."""
        return parse_instant(self.entry.get("timestamp")) or _EPOCH, self.origin, self.position


def located(logs: Sequence[tuple[Origin, DeploymentLog]]) -> Iterator[Located]:
    """Yield every entry of the given files; one given twice, if by links, is read once (D39)."""
    seen: set[str] = set()
    for origin, log in logs:
        real = os.path.realpath(log.path)
        if real in seen:
            continue
        seen.add(real)
        for position, entry in enumerate(log.entries()):
            if isinstance(entry, Mapping):
                yield Located(entry, origin, log.path, position)


def list_deployments(
    logs: Sequence[tuple[Origin, DeploymentLog]],
    wanted: DeploymentFilter,
    *,
    limit: int,
    cursor: str,
    full: bool,
) -> ListDeploymentsResult:
    """Return one page of the entries that meet the filter; a limit of 0 means the default.

    Raises:
        InvalidArgument: a filter cannot be used, or the cursor is another query's.
        CorruptRegistry: a registry file does not parse.
    """
    wanted.check()
    limit = page_limit(limit, full=full)
    query = query_key("deployments", asdict(wanted), [log.path for _, log in logs])
    matching = sorted(
        (
            each
            for each in located(logs)
            if wanted.admits(each.entry, parse_instant(each.entry.get("timestamp")))
        ),
        key=lambda each: each.key,
        reverse=True,
    )
    start = _resumed(matching, open_cursor(query, cursor)) if cursor else 0
    summaries = [summary(each, full=full) for each in matching[start : start + limit]]
    summaries = _fitting(summaries) if full else summaries
    page = matching[start : start + len(summaries)]
    more = start + len(page) < len(matching)
    return ListDeploymentsResult(
        deployments=tuple(summaries),
        count=len(page),
        next_cursor=seal_cursor(query, _cursor_of(page[-1])) if more else None,
        complete=not more,
        message=_message(len(page), len(matching)),
        warnings=tuple(note for _, log in logs if (note := log.format_warning())),
        next_step="call again with cursor=nextCursor for the rest" if more else None,
    )


def summary(each: Located, *, full: bool) -> DeploymentSummary:
    """Return one entry at a glance, with the whole entry when that is wanted.

    Source: design, "Names and shapes": twenty of them stay under 2,000 tokens.
    """
    entry = each.entry
    return DeploymentSummary(
        id=cut(str(entry.get("id")), _LONGEST),
        timestamp=cut(str(entry.get("timestamp")), _LONGEST),
        status=cut(str(entry.get("status")), _LONGEST),
        project_name=_text(entry, "projectName"),
        deployment_config=_text(entry, "deployment", "deploymentConfig"),
        model_name=_text(entry, "model", "modelName"),
        instance_type=_text(entry, "infrastructure", "instanceType"),
        region=_text(entry, "infrastructure", "region"),
        origin="project" if each.origin == "project" else None,
        entry=shown(entry) if full else None,
    )


def _fitting(page: Sequence[DeploymentSummary]) -> list[DeploymentSummary]:
    """Return as many whole entries as an answer has room for, the first one in any case."""
    room = PAGE_BYTES
    for number, each in enumerate(page):
        room -= size_bytes(each.wire())
        if number and room < 0:
            return list(page[:number])
    return list(page)


def _text(entry: Mapping[str, Any], *path: str) -> str | None:
    value = value_at(entry, *path)
    return None if value is None else cut(str(value), _LONGEST)


def _cursor_of(each: Located) -> dict[str, Any]:
    instant, origin, position = each.key
    identifier = str(each.entry.get("id"))
    return {"t": instant.isoformat(), "o": origin, "p": position, "i": identifier}


def _resumed(matching: Sequence[Located], place: Mapping[str, Any]) -> int:
    """Return where the next page begins: after the entry that ended the page before.

    Entries removed meanwhile have moved those behind them in the file, so that one is known by
    its id; where it is gone itself, whatever is ordered after it comes next.
    """
    after = datetime.fromisoformat(place["t"]), str(place["o"]), int(place["p"])
    for number, each in enumerate(matching):
        same = each.key[:2] == after[:2] and str(each.entry.get("id")) == place["i"]
        if same and each.position <= after[2]:
            return number + 1
        if each.key[:2] < after[:2]:
            break
    return next((n for n, each in enumerate(matching) if each.key < after), len(matching))


def _message(shown: int, matching: int) -> str:
    if matching == 0:
        return "No registered deployment matches."
    if shown == matching:
        return f"{matching} deployment{'s' if matching != 1 else ''}, newest first."
    return f"{shown} of {matching} deployments, newest first."
