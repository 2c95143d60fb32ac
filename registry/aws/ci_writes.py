"""The two requests that every change of a CI item is made of: a consistent read, one update."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from registry.aws.connection import Connection
from registry.errors import NotFound

Value = Mapping[str, Any]
"""A value in DynamoDB's own form: a type letter and what it holds."""


class CiWrites:
    """Items of one table, by their configId."""

    def __init__(self, connection: Connection, table: str) -> None:
        self._connection = connection
        self._table = table

    def item(self, config_id: str) -> dict[str, Any] | None:
        """Return one item, consistently read; None when there is none.

        Raises:
            NotFound: there is no such table.
        """
        try:
            answer = self._connection.dynamodb(
                lambda dynamodb: dynamodb.get_item(
                    TableName=self._table,
                    Key={"configId": {"S": config_id}},
                    ConsistentRead=True,
                ),
                doing=f"read a configuration of CI table {self._table!r}",
                action="dynamodb:GetItem",
                resource=self._arn(),
            )
        except NotFound as error:
            raise self.no_table() from error
        found: dict[str, Any] | None = answer.get("Item")
        return found

    def update(
        self,
        config_id: str,
        *,
        set_values: Mapping[str, Value],
        condition: str,
        doing: str,
        also: str = "",
        counted: bool = True,
        remove: Iterable[str] = (),
        values: Mapping[str, Value] | None = None,
    ) -> dict[str, Any]:
        """Change one item that is there, and return it as it is then.

        Args:
            set_values: Attributes to set; each is `#name` and `:name` in the expressions.
            condition: On the item as it was, beside its being there.
            also: A further SET clause.
            counted: Count the item's revision up.
            remove: Attributes to take away.
            values: Values that condition and further clauses may mention by `:name`.

        Raises:
            ConditionFailed: the item is not as the condition has it, or not there.
            NotFound: there is no such table.
        """
        clauses = [
            *(f"#{name} = :{name}" for name in set_values),
            *([_REVISION] if counted else []),
            *([also] if also else []),
        ]
        gone = ", ".join(f"#{name}" for name in remove)
        expression = f"SET {', '.join(clauses)}" if clauses else ""
        expression += f" REMOVE {gone}" if gone else ""
        condition = f"attribute_exists(#configId) AND ({condition})"
        held = {f":{name}": value for name, value in set_values.items()} | dict(values or {})
        request = {
            "TableName": self._table,
            "Key": {"configId": {"S": config_id}},
            "UpdateExpression": expression.strip(),
            "ConditionExpression": condition,
            **_mentioned(f"{expression} {condition}", held | _COUNTING),
            "ReturnValues": "ALL_NEW",
        }
        try:
            answer = self._connection.dynamodb(
                lambda dynamodb: dynamodb.update_item(**request),
                doing=f"{doing} in CI table {self._table!r}",
                action="dynamodb:UpdateItem",
                resource=self._arn(),
            )
        except NotFound as error:
            raise self.no_table() from error
        written: dict[str, Any] = answer["Attributes"]
        return written

    def no_table(self) -> NotFound:
        """Return the error for a table that is not there."""
        return NotFound(
            f"there is no CI table {self._table!r} in {self._connection.region}",
            hint="provision it with `ml-container-creator bootstrap --ci` or `mlcc-registry-mcp "
            "ci-table create`, or name another with ci_table; its region may be set with "
            "--ci-region",
        )

    def _arn(self) -> str:
        connection = self._connection
        return f"arn:{connection.partition}:dynamodb:{connection.region}:*:table/{self._table}"


_REVISION = "#revision = if_not_exists(#revision, :zero) + :one"
_COUNTING: dict[str, Value] = {":zero": {"N": "0"}, ":one": {"N": "1"}}
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9]+")


def _mentioned(expressions: str, values: Mapping[str, Value]) -> dict[str, Any]:
    """Return the names and values that expressions mention: DynamoDB refuses one that is unused."""
    found = set(_PLACEHOLDER.findall(expressions))
    return {
        "ExpressionAttributeNames": {one: one[1:] for one in found if one[0] == "#"},
        "ExpressionAttributeValues": {one: values[one] for one in found if one[0] == ":"},
    }
