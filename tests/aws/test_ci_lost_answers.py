"""Writes to the CI table whose answer is lost on its way, which the client sends again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from registry.aws.ci_results import MOST_LATE
from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.recording import ResultRequest, record_result
from registry.ci.untested import UntestedQuery
from registry.errors import Conflict, PermissionDenied
from sandbox.service import Sandbox
from schemas.ci import CiRegistration, ClaimResult

pytestmark = pytest.mark.both_engines


def now() -> datetime:
    return datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def table(front_env: dict[str, str], ci_table_name: str) -> Iterator[DynamoCiTable]:
    """The table behind the front."""
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


def registration(registration_id: str) -> CiRegistration:
    return CiRegistration(
        config_id="a",
        config_json="{}",
        deployment_config="transformers-vllm",
        base_image="",
        base_image_version="",
        build_strategy="codebuild-submit",
        project_name="tv",
        registration_id=registration_id,
        now="2026-05-01T10:00:00Z",
    )


def claim(table: DynamoCiTable, **more) -> ClaimResult:
    given = {"count": 1, "lease_s": 60} | more
    claiming = Claiming(table, now, Call())
    return claiming.carry_out(Claim("w1", UntestedQuery(), **given), full=False)


@pytest.fixture
def lose(sandbox: Sandbox):
    """Let the answer to the next update be lost."""
    return lambda: sandbox.control.fail("UpdateItem", "lost_answer", service="dynamodb")


def revision(clients, name: str) -> str:
    item = clients.dynamodb.get_item(TableName=name, Key={"configId": {"S": "a"}})["Item"]
    return str(item["revision"]["N"])


def test_who_created_a_configuration_and_who_reset_it_is_known(table, lose, clients, ci_table_name):
    lose()
    created = table.register(registration("r1"))
    lose()
    updated = table.register(registration("r2"))

    assert ("created", "updated") == (created, updated)
    assert "2" == revision(clients, ci_table_name)


def test_claiming_renewing_recording_and_releasing_count_once(table, lose, clients, ci_table_name):
    table.register(registration("r1"))
    lose()
    claimed = claim(table)
    held = claimed.configurations[0].lease_id
    lose()
    renewed = claim(table, count=0, renew=[held])
    lose()
    released = claim(table, count=0, release=[held])
    again = claim(table).configurations[0]
    lose()
    result = ResultRequest("a", again.lease_id, "pass")
    recorded = record_result(table, result, now=now)

    assert ((held,), (held,)) == (renewed.renewed, released.released)
    assert ("unchanged", "pass") == (recorded.state, recorded.test_status)


def test_a_late_result_is_kept_once_and_the_oldest_forgotten_once(
    table, lose, clients, ci_table_name
):
    table.register(registration("r1"))
    for number in range(MOST_LATE + 1):
        if number >= MOST_LATE - 1:
            lose()
        with pytest.raises(Conflict, match="was lost"):
            result = ResultRequest("a", f"a.{number:016x}", f"fail-s{number}")
            record_result(table, result, now=now)

    key = {"configId": {"S": "a"}}
    kept = clients.dynamodb.get_item(TableName=ci_table_name, Key=key)["Item"]["lateResults"]["L"]
    assert [f"fail-s{number}" for number in range(1, MOST_LATE + 1)] == [
        one["M"]["status"]["S"] for one in kept
    ]


def test_what_was_released_and_renewed_before_an_error_is_named(table, sandbox) -> None:
    table.register(registration("r1"))
    held = claim(table).configurations[0].lease_id
    sandbox.control.fail("UpdateItem", "deny", service="dynamodb", skip=1)

    with pytest.raises(PermissionDenied) as told:
        claim(table, count=0, renew=[held, held])

    assert {"released": [], "renewed": [held]} == told.value.details["done"]
