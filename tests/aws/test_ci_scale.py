"""Large CI tables: walked while they change, read in one request, registered in by many."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.leases import new_lease
from registry.ci.untested import UntestedQuery, query_untested

NOW = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
CONFIG = json.dumps({"projectName": "tv", "parameters": {"note": "x" * 800}})


@pytest.fixture
def table(aws_env: dict[str, str], ci_table_name: str) -> Iterator[DynamoCiTable]:
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


@pytest.fixture
def fill(clients, ci_table_name: str, dynamodb_engine: str) -> Callable[[range], list[str]]:
    """Writes untested configurations by number, 25 a request.

    All have one instant, as those that were never tested do; dynalite would lose some of them,
    since its index ends in a short hash, so each has its own there.
    """

    def batch(numbers: range) -> None:
        seconds = 1 if dynamodb_engine else 0
        wanted = [{"PutRequest": {"Item": _item(each, each * seconds)}} for each in numbers]
        answer = clients.dynamodb.batch_write_item(RequestItems={ci_table_name: wanted})
        assert {} == answer["UnprocessedItems"]

    def write(numbers: range) -> list[str]:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(batch, (numbers[at : at + 25] for at in range(0, len(numbers), 25))))
        return [_name(number) for number in numbers]

    return write


def _name(number: int) -> str:
    return f"{number:016x}"


def _item(number: int, seconds: int) -> dict[str, Any]:
    at = (LONG_AGO + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    texts = {
        "configId": _name(number),
        "testStatus": "untested",
        "lastTestTimestamp": at,
        "configJson": CONFIG,
        "projectName": "tv",
    }
    return {name: {"S": value} for name, value in texts.items()}


def _walked_once(table: DynamoCiTable, fill: Callable[[range], list[str]], count: int) -> None:
    """Walk the table by pages; before each page somebody claims five and adds five."""
    there = set(fill(range(count)))
    chance = random.Random(count)  # noqa: S311 - repeatable, and nothing secret
    added: set[str] = set()
    taken: set[str] = set()
    seen: list[str] = []
    cursor, first = "", True
    while first or cursor:
        first = False
        low = chance.randrange(0, 2 * count)
        added |= set(fill(range(count * 10 + low * 5, count * 10 + low * 5 + 5)))
        claiming = Claiming(table, lambda: NOW, Call())
        claim = Claim("w", UntestedQuery(), count=5, lease_s=3600)
        taken |= {one.config_id for one in claiming.carry_out(claim, full=False).configurations}
        page = query_untested(
            table, UntestedQuery(), now=NOW, limit=100, cursor=cursor, call=Call()
        )
        seen += [one.config_id for one in page.configurations]
        cursor = page.next_cursor or ""
        if cursor:  # it stands on this configuration, which is gone from the index then
            on = page.configurations[-1]
            lease = new_lease(on.config_id, "w", "2027-01-01T00:00:00Z")
            assert table.leases.take(on, lease, now="2026-05-01T10:00:00Z")

    assert len(seen) == len(set(seen))
    assert there - taken <= set(seen) <= there | added


@pytest.mark.both_engines
def test_a_walk_gives_each_record_once_while_others_are_claimed_and_added(table, fill):
    _walked_once(table, fill, 300)


@pytest.mark.soak
@pytest.mark.both_engines
def test_a_long_walk_gives_each_record_once_while_others_are_claimed_and_added(
    table, fill, dynamodb_engine
):
    _walked_once(table, fill, 2_000 if dynamodb_engine else 5_000)


@pytest.mark.parametrize(
    "count", [2_000, pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]
)
def test_the_first_page_takes_one_query_and_little_memory(
    fill, front_env, sandbox, ci_table_name, count
):
    fill(range(count))
    directory = BotoDirectory()
    table = directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    table.get("nothing")  # what the first call imports is not the page's
    sandbox.control.clear_log()

    tracemalloc.start()
    page = query_untested(table, UntestedQuery(), now=NOW, limit=20, cursor="", call=Call())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    directory.close()
    asked = [call["operation"] for call in sandbox.control.calls() if call["service"] == "dynamodb"]
    assert 20 == len({one.config_id for one in page.configurations})
    assert (["Query"], False) == (asked, page.complete)
    assert peak < 8_000_000
