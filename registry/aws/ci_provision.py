"""Making the CI table, as MLCC's stack makes it, for those who have no stack.

Source: record contract, section 7; DynamoDB CreateTable, DescribeTable.
"""

from __future__ import annotations

from typing import Any

from registry.aws.checks import check_table_name
from registry.aws.ci_index import INDEX
from registry.aws.connection import Connection
from registry.calls import Call
from registry.errors import Conflict, DeadlineExceeded, NotFound, PreconditionFailed
from schemas.base import State

_LOOK_S = 2.0
_KEY = [{"AttributeName": "configId", "KeyType": "HASH"}]
_STATUS_KEY = [
    {"AttributeName": "testStatus", "KeyType": "HASH"},
    {"AttributeName": "lastTestTimestamp", "KeyType": "RANGE"},
]


def create_ci_table(connection: Connection, name: str, *, call: Call) -> State:
    """Create a table with MLCC's key and status index, paid by request; wait until it answers.

    Returns:
        `created`, or `unchanged` where a table of that name and shape is there.

    Raises:
        InvalidArgument: no table can have that name.
        PreconditionFailed: a table of that name has another key, or lacks the index.
        PermissionDenied: `dynamodb:CreateTable` or `dynamodb:DescribeTable` is refused.
        DeadlineExceeded: it is still being made.
    """
    check_table_name(name)
    table = _Table(connection, name)
    try:
        table.create()
    except Conflict:
        state: State = "unchanged"
    else:
        state = "created"
    while (found := table.look()).get("TableStatus") not in ("ACTIVE", "UPDATING"):
        if call.remaining_s <= _LOOK_S:
            raise DeadlineExceeded(f"CI table {name!r} is still being made", hint="call again")
        call.pause(_LOOK_S)
    _check(name, found)
    return state


class _Table:
    """One table, there or not."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._arn = f"arn:{connection.partition}:dynamodb:{connection.region}:*:table/{name}"

    def create(self) -> None:
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeySchema": _KEY,
            "AttributeDefinitions": [
                {"AttributeName": each["AttributeName"], "AttributeType": "S"}
                for each in (*_KEY, *_STATUS_KEY)
            ],
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": INDEX,
                    "KeySchema": _STATUS_KEY,
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            "BillingMode": "PAY_PER_REQUEST",
        }
        self._connection.dynamodb(
            lambda dynamodb: dynamodb.create_table(**request),
            doing=f"create CI table {self._name!r}",
            action="dynamodb:CreateTable",
            resource=self._arn,
        )

    def look(self) -> dict[str, Any]:
        try:
            answer: Any = self._connection.dynamodb(
                lambda dynamodb: dynamodb.describe_table(TableName=self._name),
                doing=f"look at CI table {self._name!r}",
                action="dynamodb:DescribeTable",
                resource=self._arn,
            )
        except NotFound:
            return {}  # for a moment after it was made
        found: dict[str, Any] = answer["Table"]
        return found


def _check(name: str, found: dict[str, Any]) -> None:
    """Raise PreconditionFailed where a table is not shaped as MLCC's."""
    if found.get("KeySchema") != _KEY:
        raise PreconditionFailed(
            f"table {name!r} is there and its key is not configId", hint="choose another name"
        )
    shapes = {
        each["IndexName"]: each["KeySchema"] for each in found.get("GlobalSecondaryIndexes", ())
    }
    if shapes.get(INDEX) != _STATUS_KEY:
        raise PreconditionFailed(
            f"table {name!r} is there without the index {INDEX}",
            hint="add the index, or choose another name",
        )
