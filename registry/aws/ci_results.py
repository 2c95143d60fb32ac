"""Results on items of the CI table, written under the lease that they were tested under.

Attributes of ours: `lastResult` and `previousResult`, which registering again and claiming leave
alone, and `lateResults`, what came in after its lease was lost.

Source: DynamoDB UpdateItem; record contract, section 7 (Other attributes, Benchmark update).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from registry.aws.ci_items import text
from registry.aws.ci_leases import LEASE_ATTRIBUTES
from registry.aws.ci_writes import CiWrites, Value
from registry.aws.translation import ConditionFailed
from registry.ci.showing import no_such_configuration
from registry.errors import Unavailable
from schemas.ci import RUNNING, CiBenchmark, CiResult, RecordedState, StageResult

MOST_LATE = 10
"""Late results that an item keeps, the newest."""

_TRIES = 20


class CiResults:
    """The results of one CI table."""

    def __init__(self, writes: CiWrites) -> None:
        self._writes = writes

    def record(self, result: CiResult) -> RecordedState:
        """Write a result and end its lease; `late` where the lease was lost.

        A late result is kept on the item as history and changes nothing else of it.

        Raises:
            NotFound: there is no such configuration, or no such table.
        """
        item = self._item(result.config_id)
        if text(item, "leaseId") == result.lease_id:
            try:
                self._finish(item, result)
            except ConditionFailed:
                item = self._item(result.config_id)
            else:
                return "recorded"
        if _is_of(item.get("lastResult", {}), result):
            return "unchanged"  # an answer was lost, or the call made again
        self._keep_late(item, result)
        return "late"

    def mark_benchmark(self, benchmark: CiBenchmark) -> None:
        """Set the three fields of a configuration's last benchmark and no other.

        Raises:
            NotFound: there is no such configuration, or no such table.
        """
        try:
            self._writes.update(
                benchmark.config_id,
                set_values={
                    "lastBenchmarkRunId": {"S": benchmark.run_id},
                    "lastBenchmarkTimestamp": {"S": benchmark.at},
                    "lastBenchmarkStatus": {"S": benchmark.status},
                },
                condition="attribute_exists(#configId)",
                counted=False,
                doing="record a benchmark",
            )
        except ConditionFailed as error:
            raise no_such_configuration(benchmark.config_id) from error

    def _item(self, config_id: str) -> dict[str, Any]:
        item = self._writes.item(config_id)
        if item is None:
            raise no_such_configuration(config_id)
        return item

    def _finish(self, item: Mapping[str, Any], result: CiResult) -> None:
        given = _present(
            {
                "testStatus": {"S": result.status},
                "lastTestTimestamp": {"S": result.at},
                "updatedAt": {"S": result.at},
                "lastResult": _summary(result, text(item, "leaseOwner")),
                "previousResult": _previous(item),
                "lastTestDuration": _number(result.duration_s),
                "stageResults": _stages(result),
                "errorMessage": _text(result.error_message),
                "tier": _text(result.tier),
                "e2eCatalogId": _text(result.e2e_catalog_id),
            }
        )
        # What a run did not say is not to look as if it had: the last one's would stand there.
        stale = [name for name in _OF_ONE_RUN if name not in given]
        self._writes.update(
            result.config_id,
            set_values=given,
            remove=(*LEASE_ATTRIBUTES, *stale),
            condition="#leaseId = :lease AND #testStatus = :running",
            values={":lease": {"S": result.lease_id}, ":running": {"S": RUNNING}},
            doing="record a result",
        )

    def _keep_late(self, item: Mapping[str, Any], result: CiResult) -> None:
        """Add a late result to those that the item keeps, once however often it is sent."""
        for _ in range(_TRIES):
            late = item.get("lateResults", {}).get("L", [])
            if any(_is_of(each, result) for each in late):
                return
            kept = [*late, _summary(result, "")][-MOST_LATE:]
            seen = item.get("revision")
            try:
                self._writes.update(
                    result.config_id,
                    set_values={"lateResults": {"L": kept}},
                    condition="#revision = :seen" if seen else "attribute_not_exists(#revision)",
                    values={":seen": seen} if seen else {},
                    doing="keep a late result",
                )
            except ConditionFailed:
                item = self._item(result.config_id)
            else:
                return
        raise Unavailable("too many late results came in at once", hint="call again")


_OF_ONE_RUN = ("lastTestDuration", "duration", "stageResults", "errorMessage")


def _previous(item: Mapping[str, Any]) -> Value | None:
    """Return the result before this one: the last that was recorded, else what MLCC left.

    A registration since then keeps its status as `previousStatus`, and its time where it was.
    """
    if "lastResult" in item:
        last: Value = item["lastResult"]
        return last
    left = (text(item, name) for name in ("leasedFrom", "previousStatus"))
    before = next((status for status in left if status == "pass" or status.startswith("fail")), "")
    if not before:
        return None
    return {"M": {"status": {"S": before}, "testedAt": {"S": text(item, "lastTestTimestamp")}}}


def _summary(result: CiResult, worker: str) -> Value:
    return {
        "M": _present(
            {
                "status": {"S": result.status},
                "testedAt": {"S": result.at},
                "durationSeconds": _number(result.duration_s),
                "errorMessage": _text(result.error_message),
                "worker": _text(worker),
                "leaseId": {"S": result.lease_id},
            }
        )
    }


def _stages(result: CiResult) -> Value | None:
    if not result.stage_results:
        return None
    return {"M": {name: _stage(stage) for name, stage in result.stage_results.items()}}


def _stage(stage: StageResult) -> Value:
    return {
        "M": _present(
            {
                "status": _text(stage.status),
                "durationSeconds": _number(stage.duration_seconds),
                "logPointer": _text(stage.log_pointer),
                "errorSummary": _text(stage.error_summary),
            }
        )
    }


def _present(held: Mapping[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in held.items() if value is not None}


def _text(value: str | None) -> Value | None:
    return {"S": value} if value else None


def _number(value: float | None) -> Value | None:
    return None if value is None else {"N": f"{Decimal(str(value)).normalize():f}"}


def _is_of(stored: Mapping[str, Any], result: CiResult) -> bool:
    held = stored.get("M", {})
    return (text(held, "leaseId"), text(held, "status")) == (result.lease_id, result.status)
