"""`query_ci_untested` through a real client and a real server process, in both eras."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("ci",)

EPOCH = "1970-01-01T00:00:00Z"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def put(aws, ci_table):
    """Write one item as MLCC's own scripts do: no registration id."""

    def write(config_id, status="untested", hours_ago=None, *, config=None, **changes):
        known = {
            "projectName": "chat",
            "deploymentConfig": "transformers-vllm",
            "modelName": "Qwen/Qwen3-4B",
            "instanceType": "ml.g5.xlarge",
            "awsRegion": "us-west-2",
            "deploymentTarget": "realtime-inference",
        }
        tested = EPOCH if hours_ago is None else instant(hours_ago)
        item = {
            "configId": config_id,
            "configJson": json.dumps(known) if config is None else config,
            "testStatus": status,
            "lastTestTimestamp": tested,
            "deploymentConfig": "transformers-vllm",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "baseImageVersion": "v0.8.5",
            "buildStrategy": "codebuild-submit",
            "projectName": "chat",
            "createdAt": "2026-01-01T00:00:00Z",
        } | changes
        typed = {name: {"S": value} for name, value in item.items() if value is not None}
        typed["schemaVersion"] = {"N": "1"}
        aws["dynamodb"].put_item(TableName=ci_table, Item=typed)
        return config_id

    return write


def instant(hours_ago):
    return (datetime.now(UTC) - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def tested(put):
    """One untested, and several that were tested at various times, some of them not to be shown."""
    put("running-long-ago", "running", 900)
    put("passed-today", "pass", 2)
    put("passed-before", "pass", 30)
    put("failed-build", "fail-build", 50)
    put("failed-later-stage", "fail-adapter_test", 40)
    put("failed-today", "fail-test", 23)
    put("never-tested")


def ids(page):
    return [each["configId"] for each in page["configurations"]]


async def test_what_was_registered_for_ci_waits_to_be_tested(connect, aws, ci_table):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        page = await client.ok("query_ci_untested")

    [shown] = page["configurations"]
    item = aws["dynamodb"].get_item(
        TableName=ci_table, Key={"configId": {"S": made["ci"]["configId"]}}
    )["Item"]
    config = json.loads(item["configJson"]["S"])
    assert {
        "configId": made["ci"]["configId"],
        "projectName": "support-bot",
        "deploymentConfig": "transformers-vllm",
        "modelName": "Qwen/Qwen3-4B",
        "instanceType": "ml.g5.2xlarge",
        "awsRegion": config["awsRegion"],
        "deploymentTarget": "realtime-inference",
        "baseImage": "vllm/vllm-openai:v0.8.5",
        "baseImageVersion": "v0.8.5",
        "buildStrategy": "codebuild-submit",
        "testStatus": "untested",
        "lastTestTimestamp": EPOCH,
        "createdAt": item["createdAt"]["S"],
    } == shown
    assert (1, True) == (page["count"], page["complete"])
    assert ("123456789012", "us-west-2") == (page["aws"]["account"], page["aws"]["region"])


async def test_full_detail_adds_the_parsed_record(connect, aws, ci_table):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        [shown] = (await client.ok("query_ci_untested", detail="full"))["configurations"]

    item = aws["dynamodb"].get_item(
        TableName=ci_table, Key={"configId": {"S": made["ci"]["configId"]}}
    )["Item"]
    assert json.loads(item["configJson"]["S"]) == shown["config"]
    assert made["id"] == shown["registrationId"]


async def test_build_strategy_and_named_table_are_those_of_the_call(connect, aws, ci_table, home):
    async with connect("--ci-table", "no-such-table") as client:
        made = await client.ok(
            "register_deployment", ci=True, ci_table=ci_table, build_strategy="local-docker"
        )
        page = await client.ok("query_ci_untested", ci_table=ci_table)

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert (ci_table, "created") == (made["ci"]["table"], made["ci"]["state"])
    assert "local-docker" == entry["buildStrategy"]
    assert ["local-docker"] == [each["buildStrategy"] for each in page["configurations"]]


async def test_a_configuration_registered_again_is_untested_again(connect, aws, ci_table):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        aws["dynamodb"].update_item(
            TableName=ci_table,
            Key={"configId": {"S": made["ci"]["configId"]}},
            UpdateExpression="SET testStatus = :status",
            ExpressionAttributeValues={":status": {"S": "pass"}},
        )
        between = await client.ok("query_ci_untested")
        await client.ok("register_deployment", ci=True, notes="another image")
        after = await client.ok("query_ci_untested")

    assert ([], [made["ci"]["configId"]]) == (ids(between), ids(after))


async def test_an_item_of_mlccs_own_is_shown_with_defaults_for_what_it_lacks(connect, put):
    put("older", buildStrategy=None, projectName=None, baseImageVersion=None, createdAt=None)
    put("pasted", config='{"modelName": "a "quoted" name"}')
    async with connect() as client:
        page = await client.ok("query_ci_untested", detail="full")

    older, pasted = sorted(page["configurations"], key=lambda each: each["configId"])
    assert ("codebuild-submit", "chat", "") == tuple(
        older[each] for each in ("buildStrategy", "projectName", "baseImageVersion")
    )
    assert "registrationId" not in older
    assert ("transformers-vllm", "") == (pasted["deploymentConfig"], pasted["modelName"])
    assert "config" not in pasted


async def test_only_the_untested_are_listed_unless_stale_ones_are_wanted(connect, tested):
    async with connect() as client:
        untested = await client.ok("query_ci_untested")
        stale = await client.ok("query_ci_untested", include_stale=True)

    assert ["never-tested"] == ids(untested)
    assert ["never-tested", "failed-build", "failed-later-stage", "passed-before"] == ids(stale)
    assert "untested or stale" in stale["message"]


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (1, 6),
        ("36", 3),
        (100, 1),
    ],
)
async def test_how_long_ago_is_stale_can_be_said(connect, tested, hours, found):
    async with connect() as client:
        page = await client.ok("query_ci_untested", include_stale=True, stale_after_hours=hours)

    assert found == page["count"] == len(page["configurations"])


async def test_they_can_be_counted_alone(connect, tested, put):
    put("other-project", projectName="search")
    async with connect() as client:
        counts = [
            await client.ok("query_ci_untested", count_only=True, **filters)
            for filters in ({}, {"include_stale": True}, {"project_name": "search"})
        ]

    assert [2, 5, 1] == [each["count"] for each in counts]
    assert all([] == each.get("configurations", []) and each["complete"] for each in counts)


async def test_filters_are_exact(connect, put):
    put("one", projectName="search", deploymentConfig="http-flask")
    put("two", projectName="search")
    put("three", projectName="searching", deploymentConfig="http-flask")
    async with connect() as client:
        project = await client.ok("query_ci_untested", project_name="search")
        config = await client.ok("query_ci_untested", deployment_config="http-flask")
        both = await client.ok(
            "query_ci_untested", project_name="search", deployment_config="http-flask"
        )
        none = await client.ok("query_ci_untested", project_name="nobody")

    assert {"one", "two"} == set(ids(project))
    assert {"one", "three"} == set(ids(config))
    assert ["one"] == ids(both)
    assert ([], True) == (ids(none), none["complete"])


async def test_an_empty_table_says_that_nothing_waits(connect):
    async with connect() as client:
        page = await client.ok("query_ci_untested")

    assert ([], 0, True) == (page["configurations"], page["count"], page["complete"])
    assert "nothing to test" in page["message"]


async def test_pages_hold_every_configuration_once(connect, put):
    wanted = [put(f"{number:016x}") for number in range(7)]
    wanted += [put(f"stale-{hours}", "pass", hours) for hours in (90, 60, 30)]
    seen, cursor, calls = [], "", 0
    async with connect() as client:
        while calls == 0 or cursor:
            page = await client.ok("query_ci_untested", include_stale=True, limit=4, cursor=cursor)
            seen += ids(page)
            assert (not page["complete"]) == ("nextCursor" in page) == ("nextStep" in page)
            cursor = page.get("nextCursor", "")
            calls += 1

    assert sorted(wanted) == sorted(seen)
    assert wanted[7:] == seen[7:]
    assert 3 == calls


async def test_a_cursor_of_other_filters_is_refused(connect, put):
    for number in range(3):
        put(f"{number:016x}")
    async with connect() as client:
        cursor = (await client.ok("query_ci_untested", limit=1))["nextCursor"]
        refused = [
            await client.refused("query_ci_untested", limit=1, cursor=cursor, **other)
            for other in (
                {"include_stale": True},
                {"project_name": "chat"},
                {"ci_table": "another-table"},
            )
        ]

    assert ["invalid_argument"] * 3 == [each["error"]["code"] for each in refused]
    assert all("cursor" in each["error"]["message"] for each in refused)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"includeStale": True}, "include_stale"),
        ({"status": "untested"}, "status"),
        ({"include_stale": "perhaps"}, "include_stale"),
        ({"stale_after_hours": -1}, "stale_after_hours"),
        ({"stale_after_hours": "long"}, "stale_after_hours"),
        ({"stale_after_hours": 10**9, "include_stale": True}, "stale_after_hours"),
        ({"limit": 101}, "limit"),
        ({"detail": "some"}, "detail"),
        ({"cursor": "none of ours"}, "cursor"),
        ({"region": "no such region"}, "region"),
    ],
)
async def test_a_bad_argument_is_named(connect, arguments, named):
    async with connect() as client:
        refused = await client.refused("query_ci_untested", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]


@pytest.mark.parametrize("count_only", [False, True])
async def test_a_table_that_is_missing_is_not_found(connect, count_only):
    async with connect() as client:
        refused = await client.refused(
            "query_ci_untested", ci_table="no-such-table", count_only=count_only
        )

    assert "not_found" == refused["error"]["code"]
    assert "no-such-table" in refused["error"]["message"]


async def test_the_table_of_the_call_comes_before_that_of_the_settings(connect, put):
    put("0" * 16)
    async with connect("--ci-table", "no-such-table") as client:
        refused = await client.refused("query_ci_untested")
        page = await client.ok("query_ci_untested", ci_table="ci-e2e")

    assert "not_found" == refused["error"]["code"]
    assert 1 == page["count"]


async def test_the_table_is_mlccs_where_nothing_names_another(connect, box):
    unnamed = box.environment() | {"CI_TABLE_NAME": ""}
    async with connect(environment=unnamed) as client:
        refused = await client.refused("query_ci_untested")

    assert "not_found" == refused["error"]["code"]
    assert "'mlcc-ci-table'" in refused["error"]["message"]


async def test_the_tables_region_can_be_set_apart_from_the_calls(connect, put):
    put("0" * 16)
    async with connect("--ci-region", "us-west-2") as client:
        page = await client.ok("query_ci_untested", region="eu-west-1")

    assert (1, "us-west-2") == (page["count"], page["aws"]["region"])


async def test_without_credentials_nothing_is_queried(connect):
    async with connect(environment=NOWHERE, folder=None) as client:
        refused = await client.refused("query_ci_untested", region="us-west-2")

    assert "credentials" == refused["error"]["code"]


async def test_without_a_region_the_setting_is_asked_for(connect, box, tmp_path):
    regionless = {k: v for k, v in box.environment().items() if "REGION" not in k}
    async with connect(environment=regionless, folder=tmp_path) as client:
        refused = await client.refused("query_ci_untested")

    assert "not_configured" == refused["error"]["code"]
    assert "AWS_REGION" in refused["error"]["hint"]


TABLE_ARN = "arn:aws:dynamodb:us-west-2:123456789012:table/ci-e2e"


@pytest.mark.parametrize(
    ("kind", "code", "retryable"),
    [
        ("deny", "permission_denied", False),
        ("throttle", "throttled", True),
        ("unknown_key", "credentials", False),
    ],
)
async def test_a_refusal_of_the_table_is_explained(
    connect, box, front_environment, kind, code, retryable
):
    if kind == "unknown_key":
        box.control.change_settings(denied_keys=[front_environment["AWS_ACCESS_KEY_ID"]])
    else:
        box.control.fail("Query", kind, service="dynamodb", times=-1)
    async with connect(environment=front_environment) as client:
        refused = await client.refused("query_ci_untested")

    assert (code, retryable) == (refused["error"]["code"], refused["error"]["retryable"])
    if code == "permission_denied":
        index = f"{TABLE_ARN}/index/testStatus-lastTestTimestamp-index"
        assert ("dynamodb:Query", index) == (refused["action"], refused["resource"])


async def test_the_working_folder_gives_the_region_that_nothing_else_gives(connect, box):
    environment = {
        name: value for name, value in box.environment().items() if not name.endswith("_REGION")
    }
    async with connect(environment=environment) as client:
        await client.ok("register_deployment", ci=True)
        shown = await client.ok("query_ci_untested")

    assert 1 == shown["count"]
    assert "us-west-2" == shown["aws"]["region"]
