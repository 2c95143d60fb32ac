"""`list_models` through a real client, in both eras."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "read-only")

FLAGS = ("--toolsets", "core,adapters")


async def test_a_registered_base_is_what_its_adapters_are_linked_to(connect):
    async with connect() as client:
        await client.ok("register_deployment")
        models = await client.ok("list_models")
        adapters = await client.ok("list_adapters")

    (model,) = models["models"]
    assert {model["arn"]} == {each["parentModelVersionArn"] for each in adapters["adapters"]}
    assert ("transformers-vllm", "Qwen/Qwen3-4B") == (model["deploymentConfig"], model["modelName"])
    assert (1, True, "support-bot") == (models["count"], models["complete"], models["projectName"])
    assert "123456789012" == models["aws"]["account"]


async def test_pages_go_on_and_full_detail_has_the_metadata(connect):
    async with connect() as client:
        for notes in ("one", "two"):
            await client.ok("register_deployment", notes=notes, base_only=True)
        first = await client.ok("list_models", project_name="support-bot", limit=1, detail="full")
        rest = await client.ok(
            "list_models",
            project_name="support-bot",
            limit=1,
            detail="full",
            cursor=first["nextCursor"],
        )

    assert "call again with cursor=nextCursor for the rest" == first["nextStep"]
    assert [2, 1] == [page["models"][0]["version"] for page in (first, rest)]
    assert "support-bot" == rest["models"][0]["metadata"]["projectName"]
    assert "nextCursor" not in rest


async def test_a_project_that_was_never_registered_is_not_found(connect):
    async with connect() as client:
        refused = await client.refused("list_models")

    assert "not_found" == refused["error"]["code"]
    assert "support-bot" in refused["error"]["message"]
