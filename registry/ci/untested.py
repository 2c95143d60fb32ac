"""What CI has yet to test: configurations never tested, and on request those tested long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.calls import Call
from registry.errors import InvalidArgument
from registry.instants import whole_seconds
from registry.paging import page_limit, query_key
from registry.stores import CiTable
from schemas.ci import TESTED_STATUSES, CiConfiguration, UntestedPage

UNTESTED = "untested"
STALE_AFTER_HOURS = 24


@dataclass(frozen=True, slots=True)
class UntestedQuery:
    """Which configurations are wanted.

    Attributes:
        include_stale: Also those whose last test is longer ago than `stale_after_hours`.
        stale_after_hours: 0 means the default of 24.
        project_name, deployment_config: Exact; "" for any.
        tested_statuses: Statuses that may be stale; the index is read once for each.
    """

    include_stale: bool = False
    stale_after_hours: int = 0
    project_name: str = ""
    deployment_config: str = ""
    tested_statuses: tuple[str, ...] = TESTED_STATUSES

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses to read."""
        return (UNTESTED, *self.tested_statuses) if self.include_stale else (UNTESTED,)

    @property
    def hours(self) -> int:
        """After how many hours a test is stale. Raises InvalidArgument below 0."""
        if self.stale_after_hours < 0:
            raise InvalidArgument("stale_after_hours is below 0")
        return self.stale_after_hours or STALE_AFTER_HOURS

    def tested_before(self, now: datetime) -> str | None:
        """Return the instant before which a test is stale, None where no test is.

        Raises:
            InvalidArgument: that is below 0 hours, or longer ago than there are years.
        """
        if not self.include_stale:
            return None
        try:
            return whole_seconds(now - timedelta(hours=self.hours))
        except OverflowError as error:
            raise InvalidArgument("stale_after_hours is longer ago than there are years") from error

    def matches(self, one: CiConfiguration) -> bool:
        """Tell whether a configuration meets the filters."""
        return self.project_name in ("", one.project_name) and self.deployment_config in (
            "",
            one.deployment_config,
        )


def query_untested(
    table: CiTable,
    wanted: UntestedQuery,
    *,
    now: datetime,
    count_only: bool = False,
    full: bool = False,
    limit: int,
    cursor: str,
    call: Call,
) -> UntestedPage:
    """Return one page of what is to be tested, the longest untested first, or their number.

    Args:
        full: Add each configuration's parsed record.

    Raises:
        NotFound: there is no such table, or it lacks the status index.
        InvalidArgument: the cursor is another query's.

    Source: record contract, section 7 (scanner).
    """
    tested_before = wanted.tested_before(now)
    if count_only:
        return _counted(table, wanted, tested_before, call)
    page = table.in_status(
        wanted.statuses,
        tested_before=tested_before,
        matches=wanted.matches,
        limit=page_limit(limit, full=full),
        cursor=cursor or None,
        query=query_key("untested", table.place, wanted.statuses, wanted.hours, *_filters(wanted)),
        call=call,
    )
    configurations = tuple(shown(one, full=full) for one in page.items)
    return UntestedPage(
        message=_message(wanted, len(configurations), page.note, first=not cursor),
        next_step="call again with cursor=nextCursor for the rest" if page.cursor else None,
        configurations=configurations,
        count=len(configurations),
        next_cursor=page.cursor,
        complete=not page.cursor,
    )


def _counted(
    table: CiTable, wanted: UntestedQuery, tested_before: str | None, call: Call
) -> UntestedPage:
    filtered = any(_filters(wanted))
    count = table.count(
        wanted.statuses,
        tested_before=tested_before,
        matches=wanted.matches if filtered else None,
        call=call,
    )
    return UntestedPage(
        message=f"{count} {_kind(wanted)}{'' if count == 1 else 's'} to test",
        count=count,
        complete=True,
    )


def _filters(wanted: UntestedQuery) -> tuple[str, str]:
    return wanted.project_name, wanted.deployment_config


def shown(one: CiConfiguration, *, full: bool, leased: bool = False) -> CiConfiguration:
    """Return a configuration as a list has it: without its record, and without its lease."""
    left_out = dict.fromkeys(("config", "registration_id", "updated_at", "lease_request"))
    if not leased:
        left_out |= dict.fromkeys(("lease_id", "lease_owner", "lease_expires_at"))
    return one if full else one.model_copy(update=left_out)


def _kind(wanted: UntestedQuery) -> str:
    return "untested or stale configuration" if wanted.include_stale else "untested configuration"


def _message(wanted: UntestedQuery, count: int, note: str | None, *, first: bool) -> str:
    if note:
        return f"{count} so far: {note}"
    if count:
        return f"{count} {_kind(wanted)}{'' if count == 1 else 's'}, the longest untested first"
    if not first:
        return "no more configurations to test"
    return f"no {_kind(wanted)}: CI has nothing to test"
