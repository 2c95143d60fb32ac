"""`deploy_adapter_from_registry` and `get_adapter_rollout` end to end, in both eras."""

from __future__ import annotations

import json
import re

import anyio
import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("rollout", "register", "read-only")

GROUP = "support-bot"
TONE = "s3://support-bot-adapters/tone-dpo/v1/"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
BASE = "support-bot-default-1770000000"
IC = "support-bot-adapter-tone-dpo"
CONF = "do/adapters/tone-dpo.conf"
MODEL = "Qwen/Qwen3-4B"
ARN = "arn:aws:sagemaker:us-west-2:123456789012:model-package"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def publish(aws):
    """Write one version straight into a group, as any other program would; returns its ARN."""

    def write(group=GROUP, approval="Approved", **metadata):
        sagemaker = aws["sagemaker"]
        known = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if group not in {each["ModelPackageGroupName"] for each in known}:
            sagemaker.create_model_package_group(ModelPackageGroupName=group)
        return sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus=approval,
            CustomerMetadataProperties=metadata,
        )["ModelPackageArn"]

    return write


@pytest.fixture
def parent(publish):
    """Version 1 of the group: the base model."""
    return publish(modelName=MODEL)


@pytest.fixture
def tone(publish, parent):
    """Version 2 of the group: an adapter whose weights are there."""
    return publish(
        isAdapter="true",
        adapterName="tone-dpo",
        modelName=MODEL,
        parentModelVersionArn=parent,
        modelDataUrl=TONE.rstrip("/"),
    )


def described(aws, name=IC):
    return aws["sagemaker"].describe_inference_component(InferenceComponentName=name)


def component_names(aws):
    listed = aws["sagemaker"].list_inference_components()["InferenceComponents"]
    return {each["InferenceComponentName"] for each in listed}


def create_adapter(aws, weights, name=IC):
    aws["sagemaker"].create_inference_component(
        InferenceComponentName=name,
        EndpointName="support-bot-endpoint",
        Specification={"BaseInferenceComponentName": BASE, "Container": {"ArtifactUrl": weights}},
    )


def files(project):
    return {
        str(each.relative_to(project)): each.read_bytes()
        for each in project.rglob("*")
        if each.is_file()
    }


async def test_a_dry_run_shows_the_plan_and_changes_nothing(
    connect, aws, box, project, tone, endpoint
):
    before = files(project)
    async with connect() as client:
        shown = await client.ok("deploy_adapter_from_registry", version_arn=tone, dry_run=True)

    assert ("planned", True) == (shown["state"], shown["dryRun"])
    assert ("tone-dpo", IC, endpoint, BASE) == tuple(
        shown[each] for each in ("adapterName", "icName", "endpointName", "baseComponentName")
    )
    assert (tone, TONE, "compatible") == tuple(
        shown[each] for each in ("versionArn", "weightsUri", "compatibility")
    )
    assert ("create", "updated", 16) == tuple(shown["plan"][x] for x in ("action", "conf", "rank"))
    assert re.fullmatch("[0-9a-f]{12}", shown["digest"])
    assert shown["digest"] in shown["nextStep"]
    assert f'+export ADAPTER_REGISTRY_ARN="{tone}"' in shown["confDiff"]
    assert CONF == shown["confPath"]
    assert before == files(project)
    assert {BASE} == component_names(aws)
    assert 1 == len(box.control.calls("CreateInferenceComponent"))


async def test_a_named_version_goes_ahead_and_comes_in_service(
    connect, aws, project, tone, endpoint
):
    async with connect() as client:
        rolled = await client.ok("deploy_adapter_from_registry", version_arn=tone)

    assert "in_service" == rolled["state"]
    assert "nextStep" not in rolled
    assert ["conf", "component", "wait"] == [each["name"] for each in rolled["steps"]]
    assert ["updated", "created", "in_service"] == [each["state"] for each in rolled["steps"]]
    assert "123456789012" == rolled["aws"]["account"]
    found = described(aws)
    assert "InService" == found["InferenceComponentStatus"]
    assert endpoint == found["EndpointName"]
    assert BASE == found["Specification"]["BaseInferenceComponentName"]
    assert TONE == found["Specification"]["Container"]["ArtifactUrl"]
    conf = (project / CONF).read_text("utf-8")
    for line in (
        'export ADAPTER_NAME="tone-dpo"',
        f'export ADAPTER_IC_NAME="{IC}"',
        f'export ADAPTER_WEIGHTS_URI="{TONE}"',
        'export ADAPTER_SOURCE="registry"',
        f'export ADAPTER_REGISTRY_ARN="{tone}"',
    ):
        assert line in conf.splitlines()


async def test_what_was_registered_here_is_rolled_out_by_its_number(connect, aws, endpoint):
    async with connect() as client:
        made = await client.ok("register_deployment")
        wanted = next(each for each in made["adapters"] if each["name"] == "faq-sft")
        listed = await client.ok("list_adapters", name="faq-sft")
        rolled = await client.ok(
            "deploy_adapter_from_registry", version=listed["adapters"][0]["version"]
        )

    assert wanted["arn"] == rolled["versionArn"]
    weights = described(aws, "support-bot-adapter-faq-sft")["Specification"]["Container"]
    assert FAQ == weights["ArtifactUrl"]


async def test_an_adapter_of_another_project_gets_the_name_it_is_given(
    connect, aws, publish, project, endpoint
):
    there = publish("tuning-lab", isAdapter="true", modelName=MODEL, modelDataUrl=FAQ)
    async with connect() as client:
        nameless = await client.refused(
            "deploy_adapter_from_registry", version=1, source_project="tuning-lab"
        )
        rolled = await client.ok(
            "deploy_adapter_from_registry",
            version=1,
            source_project="tuning-lab",
            adapter_name="lab-1",
        )

    assert "invalid_argument" == nameless["error"]["code"]
    assert "adapter_name" in nameless["error"]["hint"]
    assert there == rolled["versionArn"]
    assert "InService" == described(aws, "support-bot-adapter-lab-1")["InferenceComponentStatus"]
    assert (project / "do/adapters/lab-1.conf").is_file()


async def test_a_target_can_be_named_without_a_folder(connect, aws, project, tone, endpoint):
    before = files(project)
    async with connect() as client:
        rolled = await client.ok(
            "deploy_adapter_from_registry",
            version_arn=tone,
            project_name="elsewhere",
            endpoint_name=endpoint,
            base_component=BASE,
        )
        status = await client.ok(
            "get_adapter_rollout", adapter_name="tone-dpo", project_name="elsewhere"
        )

    assert "in_service" == rolled["state"] == status["state"]
    assert "unknown" == rolled["compatibility"]
    assert not {"confPath", "confDiff"} & set(rolled)
    assert any("base model" in each for each in rolled["warnings"])
    assert "elsewhere-adapter-tone-dpo" == rolled["icName"] == status["icName"]
    assert {BASE, rolled["icName"]} == component_names(aws)
    assert before == files(project)


async def test_a_base_component_can_be_named_by_its_conf(connect, aws, project, tone, endpoint):
    long_context = "support-bot-long-context-1770000100"
    async with connect() as client:
        absent = await client.refused(
            "deploy_adapter_from_registry", version_arn=tone, base_component="long-context"
        )
        shown = await client.ok(
            "deploy_adapter_from_registry", version_arn=tone, base_component="default", dry_run=True
        )

    assert "not_found" == absent["error"]["code"]
    assert long_context in absent["error"]["message"]
    assert [BASE] == absent["candidates"]
    assert BASE == shown["baseComponentName"]


async def test_without_a_version_the_newest_are_candidates(connect, aws, publish, tone, endpoint):
    newest = publish(isAdapter="true", adapterName="tone-dpo", modelDataUrl=TONE)
    other = publish(isAdapter="true", adapterName="faq-sft", modelDataUrl=FAQ)
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry")
        named = await client.refused("deploy_adapter_from_registry", adapter_name="tone-dpo")

    assert "invalid_argument" == refused["error"]["code"] == named["error"]["code"]
    assert [other, newest, tone] == [each["arn"] for each in refused["candidates"]]
    assert [newest, tone] == [each["arn"] for each in named["candidates"]]
    assert {BASE} == component_names(aws)


async def test_a_digest_of_another_plan_is_refused_with_the_present_one(
    connect, aws, project, publish, tone, endpoint
):
    other = publish(isAdapter="true", adapterName="tone-dpo", modelName=MODEL, modelDataUrl=FAQ)
    before = files(project)
    async with connect() as client:
        plan = await client.ok("deploy_adapter_from_registry", version_arn=other, dry_run=True)
        refused = await client.refused(
            "deploy_adapter_from_registry", version_arn=tone, confirm=plan["digest"]
        )
        changed = files(project)
        components = component_names(aws)
        rolled = await client.ok(
            "deploy_adapter_from_registry", version_arn=tone, confirm=refused["digest"]
        )

    assert "needs_confirmation" == refused["error"]["code"]
    assert tone == refused["plan"]["versionArn"]
    assert plan["digest"] != refused["digest"]
    assert before == changed
    assert {BASE} == components
    assert "in_service" == rolled["state"]


async def test_an_agreed_plan_is_stale_once_the_world_has_changed(
    connect, aws, project, tone, endpoint
):
    before = files(project)
    async with connect() as client:
        plan = await client.ok("deploy_adapter_from_registry", version_arn=tone, dry_run=True)
        config = json.dumps({"base_model_name_or_path": MODEL, "r": 8}).encode()
        aws["s3"].put_object(
            Bucket="support-bot-adapters", Key="tone-dpo/v1/adapter_config.json", Body=config
        )
        refused = await client.refused(
            "deploy_adapter_from_registry", version_arn=tone, confirm=plan["digest"]
        )

    assert "needs_confirmation" == refused["error"]["code"]
    assert (16, 8) == (plan["plan"]["rank"], refused["plan"]["rank"])
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_a_conf_alone_makes_no_agreement_void(connect, project, tone, endpoint):
    async with connect() as client:
        plan = await client.ok("deploy_adapter_from_registry", version_arn=tone, dry_run=True)
        (project / CONF).unlink()
        rolled = await client.ok(
            "deploy_adapter_from_registry", version_arn=tone, confirm=plan["digest"]
        )

    assert ("updated", "created") == (plan["plan"]["conf"], rolled["plan"]["conf"])
    assert (project / CONF).is_file()


async def test_an_incompatible_adapter_needs_force_and_then_consent(
    connect, aws, project, publish, endpoint
):
    foreign = publish(
        isAdapter="true", adapterName="tone-dpo", modelName="Meta/Llama-3", modelDataUrl=FAQ
    )
    before = files(project)
    call = {"version_arn": foreign}
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", **call)
        forced = await client.refused("deploy_adapter_from_registry", **call, force=True)
        untouched = files(project)
        components = component_names(aws)
        rolled = await client.ok(
            "deploy_adapter_from_registry", **call, force=True, confirm=forced["digest"]
        )

    assert "precondition_failed" == refused["error"]["code"]
    assert "Meta/Llama-3" in refused["error"]["message"]
    assert "force" in refused["error"]["hint"]
    assert "needs_confirmation" == forced["error"]["code"]
    assert ["compatibility"] == forced["plan"]["forced"]
    assert forced["digest"] in forced["error"]["hint"]
    assert before == untouched
    assert {BASE} == components
    assert "in_service" == rolled["state"]
    assert any("Meta/Llama-3" in each for each in rolled["warnings"])


async def test_a_project_without_lora_needs_force(connect, project, tone, endpoint):
    config = project / "do/config"
    text = config.read_text("utf-8").replace('ENABLE_LORA="true"', 'ENABLE_LORA="false"')
    config.write_text(text, "utf-8")
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)
        forced = await client.refused("deploy_adapter_from_registry", version_arn=tone, force=True)

    assert "precondition_failed" == refused["error"]["code"]
    assert "ENABLE_LORA" in refused["error"]["message"]
    assert ["ENABLE_LORA"] == forced["plan"]["forced"]


async def test_require_confirm_demands_the_digest_always(connect, aws, project, tone, endpoint):
    before = files(project)
    async with connect("--require-confirm") as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)
        untouched = files(project), component_names(aws)
        rolled = await client.ok(
            "deploy_adapter_from_registry", version_arn=tone, confirm=refused["digest"]
        )

    assert "needs_confirmation" == refused["error"]["code"]
    assert "create" == refused["plan"]["action"]
    assert (before, {BASE}) == untouched
    assert "in_service" == rolled["state"]


async def test_require_human_takes_no_digest(connect, aws, project, tone, endpoint):
    before = files(project)
    async with connect("--require-human") as client:
        shown = await client.ok("deploy_adapter_from_registry", version_arn=tone, dry_run=True)
        refused = await client.refused(
            "deploy_adapter_from_registry", version_arn=tone, confirm=shown["digest"]
        )

    assert "precondition_failed" == refused["error"]["code"]
    assert "--require-human" in refused["error"]["hint"]
    assert (shown["digest"], shown["plan"]) == (refused["digest"], refused["plan"])
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_auto_approve_needs_no_digest_for_what_is_forced(connect, publish, endpoint):
    foreign = publish(
        isAdapter="true", adapterName="tone-dpo", modelName="Meta/Llama-3", modelDataUrl=FAQ
    )
    async with connect("--auto-approve") as client:
        rolled = await client.ok("deploy_adapter_from_registry", version_arn=foreign, force=True)

    assert "in_service" == rolled["state"]
    assert ["compatibility"] == rolled["plan"]["forced"]


async def test_other_accounts_than_the_allowed_are_not_written_to(
    connect, aws, project, tone, endpoint
):
    before = files(project)
    async with connect("--allowed-accounts", "999999999999") as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)
        shown = await client.ok("deploy_adapter_from_registry", version_arn=tone, dry_run=True)

    assert "permission_denied" == refused["error"]["code"]
    assert "--allowed-accounts" in refused["error"]["hint"]
    assert "planned" == shown["state"]
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_a_read_only_server_has_no_tool_that_writes_and_still_lists(connect, tone, endpoint):
    async with connect("--read-only") as client:
        tools = (await client.client.list_tools()).tools
        listed = await client.ok("list_adapters")
        untested = await client.ok("query_ci_untested", count_only=True)
        status = await client.refused("get_adapter_rollout", adapter_name="tone-dpo")

    assert {"list_adapters", "get_adapter_rollout"} <= {each.name for each in tools}
    assert [] == [each.name for each in tools if not each.annotations.read_only_hint]
    assert (1, 0) == (listed["count"], untested["count"])
    assert "not_found" == status["error"]["code"]


async def test_a_component_that_fails_is_an_error_with_reason_and_log_group(
    connect, aws, box, project, tone, endpoint
):
    reason = "The adapter's rank is larger than the container takes."
    box.control.plan_component(IC, "Failed", reason=reason)
    async with connect() as client:
        failed = await client.refused("deploy_adapter_from_registry", version_arn=tone)
        status = await client.ok("get_adapter_rollout", adapter_name="tone-dpo")
        again = await client.refused("deploy_adapter_from_registry", version_arn=tone)

    log_group = f"/aws/sagemaker/InferenceComponents/{IC}"
    assert ("precondition_failed", "failed") == (failed["error"]["code"], failed["state"])
    assert reason in failed["error"]["message"]
    assert (reason, log_group) == (failed["failureReason"], failed["logGroup"])
    assert "Failed" == failed["existing"]["status"]
    assert ["conf", "component", "wait"] == [each["name"] for each in failed["done"]]
    assert ("failed", reason, log_group) == (
        status["state"],
        status["failureReason"],
        status["logGroup"],
    )
    assert log_group in status["nextStep"]
    assert ("precondition_failed", "failed") == (again["error"]["code"], again["state"])
    assert reason == again["failureReason"]
    assert "Failed" == described(aws)["InferenceComponentStatus"]
    assert f'ADAPTER_REGISTRY_ARN="{tone}"' in (project / CONF).read_text("utf-8")


async def test_what_is_still_creating_is_followed_from_another_process(
    connect, aws, tone, endpoint, tmp_path
):
    async with connect() as client:
        begun = await client.ok("deploy_adapter_from_registry", version_arn=tone, wait_s=0)
    async with connect("--read-only", folder=tmp_path) as client:
        done = await client.ok("get_adapter_rollout", ic_name=begun["icName"], wait_s=30)

    assert "creating" == begun["state"]
    assert "get_adapter_rollout" in begun["nextStep"]
    assert begun["icName"] in begun["nextStep"]
    assert "in_service" == done["state"]
    assert (TONE, endpoint, BASE) == tuple(
        done[each] for each in ("weightsUri", "endpointName", "baseComponentName")
    )
    assert "nextStep" not in done
    assert "InService" == described(aws)["InferenceComponentStatus"]


async def test_waiting_ends_at_wait_s(connect, box, tone, endpoint):
    box.control.plan_component(IC, "Hang")
    async with connect() as client:
        begun = await client.ok("deploy_adapter_from_registry", version_arn=tone, wait_s=1)
        status = await client.ok("get_adapter_rollout", adapter_name="tone-dpo", wait_s=1)

    assert ("creating", "creating") == (begun["state"], status["state"])
    assert 1 <= begun["elapsedSeconds"] < 20
    assert "get_adapter_rollout" in status["nextStep"]


async def test_a_component_that_vanishes_while_waiting_is_not_found(connect, box, tone, endpoint):
    box.control.plan_component(IC, "Vanish")
    async with connect() as client:
        vanished = await client.refused("deploy_adapter_from_registry", version_arn=tone)

    assert "not_found" == vanished["error"]["code"]
    assert "vanished" in vanished["error"]["message"]
    assert f"/aws/sagemaker/InferenceComponents/{IC}" == vanished["logGroup"]
    assert ["conf", "component"] == [each["name"] for each in vanished["done"]]


async def test_a_component_that_vanishes_while_it_is_watched_is_not_found(
    connect, box, tone, endpoint
):
    box.control.plan_component(IC, "Vanish")
    async with connect() as client:
        await client.ok("deploy_adapter_from_registry", version_arn=tone, wait_s=0)
        vanished = await client.refused("get_adapter_rollout", ic_name=IC, wait_s=30)

    assert "not_found" == vanished["error"]["code"]


async def test_a_repeated_call_finds_the_component_of_the_first(
    connect, aws, box, project, tone, endpoint
):
    box.control.change_settings(component_polls=6)
    call = {"version_arn": tone}
    async with connect() as client:
        begun = await client.ok("deploy_adapter_from_registry", **call, wait_s=0)
        conf = (project / CONF).read_bytes()
        again = await client.ok("deploy_adapter_from_registry", **call, wait_s=0)
        done = await client.ok("deploy_adapter_from_registry", **call, wait_s=30)
        last = await client.ok("deploy_adapter_from_registry", **call)

    assert ["creating", "creating", "in_service", "unchanged"] == [
        each["state"] for each in (begun, again, done, last)
    ]
    assert {IC} == {each["icName"] for each in (begun, again, done, last)}
    assert "found" == again["steps"][1]["state"]
    assert conf == (project / CONF).read_bytes()
    assert {BASE, IC} == component_names(aws)
    assert 2 == len(box.control.calls("CreateInferenceComponent"))  # the fixture's base is one


async def test_other_live_weights_are_a_conflict_unless_they_are_replaced(
    connect, aws, project, tone, endpoint
):
    create_adapter(aws, FAQ)
    before = files(project)
    aws["sagemaker"].describe_inference_component(InferenceComponentName=IC)
    call = {"version_arn": tone, "replace": True}
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)
        while described(aws)["InferenceComponentStatus"] != "InService":
            pass
        proposed = await client.refused("deploy_adapter_from_registry", **call)
        untouched = files(project), described(aws)["Specification"]["Container"]["ArtifactUrl"]
        replaced = await client.ok(
            "deploy_adapter_from_registry", **call, confirm=proposed["digest"]
        )

    assert "conflict" == refused["error"]["code"]
    assert FAQ == refused["existing"]["artifactUrl"]
    assert TONE == refused["wanted"]["artifactUrl"]
    assert "needs_confirmation" == proposed["error"]["code"]
    assert ("replace", FAQ) == tuple(proposed["plan"][each] for each in ("action", "replaces"))
    assert (before, FAQ) == untouched
    assert ("in_service", "updated") == (replaced["state"], replaced["steps"][1]["state"])
    assert TONE == described(aws)["Specification"]["Container"]["ArtifactUrl"]
    assert f'ADAPTER_WEIGHTS_URI="{TONE}"' in (project / CONF).read_text("utf-8")


async def test_weights_that_are_gone_are_a_failed_precondition(
    connect, aws, project, publish, endpoint
):
    gone = publish(isAdapter="true", adapterName="tone-dpo", modelDataUrl=TONE + "gone")
    nowhere = publish(isAdapter="true", adapterName="tone-dpo")
    before = files(project)
    async with connect() as client:
        refused = [
            await client.refused("deploy_adapter_from_registry", version_arn=each)
            for each in (gone, nowhere)
        ]

    assert ["precondition_failed"] * 2 == [each["error"]["code"] for each in refused]
    assert TONE + "gone/" in refused[0]["error"]["message"]
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_what_was_registered_as_partial_is_not_approved_and_refused(connect, aws, endpoint):
    async with connect() as client:
        made = await client.ok("register_deployment", status="partial")
        refused = await client.refused(
            "deploy_adapter_from_registry", version_arn=made["adapters"][0]["arn"]
        )

    assert "precondition_failed" == refused["error"]["code"]
    assert "PendingManualApproval" in refused["error"]["message"]
    assert {BASE} == component_names(aws)


async def test_an_endpoint_that_is_missing_is_not_found(connect, aws, project, tone):
    before = files(project)
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)

    assert "not_found" == refused["error"]["code"]
    assert "support-bot-endpoint" in refused["error"]["message"]
    assert before == files(project)


async def test_a_base_that_is_not_in_service_is_a_failed_precondition(
    connect, aws, project, tone, endpoint
):
    aws["sagemaker"].delete_inference_component(InferenceComponentName=BASE)
    before = files(project)
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)

    assert "precondition_failed" == refused["error"]["code"]
    assert BASE in refused["error"]["message"]
    assert "Deleting" == refused["state"]
    assert before == files(project)


async def test_a_project_that_was_never_deployed_is_a_failed_precondition(connect, project, tone):
    config = project / "do/config"
    text = config.read_text("utf-8").replace('ENDPOINT_NAME="support-bot-endpoint"', "OTHER=1")
    config.write_text(text, "utf-8")
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)

    assert "precondition_failed" == refused["error"]["code"]
    assert "endpoint" in refused["error"]["message"]


async def test_progress_is_told_step_by_step_and_only_grows(connect, tone, endpoint):
    told = []

    async def note(done, total, text):
        told.append((done, total, text))

    async with connect() as client:
        result = await client.client.call_tool(
            "deploy_adapter_from_registry", {"version_arn": tone}, progress_callback=note
        )

    assert "in_service" == result.structured_content["state"]
    texts = [text for _, _, text in told]
    assert "planning the rollout" == texts[0]
    assert any(CONF in text for text in texts)
    assert any(f"creating inference component {IC}" == text for text in texts)
    assert f"{IC} is InService" == texts[-1]
    values = [done for done, _, _ in told]
    assert sorted(set(values)) == values


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"versionArn": f"{ARN}/{GROUP}/2"}, "version_arn"),
        ({"adapter": "tone-dpo"}, "adapter"),
        ({"version_arn": "support-bot/2"}, "support-bot/2"),
        ({"version_arn": f"{ARN}-group/{GROUP}"}, "not the ARN"),
        ({"version_arn": f"{ARN}/{GROUP}"}, "not the ARN"),
        ({"version_arn": f"{ARN}/{GROUP}-tune-models/7"}, f"group {GROUP},"),
        ({"version_arn": f"{ARN}/{GROUP}/1"}, "not an adapter"),
        ({"version_arn": f"{ARN}/{GROUP}/2", "version": 3}, "version is 3"),
        ({"version_arn": f"{ARN}/{GROUP}/2", "source_project": "other"}, "other"),
        ({"version": -1}, "version"),
        ({"version": 2, "source_project": "no such name"}, "no such name"),
        ({"version": 2, "adapter_name": "Tone_DPO"}, "Tone_DPO"),
        ({"version": 2, "adapter_name": "tone-"}, "tone-"),
        ({"version": 2, "adapter_name": "../tone"}, "../tone"),
        ({"version": 2, "adapter_name": "a" * 51}, "1 to 50"),
        ({"version": 2, "adapter_name": "a" * 50}, "63"),
        ({"version": 2, "wait_s": 51}, "wait_s"),
        ({"version": 2, "wait_s": -1}, "wait_s"),
        ({"version": 2, "wait_s": "long"}, "wait_s"),
        ({"version": 2, "project_dir": "/etc"}, "--workspace"),
        ({"version": 2, "project_name": GROUP, "endpoint_name": "e"}, "base_component missing"),
        ({"version": 2, "project_name": "other"}, "endpoint_name, base_component missing"),
        ({"version": 2, "project_name": "other", "base_component": BASE}, "endpoint_name missing"),
        ({"version": 2, "force": "perhaps"}, "force"),
    ],
)
async def test_a_bad_argument_is_named_and_nothing_changes(
    connect, aws, project, tone, endpoint, arguments, named
):
    before = files(project)
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_a_model_version_is_refused_with_the_adapters_that_there_are(
    connect, parent, tone, endpoint
):
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=parent)

    assert [tone] == [each["arn"] for each in refused["candidates"]]


async def test_an_absent_version_is_not_found(connect, tone, endpoint):
    async with connect() as client:
        refused = [
            await client.refused("deploy_adapter_from_registry", **named)
            for named in ({"version": 99}, {"version": 1, "source_project": "nobodys"})
        ]

    assert ["not_found"] * 2 == [each["error"]["code"] for each in refused]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "invalid_argument"),
        ({"adapterName": "tone-dpo"}, "invalid_argument"),
        ({"adapter_name": "Tone"}, "invalid_argument"),
        ({"adapter_name": "tone-dpo", "wait_s": 51}, "invalid_argument"),
        ({"ic_name": "no such name"}, "invalid_argument"),
        ({"adapter_name": "tone-dpo", "project_dir": "/etc"}, "invalid_argument"),
        ({"adapter_name": "nobody"}, "not_found"),
        ({"ic_name": "support-bot-adapter-nobody"}, "not_found"),
    ],
)
async def test_a_rollout_that_is_not_there_or_not_named(connect, aws, endpoint, arguments, code):
    create_adapter(aws, FAQ, "support-bot-adapter-other")
    async with connect() as client:
        refused = await client.refused("get_adapter_rollout", **arguments)

    assert code == refused["error"]["code"]
    if code == "not_found":
        assert ["support-bot-adapter-other"] == refused["candidates"]


@pytest.mark.parametrize(
    ("operation", "kind", "code"),
    [
        ("DescribeModelPackage", "deny", "permission_denied"),
        ("DescribeModelPackage", "throttle", "throttled"),
        ("DescribeInferenceComponent", "deny", "permission_denied"),
        ("CreateInferenceComponent", "deny", "permission_denied"),
        ("CreateInferenceComponent", "throttle", "throttled"),
        ("CreateInferenceComponent", "server_error", "unavailable"),
    ],
)
@pytest.mark.parametrize("conf_exists", [True, False], ids=["conf", "no conf"])
async def test_a_refusal_of_the_service_leaves_everything_as_it_was(
    connect, aws, box, project, tone, endpoint, operation, kind, code, conf_exists
):
    if not conf_exists:
        (project / CONF).unlink()
    before = files(project)
    box.control.fail(operation, kind, times=-1)
    async with connect() as client:
        refused = await client.refused("deploy_adapter_from_registry", version_arn=tone)
    box.control.clear_faults()

    assert (code, kind != "deny") == (refused["error"]["code"], refused["error"]["retryable"])
    if kind == "deny":
        assert f"sagemaker:{operation}" == refused["action"]
        assert operation in refused["error"]["message"]
    assert before == files(project)
    assert {BASE} == component_names(aws)


async def test_a_lost_answer_makes_no_second_component(connect, aws, box, tone, endpoint):
    box.control.fail("CreateInferenceComponent", "lost_answer", times=1)
    async with connect() as client:
        rolled = await client.ok("deploy_adapter_from_registry", version_arn=tone)

    assert "in_service" == rolled["state"]
    assert {BASE, IC} == component_names(aws)


async def test_candidates_are_listed_without_search_and_left_out_without_either(connect, box, tone):
    box.control.fail("Search", "deny", times=-1)
    async with connect() as client:
        listed = await client.refused("deploy_adapter_from_registry")
        box.control.fail("ListModelPackages", "deny", times=-1)
        refused = await client.refused("deploy_adapter_from_registry")

    assert {"invalid_argument"} == {each["error"]["code"] for each in (listed, refused)}
    assert [tone] == [each["arn"] for each in listed["candidates"]]
    assert [] == refused["candidates"]


async def test_without_credentials_nothing_is_rolled_out_or_watched(connect, project):
    before = files(project)
    async with connect(environment=NOWHERE) as client:
        refused = [
            await client.refused("deploy_adapter_from_registry", version_arn=f"{ARN}/{GROUP}/2"),
            await client.refused("get_adapter_rollout", adapter_name="tone-dpo"),
        ]

    assert ["credentials"] * 2 == [each["error"]["code"] for each in refused]
    assert before == files(project)


async def test_without_a_region_the_setting_is_asked_for(connect, box, tmp_path):
    regionless = {k: v for k, v in box.environment().items() if "REGION" not in k}
    target = {"project_name": GROUP, "endpoint_name": "e", "base_component": BASE}
    async with connect(environment=regionless, folder=tmp_path) as client:
        refused = [
            await client.refused("deploy_adapter_from_registry", version=2, **target),
            await client.refused("get_adapter_rollout", ic_name=IC),
        ]
        aimless = await client.refused(
            "deploy_adapter_from_registry", version=2, region="eu-west-1"
        )

    assert ["not_configured"] * 2 == [each["error"]["code"] for each in refused]
    assert "AWS_REGION" in refused[0]["error"]["hint"]
    assert "invalid_argument" == aimless["error"]["code"]
    assert "project_dir" in aimless["error"]["hint"]


async def test_callers_at_once_make_one_component(connect, aws, project, tone, endpoint):
    results = []
    async with connect() as client:

        async def deploy():
            result = await client.client.call_tool(
                "deploy_adapter_from_registry", {"version_arn": tone}
            )
            results.append(json.loads(result.content[0].text))

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(deploy)

    assert {BASE, IC} == component_names(aws)
    codes = {each["error"]["code"] if "error" in each else each["state"] for each in results}
    assert codes <= {"in_service", "unchanged", "conflict"}, results
    assert codes & {"in_service", "unchanged"}
    assert f'ADAPTER_REGISTRY_ARN="{tone}"' in (project / CONF).read_text("utf-8")
