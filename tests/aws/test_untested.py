import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.untested import UntestedQuery, query_untested
from registry.errors import InvalidArgument, NotFound
from schemas.ci import TESTED_STATUSES, UntestedPage

pytestmark = pytest.mark.both_engines

REGION = "us-west-2"
NOW = datetime(2026, 5, 2, 10, 0, 0, tzinfo=UTC)
EPOCH = "1970-01-01T00:00:00Z"
DAY_AGO = "2026-05-01T10:00:00Z"
CONFIG = {
    "projectName": "tv",
    "deploymentConfig": "transformers-vllm",
    "modelName": "Qwen/Qwen3-4B",
    "instanceType": "ml.g5.xlarge",
    "awsRegion": "us-east-1",
    "deploymentTarget": "realtime-inference",
    "parameters": {"VLLM_MAX_MODEL_LEN": "4096"},
}


@pytest.fixture(scope="module")
def roto() -> Iterator[BotoDirectory]:
    """Clients made once, for the engine that most tests here use."""
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture
def directory(
    aws_env: dict[str, str], dynamodb_engine: str, roto: BotoDirectory
) -> Iterator[BotoDirectory]:
    if not dynamodb_engine:
        yield roto
        return
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture
def table(directory: BotoDirectory, ci_table_name: str) -> DynamoCiTable:
    return directory.open(region=REGION, profile="").ci_table(ci_table_name)


@pytest.fixture
def put(clients, ci_table_name: str):
    def write(config_id: str, status: str = "untested", at: str = EPOCH, **texts: str) -> None:
        values = {
            "configId": config_id,
            "testStatus": status,
            "lastTestTimestamp": at,
            "configJson": json.dumps(CONFIG),
            "deploymentConfig": "transformers-vllm",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "baseImageVersion": "v0.8.5",
            "projectName": "tv",
            "createdAt": "2026-01-01T00:00:00Z",
        } | texts
        clients.dynamodb.put_item(
            TableName=ci_table_name, Item={key: {"S": value} for key, value in values.items()}
        )

    return write


def _query(table: DynamoCiTable, **options: Any) -> UntestedPage:
    names = {
        "include_stale",
        "stale_after_hours",
        "project_name",
        "deployment_config",
        "tested_statuses",
    }
    wanted = UntestedQuery(**{name: options.pop(name) for name in names & set(options)})
    given = {"now": NOW, "limit": 20, "cursor": "", "call": Call()} | options
    return query_untested(table, wanted, **given)


def _ids(page: UntestedPage) -> list[str]:
    return [one.config_id for one in page.configurations]


def test_a_configuration_has_the_records_own_fields(table: DynamoCiTable, put) -> None:
    put("c1")

    page = _query(table)

    assert [one.wire() for one in page.configurations] == [
        {
            "configId": "c1",
            "projectName": "tv",
            "deploymentConfig": "transformers-vllm",
            "modelName": "Qwen/Qwen3-4B",
            "instanceType": "ml.g5.xlarge",
            "awsRegion": "us-east-1",
            "deploymentTarget": "realtime-inference",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "baseImageVersion": "v0.8.5",
            "buildStrategy": "codebuild-submit",
            "testStatus": "untested",
            "lastTestTimestamp": EPOCH,
            "createdAt": "2026-01-01T00:00:00Z",
        }
    ]
    assert (page.count, page.complete) == (1, True)


def test_full_detail_adds_the_parsed_config(table: DynamoCiTable, put) -> None:
    put("c1")

    assert _query(table, full=True).configurations[0].config == CONFIG


def test_only_the_untested_are_listed_unless_stale_ones_are_asked_for(
    table: DynamoCiTable, put
) -> None:
    put("never")
    put("old", "pass", "2026-05-01T09:00:00Z")
    put("older", "fail-deploy_test", "2026-04-01T09:00:00Z")
    put("edge", "pass", DAY_AGO)
    put("fresh", "fail-build", "2026-05-02T09:00:00Z")
    put("busy", "running", EPOCH)

    assert _ids(_query(table)) == ["never"]
    assert _ids(_query(table, include_stale=True)) == ["never", "older", "old"]
    assert _ids(_query(table, include_stale=True, stale_after_hours=1000)) == ["never"]
    assert _ids(_query(table, include_stale=True, stale_after_hours=1)) == [
        "never",
        "older",
        "old",
        "edge",
    ]


@pytest.mark.parametrize("status", TESTED_STATUSES)
def test_every_finished_status_can_be_stale(table: DynamoCiTable, put, status: str) -> None:
    put("c1", status, "2026-01-01T00:00:00Z")

    assert _ids(_query(table, include_stale=True)) == ["c1"]


def test_other_statuses_can_be_named(table: DynamoCiTable, put) -> None:
    put("c1", "fail-custom", "2026-01-01T00:00:00Z")

    assert _ids(_query(table, include_stale=True)) == []
    assert _ids(_query(table, include_stale=True, tested_statuses=("fail-custom",))) == ["c1"]


def test_filters_and_counts_agree(table: DynamoCiTable, put) -> None:
    for number in range(9):
        put(
            f"c{number}",
            projectName="odd" if number % 2 else "even",
            deploymentConfig="http-flask" if number < 4 else "transformers-vllm",
            lastTestTimestamp=f"2026-01-0{number + 1}T00:00:00Z",
        )
    put("stale", "pass", "2026-01-01T00:00:00Z", projectName="odd")
    filters = {"project_name": "odd", "deployment_config": "http-flask"}

    assert _ids(_query(table, **filters)) == ["c1", "c3"]
    for options, count in (({}, 9), (filters, 2), ({"include_stale": True}, 10)):
        counted = _query(table, count_only=True, **options)
        assert (counted.count, counted.configurations) == (count, ())
        assert counted.count == len(_ids(_query(table, **options)))


def test_pages_go_on_where_they_ended_with_cursors_bound_to_their_filters(
    table: DynamoCiTable, put
) -> None:
    for number in range(8):
        put(f"c{number}", at=f"2026-01-0{number + 1}T00:00:00Z")
    pages, cursors = [], [""]
    while cursors[-1] is not None:
        page = _query(table, limit=3, cursor=cursors[-1])
        pages.append(_ids(page))
        cursors.append(page.next_cursor)

    assert pages == [["c0", "c1", "c2"], ["c3", "c4", "c5"], ["c6", "c7"]]
    for other in ({"project_name": "tv"}, {"include_stale": True}):
        with pytest.raises(InvalidArgument, match="cursor"):
            _query(table, cursor=cursors[1], **other)


def test_a_cursor_of_another_table_is_refused(
    table: DynamoCiTable, put, directory: BotoDirectory
) -> None:
    put("c1")
    put("c2")
    cursor = _query(table, limit=1).next_cursor
    other = directory.open(region=REGION, profile="").ci_table("other-table")

    with pytest.raises(InvalidArgument, match="cursor"):
        _query(other, cursor=cursor)


def test_nothing_to_test_is_said_in_words(table: DynamoCiTable) -> None:
    assert _query(table).message == "no untested configuration: CI has nothing to test"
    assert _query(table, count_only=True).message == "0 untested configurations to test"


def test_a_missing_table_is_not_found(directory: BotoDirectory, aws_env: dict[str, str]) -> None:
    table = directory.open(region=REGION, profile="").ci_table("no-such-table")

    for count_only in (True, False):
        with pytest.raises(NotFound, match="no CI table"):
            _query(table, count_only=count_only)


@pytest.mark.parametrize("hours", [-1, 10**9])
def test_hours_that_make_no_sense_are_refused(table: DynamoCiTable, hours: int) -> None:
    with pytest.raises(InvalidArgument):
        _query(table, include_stale=True, stale_after_hours=hours)
