"""`list_datasets` through a real client, in both eras."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "read-only")

NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-west-2"}
FLAGS = ("--toolsets", "core,registry")


def entry(name, *versions, technique="sft", **more):
    return {
        "name": name,
        "s3_uri": f"s3://team-data/{name}/train.jsonl",
        "format": "jsonl",
        "technique": technique,
        "row_count": 52002,
        "column_schema": '{"prompt":"string"}',
        "project_name": "support-bot",
        "arn": None,
        "registered_at": "2026-05-01T10:00:00.000000Z",
        "latest_version": versions[-1],
        "content_hash": "5f39a533d23e57f6",
        "versions": [
            {
                "version": version,
                "s3_uri": f"s3://team-data/{name}/train.jsonl",
                "hash": f"{place:016x}",
                "technique": technique,
                "rows": 52000 + place,
                "registered_at": "2026-05-01T10:00:00.000000Z",
            }
            for place, version in enumerate(versions, start=1)
        ],
        **more,
    }


@pytest.fixture
def stored(home):
    """Writes the home's datasets.json."""

    def write(*entries):
        home.mkdir(parents=True)
        (home / "datasets.json").write_text(json.dumps(entries), "utf-8")

    return write


async def test_datasets_are_listed_without_credentials(connect, stored):
    stored(entry("faq", "1.0.0", "1.1.0"), entry("tone", "1.0.0", technique="dpo"))
    async with connect(*FLAGS, environment=NOWHERE) as client:
        page = await client.ok("list_datasets")
        tuned = await client.ok("list_datasets", technique="dpo")

    assert ["faq", "tone"] == [each["name"] for each in page["datasets"]]
    assert ("1.1.0", 2, 52002, "local") == tuple(
        page["datasets"][0][key] for key in ("version", "ordinal", "rowCount", "origin")
    )
    assert ["tone"] == [each["name"] for each in tuned["datasets"]]
    assert (1, True) == (tuned["count"], tuned["complete"])


@pytest.mark.parametrize("reference", ["faq@v1", "faq@v1.0.0"])
async def test_one_version_is_shown_by_ordinal_and_by_number(connect, stored, reference):
    stored(entry("faq", "1.0.0", "1.1.0"))
    async with connect() as client:
        page = await client.ok("list_datasets", name=reference)

    [found] = page["datasets"]
    assert ("1.0.0", 1, 52001) == (found["version"], found["ordinal"], found["rowCount"])
    assert [(2, "1.1.0"), (1, "1.0.0")] == [
        (each["ordinal"], each["version"]) for each in found["versions"]
    ]


async def test_what_is_registered_is_listed(connect):
    async with connect() as client:
        made = await client.ok(
            "register_dataset", name="faq", s3_uri="s3://support-bot-data/faq/train.jsonl"
        )
        page = await client.ok("list_datasets", name="faq", detail="full")

    [found] = page["datasets"]
    assert {key: made[key] for key in ("name", "version", "ordinal", "s3Uri", "rowCount")} == {
        key: found[key] for key in ("name", "version", "ordinal", "s3Uri", "rowCount")
    }
    assert made["contentHash"] == found["versions"][0]["contentHash"]
    assert "support-bot" == found["entry"]["project_name"]
    assert "versions" not in found["entry"]


async def test_what_is_not_there_is_answered_with_what_is(connect, stored):
    stored(entry("faq", "1.0.0", "1.1.0"))
    async with connect() as client:
        version = await client.raw("list_datasets", {"name": "faq@v3"})
        name = await client.raw("list_datasets", {"name": "fag"})

    assert (True, "not_found") == (version.is_error, version.structured_content["error"]["code"])
    assert [
        {"ordinal": 1, "version": "1.0.0"},
        {"ordinal": 2, "version": "1.1.0"},
    ] == version.structured_content["candidates"]
    assert ["faq"] == name.structured_content["candidates"]
    assert "faq" in name.structured_content["error"]["hint"]


async def test_pages_hold_what_is_asked_for_and_stay_short(connect, stored):
    stored(*(entry(f"customer-questions-{n:04}", "1.0.0", "1.1.0") for n in range(45)))
    seen, cursor, sizes = [], "", []
    async with connect() as client:
        while True:
            page = await client.ok("list_datasets", cursor=cursor)
            seen += [each["name"] for each in page["datasets"]]
            sizes.append(len(json.dumps(page, separators=(",", ":"))))
            cursor = page.get("nextCursor", "")
            if not cursor:
                break
        full = await client.ok("list_datasets", detail="full")

    assert [f"customer-questions-{n:04}" for n in range(45)] == seen
    assert max(sizes) < 6000  # some 3 characters a token: 2,000 tokens
    assert 10 == full["count"]
    assert len(json.dumps(full, separators=(",", ":"))) < 60_000


@pytest.mark.parametrize("content", ["[{", '{"name": "x"}', "[1]"])
async def test_a_file_that_is_no_list_is_named(connect, home, content):
    home.mkdir(parents=True)
    (home / "datasets.json").write_text(content, "utf-8")
    async with connect() as client:
        refused = await client.refused("list_datasets")

    assert "corrupt_registry" == refused["error"]["code"]
    assert "datasets.json" in refused["error"]["message"]


async def test_no_file_is_no_dataset(connect):
    async with connect() as client:
        page = await client.ok("list_datasets")

    assert ([], 0, True) == (page["datasets"], page["count"], page["complete"])


async def test_a_bad_argument_is_named(connect, stored):
    stored(entry("faq", "1.0.0"))
    async with connect() as client:
        for arguments, named in (
            ({"technique": "lora"}, "technique"),
            ({"limit": 101}, "limit"),
            ({"cursor": "nonsense"}, "cursor"),
            ({"names": "faq"}, "name"),
        ):
            refused = await client.refused("list_datasets", **arguments)
            assert "invalid_argument" == refused["error"]["code"]
            assert named in refused["error"]["message"] + refused["error"]["hint"]
