"""`audit_deployments` through a real client, in both eras."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "read-only")

FLAGS = ("--toolsets", "core,registry")


async def test_what_was_registered_is_compared_with_what_runs(connect, endpoint):
    async with connect() as client:
        before = await client.ok("audit_deployments")
        entry = await client.ok("register_deployment")
        after = await client.ok("audit_deployments", project_name="support-bot")

    assert [(endpoint, "unregistered")] == [
        (each["endpointName"], each["state"]) for each in before["endpoints"]
    ]
    (audited,) = after["endpoints"]
    assert (endpoint, "drifted", [entry["id"]]) == (
        audited["endpointName"],
        audited["state"],
        audited["deployments"],
    )
    missing = {each["path"] for each in audited["drift"] if "running" not in each}
    assert {
        "/deployment/icList/long-context",
        "/deployment/icList/faq-sft",
        "/deployment/icList/tone-dpo",
    } == missing


async def test_without_credentials_the_cause_is_told(connect):
    surroundings = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-west-2"}
    async with connect(*FLAGS, environment=surroundings) as client:
        refused = await client.refused("audit_deployments")

    assert "credentials" == refused["error"]["code"]
