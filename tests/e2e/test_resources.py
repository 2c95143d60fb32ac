"""Resources, prompts and completions through a real client, in both eras."""

from __future__ import annotations

import json

import pytest
from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, PromptReference, ResourceTemplateReference

pytestmark = pytest.mark.anyio

POLICIES = ("register", "rollout", "ci", "read-only")

FLAGS = ("--toolsets", "core,registry,ci,adapters")
DATA = "s3://support-bot-data/faq/train.jsonl"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"
ADAPTERS = "registry://projects/support-bot/adapters"


async def read(caller, uri):
    [contents] = (await caller.client.read_resource(uri)).contents
    assert "application/json" == contents.mime_type
    return json.loads(contents.text)


async def refused(caller, uri):
    with pytest.raises(MCPError) as error:
        await caller.client.read_resource(uri)
    assert uri == error.value.error.data["uri"]
    return error.value.error


async def completed(caller, ref, name, typed="", **chosen):
    """Return what is offered; who typed too fast for a busy machine types again."""
    kind = (
        ResourceTemplateReference(type="ref/resource", uri=ref)
        if "://" in ref
        else PromptReference(type="ref/prompt", name=ref)
    )
    for _ in range(5):
        answer = await caller.client.complete(
            kind, {"name": name, "value": typed}, context_arguments=chosen or None
        )
        if answer.completion.values:
            break
    return answer.completion.values


async def test_a_deployment_reads_as_its_tool_shows_it(connect):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True, sagemaker="yes")
        shown = await read(client, f"registry://deployments/{made['id']}")
        told = await client.ok("get_deployment", id=made["id"])
        near = await refused(client, f"registry://deployments/{made['id'][:7]}")
        found = await completed(client, "registry://deployments/{id}", "id", made["id"][:3])

    assert told == shown
    assert made["modelPackage"]["arn"] == shown["lineage"]["modelPackage"]["arn"]
    assert (INVALID_PARAMS, [made["id"]]) == (near.code, near.data["candidates"])
    assert made["id"] in near.message
    assert [made["id"]] == found


async def test_a_projects_adapters_read_as_their_tool_lists_them(connect):
    async with connect() as client:
        absent = await refused(client, ADAPTERS)
        await client.ok("register_deployment")
        shown = await read(client, ADAPTERS)
        told = await client.ok("list_adapters", project_name="support-bot")
        near = await refused(client, "registry://projects/support-bo/adapters")
        no_name = await refused(client, "registry://projects/sup%20port/adapters")

    assert told == shown
    assert 2 == shown["count"]
    assert [INVALID_PARAMS] * 3 == [each.code for each in (absent, near, no_name)]
    assert "not_found" == absent.data["error"]["code"]
    assert ["support-bot"] == near.data["candidates"]
    assert "invalid_argument" == no_name.data["error"]["code"]


async def test_more_adapters_than_a_page_holds_are_told_with_the_call_for_the_rest(connect, aws):
    aws["sagemaker"].create_model_package_group(ModelPackageGroupName="busy-bot")
    for number in range(103):
        aws["sagemaker"].create_model_package(
            ModelPackageGroupName="busy-bot",
            CustomerMetadataProperties={"isAdapter": "true", "adapterName": f"a{number}"},
        )
    async with connect() as client:
        shown = await read(client, "registry://projects/busy-bot/adapters")
        rest = await client.ok("list_adapters", project_name="busy-bot", cursor=shown["nextCursor"])

    assert (100, 103, False) == (shown["count"], shown["adapters"][0]["version"], shown["complete"])
    assert "list_adapters with project_name=busy-bot and cursor" in shown["nextStep"]
    assert [3, 2, 1] == [each["version"] for each in rest["adapters"]]


async def test_a_dataset_and_an_evaluator_read_whole(connect):
    said = {"type": "lambda", "technique": "rlvr", "arn": LAMBDA}
    async with connect() as client:
        await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="dpo")
        await client.ok("register_dataset", name="faq", s3_uri=DATA, force=True)
        await client.ok("register_evaluator", name="reward", description="x" * 100, **said)
        dataset = await read(client, "registry://datasets/faq")
        first = await read(client, "registry://datasets/faq%40v1")
        evaluator = await read(client, "registry://evaluators/reward")
        told = await client.ok("list_datasets", name="faq", detail="full")
        listed = await client.ok("list_evaluators", name="reward", detail="full")

    assert (told, listed) == (dataset, evaluator)
    assert 2 == len(dataset["datasets"][0]["versions"])
    assert "1.0.0" == first["datasets"][0]["version"]
    assert "x" * 100 == evaluator["evaluators"][0]["description"]


async def test_a_configuration_reads_in_any_status_without_the_lease_that_it_has(connect):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        uri = f"registry://ci/{made['ci']['configId']}"
        waiting = await read(client, uri)
        found = await completed(client, "registry://ci/{configId}", "configId")
        [lease] = (await client.ok("claim_ci_untested", worker="job-1"))["configurations"]
        running = await read(client, uri)
        gone = await refused(client, "registry://ci/0123456789abcdef")
        no_id = await refused(client, "registry://ci/%20")

    assert [made["ci"]["configId"]] == found
    assert "untested" == waiting["configuration"]["testStatus"]
    assert "support-bot" == waiting["configuration"]["projectName"]
    assert waiting["configuration"]["config"]
    assert "123456789012" == waiting["aws"]["account"]
    assert ("running", "job-1") == (
        running["configuration"]["testStatus"],
        running["configuration"]["leaseOwner"],
    )
    assert lease["leaseId"] not in json.dumps(running)
    assert ["not_found", "invalid_argument"] == [
        each.data["error"]["code"] for each in (gone, no_id)
    ]
    assert "query_ci_untested" in gone.message


async def test_a_refusal_of_aws_names_the_action(connect, box):
    async with connect() as client:
        await client.ok("register_deployment")
        box.control.fail("ListModelPackages", "deny", times=-1)
        error = await refused(client, ADAPTERS)

    assert INTERNAL_ERROR == error.code
    assert "permission_denied" == error.data["error"]["code"]
    assert "sagemaker:ListModelPackages" == error.data["action"]


async def test_adapters_that_only_sagemaker_knows_are_completed_from_there(connect, home):
    async with connect() as client:
        await client.ok("register_deployment", project_name="other-bot")
        (home / "registry.json").unlink()
        found = await completed(client, "roll_out_adapter", "adapter", "ton", project="other-bot")
        nobody = await completed(client, "roll_out_adapter", "adapter", "ton", project="no-bot")

    assert ["tone-dpo"] == found
    assert [] == nobody


async def test_the_calls_of_a_prompt_roll_an_adapter_out(connect, endpoint):
    """In the order of `roll_out_adapter`, and with what it says."""
    async with connect() as client:
        await client.ok("register_deployment")
        [message] = (
            await client.client.get_prompt(
                "roll_out_adapter", {"project": "support-bot", "adapter": "tone-dpo"}
            )
        ).messages
        text = message.content.text
        listed = await client.ok("list_adapters", project_name="support-bot", name="tone-dpo")
        [adapter] = listed["adapters"]
        target = {"project_name": "support-bot", "adapter_name": "tone-dpo"}
        planned = await client.ok(
            "deploy_adapter_from_registry", version_arn=adapter["arn"], dry_run=True, **target
        )
        made = await client.ok(
            "deploy_adapter_from_registry",
            version_arn=adapter["arn"],
            confirm=planned["digest"],
            **target,
        )
        settled = await client.ok("get_adapter_rollout", ic_name=made["icName"], wait_s=50)

    assert 'list_adapters(project_name="support-bot", name="tone-dpo")' in text
    assert 'version_arn=ARN, project_name="support-bot", adapter_name="tone-dpo", dry_run' in text
    assert {"plan", "compatibility", "confDiff", "warnings", "digest"} <= set(planned)
    assert "in_service" == settled["state"]
    assert {"icName", "endpointName", "versionArn", "weightsUri"} <= set(made)


async def test_the_calls_of_a_prompt_record_what_was_deployed(connect):
    """In the order of `register_after_deploy`, and with what it says."""
    async with connect() as client:
        planned = await client.ok("register_deployment", dry_run=True, status="partial", ci=True)
        made = await client.ok("register_deployment", status="partial", ci=True)
        shown = await client.ok("get_deployment", id=made["id"])

    assert {"faq-sft", "tone-dpo"} <= {each["name"] for each in planned["record"]["icList"]}
    assert {"local", "modelPackage", "adapters", "ci", "warnings"} <= set(planned)
    assert "created" == made["local"]["state"] == made["ci"]["state"]
    assert "partial" == shown["entry"]["status"]


async def test_the_calls_of_a_prompt_test_what_is_untested(connect):
    """In the order of `work_through_untested`, and with what it says."""
    which = {"project_name": "support-bot"}
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True)
        waiting = await client.ok("query_ci_untested", **which)
        claimed = await client.ok("claim_ci_untested", worker="job-1", n=1, lease_s=600, **which)
        [one] = claimed["configurations"]
        lease = one["leaseId"]
        renewed = await client.ok("claim_ci_untested", worker="job-1", renew=[lease])
        released = await client.ok("claim_ci_untested", worker="job-1", release=[lease])
        [one] = (await client.ok("claim_ci_untested", worker="job-1", **which))["configurations"]
        recorded = await client.ok(
            "record_ci_result",
            config_id=one["configId"],
            lease_id=one["leaseId"],
            status="fail-deploy_test",
            duration_s=12,
        )
        report = await client.ok("ci_report", **which)

    assert [made["ci"]["configId"]] == [each["configId"] for each in waiting["configurations"]]
    assert one["leaseExpiresAt"]
    assert ([], [lease], [lease]) == (renewed["lost"], renewed["renewed"], released["released"])
    assert "recorded" == recorded["state"]
    assert {"regressions", "stuck", "failingByStage"} <= set(report)
