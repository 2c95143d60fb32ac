"""Which outcomes are right for a cell, by what the fault is and what the call is there for."""

from __future__ import annotations

import re
from collections.abc import Collection

from .cells import AwsCall, Cell
from .outcomes import COMPLETE, PARTIAL
from .scenarios import Scenario

SENT_AGAIN = {"throttle", "server_error", "unavailable", "reset", "lost_answer"}
"""The client library sends these calls again, three times in all."""

_CODES = {
    "throttle": "throttled",
    "deny": "permission_denied",
    "expired_token": "credentials",
    "clock_skew": "credentials",
    "quota": "precondition_failed",
    "conflict": "conflict",
}
_ASKED_AGAIN_FOR_A_QUOTA = {"ecr", "dynamodb", "s3:HeadObject"}
"""ECR and DynamoDB say LimitExceededException, which the client library takes for throttling. A
HEAD that ends in 400 without a word it sends again, to the bucket's own region."""

ANOTHER_WAY = {("sagemaker:Search", "deny"), ("ecr:DescribeImages", "deny")}
"""Without permission to search, versions are listed; an image that may not be seen is believed."""

LEFT_TO_THE_ROLE = {("s3:GetObject", "deny"), ("s3:ListObjectsV2", "deny")}
"""What the caller may not read, the endpoint's role or the hub's may: a warning."""

READS = ("Describe", "Get", "Head", "List", "Query", "Scan", "Search")

_STORES = {
    "sagemaker": "model package|version|hub|component|endpoint",
    "s3": "s3://",
    "ecr": "ECR",
    "dynamodb": "CI",
    "sts": "which account",
}
"""What an answer calls the store that failed."""


def right_outcomes(cell: Cell, scenario: Scenario) -> set[str]:
    """Return `complete`, `partial` or error codes: any of them is right."""
    if is_named(cell.call, scenario.silent):
        return {COMPLETE}
    if cell.kind == "slow" or (not cell.lasting and is_overcome(cell)):
        return {COMPLETE}
    refused = (f"{cell.call.service}:{cell.call.operation}", cell.kind)
    if refused in ANOTHER_WAY:
        return {COMPLETE}
    does_without = (
        is_named(cell.call, scenario.beside)
        or refused in LEFT_TO_THE_ROLE
        or (cell.kind in SENT_AGAIN and is_named(cell.call, scenario.looks))
        or (not cell.lasting and is_named(cell.call, scenario.beside_once))
    )
    told = PARTIAL if does_without else code_of(cell)
    if cell.kind in {"lost_answer", "conflict"} and not cell.call.operation.startswith(READS):
        return {told, COMPLETE}  # the work is done, or was before, and a look may have shown it
    return {told}


def is_overcome(cell: Cell) -> bool:
    """Tell whether the same request, sent once more, gets its answer."""
    if cell.kind == "quota":
        return is_named(cell.call, _ASKED_AGAIN_FOR_A_QUOTA)
    return cell.kind in SENT_AGAIN | {"expired_token"}


def code_of(cell: Cell) -> str:
    """Return the code of the error that a caller gets who cannot do without the call."""
    return _CODES.get(cell.kind, "unavailable")


def is_named(call: AwsCall, names: Collection[str]) -> bool:
    """Tell whether a call is among those named by service, operation or place."""
    operation = f"{call.service}:{call.operation}"
    return not {call.service, operation, f"{operation}#{call.nth}"}.isdisjoint(names)


def names_the_store(call: AwsCall, said: Collection[str]) -> bool:
    """Tell whether warnings say which store failed."""
    return any(re.search(_STORES[call.service], each) for each in said)
