"""A large CI table: claims beside their bare writes, walks and the report beside bare reads.

    .venv/bin/python bench/ci.py [RECORDS] [ROUNDS]

All of it asks the sandbox's engine. The floor of a claim is as many conditional UpdateItem calls
as it makes; that of a page, a walk or a report is the Query or Scan pages that it reads, by a
plain client in this process: no safe claim and no walk takes less. Rounds alternate, since the
machine's own speed changes from minute to minute. Half of the records are untested and half tested
long ago; `among leases` is a claim while a tenth as many are running.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from registry.aws.ci_index import INDEX
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.report import ReportRequest, ci_report
from registry.ci.untested import UntestedQuery, query_untested
from registry.stores import CiTable
from sandbox import environment, sample
from sandbox.service import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "bench-ci"
AT_ONCE = 25
STATUSES = ("untested", "pass", "fail-build", "fail-deploy_test")
CONFIG = '{"parameters":{"note":"' + "x" * 800 + '"}}'
FLOORS = {
    "claim": "bare writes",
    "claim among leases": "bare writes",
    "first page": "bare query",
    "walk": "bare queries",
    "walk, stale too": "bare queries, stale too",
    "report": "bare scan",
}


def item(number: int, status: str) -> dict[str, Any]:
    """Return a record as a registration leaves it: some 1,000 bytes."""
    never = status in {"untested", "running"}
    texts = {
        "configId": f"{number:016x}",
        "testStatus": status,
        "lastTestTimestamp": "1970-01-01T00:00:00Z"
        if never
        else f"2025-01-01T{number % 24:02}:00Z",
        "configJson": CONFIG,
        "deploymentConfig": f"transformers-{number % 7}",
    }
    if status == "running":
        texts |= {"leaseId": f"{number:016x}.{0:016x}", "leaseExpiresAt": "2099-01-01T00:00:00Z"}
    return {name: {"S": value} for name, value in texts.items()}


@dataclass(frozen=True, slots=True)
class Floor:
    """What a plain client does at the least."""

    dynamodb: DynamoDBClient

    def put(self, items: list[dict[str, Any]]) -> None:
        """Write records whole, 25 a request."""

        def write(batch: list[dict[str, Any]]) -> None:
            self.dynamodb.batch_write_item(
                RequestItems={TABLE: [{"PutRequest": {"Item": each}} for each in batch]}
            )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, (items[at : at + 25] for at in range(0, len(items), 25))))

    def claim(self) -> None:
        """Change records by bare conditional writes."""
        for number in range(AT_ONCE):
            self.dynamodb.update_item(
                TableName=TABLE,
                Key={"configId": {"S": f"{number:016x}"}},
                UpdateExpression="SET testStatus = :running, leaseId = :lease",
                ConditionExpression="testStatus = :untested",
                ExpressionAttributeValues={
                    ":running": {"S": "running"},
                    ":untested": {"S": "untested"},
                    ":lease": {"S": "bench"},
                },
                ReturnValues="ALL_NEW",
            )

    def query(self, status: str, *, pages: int = 1_000_000) -> None:
        """Read a status off the index, a hundred items a page."""
        request: dict[str, Any] = {
            "TableName": TABLE,
            "IndexName": INDEX,
            "KeyConditionExpression": "testStatus = :status",
            "ExpressionAttributeValues": {":status": {"S": status}},
            "Limit": 100,
        }
        for _ in range(pages):
            answer = self.dynamodb.query(**request)
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after

    def scan(self) -> None:
        """Read the table's ids and statuses, two thousand items a page."""
        request: dict[str, Any] = {
            "TableName": TABLE,
            "Limit": 2_000,
            "ProjectionExpression": "configId, testStatus",
        }
        while True:
            answer = self.dynamodb.scan(**request)
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after


@dataclass(frozen=True, slots=True)
class Ours:
    """The same by our own code."""

    table: CiTable

    def claim(self) -> list[str]:
        """Claim as many as a call may, and return their ids."""
        claiming = Claiming(self.table, lambda: datetime.now(UTC), Call())
        wanted = Claim("bench", UntestedQuery(), count=AT_ONCE, lease_s=3600)
        got = claiming.carry_out(wanted, full=False).configurations
        if len(got) != AT_ONCE:
            raise RuntimeError(f"claimed {len(got)}")
        return [one.config_id for one in got]

    def walk(self, *, stale: bool = False, pages: int = 1_000_000) -> None:
        """List by pages of a hundred."""
        wanted, cursor = UntestedQuery(include_stale=stale, tested_statuses=STATUSES[1:]), ""
        for _ in range(pages):
            page = query_untested(
                self.table, wanted, now=datetime.now(UTC), limit=100, cursor=cursor, call=Call()
            )
            if not (cursor := page.next_cursor or ""):
                return

    def report(self) -> None:
        """Report on the whole table."""
        ci_report(
            self.table, ReportRequest(stuck_after_hours=2), now=datetime.now(UTC), call=Call()
        )


def measure(floor: Floor, ours: Ours, records: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each kind of work, taken in turn."""
    taken: dict[str, list[float]] = {}
    running = [item(number, "running") for number in range(records, records + records // 10)]

    def note(name: str, work: Callable[[], object]) -> object:
        began = time.perf_counter()
        made = work()
        taken.setdefault(name, []).append(time.perf_counter() - began)
        return made

    def claim(name: str) -> None:
        claimed: Any = note(name, ours.claim)
        floor.put([item(int(each, 16), "untested") for each in claimed])

    floor.put([item(n, STATUSES[0 if n < records // 2 else 1 + n % 3]) for n in range(records)])
    for _ in range(rounds):
        note("bare writes", floor.claim)
        floor.put([item(number, "untested") for number in range(AT_ONCE)])
        claim("claim")
        floor.put(running)
        claim("claim among leases")
        for each in running:
            floor.dynamodb.delete_item(TableName=TABLE, Key={"configId": each["configId"]})
        note("bare query", lambda: floor.query("untested", pages=1))
        note("first page", lambda: ours.walk(pages=1))
        note("bare queries", lambda: floor.query("untested"))
        note("walk", ours.walk)
        note("bare queries, stale too", lambda: list(map(floor.query, STATUSES)))
        note("walk, stale too", lambda: ours.walk(stale=True))
        note("bare scan", floor.scan)
        note("report", ours.report)
    return taken


def main(records: int = 4_000, rounds: int = 3) -> None:
    """Measure, and print medians and their ratios to their floors."""
    with Sandbox() as box:
        environment.isolate(os.environ)
        os.environ.update(box.environment())
        directory = BotoDirectory()
        dynamodb = boto3.Session().client("dynamodb")
        sample.create_ci_table(dynamodb, TABLE)
        ours = Ours(directory.open(region="us-west-2", profile="").ci_table(TABLE))
        ours.walk(pages=1)  # what the first call imports is no walk's
        taken = measure(Floor(dynamodb), ours, records, rounds)
        directory.close()
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"{records} records, claims of {AT_ONCE}, medians of {rounds}")
    for name, floor in FLOORS.items():
        ours_s, floor_s = medians[name], medians[floor]
        print(f"{name:20} {ours_s * 1000:9.1f} ms  {ours_s / floor_s:6.2f} of {floor}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
