"""Writes to the CI table whose answer is lost on its way, which the client sends again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.recording import ResultRequest, record_result
from registry.ci.untested import UntestedQuery
from schemas.ci import CiRegistration, ClaimResult

pytestmark = pytest.mark.both_engines


def now() -> datetime:
    return datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def table(gate, ci_table_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoCiTable]:
    """The table behind a gate."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", gate.url)
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


def revision(clients, name: str) -> str:
    item = clients.dynamodb.get_item(TableName=name, Key={"configId": {"S": "a"}})["Item"]
    return str(item["revision"]["N"])


def test_who_created_a_configuration_and_who_reset_it_is_known(table, gate, clients, ci_table_name):
    gate.losing.append("UpdateItem")
    created = table.register(registration("r1"))
    gate.losing.append("UpdateItem")
    updated = table.register(registration("r2"))

    assert ("created", "updated", []) == (created, updated, gate.losing)
    assert "2" == revision(clients, ci_table_name)


def test_claiming_renewing_recording_and_releasing_count_once(table, gate, clients, ci_table_name):
    table.register(registration("r1"))
    gate.losing.append("UpdateItem")
    claimed = claim(table)
    held = claimed.configurations[0].lease_id
    gate.losing.append("UpdateItem")
    renewed = claim(table, count=0, renew=[held])
    gate.losing.append("UpdateItem")
    released = claim(table, count=0, release=[held])
    again = claim(table).configurations[0]
    gate.losing.append("UpdateItem")
    result = ResultRequest("a", again.lease_id, "pass")
    recorded = record_result(table, result, now=now)

    assert ((held,), (held,)) == (renewed.renewed, released.released)
    assert ("unchanged", "pass") == (recorded.state, recorded.test_status)
    assert [] == gate.losing
