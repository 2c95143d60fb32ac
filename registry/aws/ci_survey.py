"""Every item of the CI table in passing: what a report needs of it, and never its configJson.

The table itself is read and not its index, which lacks items without a test status or time; and
statuses are an open set, so that no number of queries could name them all.

Source: DynamoDB Scan with a projection; it is paid for by what is read, not by what is returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from registry.aws.ci_items import text
from registry.aws.ci_writes import CiWrites
from registry.aws.connection import Connection
from registry.calls import Call
from registry.errors import NotFound
from registry.stores import CiRow

MOST_PAGES = 500
"""Pages of at most 1 MB that one report reads."""

RESERVE_S = 8.0
"""No page is asked for with less time than this left."""

_READ = (
    "configId",
    "testStatus",
    "lastTestTimestamp",
    "lastTestDuration",
    "duration",
    "deploymentConfig",
    "projectName",
    "tier",
    "leaseOwner",
    "leaseExpiresAt",
    "updatedAt",
    "lastResult",
    "previousResult",
)


class CiSurvey:
    """One table, read from end to end.

    Args:
        page_items: How many items one request reads, if they fit in its megabyte.
    """

    def __init__(
        self,
        connection: Connection,
        table: str,
        writes: CiWrites,
        *,
        page_items: int = 2_000,
    ) -> None:
        self._page_items = page_items
        self._connection = connection
        self._table = table
        self._writes = writes

    def rows(self, *, call: Call) -> Iterator[CiRow | None]:
        """Yield a row per item; None at last where time or pages ran out before the end.

        Raises:
            NotFound: there is no such table.
            PermissionDenied: `dynamodb:Scan` is refused.
        """
        names = {f"#{name}": name for name in _READ}
        request: dict[str, Any] = {
            "TableName": self._table,
            "Limit": self._page_items,
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        for page in range(MOST_PAGES):
            call.check("reading the CI table")
            if page and call.remaining_s < RESERVE_S:
                break
            answer = self._scan(request)
            yield from map(_row, answer["Items"])
            call.report(page + 1, None, "pages of the CI table")
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        yield None

    def _scan(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 - items are of any shape
        connection = self._connection
        try:
            return connection.dynamodb(
                lambda dynamodb: dynamodb.scan(**request),
                doing=f"read CI table {self._table!r}",
                action="dynamodb:Scan",
                resource=f"arn:{connection.partition}:dynamodb:{connection.region}:*"
                f":table/{self._table}",
            )
        except NotFound as error:
            raise self._writes.no_table() from error


def _row(item: dict[str, Any]) -> CiRow:
    last, previous = (item.get(name, {}).get("M", {}) for name in ("lastResult", "previousResult"))
    return CiRow(
        config_id=text(item, "configId"),
        deployment_config=text(item, "deploymentConfig"),
        project_name=text(item, "projectName"),
        status=text(item, "testStatus"),
        tested_at=text(item, "lastTestTimestamp"),
        duration_s=_duration_s(item),
        tier=text(item, "tier"),
        worker=text(item, "leaseOwner"),
        lease_ends_at=text(item, "leaseExpiresAt"),
        written_at=text(item, "updatedAt"),
        last_status=text(last, "status"),
        last_at=text(last, "testedAt"),
        previous_status=text(previous, "status"),
        previous_at=text(previous, "testedAt"),
    )


def _duration_s(item: dict[str, Any]) -> float:
    """Return how long the last test took, in seconds: MLCC's recorder stores milliseconds."""
    if "lastTestDuration" in item:
        return _number(item, "lastTestDuration")
    return _number(item, "duration") / 1000


def _number(item: dict[str, Any], name: str) -> float:
    try:
        return float(item.get(name, {}).get("N", "0"))
    except (TypeError, ValueError):
        return 0.0
