"""The CI table in DynamoDB: one conditional write to register, index queries to read.

Source: record contract, section 7; DynamoDB UpdateItem, GetItem.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from registry.aws.checks import check_table_name
from registry.aws.ci_index import CiIndex
from registry.aws.ci_items import configuration, text
from registry.aws.ci_leases import LEASE_ATTRIBUTES, CiLeases
from registry.aws.ci_provision import create_ci_table
from registry.aws.ci_results import CiResults
from registry.aws.ci_survey import CiSurvey
from registry.aws.ci_writes import CiWrites
from registry.aws.connection import Connection
from registry.aws.translation import ConditionFailed
from registry.calls import Call
from registry.errors import NotFound, TooLarge
from registry.stores import CiPage, CiRow, CiWrite
from schemas.base import State
from schemas.ci import NEVER_TESTED, CiConfiguration, CiRegistration

LARGEST_CONFIG_BYTES = 200_000
"""An item has 400 KB: what its results may take, which is bounded too, must always find room."""

_SCHEMA_VERSION = 1
_ABSENT = "none"
"""`previousStatus` of an item that this write created."""


class DynamoCiTable:
    """One CI table, in one region. A name that no table can have raises InvalidArgument."""

    def __init__(self, connection: Connection, name: str) -> None:
        check_table_name(name)
        self._connection = connection
        self._name = name
        self._index = CiIndex(connection, name)
        self._writes = CiWrites(connection, name)
        self.leases = CiLeases(self._writes)
        self.results = CiResults(self._writes)
        self._survey = CiSurvey(connection, name, self._writes)

    @property
    def place(self) -> str:
        """Region and table name, which cursors are bound to."""
        return f"{self._connection.region}/{self._name}"

    def create(self, *, call: Call) -> State:
        """Make the table where there is none, as `registry.aws.ci_provision` says.

        Raises:
            PreconditionFailed: a table of that name is not shaped as MLCC's.
        """
        return create_ci_table(self._connection, self._name, call=call)

    def register(self, registration: CiRegistration) -> CiWrite:
        """Create the configuration or reset it to untested, in one conditional UpdateItem.

        Creation time, last test, its results and benchmark fields stay. An item that already
        carries the same `registrationId` is left as it is: `unchanged`; so is one that was
        written or tested after `only_if_before`: `superseded`.

        Raises:
            NotFound: there is no such table.
            PermissionDenied: `dynamodb:UpdateItem` is refused.
            PreconditionFailed: the table's key is not `configId`.
            TooLarge: the configuration would leave no room for its results.
        """
        _check_size(registration)
        write_id = str(uuid.uuid4())
        request = self._upsert(registration, write_id)
        try:
            answer = self._connection.dynamodb(
                lambda dynamodb: dynamodb.update_item(**request),
                doing=f"register a configuration in CI table {self._name!r}",
                action="dynamodb:UpdateItem",
                resource=self._arn(),
            )
            written: Any = answer["Attributes"]
        except ConditionFailed as error:
            # Some local engines do not say what stood there.
            written = error.details["item"] or self._writes.item(registration.config_id) or {}
            if text(written, "writeRequestId") != write_id:
                return self._why_refused(registration)
            # Our own write, whose answer was lost and which the client sent again.
        except NotFound as error:
            raise self._writes.no_table() from error
        return "created" if text(written, "previousStatus") == _ABSENT else "updated"

    def _why_refused(self, registration: CiRegistration) -> CiWrite:
        if not registration.only_if_before:
            return "unchanged"  # there is but one condition to fail
        present = self.get(registration.config_id)
        if present and present.registration_id != registration.registration_id:
            return "superseded"
        return "unchanged"

    def get(self, config_id: str) -> CiConfiguration | None:
        """Return one configuration, consistently read.

        Raises:
            NotFound: there is no such table.
        """
        item = self._writes.item(config_id)
        return configuration(item) if item else None

    def in_status(
        self,
        statuses: Iterable[str],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool],
        limit: int,
        cursor: str | None,
        query: str,
        call: Call,
    ) -> CiPage:
        """Return configurations in any of these statuses, merged oldest first, off the index.

        Args:
            tested_before: Only those last tested before this instant; `untested` ones always.
            matches: Further conditions on one configuration.
            query: What identifies the query; a cursor of another query is refused.

        Raises:
            NotFound: there is no such table, or it lacks the index.
            InvalidArgument: the cursor is not of this query.
        """
        try:
            return self._index.page(
                tuple(statuses),
                tested_before=tested_before,
                matches=matches,
                limit=limit,
                cursor=cursor,
                query=query,
                call=call,
            )
        except NotFound as error:
            raise self._writes.no_table() from error

    def count(
        self,
        statuses: Iterable[str],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool] | None,
        call: Call,
    ) -> int:
        """Return how many configurations `in_status` would list.

        Raises:
            NotFound: as `in_status`.
            DeadlineExceeded: there are more than can be counted in the call's time.
        """
        try:
            return self._index.count(
                tuple(statuses), tested_before=tested_before, matches=matches, call=call
            )
        except NotFound as error:
            raise self._writes.no_table() from error

    def survey(self, *, call: Call) -> Iterator[CiRow | None]:
        """Yield a row per item; None at last where there are more than can be read in a call.

        Raises:
            NotFound: there is no such table.
            PermissionDenied: `dynamodb:Scan` is refused.
        """
        return self._survey.rows(call=call)

    def _upsert(self, registration: CiRegistration, write_id: str) -> dict[str, Any]:
        """Return the request; every right-hand side reads the item as it was before."""
        always: dict[str, Any] = {
            "configJson": {"S": registration.config_json},
            "schemaVersion": {"N": str(_SCHEMA_VERSION)},
            "testStatus": {"S": "untested"},
            "deploymentConfig": {"S": registration.deployment_config},
            "baseImage": {"S": registration.base_image},
            "baseImageVersion": {"S": registration.base_image_version},
            "buildStrategy": {"S": registration.build_strategy},
            "projectName": {"S": registration.project_name},
            "registrationId": {"S": registration.registration_id},
            "writeRequestId": {"S": write_id},
            "updatedAt": {"S": registration.now},
        }
        once: dict[str, Any] = {
            "createdAt": {"S": registration.now},
            "lastTestTimestamp": {"S": NEVER_TESTED},
        }
        clauses = [
            "#previousStatus = if_not_exists(#testStatus, :absent)",
            "#revision = if_not_exists(#revision, :zero) + :one",
            *(f"#{name} = :{name}" for name in always),
            *(f"#{name} = if_not_exists(#{name}, :{name})" for name in once),
        ]
        # A worker that tests the configuration as it was loses it: its result is not this one's.
        gone = [f"#{name}" for name in LEASE_ATTRIBUTES]
        values = {f":{name}": value for name, value in (always | once).items()}
        own = ("previousStatus", "revision", *LEASE_ATTRIBUTES)
        names = {f"#{name}": name for name in (*always, *once, *own)}
        return {
            "TableName": self._name,
            "Key": {"configId": {"S": registration.config_id}},
            "UpdateExpression": f"SET {', '.join(clauses)} REMOVE {', '.join(gone)}",
            "ConditionExpression": _condition(registration),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values
            | {":absent": {"S": _ABSENT}, ":zero": {"N": "0"}, ":one": {"N": "1"}}
            | ({":before": {"S": before}} if (before := registration.only_if_before) else {}),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _arn(self) -> str:
        connection = self._connection
        return f"arn:{connection.partition}:dynamodb:{connection.region}:*:table/{self._name}"


def _check_size(registration: CiRegistration) -> None:
    size = sum(len(str(value).encode()) for value in registration.model_dump().values())
    if size > LARGEST_CONFIG_BYTES:
        raise TooLarge(
            f"the configuration has {size} bytes, the CI table takes {LARGEST_CONFIG_BYTES}",
            hint="leave large parameters out of the record",
        )


def _condition(registration: CiRegistration) -> str:
    """Return which items a registration may write."""
    another = "(attribute_not_exists(#registrationId) OR #registrationId <> :registrationId)"
    if not registration.only_if_before:
        return another
    # What MLCC wrote has no updatedAt; its last test tells whether it is newer.
    ours = "(attribute_exists(#updatedAt) AND #updatedAt < :before)"
    theirs = "(attribute_not_exists(#updatedAt) AND #lastTestTimestamp < :before)"
    absent = "attribute_not_exists(#createdAt)"
    return f"{absent} OR ({another} AND ({ours} OR {theirs}))"
