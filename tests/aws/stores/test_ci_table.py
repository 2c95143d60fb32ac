import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from registry.aws.ci_table import LARGEST_CONFIG_BYTES, DynamoCiTable
from registry.aws.directory import BotoAws
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.recording import ResultRequest, record_result
from registry.ci.untested import UntestedQuery
from registry.errors import Conflict, InvalidArgument, NotFound, PreconditionFailed, TooLarge
from schemas.ci import CiConfiguration, CiRegistration

pytestmark = pytest.mark.both_engines

EPOCH = "1970-01-01T00:00:00Z"
NOW = "2026-05-01T10:00:00Z"
QUERY = "query"


def _registration(config_id: str = "c" * 16, rid: str = "r1", **changes: str) -> CiRegistration:
    config = {"projectName": "tv", "deploymentConfig": "transformers-vllm", "modelName": "Qwen/é"}
    values = {
        "config_id": config_id,
        "config_json": json.dumps(config, separators=(",", ":")),
        "deployment_config": "transformers-vllm",
        "base_image": "vllm/vllm-openai:v0.8.5",
        "base_image_version": "v0.8.5",
        "build_strategy": "codebuild-submit",
        "project_name": "tv",
        "registration_id": rid,
        "now": NOW,
    }
    return CiRegistration(**(values | changes))


@pytest.fixture
def table(aws: BotoAws, ci_table_name: str) -> DynamoCiTable:
    return aws.ci_table(ci_table_name)


def _item(clients, table_name: str, config_id: str = "c" * 16) -> dict:
    return clients.dynamodb.get_item(TableName=table_name, Key={"configId": {"S": config_id}})[
        "Item"
    ]


def test_a_new_configuration_is_created_with_the_contracts_attributes(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    assert "created" == table.register(_registration())

    item = _item(clients, ci_table_name)
    config = json.loads(item["configJson"]["S"])
    assert {
        "configId": {"S": "c" * 16},
        "schemaVersion": {"N": "1"},
        "testStatus": {"S": "untested"},
        "lastTestTimestamp": {"S": EPOCH},
        "deploymentConfig": {"S": "transformers-vllm"},
        "baseImage": {"S": "vllm/vllm-openai:v0.8.5"},
        "baseImageVersion": {"S": "v0.8.5"},
        "buildStrategy": {"S": "codebuild-submit"},
        "projectName": {"S": "tv"},
        "createdAt": {"S": NOW},
        "registrationId": {"S": "r1"},
    }.items() <= item.items()
    assert "Qwen/é" == config["modelName"]


def test_the_same_registration_leaves_a_tested_item_alone(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    table.register(_registration())
    _set(clients, ci_table_name, {"testStatus": {"S": "pass"}})
    before = _item(clients, ci_table_name)

    assert "unchanged" == table.register(_registration())
    assert before == _item(clients, ci_table_name)


def test_another_registration_resets_and_keeps_the_history(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    table.register(_registration())
    kept = {
        "lastTestTimestamp": {"S": "2026-05-02T00:00:00Z"},
        "lastTestDuration": {"N": "300"},
        "errorMessage": {"S": "went wrong"},
        "stageResults": {"M": {"build": {"M": {"status": {"S": "pass"}}}}},
        "benchmarkEnabled": {"BOOL": True},
        "lastBenchmarkRunId": {"S": "run-1"},
    }
    _set(clients, ci_table_name, kept | {"testStatus": {"S": "fail-build"}})

    state = table.register(
        _registration(
            rid="r2", base_image="x:2", base_image_version="2", now="2026-06-01T00:00:00Z"
        )
    )

    item = _item(clients, ci_table_name)
    assert "updated" == state
    assert (kept | {"createdAt": {"S": NOW}}).items() <= item.items()
    assert ("untested", "x:2", "r2", "fail-build") == tuple(
        item[name]["S"] for name in ("testStatus", "baseImage", "registrationId", "previousStatus")
    )


def test_an_item_that_mlcc_wrote_is_updated_and_keeps_its_creation(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    clients.dynamodb.put_item(
        TableName=ci_table_name,
        Item={
            "configId": {"S": "c" * 16},
            "testStatus": {"S": "pass"},
            "lastTestTimestamp": {"S": "2026-01-01T00:00:00Z"},
            "createdAt": {"S": "2025-01-01T00:00:00Z"},
        },
    )

    assert "updated" == table.register(_registration())
    assert "2025-01-01T00:00:00Z" == _item(clients, ci_table_name)["createdAt"]["S"]


def test_an_item_without_key_attributes_becomes_visible_to_the_index(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    clients.dynamodb.put_item(TableName=ci_table_name, Item={"configId": {"S": "c" * 16}})

    table.register(_registration())

    assert ["c" * 16] == [one.config_id for one in _page(table).items]


def test_sixteen_registrations_at_once_have_one_creator(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    start = Barrier(16)

    def register(number: int) -> str:
        start.wait()
        return table.register(_registration(rid=f"r{number}", now=f"2026-05-01T10:00:{number:02}Z"))

    with ThreadPoolExecutor(16) as pool:
        states = list(pool.map(register, range(16)))

    item = _item(clients, ci_table_name)
    creator = states.index("created")
    assert 1 == states.count("created")
    assert 15 == states.count("updated")
    assert f"2026-05-01T10:00:{creator:02}Z" == item["createdAt"]["S"]
    assert "16" == item["revision"]["N"]


def test_the_same_registration_sixteen_times_at_once_writes_once(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    start = Barrier(16)

    def register(_: int) -> str:
        start.wait()
        return table.register(_registration())

    with ThreadPoolExecutor(16) as pool:
        states = sorted(pool.map(register, range(16)))

    assert ["created", *["unchanged"] * 15] == states
    assert "1" == _item(clients, ci_table_name)["revision"]["N"]


def test_a_missing_table_is_not_found_with_a_way_out(aws: BotoAws) -> None:
    table = aws.ci_table("no-such-table")

    for ask in (
        lambda: table.register(_registration()),
        lambda: table.get("c"),
        lambda: _page(table),
        lambda: table.count(["untested"], tested_before=None, matches=None, call=Call()),
    ):
        with pytest.raises(NotFound, match="no CI table 'no-such-table' in us-west-2") as told:
            ask()
        assert "bootstrap --ci" in told.value.hint


def _as_large_as_may_be() -> CiRegistration:
    room = LARGEST_CONFIG_BYTES - sum(
        len(str(value).encode()) for value in _registration(config_json="").model_dump().values()
    )
    return _registration(config_json=json.dumps("é" * ((room - 2) // 2), ensure_ascii=False))


def test_a_configuration_that_leaves_no_room_for_results_is_refused_with_its_size(
    table: DynamoCiTable,
) -> None:
    largest = _as_large_as_may_be()
    one_more = f"{largest.config_json}12"

    assert "created" == table.register(largest)
    with pytest.raises(TooLarge, match=rf"has 20000[12] bytes, .* takes {LARGEST_CONFIG_BYTES}"):
        table.register(_registration(config_json=one_more, rid="r2"))


def test_the_largest_configuration_has_room_for_the_largest_results(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    table.register(_as_large_as_may_be())
    claiming = Claiming(table, lambda: datetime(2026, 5, 1, tzinfo=UTC), Call())
    text = "\N{PILE OF POO}" * 1_100
    stages = {
        f"s{number}".ljust(40, "x"): {
            "status": "fail",
            "durationSeconds": 0.123456789,
            "logPointer": text,
            "errorSummary": text,
        }
        for number in range(40)
    }

    def test(lease: str, status: str) -> str:
        request = ResultRequest(
            "c" * 16, lease, status, 1e9 + 0.1, stages, text, "t" * 128, "e" * 128
        )
        return record_result(table, request, now=lambda: datetime.now(UTC)).state

    states = []
    for number in range(3):
        claim = Claim("w" * 128, UntestedQuery(), count=1, lease_s=60, key="k")
        lease = str(claiming.carry_out(claim, full=False).configurations[0].lease_id)
        states.append(test(lease, "fail-" + "b" * 40))
        table.register(_as_large_as_may_be().model_copy(update={"registration_id": f"n{number}"}))
    for number in range(10):
        with pytest.raises(Conflict):
            test(f"{'c' * 16}.{number:016x}", "fail-" + "b" * 40)

    item = _item(clients, ci_table_name)
    assert ["recorded"] * 3 == states
    assert (10, 40) == (len(item["lateResults"]["L"]), len(item["stageResults"]["M"]))
    results = [*item["lateResults"]["L"], item["lastResult"], item["previousResult"]]
    messages = [item["errorMessage"]["S"], *(one["M"]["errorMessage"]["S"] for one in results)]
    assert all(4_000 >= len(each.encode()) > 3_990 for each in messages)
    assert all(each.endswith("... (cut)") for each in messages)


def test_a_table_with_another_key_is_told(aws: BotoAws, clients) -> None:
    clients.dynamodb.create_table(
        TableName="foreign-key",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    with pytest.raises(PreconditionFailed, match="key"):
        aws.ci_table("foreign-key").register(_registration())

    clients.dynamodb.delete_table(TableName="foreign-key")


def test_an_item_is_read_back_whole(table: DynamoCiTable) -> None:
    table.register(_registration())

    found = table.get("c" * 16)

    assert found is not None
    assert ("Qwen/é", "untested", EPOCH, NOW, "r1") == (
        found.model_name,
        found.test_status,
        found.last_test_timestamp,
        found.created_at,
        found.registration_id,
    )
    assert None is table.get("absent")


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"a":"b""}', "NaN", "null"])
def test_a_config_that_is_no_object_is_none_and_hides_nothing_else(
    table: DynamoCiTable, clients, ci_table_name: str, stored: str
) -> None:
    _put(clients, ci_table_name, "a", "pass", EPOCH, configJson=stored)

    found = table.get("a")

    assert found is not None
    assert (None, "pass", "", "codebuild-submit") == (
        found.config,
        found.test_status,
        found.model_name,
        found.build_strategy,
    )


def _put(clients, name: str, config_id: str, status: str, at: str, **texts: str) -> None:
    values = {"configId": config_id, "testStatus": status, "lastTestTimestamp": at} | texts
    clients.dynamodb.put_item(
        TableName=name, Item={key: {"S": value} for key, value in values.items()}
    )


def _set(clients, name: str, attributes: dict) -> None:
    clients.dynamodb.update_item(
        TableName=name,
        Key={"configId": {"S": "c" * 16}},
        AttributeUpdates={key: {"Value": value} for key, value in attributes.items()},
    )


def _page(table: DynamoCiTable, statuses=("untested",), **options):
    return table.in_status(
        statuses,
        **(
            {
                "tested_before": None,
                "matches": lambda _: True,
                "limit": 20,
                "cursor": None,
                "query": QUERY,
                "call": Call(),
            }
            | options
        ),
    )


def _walk(table: DynamoCiTable, statuses, cursor=None, **options) -> list[list[str]]:
    pages: list[list[str]] = []
    while True:
        page = _page(table, statuses, cursor=cursor, **options)
        pages.append([one.config_id for one in page.items])
        cursor = page.cursor
        if not cursor:
            return pages


def test_statuses_are_merged_oldest_first_over_pages(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    statuses = ("untested", "pass", "fail-build")
    for number in range(30):
        at = f"2026-01-{1 + number:02}T00:00:00Z"
        _put(clients, ci_table_name, f"c{number:02}", statuses[number % 3], at)
    _put(clients, ci_table_name, "running", "running", EPOCH)

    whole = [f"c{number:02}" for number in range(30)]
    for limit in (1, 7, 30, 100):
        pages = _walk(table, statuses, limit=limit)
        assert whole == [one for page in pages for one in page]
        assert all(len(page) == limit for page in pages[:-1])


def test_what_changes_its_status_behind_a_walk_is_not_given_again(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    """Registered again, a tested configuration is untested, and keeps the time of its test."""
    for number, day in enumerate((1, 2, 3, 3, 4, 5)):
        status = "untested" if number in {0, 4} else "pass"
        _put(clients, ci_table_name, f"c{number}", status, f"2026-01-0{day}T00:00:00Z")
    statuses = ("untested", "pass")
    first = _page(table, statuses, limit=3)
    for name in ("c1", "c2", "c5"):
        table.register(_registration(name))

    rest = _walk(table, statuses, limit=3, cursor=first.cursor)

    assert ["c0", "c1", "c2"] == [one.config_id for one in first.items]
    assert [["c3", "c4", "c5"]] == rest


def test_many_items_of_one_status_and_instant_are_walked_without_loss(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    for number in range(230):
        _put(clients, ci_table_name, f"c{number:03}", "untested", EPOCH)

    pages = _walk(table, ("untested", "pass"), limit=50)

    assert {f"c{number:03}" for number in range(230)} == {one for page in pages for one in page}
    assert 230 == sum(map(len, pages))


def test_only_those_tested_long_enough_ago_are_due_and_untested_always(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    _put(clients, ci_table_name, "never", "untested", EPOCH)
    _put(clients, ci_table_name, "reset", "untested", "2026-05-01T11:00:00Z")
    _put(clients, ci_table_name, "old", "pass", "2026-05-01T09:59:59.999Z")
    _put(clients, ci_table_name, "edge", "pass", "2026-05-01T10:00:00Z")
    _put(clients, ci_table_name, "edge-ms", "pass", "2026-05-01T10:00:00.001Z")
    _put(clients, ci_table_name, "new", "pass", "2026-05-01T11:00:00Z")
    options = {"tested_before": "2026-05-01T10:00:00Z"}

    assert [["never", "old", "reset"]] == _walk(table, ("untested", "pass"), **options)
    assert 3 == table.count(("untested", "pass"), matches=None, call=Call(), **options)


def test_conditions_filter_pages_and_counts(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    for number in range(25):
        project = "odd" if number % 2 else "even"
        at = f"2026-01-{1 + number:02}T00:00:00Z"
        _put(clients, ci_table_name, f"c{number:02}", "untested", at, projectName=project)

    def is_odd(one: CiConfiguration) -> bool:
        return one.project_name == "odd"

    pages = _walk(table, ("untested",), matches=is_odd, limit=5)

    assert [f"c{number:02}" for number in range(1, 25, 2)] == [
        one for page in pages for one in page
    ]
    assert 12 == table.count(("untested",), tested_before=None, matches=is_odd, call=Call())
    assert 25 == table.count(("untested",), tested_before=None, matches=None, call=Call())


def test_a_cursor_of_another_query_is_refused(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    for name in "abc":
        _put(clients, ci_table_name, name, "untested", EPOCH)
    cursor = _page(table, limit=1).cursor

    for changes in ({"query": "other"}, {"cursor": f"{cursor[:-2]}AA"}, {"cursor": "%%"}):
        with pytest.raises(InvalidArgument, match="cursor"):
            _page(table, **({"cursor": cursor} | changes))


def test_a_page_that_runs_out_of_time_says_why_and_goes_on(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    for name in "abc":
        _put(clients, ci_table_name, name, "untested", EPOCH)
    hurried = Call(deadline=Call().deadline - 50)

    page = _page(table, call=hurried)

    assert () == page.items
    assert page.note is not None
    assert "time ran out" in page.note
    rest = _page(table, cursor=page.cursor)
    assert ["a", "b", "c"] == sorted(one.config_id for one in rest.items)


def test_an_instant_that_does_not_parse_counts_as_long_ago(
    table: DynamoCiTable, clients, ci_table_name: str
) -> None:
    _put(clients, ci_table_name, "odd", "pass", "0000")
    before = (datetime.now(UTC) - timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert [["odd"]] == _walk(table, ("pass",), tested_before=before)
