"""Reading the CI table by test status, oldest test first, through its index and never by Scan.

A Query reads one status; several are merged as their streams are ordered, by the time of the
last test. A cursor holds, per status, the key of the last item that was given or passed over, and
how far in time the merge has come.

Source: DynamoDB Query on `testStatus-lastTestTimestamp-index`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registry.aws.ci_items import Item, configuration, text
from registry.aws.connection import Connection
from registry.calls import Call
from registry.paging import open_cursor, seal_cursor
from registry.stores import CiPage
from schemas.ci import RUNNING, CiConfiguration

INDEX = "testStatus-lastTestTimestamp-index"

RESERVE_S = 10.0
"""A page goes out short rather than begin another request with less time than this left."""

_READ_AT_ONCE, _MOST_AT_ONCE = 100, 1_600
_REMEMBERED = 100
"""Tested configurations of one second that a cursor names."""

_UNTESTED = "untested"
_UNTIMED = frozenset({_UNTESTED, RUNNING})
"""Statuses in which the last test's time says nothing."""
_KEYS = ("configId", "testStatus", "lastTestTimestamp")


@dataclass(slots=True)
class _Stream:
    """The items of one status, read page by page.

    Attributes:
        after: Key of the last item consumed, None before the first.
        finished: No item is left, neither here nor in the table.
    """

    status: str
    read: Callable[[str, dict[str, Any] | None, int], tuple[list[Item], dict[str, Any] | None]]
    after: dict[str, Any] | None = None
    finished: bool = False
    _buffer: list[Item] = field(default_factory=list)
    _next: dict[str, Any] | None = None
    _begun: bool = False
    _at_once: int = _READ_AT_ONCE

    def __post_init__(self) -> None:
        self._next = self.after

    def fill(self) -> None:
        """Read on until there is an item to look at, or the end."""
        while not self._buffer and not self.finished:
            if self._begun and self._next is None:
                self.finished = True
                return
            items, self._next = self.read(self.status, self._next, self._at_once)
            self._begun = True
            # Who needs more than a page looks for few among many: fewer requests, then.
            self._at_once = min(4 * self._at_once, _MOST_AT_ONCE)
            self._buffer = items[::-1]

    @property
    def needs_reading(self) -> bool:
        return not self._buffer and not self.finished

    def head(self) -> tuple[str, str, str]:
        """Return what orders the next item among those of other statuses."""
        item = self._buffer[-1]
        return text(item, "lastTestTimestamp"), text(item, "configId"), self.status

    def take(self) -> Item:
        """Consume the next item."""
        item = self._buffer.pop()
        self.after = {name: item[name] for name in _KEYS}
        if not self._buffer and self._next is None:
            self.finished = True
        return item


@dataclass(slots=True)
class _Walk:
    """Several statuses merged, oldest first.

    Attributes:
        passed_to: `lastTestTimestamp` of the last item consumed, "" before the first.
        tested_then: Ids of the tested configurations that were consumed at that very time.
    """

    streams: list[_Stream]
    passed_to: str = ""
    tested_then: list[str] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether nothing of any status is left."""
        return all(stream.finished for stream in self.streams)

    def items(self, call: Call) -> Iterator[Item]:
        """Yield items oldest first; stops early when little time is left for another request.

        What stands before the place that the walk has come to has changed its status since, as a
        configuration does that is registered again or released: it was given, or was not wanted.
        """
        ready: list[tuple[tuple[str, str, str], int]] = []
        for number, stream in enumerate(self.streams):
            if not _filled(stream, call):
                return
            if not stream.finished:
                heapq.heappush(ready, (stream.head(), number))
        while ready:
            (at, config_id, status), number = heapq.heappop(ready)
            stream = self.streams[number]
            item = stream.take()
            if self._is_ahead(at, config_id, status):
                yield item
            if not _filled(stream, call):
                return
            if not stream.finished:
                heapq.heappush(ready, (stream.head(), number))

    def _is_ahead(self, at: str, config_id: str, status: str) -> bool:
        if at < self.passed_to or (at == self.passed_to and config_id in self.tested_then):
            return False
        if at > self.passed_to:
            self.passed_to, self.tested_then = at, []
        if status != _UNTESTED:
            self.tested_then.append(config_id)
        return True

    def sealed(self, query: str) -> str:
        """Return the cursor to go on from here."""
        places = {
            stream.status: stream.after
            and [text(stream.after, "configId"), text(stream.after, "lastTestTimestamp")]
            for stream in self.streams
            if not stream.finished
        }
        tested = self.tested_then[-_REMEMBERED:]
        return seal_cursor(
            query, {"places": places, "passedTo": self.passed_to, "testedThen": tested}
        )


class CiIndex:
    """The status index of one CI table."""

    def __init__(self, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def page(
        self,
        statuses: tuple[str, ...],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool],
        limit: int,
        cursor: str | None,
        query: str,
        call: Call,
    ) -> CiPage:
        """Return up to `limit` configurations, and where to go on.

        Raises:
            InvalidArgument: the cursor is not of this query.
            NotFound: no such table or index.
        """
        call.check("querying the CI table")
        walk = self._walk(statuses, tested_before, query, cursor)
        found: list[CiConfiguration] = []
        passed = 0
        for item in walk.items(call):
            one = configuration(item)
            if _is_due(one, tested_before) and matches(one):
                found.append(one)
            else:
                passed += 1
            if len(found) == limit:
                break
        if walk.finished:
            return CiPage(tuple(found))
        note = None
        if len(found) < limit:
            note = (
                f"time ran out after {passed} configurations that do not match; go on with cursor"
            )
        return CiPage(tuple(found), walk.sealed(query), note)

    def count(
        self,
        statuses: tuple[str, ...],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool] | None,
        call: Call,
    ) -> int:
        """Return how many there are; without `matches` the service counts."""
        return sum(self._count(status, tested_before, matches, call) for status in statuses)

    def _count(
        self,
        status: str,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool] | None,
        call: Call,
    ) -> int:
        by_service = matches is None and (tested_before is None or status in _UNTIMED)
        total = 0
        after: dict[str, Any] | None = None
        while True:
            call.check("counting configurations of the CI table")
            request = self._request(status, tested_before, after)
            if by_service:
                answer = self._query(request | {"Select": "COUNT"})
                total += answer["Count"]
            else:
                answer = self._query(request)
                total += sum(
                    _is_due(one, tested_before) and (matches is None or matches(one))
                    for one in map(configuration, answer["Items"])
                )
            after = answer.get("LastEvaluatedKey")
            if not after:
                return total

    def _walk(
        self, statuses: tuple[str, ...], tested_before: str | None, query: str, cursor: str | None
    ) -> _Walk:
        saved: dict[str, Any] = {"places": {}, "passedTo": "", "testedThen": []}
        if cursor:
            saved = open_cursor(query, cursor)
        places = saved["places"]

        def read(
            status: str, after: dict[str, Any] | None, at_once: int
        ) -> tuple[list[Item], dict[str, Any] | None]:
            request = self._request(status, tested_before, after) | {"Limit": at_once}
            answer = self._query(request)
            return answer["Items"], answer.get("LastEvaluatedKey")

        streams = [_Stream(status, read, *_resumed(places, status)) for status in statuses]
        return _Walk(streams, saved["passedTo"], saved["testedThen"])

    def _request(
        self, status: str, tested_before: str | None, after: dict[str, Any] | None
    ) -> dict[str, Any]:
        condition = "#testStatus = :status"
        names = {"#testStatus": "testStatus"}
        values: dict[str, Any] = {":status": {"S": status}}
        if tested_before and status not in _UNTIMED:
            condition += " AND #lastTestTimestamp <= :before"
            names["#lastTestTimestamp"] = "lastTestTimestamp"
            # Writers store whole or fractional seconds: take all of the last second, sort out here.
            values[":before"] = {"S": f"{tested_before[:19]}~"}
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        return request | ({"ExclusiveStartKey": after} if after else {})

    def _query(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 - items are of any shape
        connection = self._connection
        return connection.dynamodb(
            lambda dynamodb: dynamodb.query(**request),
            doing=f"query CI table {self._table!r}",
            action="dynamodb:Query",
            resource=f"arn:{connection.partition}:dynamodb:{connection.region}:*"
            f":table/{self._table}/index/{INDEX}",
        )


def _filled(stream: _Stream, call: Call) -> bool:
    if stream.needs_reading:
        call.check("querying the CI table")
        if call.remaining_s < RESERVE_S:
            return False
    stream.fill()
    return True


def _resumed(places: dict[str, Any], status: str) -> tuple[dict[str, Any] | None, bool]:
    """Return the key to go on after, and whether nothing of the status is left."""
    if status not in places:
        return None, bool(places)
    place = places[status]
    if place is None:
        return None, False
    config_id, timestamp = place
    return {
        "configId": {"S": config_id},
        "testStatus": {"S": status},
        "lastTestTimestamp": {"S": timestamp},
    }, False


def _is_due(one: CiConfiguration, tested_before: str | None) -> bool:
    if tested_before is None or one.test_status in _UNTIMED:
        return True
    return _instant(one.last_test_timestamp) < _instant(tested_before)


def _instant(stored: str) -> datetime:
    """Return a stored instant; one that does not parse counts as long ago, so that it is shown."""
    try:
        instant = datetime.fromisoformat(stored)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
