"""A registration whose CI record is refused: what it was, what is recorded, what completes it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from sandbox import sample

pytestmark = pytest.mark.anyio

CALL = {"ci": True, "sagemaker": "yes"}


@pytest.fixture
def entries(home):
    return lambda: json.loads((home / "registry.json").read_text("utf-8"))["entries"]


async def _completed(client, refused, entries, **more):
    """Check what a refusal said was done, and that the repeat adds the record and no more."""
    [entry] = entries()
    assert entry["id"] == refused["done"]["id"]
    assert entry["modelPackageArn"] == refused["done"]["modelPackage"]["arn"]
    assert "again with the same arguments completes it" in refused["error"]["hint"]
    repeated = await client.ok("register_deployment", **CALL, **more)
    assert [entry["id"]] == [each["id"] for each in entries()]
    assert (entry["id"], "unchanged", "created") == (
        repeated["id"],
        repeated["modelPackage"]["state"],
        repeated["ci"]["state"],
    )


async def test_an_absent_table_is_not_found_until_it_is_made(connect, aws, entries):
    name = "made-later"
    with suppress(aws["dynamodb"].exceptions.ResourceNotFoundException):
        aws["dynamodb"].delete_table(TableName=name)
    async with connect() as client:
        refused = await client.refused("register_deployment", **CALL, ci_table=name)
        sample.create_ci_table(aws["dynamodb"], name)
        await _completed(client, refused, entries, ci_table=name)

    assert "not_found" == refused["error"]["code"]
    assert "ci-table create" in refused["error"]["hint"]


async def test_a_missing_permission_is_named(connect, box, front_environment, entries):
    box.control.fail("UpdateItem", "deny", service="dynamodb", times=-1)
    async with connect(environment=front_environment) as client:
        refused = await client.refused("register_deployment", **CALL)
    async with connect() as client:
        await _completed(client, refused, entries)

    assert "permission_denied" == refused["error"]["code"]
    assert "dynamodb:UpdateItem" == refused["action"]
    assert refused["resource"].endswith("table/ci-e2e")


async def test_a_table_with_another_key_is_a_failed_precondition(connect, aws, entries):
    with suppress(aws["dynamodb"].exceptions.ResourceInUseException):
        aws["dynamodb"].create_table(
            TableName="other-key",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    async with connect() as client:
        refused = await client.refused("register_deployment", **CALL, ci_table="other-key")
        await _completed(client, refused, entries)

    assert "precondition_failed" == refused["error"]["code"]
    assert "key" in refused["error"]["message"]


async def test_a_configuration_too_large_for_an_item_is_an_invalid_argument(connect, entries):
    """Made smaller, the deployment is another one; the same call finds what it recorded."""
    large = {f"NAME_{number}": "x" * 4_000 for number in range(100)}
    smaller = {"NAME_0": "x"}
    async with connect() as client:
        refused = await client.refused("register_deployment", **CALL, parameters=large)
        again = await client.refused("register_deployment", **CALL, parameters=large)
        done = await client.ok("register_deployment", **CALL, parameters=smaller)
        repeated = await client.ok("register_deployment", **CALL, parameters=smaller)

    first, second = entries()
    assert "invalid_argument" == refused["error"]["code"]
    assert "bytes" in refused["error"]["message"]
    assert "to a new entry where the deployment itself is another" in refused["error"]["hint"]
    assert (first["id"], first["id"]) == (refused["done"]["id"], again["done"]["id"])
    assert (second["id"], "created") == (done["id"], done["ci"]["state"])
    assert (second["id"], "unchanged") == (repeated["id"], repeated["ci"]["state"])
