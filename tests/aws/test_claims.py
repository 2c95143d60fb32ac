"""Claiming, recording, renewing and releasing configurations, over real boto3."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.aws.ci_table import DynamoCiTable
from registry.aws.directory import BotoDirectory
from registry.calls import Call
from registry.ci.claiming import Claim, Claiming
from registry.ci.leases import new_lease
from registry.ci.recording import ResultRequest, record_benchmark, record_result
from registry.ci.untested import UntestedQuery
from registry.errors import Cancelled, Conflict, DeadlineExceeded, InvalidArgument, NotFound
from schemas.ci import CiRegistration, ClaimResult

pytestmark = pytest.mark.both_engines

START = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)


class Clock:
    """The present, moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(aws_env, ci_table_name: str):
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="").ci_table(ci_table_name)
    directory.close()


@pytest.fixture
def item(clients, ci_table_name: str) -> Callable[[str], dict[str, Any]]:
    """Reads one item as it is stored."""

    def read(config_id: str) -> dict[str, Any]:
        key = {"configId": {"S": config_id}}
        return clients.dynamodb.get_item(TableName=ci_table_name, Key=key)["Item"]

    return read


@pytest.fixture
def put(clients, ci_table_name: str) -> Callable[..., None]:
    """Writes an item as MLCC would."""

    def write(config_id: str, status: str = "untested", at: str = "1970-01-01T00:00:00Z", **more):
        texts = {"testStatus": status, "lastTestTimestamp": at, "configJson": "{}", **more}
        stored = {name: {"S": value} for name, value in texts.items()}
        clients.dynamodb.put_item(
            TableName=ci_table_name, Item={"configId": {"S": config_id}} | stored
        )

    return write


@pytest.fixture
def set_text(clients, ci_table_name: str) -> Callable[..., None]:
    """Sets attributes of an item and leaves the others, as MLCC does to one that exists."""

    def write(config_id: str, **texts: str) -> None:
        clients.dynamodb.update_item(
            TableName=ci_table_name,
            Key={"configId": {"S": config_id}},
            AttributeUpdates={name: {"Value": {"S": value}} for name, value in texts.items()},
        )

    return write


def claim(table: DynamoCiTable, clock: Clock, worker: str = "w1", **more: Any) -> ClaimResult:
    stale = more.pop("stale", False)
    project = more.pop("project", "")
    full = more.pop("full", False)
    given: dict[str, Any] = {"count": 1, "lease_s": 60} | more
    wanted = UntestedQuery(include_stale=stale, project_name=project)
    call = given.pop("call", Call())
    return Claiming(table, clock, call).carry_out(Claim(worker, wanted, **given), full=full)


def result(table: DynamoCiTable, clock: Clock, claimed: ClaimResult, **more: Any):
    one = claimed.configurations[0]
    given = {"config_id": one.config_id, "lease_id": one.lease_id, "status": "pass"} | more
    return record_result(table, ResultRequest(**given), now=clock)


def registration(config_id: str, registration_id: str) -> CiRegistration:
    return CiRegistration(
        config_id=config_id,
        config_json=json.dumps({"projectName": "tv"}),
        deployment_config="transformers-vllm",
        base_image="",
        base_image_version="",
        build_strategy="codebuild-submit",
        project_name="tv",
        registration_id=registration_id,
        now="2026-05-01T10:00:00Z",
    )


def test_a_claimed_configuration_is_running_under_a_lease_that_mlcc_reads_past(
    table, clock, put, item
):
    put("a", projectName="tv")

    claimed = claim(table, clock)

    (one,) = claimed.configurations
    assert ("a", "tv", "running", "w1", "2026-05-01T10:01:00Z") == (
        one.config_id,
        one.project_name,
        one.test_status,
        one.lease_owner,
        one.lease_expires_at,
    )
    stored = {name: value["S"] for name, value in item("a").items() if "S" in value}
    assert {
        "testStatus": "running",
        "lastTestTimestamp": "1970-01-01T00:00:00Z",
        "leaseId": one.lease_id,
        "leaseOwner": "w1",
        "leaseExpiresAt": "2026-05-01T10:01:00Z",
        "leasedFrom": "untested",
        "updatedAt": "2026-05-01T10:00:00Z",
    }.items() <= stored.items()


def test_what_is_leased_is_nobody_elses_until_the_lease_has_run_out(table, clock, put):
    put("a")
    first = claim(table, clock)

    clock.pass_(seconds=60)
    during = claim(table, clock, "w2")
    clock.pass_(seconds=1)
    after = claim(table, clock, "w2")

    assert 1 == first.count
    assert (0, "0 of 1 claimed for w2; nothing is left to test") == (during.count, during.message)
    assert ["w2"] == [one.lease_owner for one in after.configurations]
    assert first.configurations[0].lease_id != after.configurations[0].lease_id


def test_what_runs_without_a_lease_is_never_claimed(table, clock, put):
    put("a", "running", "2020-01-01T00:00:00Z")

    assert 0 == claim(table, clock).count


def test_a_claim_made_again_with_its_key_gets_the_same_leases_and_what_was_missing(
    table, clock, put, item
):
    put("a")
    first = claim(table, clock, key="k1")
    put("b")
    put("c")
    clock.pass_(seconds=30)

    again = claim(table, clock, count=2, key="k1")
    another = claim(table, clock, count=2, key="k2")
    others = claim(table, clock, "w2", count=2, key="k1")
    asked = claim(table, clock, count=0, key="k1")

    (lease,) = [one.lease_id for one in first.configurations]
    assert ["a", lease, "2026-05-01T10:01:30Z"] == [
        again.configurations[0].config_id,
        again.configurations[0].lease_id,
        again.configurations[0].lease_expires_at,
    ]
    assert (2, 1, 0) == (again.count, another.count, others.count)
    assert {one.lease_id for one in again.configurations} == {
        one.lease_id for one in asked.configurations
    }
    assert "2 held by w1 under that key until 2026-05-01T10:01:30Z" == asked.message
    assert "k1" not in json.dumps(item("a"))


def test_a_key_brings_back_nothing_that_was_lost_or_recorded(table, clock, put, item):
    put("a")
    put("b")
    put("c")
    first = claim(table, clock, count=3, key="k")
    by_id = {one.config_id: one for one in first.configurations}
    claim(table, clock, count=0, release=[by_id["c"].lease_id])
    record_result(table, ResultRequest("b", by_id["b"].lease_id, "pass"), now=clock)
    clock.pass_(seconds=61)
    theirs = claim(table, clock, "w2")

    asked = claim(table, clock, count=0, key="k")

    assert ["a"] == [one.config_id for one in theirs.configurations]
    assert (0, "0 held by w1 under that key") == (asked.count, asked.message)
    assert "leaseRequest" not in item("a").keys() | item("b").keys() | item("c").keys()


def test_stale_configurations_are_claimed_only_where_that_is_asked_for(table, clock, put, item):
    put("old", "fail-build", "2026-04-01T00:00:00Z")
    put("recent", "pass", "2026-05-01T09:00:00Z")

    assert 0 == claim(table, clock, count=5).count
    assert ["old"] == [
        one.config_id for one in claim(table, clock, count=5, stale=True).configurations
    ]
    assert "fail-build" == item("old")["leasedFrom"]["S"]


def test_a_filter_limits_what_is_claimed(table, clock, put):
    put("a", projectName="tv")
    put("b", projectName="radio")

    claimed = claim(table, clock, count=5, project="radio")

    assert ["b"] == [one.config_id for one in claimed.configurations]


def test_sixteen_at_once_get_each_configuration_once(table, clock, put):
    for number in range(40):
        put(f"c{number:02d}")

    def work(worker: int) -> list[str]:
        mine: list[str] = []
        while True:
            claimed = claim(table, clock, f"w{worker}", count=2)
            if not claimed.count:
                return mine
            mine += [one.config_id for one in claimed.configurations]

    with ThreadPoolExecutor(16) as pool:
        got = [config for mine in pool.map(work, range(16)) for config in mine]

    assert [f"c{number:02d}" for number in range(40)] == sorted(got)


def test_a_lease_is_renewed_while_it_is_held_even_after_it_ran_out(table, clock, put, item):
    put("a")
    held = claim(table, clock).configurations[0].lease_id

    clock.pass_(seconds=90)
    renewed = claim(table, clock, count=0, renew=[held])

    assert ((held,), (), 0) == (renewed.renewed, renewed.lost, renewed.count)
    assert "2026-05-01T10:02:30Z" == item("a")["leaseExpiresAt"]["S"]


def test_a_released_configuration_is_as_it_was_before_it_was_claimed(table, clock, put, item):
    put("a", "fail-build", "2026-04-01T00:00:00Z")
    held = claim(table, clock, stale=True).configurations[0].lease_id

    given_back = claim(table, clock, count=0, release=[held])

    assert ((held,), ()) == (given_back.released, given_back.lost)
    stored = item("a")
    assert ("fail-build", "2026-04-01T00:00:00Z") == (
        stored["testStatus"]["S"],
        stored["lastTestTimestamp"]["S"],
    )
    assert set() == {"leaseId", "leaseOwner", "leaseExpiresAt", "leasedFrom"} & set(stored)


def test_a_lease_that_was_lost_is_named_and_nothing_else_happens(table, clock, put, item):
    put("a")
    lost = claim(table, clock).configurations[0].lease_id
    clock.pass_(seconds=61)
    claim(table, clock, "w2")
    before = item("a")

    answer = claim(table, clock, count=0, renew=[lost], release=[lost])

    assert ((), (), (lost, lost)) == (answer.renewed, answer.released, answer.lost)
    assert "2 of them lost already" in answer.message
    assert before == item("a")


def test_a_result_is_stored_in_mlccs_shape_and_ends_the_lease(table, clock, put, item):
    put("a", errorMessage="of an older run")
    claimed = claim(table, clock)
    clock.pass_(seconds=30)

    recorded = result(
        table,
        clock,
        claimed,
        status="fail-build",
        duration_s=29.5,
        stage_results={
            "validate": {"status": "pass", "durationSeconds": 2},
            "build": {"status": "fail", "errorSummary": "no such image", "logPointer": "s3://l/1"},
        },
        tier="smoke",
        e2e_catalog_id="cat-1",
    )

    assert ("recorded", "fail-build", "2026-05-01T10:00:30Z", ()) == (
        recorded.state,
        recorded.test_status,
        recorded.last_test_timestamp,
        recorded.warnings,
    )
    stored = item("a")
    assert {
        "testStatus": {"S": "fail-build"},
        "lastTestTimestamp": {"S": "2026-05-01T10:00:30Z"},
        "lastTestDuration": {"N": "29.5"},
        "stageResults": {
            "M": {
                "validate": {"M": {"status": {"S": "pass"}, "durationSeconds": {"N": "2"}}},
                "build": {
                    "M": {
                        "status": {"S": "fail"},
                        "logPointer": {"S": "s3://l/1"},
                        "errorSummary": {"S": "no such image"},
                    }
                },
            }
        },
        "tier": {"S": "smoke"},
        "e2eCatalogId": {"S": "cat-1"},
        "lastResult": {
            "M": {
                "status": {"S": "fail-build"},
                "testedAt": {"S": "2026-05-01T10:00:30Z"},
                "durationSeconds": {"N": "29.5"},
                "worker": {"S": "w1"},
                "leaseId": {"S": claimed.configurations[0].lease_id},
            }
        },
    }.items() <= stored.items()
    assert set() == {"leaseId", "leaseOwner", "errorMessage", "previousResult"} & set(stored)


def test_the_result_before_the_last_stays_readable_through_resets_and_claims(
    table, clock, put, item
):
    put("a", "pass", "2026-04-01T00:00:00Z")
    result(table, clock, claim(table, clock, stale=True), status="fail-test")
    first = item("a")
    table.register(registration("a", "r2"))
    clock.pass_(hours=1)
    claim(table, clock)
    reset = item("a")
    clock.pass_(hours=2)
    result(table, clock, claim(table, clock), status="pass")

    assert {
        "status": {"S": "pass"},
        "testedAt": {"S": "2026-04-01T00:00:00Z"},
    } == first["previousResult"]["M"]
    assert (first["lastResult"], first["previousResult"]) == (
        reset["lastResult"],
        reset["previousResult"],
    )
    assert ("fail-test", "pass") == (
        item("a")["previousResult"]["M"]["status"]["S"],
        item("a")["lastResult"]["M"]["status"]["S"],
    )


def test_a_test_of_mlccs_is_the_result_before_although_the_configuration_was_registered_since(
    table, clock, put, item
):
    put("a", "pass", "2026-04-01T00:00:00Z")
    table.register(registration("a", "r1"))

    result(table, clock, claim(table, clock), status="fail-test")

    assert {
        "status": {"S": "pass"},
        "testedAt": {"S": "2026-04-01T00:00:00Z"},
    } == item("a")["previousResult"]["M"]


def test_the_same_result_again_changes_nothing(table, clock, put, item):
    put("a")
    claimed = claim(table, clock)
    result(table, clock, claimed)
    before = item("a")
    clock.pass_(seconds=5)

    assert "unchanged" == result(table, clock, claimed).state
    assert before == item("a")


def test_another_result_under_a_lease_that_has_one_is_refused_and_kept(table, clock, put, item):
    put("a")
    claimed = claim(table, clock)
    result(table, clock, claimed)

    with pytest.raises(Conflict, match="another result was recorded under it"):
        result(table, clock, claimed, status="fail-build")

    stored = item("a")
    assert ("pass", "pass") == (
        stored["testStatus"]["S"],
        stored["lastResult"]["M"]["status"]["S"],
    )
    assert ["fail-build"] == [one["M"]["status"]["S"] for one in stored["lateResults"]["L"]]


def test_a_late_result_is_refused_and_kept_as_history(table, clock, put, item):
    put("a")
    late = claim(table, clock)
    clock.pass_(seconds=61)
    ours = claim(table, clock, "w2")

    for _ in range(2):
        with pytest.raises(Conflict, match="was lost") as told:
            result(table, clock, late, status="fail-build", error_message="broken")

    stored = item("a")
    assert "lateResults" in told.value.hint
    assert "running" == stored["testStatus"]["S"]
    assert ["fail-build"] == [one["M"]["status"]["S"] for one in stored["lateResults"]["L"]]
    assert "recorded" == result(table, clock, ours).state


def test_a_registration_during_a_run_wins_over_the_late_result(table, clock, put, item):
    table.register(registration("a", "r1"))
    claimed = claim(table, clock)
    assert "updated" == table.register(registration("a", "r2"))

    with pytest.raises(Conflict, match="registered again"):
        result(table, clock, claimed)

    stored = item("a")
    assert ("untested", "r2") == (stored["testStatus"]["S"], stored["registrationId"]["S"])
    assert ["a"] == [one.config_id for one in claim(table, clock).configurations]


def test_the_same_registration_again_leaves_a_lease_alone(table, clock, item):
    table.register(registration("a", "r1"))
    claimed = claim(table, clock)

    assert "unchanged" == table.register(registration("a", "r1"))
    assert "recorded" == result(table, clock, claimed).state


def test_ten_late_results_are_kept_the_newest(table, clock, put, item):
    put("a")
    leases = []
    for _ in range(12):
        leases.append(claim(table, clock))
        clock.pass_(seconds=61)
    claim(table, clock)
    for number, lost in enumerate(leases):
        with pytest.raises(Conflict):
            result(table, clock, lost, status=f"fail-s{number}")

    kept = [one["M"]["status"]["S"] for one in item("a")["lateResults"]["L"]]
    assert [f"fail-s{number}" for number in range(2, 12)] == kept


def test_late_results_at_once_are_all_kept(table, clock, put, item):
    put("a")
    late = [f"a.{number:016x}" for number in range(8)]

    def record(lease: str) -> None:
        with pytest.raises(Conflict, match="was lost"):
            record_result(table, ResultRequest("a", lease, "pass"), now=clock)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(record, late))

    assert set(late) == {one["M"]["leaseId"]["S"] for one in item("a")["lateResults"]["L"]}


def test_secrets_are_taken_out_of_messages_and_long_ones_are_cut(table, clock, put, item):
    put("a")
    secret = "hf_abcdefghijklmnopqrstuvwx0123456789"

    recorded = result(
        table,
        clock,
        claim(table, clock),
        status="fail-build",
        error_message=f"pull with {secret} failed " + "x" * 9_000,
        stage_results={"build": {"status": "fail", "errorSummary": f"token={secret}"}},
    )

    assert secret not in json.dumps(item("a"))
    assert 4_000 == len(item("a")["errorMessage"]["S"])
    assert 3 == len(recorded.warnings)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"status": "passed"}, "status"),
        ({"status": "fail-"}, "status"),
        ({"lease_id": "nonsense"}, "lease"),
        ({"lease_id": "other.0123456789abcdef"}, "another configuration's"),
        ({"config_id": ""}, "config_id"),
        ({"tier": "a b"}, "tier"),
        ({"stage_results": {"build": {"status": "ok"}}}, "stage_results.build.status"),
        ({"stage_results": {"build": "fail"}}, "stage_results.build"),
        ({"stage_results": {"Build!": {"status": "pass"}}}, "stage_results.Build!"),
        ({"stage_results": {"build": {"status": "pass", "durationS": 1}}}, "durationS"),
        (
            {"stage_results": {"build": {"status": "pass", "durationSeconds": "1"}}},
            "durationSeconds",
        ),
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_written(table, clock, put, item, more, named):
    put("a")
    claimed = claim(table, clock)
    before = item("a")

    with pytest.raises(InvalidArgument, match=named):
        result(table, clock, claimed, **more)

    assert before == item("a")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"worker": ""}, "worker"),
        ({"worker": "a\nb"}, "worker"),
        ({"lease_s": 0}, "lease_s"),
        ({"lease_s": 90_000}, "lease_s"),
        ({"count": 26}, "n is 26"),
        ({"renew": ["x"]}, "lease"),
        ({"key": "k" * 201}, "idempotency_key"),
    ],
)
def test_a_bad_claim_is_named_and_nothing_is_claimed(table, clock, put, item, more, named):
    put("a")

    with pytest.raises(InvalidArgument, match=named):
        claim(table, clock, **more)

    assert "untested" == item("a")["testStatus"]["S"]


ITEM_BYTES = 400 * 1024


def _filling(config_id: str, free: int) -> str:
    """Return a configJson that leaves so many bytes of an item that `put` writes."""
    names = ("configId", "testStatus", "lastTestTimestamp", "configJson")
    held = len("".join(names)) + len(config_id + "untested" + "1970-01-01T00:00:00Z")
    return "x" * (ITEM_BYTES - held - free)


def test_a_result_that_finds_little_room_is_recorded_and_cut(table, clock, put, item):
    """MLCC bounds no item, nor did we always."""
    put("a", configJson=_filling("a", 900))
    claimed = claim(table, clock)
    stage = {"status": "fail", "errorSummary": "y" * 900}

    recorded = result(
        table,
        clock,
        claimed,
        status="fail-build",
        error_message="z" * 900,
        stage_results={"build": stage},
    )

    stored = item("a")
    assert ("recorded", "fail-build") == (recorded.state, stored["testStatus"]["S"])
    assert "near DynamoDB's limit" in recorded.warnings[0]
    assert f"{'z' * 191}... (cut)" == stored["errorMessage"]["S"]
    assert set() == {"stageResults", "leaseId"} & set(stored)


def test_a_configuration_without_room_for_a_lease_keeps_nobody_from_the_others(
    table, clock, put, item
):
    put("full", configJson=_filling("full", 10))
    put("a")

    claimed = claim(table, clock, count=2)
    alone = claim(table, clock)

    assert ["a"] == [one.config_id for one in claimed.configurations]
    assert ("full has no room for a lease; register it smaller",) == claimed.warnings
    assert (0, claimed.warnings) == (alone.count, alone.warnings)


def test_a_benchmark_sets_its_three_fields_and_no_other(table, clock, put, item):
    put("a", "pass", "2026-04-01T00:00:00Z")
    before = item("a")

    record_benchmark(table, "a", "bmk-1", "completed", now=clock)

    assert before | {
        "lastBenchmarkRunId": {"S": "bmk-1"},
        "lastBenchmarkTimestamp": {"S": "2026-05-01T10:00:00Z"},
        "lastBenchmarkStatus": {"S": "completed"},
    } == item("a")


def test_an_absent_configuration_is_not_made_by_recording(table, clock, clients, ci_table_name):
    with pytest.raises(NotFound, match="no configuration 'a'"):
        record_benchmark(table, "a", "bmk-1", "failed", now=clock)
    with pytest.raises(NotFound, match="no configuration 'a'"):
        record_result(table, ResultRequest("a", "a.0123456789abcdef", "pass"), now=clock)

    assert 0 == clients.dynamodb.scan(TableName=ci_table_name)["Count"]


@pytest.mark.parametrize(
    ("config_id", "run_id", "status"),
    [("", "r", "failed"), ("a", "", "failed"), ("a", "r", "done")],
)
def test_a_bad_benchmark_is_refused(table, clock, put, item, config_id, run_id, status):
    put("a")
    before = item("a")

    with pytest.raises(InvalidArgument):
        record_benchmark(table, config_id, run_id, status, now=clock)

    assert before == item("a")


def test_a_table_that_is_not_there_is_named(aws_env, clock):
    directory = BotoDirectory()
    table = directory.open(region="us-west-2", profile="").ci_table("nowhere")

    with pytest.raises(NotFound, match="'nowhere'"):
        claim(table, clock)
    with pytest.raises(NotFound, match="'nowhere'"):
        record_benchmark(table, "a", "r", "failed", now=clock)

    directory.close()


def test_what_a_worker_left_behind_is_claimed_before_what_waits(table, clock, put):
    put("left", "fail-build", "2026-04-01T00:00:00Z")
    claim(table, clock, stale=True)
    for number in range(5):
        put(f"c{number}")
    clock.pass_(seconds=61)

    assert ["left"] == [one.config_id for one in claim(table, clock, "w2").configurations]


def test_a_lease_that_was_renewed_since_it_was_read_is_not_taken(table, clock, put, item):
    """The index may show a lease as it was; the conditional write decides."""
    put("a")
    held = claim(table, clock).configurations[0].lease_id
    clock.pass_(seconds=61)
    read = table.get("a")
    claim(table, clock, count=0, renew=[held])
    before = item("a")

    assert None is table.leases.take(read, new_lease("a", "w2", "2027-01-01T00:00:00Z"), now="now")
    assert before == item("a")


def test_what_is_claimed_is_what_was_registered_last(table, clock):
    """The index may show an older registration, whose test would tell nothing of the new one."""
    table.register(registration("a", "r1"))
    read = table.get("a")
    table.register(registration("a", "r2"))

    taken = table.leases.take(read, new_lease("a", "w1", "2027-01-01T00:00:00Z"), now="now")

    assert ("r2", "running") == (taken.registration_id, taken.test_status)


def test_mlccs_own_registration_during_a_run_wins_although_it_knows_no_lease(
    table, clock, put, set_text, item
):
    put("a")
    claimed = claim(table, clock)
    held = claimed.configurations[0].lease_id
    set_text("a", testStatus="untested", configJson='{"modelName":"new"}')

    with pytest.raises(Conflict, match="registered again"):
        result(table, clock, claimed)
    answer = claim(table, clock, count=0, renew=[held], release=[held])
    anew = claim(table, clock, "w2")

    assert (held, held) == answer.lost
    assert ("new", "w2") == (
        anew.configurations[0].model_name,
        anew.configurations[0].lease_owner,
    )
    assert "untested" == item("a")["leasedFrom"]["S"]


def test_a_result_for_an_item_that_mlcc_wrote_anew_is_late(table, clock, put, item):
    put("a")
    claimed = claim(table, clock)
    put("a", "pass", "2026-05-01T10:00:10Z")

    with pytest.raises(Conflict):
        result(table, clock, claimed, status="fail-test")

    assert "pass" == item("a")["testStatus"]["S"]
    assert ["fail-test"] == [one["M"]["status"]["S"] for one in item("a")["lateResults"]["L"]]


def test_a_claim_that_is_withdrawn_gives_back_what_it_had(table, clock, put, item):
    put("a")
    put("b")

    def withdrawn() -> bool:
        return "running" in {item(name)["testStatus"]["S"] for name in "ab"}

    with pytest.raises(Cancelled):
        claim(table, clock, count=2, call=Call(cancelled=withdrawn))

    assert {"untested"} == {item(name)["testStatus"]["S"] for name in "ab"}


def test_a_claim_that_is_withdrawn_at_its_very_end_gives_back_what_it_had(table, clock, put, item):
    put("a")

    with pytest.raises(Cancelled):
        claim(table, clock, call=Call(cancelled=lambda: item("a")["testStatus"]["S"] == "running"))

    assert "untested" == item("a")["testStatus"]["S"]


def test_what_is_claimed_is_answered_although_more_cannot_be(
    table, clock, put, item, clients, ci_table_name
):
    """A claimed configuration that no answer named would wait for its lease to run out."""
    put("a")
    put("b")
    gone: list[str] = []

    def somebody_deletes_the_table_after_the_first() -> bool:
        if not gone and "running" in {item(name)["testStatus"]["S"] for name in "ab"}:
            gone.append(ci_table_name)
            clients.dynamodb.delete_table(TableName=ci_table_name)
        return False

    call = Call(cancelled=somebody_deletes_the_table_after_the_first)
    claimed = claim(table, clock, count=2, call=call)

    assert 1 == claimed.count
    assert (
        f"not all could be claimed: there is no CI table {ci_table_name!r}" in (claimed.warnings[0])
    )


def test_a_claim_without_time_is_an_error_and_not_an_empty_answer(table, clock, put):
    put("a")

    with pytest.raises(DeadlineExceeded, match="time ran out"):
        claim(table, clock, call=Call(deadline=time.monotonic() + 5))
