"""Datasets and evaluators in a hub, through a real client and a server started with `--hub`."""

from __future__ import annotations

import json

import pytest
from mcp.types import ResourceTemplateReference

pytestmark = pytest.mark.anyio

POLICIES = ("register", "read-only")

HUB = "team-hub"
FLAGS = ("--toolsets", "core,registry", "--hub", HUB)
ARN = f"arn:aws:sagemaker:us-west-2:123456789012:hub-content/{HUB}"
DATA = "s3://support-bot-data/faq/train.jsonl"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"


@pytest.fixture
def hub(aws, box):
    """A hub in service."""
    aws["sagemaker"].create_hub(HubName=HUB, HubDescription="what the team shares")
    box.control.advance(60)
    return HUB


def stored(home, name):
    [entry] = json.loads((home / name).read_text("utf-8"))
    return entry


async def test_a_dataset_goes_to_home_and_hub_and_is_listed_as_one(connect, home, hub, aws):
    async with connect() as client:
        made = await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="dpo")
        again = await client.ok("register_dataset", name="faq", s3_uri=DATA)
        page = await client.ok("list_datasets")
        (home / "datasets.json").unlink()
        shared = await client.ok("list_datasets", name="faq")

    arn = f"{ARN}/DataSet/faq/1.0.0"
    assert {"state": "created", "hub": hub, "version": "1.0.0", "arn": arn} == made["hub"]
    assert "Dataset faq was registered: version 1.0.0; in hub team-hub: created." == made["message"]
    assert ("unchanged", "unchanged") == (again["local"]["state"], again["hub"]["state"])
    content = aws["sagemaker"].describe_hub_content(
        HubName=hub, HubContentType="DataSet", HubContentName="faq"
    )
    assert ("Available", arn) == (content["HubContentStatus"], content["HubContentArn"])
    assert [("faq", "both")] == [(each["name"], each["origin"]) for each in page["datasets"]]
    [found] = shared["datasets"]
    assert ("hub", DATA, "dpo", arn) == tuple(
        found[key] for key in ("origin", "s3Uri", "technique", "arn")
    )
    assert "123456789012" == shared["aws"]["account"]


async def test_an_evaluator_is_updated_in_home_and_hub_and_listed_with_its_history(
    connect, home, hub
):
    said = {"name": "reward", "type": "lambda", "technique": "rlvr"}
    async with connect() as client:
        await client.ok("register_evaluator", arn=LAMBDA, **said)
        updated = await client.ok("register_evaluator", arn=f"{LAMBDA}:2", **said)
        page = await client.ok("list_evaluators", name="reward")
        plan = await client.refused("remove_record", evaluator="reward")

    entry = stored(home, "evaluators.json")
    arns = [f"{ARN}/JsonDoc/reward/{version}" for version in ("1.0.0", "1.1.0")]
    assert ("updated", arns[1], arns[1]) == (
        updated["hub"]["state"],
        updated["hub"]["arn"],
        entry["arn"],
    )
    [found] = page["evaluators"]
    assert ("both", f"{LAMBDA}:2", "1.1.0") == (
        found["origin"],
        found["arn"],
        found["hubVersion"],
    )
    assert [(LAMBDA, arns[0])] == [(each["arn"], each["hubArn"]) for each in found["history"]]
    assert arns == [each["name"] for each in plan["plan"]["stays"] if each["what"] == "hub content"]


async def test_a_hub_that_is_not_there_fails_nothing(connect, home):
    async with connect() as client:
        made = await client.ok("register_dataset", name="faq", s3_uri=DATA)
        page = await client.ok("list_datasets")

    assert ("created", "failed") == (made["local"]["state"], made["hub"]["state"])
    sentence = "Hub registration failed (non-fatal) — local registry is the primary record"
    assert [sentence, made["hub"]["warning"]] == made["warnings"]
    assert "arn" not in made["hub"]
    assert None is stored(home, "datasets.json")["arn"]
    assert (1, False) == (page["count"], page["complete"])
    assert HUB in page["warnings"][0]


async def test_evaluators_are_filtered_and_what_is_not_there_is_answered_with_what_is(
    connect, home, hub
):
    model = {"type": "model", "arn": "s3://models/p/", "technique": "rlaif"}
    async with connect() as client:
        await client.ok(
            "register_evaluator", name="code", type="lambda", arn=LAMBDA, technique="rlvr"
        )
        await client.ok("register_evaluator", name="taste", **model)
        models = await client.ok("list_evaluators", type="model")
        full = await client.ok("list_evaluators", technique="rlvr", detail="full")
        near = await client.raw("list_evaluators", {"name": "tast"})
        bad = await client.refused("list_evaluators", type="http")

    assert ["taste"] == [each["name"] for each in models["evaluators"]]
    assert LAMBDA == full["evaluators"][0]["entry"]["arn_or_uri"]
    assert ("not_found", ["taste"]) == (
        near.structured_content["error"]["code"],
        near.structured_content["candidates"],
    )
    assert "type" in bad["error"]["message"]


async def test_names_that_only_the_hub_has_are_completed_from_there(connect, home, hub):
    async def completed(client, kind, typed):
        ref = ResourceTemplateReference(type="ref/resource", uri=f"registry://{kind}/{{name}}")
        for _ in range(5):  # a busy machine may take longer than a completion waits
            found = await client.client.complete(ref, {"name": "name", "value": typed})
            if found.completion.values:
                break
        return found.completion.values

    said = {"type": "lambda", "technique": "rlvr", "arn": LAMBDA}
    async with connect() as client:
        await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="dpo")
        await client.ok("register_evaluator", name="reward", **said)
        (home / "datasets.json").unlink()
        (home / "evaluators.json").unlink()
        datasets = await completed(client, "datasets", "fa")
        evaluators = await completed(client, "evaluators", "re")
        none = await completed(client, "datasets", "zz")

    assert (["faq"], ["reward"], []) == (datasets, evaluators, none)
