"""Exporting deployments as MLCC's exchange document, page by page, without anything secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from registry.deployments.filters import DeploymentFilter
from registry.deployments.finding import find_entry
from registry.deployments.listing import Located, located
from registry.deployments.values import size_bytes, unkeepable
from registry.instants import milliseconds, parse_instant
from registry.paging import PAGE_BYTES, open_cursor, page_limit, query_key, seal_cursor
from registry.redaction import redact_parameters
from registry.stores import DeploymentLog
from schemas.deployment_views import Origin
from schemas.exchange import ExchangeDocument, ExportDeploymentsResult

Logs = Sequence[tuple[Origin, DeploymentLog]]

DEFAULT_PAGE = 10
"""Entries of a page whose size nobody chose."""

_STRIPPED = {
    "infrastructure": ("roleArn", "region"),
    "configuration.parameters": ("HF_TOKEN", "NGC_API_KEY"),
}
"""What MLCC takes out of what it exports. Source: record contract, section 1 (export)."""

_RANK: tuple[Origin, ...] = ("user", "project")

_OF_ONE_CALL = "idempotencyKey"
"""Whoever imports the entry makes calls of their own."""


@dataclass(frozen=True, slots=True)
class Export:
    """Which entries are exported, and of which files.

    Attributes:
        entry_id: One entry, whatever its status; "" for all that the filter admits.
        limit: Entries a page, at most 100; 0 for the default of 10.
    """

    entry_id: str
    wanted: DeploymentFilter
    limit: int
    cursor: str

    def query(self, logs: Logs) -> str:
        """Return what identifies the query to a cursor."""
        return query_key("export", asdict(self.wanted), [log.path for _, log in logs])


def export_deployments(
    logs: Logs, export: Export, now: Callable[[], datetime]
) -> ExportDeploymentsResult:
    """Return one page of the entries, in the order of the files, as an exchange document.

    Raises:
        NotFound: no file that was read has an entry of that id; the hint names near ids.
        InvalidArgument: a filter cannot be used, or the cursor is another query's.
        CorruptRegistry: a registry file does not parse.
    """
    export.wanted.check()
    limit = page_limit(export.limit or DEFAULT_PAGE)
    if export.entry_id:
        chosen: Iterator[Located] = iter([find_entry(logs, export.entry_id)])
    else:
        chosen = _after(logs, export)
    page, warnings, more = _page(chosen, limit)
    warnings += [note for _, log in logs if (note := log.format_warning())]
    document = None
    if page:
        entries = tuple(entry for _, entry in page)
        document = ExchangeDocument(exported_at=milliseconds(now()), entries=entries)
    return ExportDeploymentsResult(
        document=document,
        count=len(page),
        next_cursor=seal_cursor(export.query(logs), _place(page[-1][0])) if more else None,
        complete=not more,
        message=_message(len(page), more=more, anything=bool(export.cursor)),
        warnings=tuple(warnings),
        next_step="call again with cursor=nextCursor for the rest; each page is a document of "
        "its own, and their entries together are the whole export"
        if more
        else None,
    )


def exported(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's copy for others: without what MLCC strips, secrets redacted."""
    copy = {key: value for key, value in entry.items() if key != _OF_ONE_CALL}
    for path, names in _STRIPPED.items():
        copy = _without(copy, path.split("."), names)
    return redact_parameters(copy)


def _without(
    holder: Mapping[str, Any], path: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    if not path:
        return {key: value for key, value in holder.items() if key not in names}
    inner = holder.get(path[0])
    if not isinstance(inner, Mapping):
        return dict(holder)
    return {**holder, path[0]: _without(inner, path[1:], names)}


def _after(logs: Logs, export: Export) -> Iterator[Located]:
    """Yield the wanted entries after the cursor's place, in the order of the files."""
    everything = list(located(logs))
    start = 0
    if export.cursor:
        start = _resumed(everything, open_cursor(export.query(logs), export.cursor))
    for each in everything[start:]:
        if export.wanted.admits(each.entry, parse_instant(each.entry.get("timestamp"))):
            yield each


def _resumed(everything: Sequence[Located], place: Mapping[str, Any]) -> int:
    """Return where the next page begins; entries removed meanwhile have moved the others down.

    Where the last entry of the page before is gone too, its place is the next one's.
    """
    rank = _RANK.index(place["o"])
    upto = [
        number
        for number, each in enumerate(everything)
        if (_RANK.index(each.origin), each.position) <= (rank, place["p"])
    ]
    for number in reversed(upto):
        if (everything[number].origin, everything[number].entry.get("id")) == (
            place["o"],
            place["i"],
        ):
            return number + 1
    return len(upto) - 1 if upto and everything[upto[-1]].origin == place["o"] else len(upto)


def _place(each: Located) -> dict[str, Any]:
    return {"o": each.origin, "p": each.position, "i": str(each.entry.get("id"))}


def _page(
    chosen: Iterator[Located], limit: int
) -> tuple[list[tuple[Located, dict[str, Any]]], list[str], bool]:
    """Return a page's entries, what is left out and why, and whether more follow."""
    page: list[tuple[Located, dict[str, Any]]] = []
    warnings: list[str] = []
    room = PAGE_BYTES
    for each in chosen:
        if len(page) == limit:
            return page, warnings, True
        if problem := unkeepable(dict(each.entry)):
            pointer, reason = problem
            warnings.append(f"entry {each.entry.get('id')} is left out: {pointer} {reason}")
            continue
        entry = exported(each.entry)
        size = size_bytes(entry)
        if page and size > room:
            return page, warnings, True
        page.append((each, entry))
        room -= size
    return page, warnings, False


def _message(count: int, *, more: bool, anything: bool) -> str:
    if not count:
        return "Nothing more to export." if anything else "No registered deployment to export."
    entries = "entry" if count == 1 else "entries"
    return f"{count} {entries} as an exchange document" + (", and more follow." if more else ".")
