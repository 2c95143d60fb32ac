"""What each policy of docs/iam is for, as calls of the tools: every way that a tool may take.

A scenario makes ready what others did before, yields, and then makes the calls that the policy
is written from and tested by. It asserts what the caller has to get.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import sample
from sandbox.service import Sandbox

from ..conftest import BASE, CI_TABLE, ENDPOINT, IMAGE, Caller, copy_example, empty, empty_ci_table

HUB = "team-hub"
NEW_TABLE = "ci-of-the-team"
GROUP = "support-bot"
MODEL = "Qwen/Qwen3-4B"
IC = "support-bot-adapter-tone-dpo"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
TONE = "s3://support-bot-adapters/tone-dpo/v1"
DATA = "s3://support-bot-data/faq/train.jsonl"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"
DEPLOY = "deploy_adapter_from_registry"
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"


@dataclass(frozen=True, slots=True)
class World:
    """The account, seen by an administrator, and the folders that the server works in."""

    box: Sandbox
    aws: dict[str, Any]
    place: Path
    environment: dict[str, str]

    @property
    def registry(self) -> Path:
        return self.place / "home" / ".ml-container-creator" / "registry.json"

    def begin(self) -> None:
        """Make everything as it was before anybody registered anything."""
        sagemaker = self.aws["sagemaker"]
        empty(self.box, self.aws["s3"])
        empty_ci_table(self.aws["dynamodb"])
        copy_example(self.place)
        shutil.rmtree(self.place / "home", ignore_errors=True)
        sample.start_endpoint(sagemaker, IMAGE, endpoint=ENDPOINT, base_component=BASE, model=MODEL)
        sample.start_hub(sagemaker, HUB)

    def publish(self, group: str = GROUP, **metadata: str) -> str:
        """Write one version straight into a group; return its ARN."""
        sagemaker = self.aws["sagemaker"]
        with suppress(sagemaker.exceptions.ClientError):  # it is there already
            sagemaker.create_model_package_group(ModelPackageGroupName=group)
        made = sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={"modelName": MODEL} | metadata,
        )
        return str(made["ModelPackageArn"])

    def tone(self, weights: str = TONE) -> str:
        parent = self.publish()
        return self.publish(
            isAdapter="true",
            adapterName="tone-dpo",
            parentModelVersionArn=parent,
            modelDataUrl=weights,
        )

    def serve(self, weights: str) -> None:
        """Let the endpoint serve an adapter under the name of `tone-dpo`'s component."""
        self.aws["sagemaker"].create_inference_component(
            InferenceComponentName=IC,
            EndpointName=ENDPOINT,
            Specification={
                "BaseInferenceComponentName": BASE,
                "Container": {"ArtifactUrl": weights},
            },
        )
        self.box.control.advance(3600)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the server's commands as the server runs."""
        mine = {"PATH": os.environ["PATH"], "HOME": str(self.place / "home")}
        return subprocess.run(
            [COMMAND, *arguments],
            env=mine | self.environment,
            cwd=self.place / "support-bot",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


Scenario = Callable[[Caller, World], AsyncIterator[None]]
SCENARIOS: dict[str, list[Scenario]] = {}


def for_policy(name: str) -> Callable[[Scenario], Scenario]:
    """Say which policy a scenario is for."""

    def add(scenario: Scenario) -> Scenario:
        SCENARIOS.setdefault(name, []).append(scenario)
        return scenario

    return add


@for_policy("read-only")
async def adapters_are_listed_with_what_serves_them(client: Caller, world: World):
    tone = world.tone()
    world.serve(TONE + "/")
    yield
    of_folder = await client.ok("list_adapters", live=True)
    of_name = await client.ok("list_adapters", project_name=GROUP, live=True)
    models = await client.ok("list_models", project_name=GROUP)
    status = await client.ok("get_adapter_rollout", adapter_name="tone-dpo")
    for listed in (of_folder, of_name):
        [found] = listed["adapters"]
        assert (tone, IC, True) == (found["arn"], found["live"]["icName"], listed["complete"])
    assert (1, "in_service") == (models["count"], status["state"])


@for_policy("read-only")
async def adapters_are_listed_without_search(client: Caller, world: World):
    tone = world.tone()
    yield
    world.box.control.fail("Search", "deny", times=-1)
    listed = await client.ok("list_adapters")
    assert ([tone], True) == ([each["arn"] for each in listed["adapters"]], listed["complete"])


@for_policy("read-only")
async def an_empty_group_is_told_from_an_absent_one(client: Caller, world: World):
    sagemaker = world.aws["sagemaker"]
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    sagemaker.create_model_package_group(ModelPackageGroupName=f"{GROUP}-2")
    yield
    empty_page = await client.ok("list_adapters")
    sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)
    absent = await client.raw("list_adapters", {})
    assert 0 == empty_page["count"]
    assert "not_found" == absent.structured_content["error"]["code"]
    assert [f"{GROUP}-2"] == absent.structured_content["candidates"]


@for_policy("read-only")
async def what_runs_is_compared_with_what_was_registered(client: Caller, world: World):
    await client.ok("register_deployment", sagemaker="no")
    yield
    everything = await client.ok("audit_deployments")
    project = await client.ok("audit_deployments", project_name=GROUP)
    for audited in (everything, project):
        [endpoint] = audited["endpoints"]
        assert (ENDPOINT, "drifted") == (endpoint["endpointName"], endpoint["state"])
        assert [] == audited.get("warnings", [])


@for_policy("read-only")
async def a_deployment_is_shown_with_its_lineage(client: Caller, world: World):
    made = await client.ok("register_deployment", ci=True, sagemaker="yes")
    yield
    shown = await client.ok("get_deployment", id=made["id"])
    lineage = shown["lineage"]
    assert made["modelPackage"]["arn"] == lineage["modelPackage"]["arn"]
    assert (2, "untested") == (len(lineage["adapters"]), lineage["ci"]["testStatus"])
    assert [] == shown.get("warnings", [])


@for_policy("read-only")
async def a_hubs_contents_are_listed(client: Caller, world: World):
    await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="sft")
    said = {"name": "reward", "type": "lambda", "technique": "rlvr"}
    await client.ok("register_evaluator", arn=LAMBDA, **said)
    yield
    datasets = await client.ok("list_datasets")
    evaluators = await client.ok("list_evaluators")
    dataset = await client.ok("list_datasets", name="faq")
    evaluator = await client.ok("list_evaluators", name="reward", detail="full")
    for page in (datasets, dataset):
        assert ["both"] == [each["origin"] for each in page["datasets"]]
    for page in (evaluators, evaluator):
        assert ["both"] == [each["origin"] for each in page["evaluators"]]
    world.registry.with_name("datasets.json").unlink()
    shared = await client.ok("list_datasets", name="faq")
    assert [("hub", DATA)] == [(each["origin"], each["s3Uri"]) for each in shared["datasets"]]


@for_policy("read-only")
async def ci_is_looked_at(client: Caller, world: World):
    await client.ok("register_deployment", ci=True)
    yield
    waiting = await client.ok("query_ci_untested", include_stale=True)
    counted = await client.ok("query_ci_untested", count_only=True)
    report = await client.ok("ci_report")
    assert (1, 1, 1) == (waiting["count"], counted["count"], report["summary"]["total"])


@for_policy("read-only")
async def the_doctor_looks_around(client: Caller, world: World):
    yield
    done = world.run("doctor", "--json", "--hub", HUB, "--ci-table", CI_TABLE)
    found = json.loads(done.stdout)
    assert "123456789012" == found["aws"]["identity"]["account"]
    assert [] == [each for each in found["findings"] if each["level"] == "problem"]


@for_policy("register")
async def a_deployment_is_registered_with_its_image_and_adapters(client: Caller, world: World):
    push(world)
    yield
    made = await client.ok("register_deployment")
    again = await client.ok("register_deployment")
    assert ("created", "unchanged") == tuple(
        each["modelPackage"]["state"] for each in (made, again)
    )
    assert ["created"] * 2 == [each["state"] for each in made["adapters"]]
    assert [] == made["warnings"]
    found = world.aws["sagemaker"].describe_model_package(
        ModelPackageName=made["modelPackage"]["arn"]
    )
    assert found["InferenceSpecification"]["Containers"]


@for_policy("register")
async def a_registration_that_was_interrupted_is_completed(client: Caller, world: World):
    made = await client.ok("register_deployment")
    stored = json.loads(world.registry.read_text("utf-8"))
    [entry] = stored["entries"]
    del entry["modelPackageArn"]
    world.registry.write_text(json.dumps(stored), "utf-8")
    yield
    again = await client.ok("register_deployment")
    assert made["modelPackage"]["arn"] == again["modelPackage"]["arn"]
    assert ["unchanged"] * 2 == [each["state"] for each in again["adapters"]]


@for_policy("register")
async def an_adapter_of_the_registry_keeps_its_lineage(client: Caller, world: World):
    parent = world.publish()
    told = {"tuneTechnique": "dpo", "datasetS3Uri": DATA, "modelDataUrl": TONE}
    arn = world.publish(isAdapter="true", parentModelVersionArn=parent, **told)
    await client.ok(DEPLOY, version_arn=arn, adapter_name="tone-dpo")
    yield
    made = await client.ok("register_deployment")
    assert [] == made["warnings"]


@for_policy("register")
async def datasets_are_registered_from_objects_and_prefixes(client: Caller, world: World):
    await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="sft")
    world.aws["s3"].put_object(Bucket="support-bot-data", Key="faq/train.jsonl", Body=b'{"q":1}\n')
    yield
    changed = await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="sft")
    prefix = await client.ok(
        "register_dataset", name="tone", s3_uri="s3://support-bot-data/tone/", technique="dpo"
    )
    assert (1, True) == (changed["rowCount"], bool(prefix["contentHash"]))
    assert ["created"] * 2 == [each["hub"]["state"] for each in (changed, prefix)]
    assert "created" == prefix["local"]["state"]


@for_policy("register")
async def evaluators_are_registered_and_updated(client: Caller, world: World):
    said = {"name": "reward", "type": "lambda", "technique": "rlvr"}
    await client.ok("register_evaluator", arn=LAMBDA, **said)
    yield
    updated = await client.ok("register_evaluator", arn=f"{LAMBDA}:2", **said)
    assert "updated" == updated["hub"]["state"]


@for_policy("rollout")
async def a_version_is_rolled_out_followed_and_removed(client: Caller, world: World):
    tone = world.tone()
    yield
    rolled = await client.ok(DEPLOY, version=2)
    followed = await client.ok("get_adapter_rollout", adapter_name="tone-dpo", wait_s=20)
    proposed = await client.refused("remove_adapter", adapter_name="tone-dpo")
    removed = await client.ok(
        "remove_adapter", adapter_name="tone-dpo", confirm=proposed["digest"], wait_s=30
    )
    assert (tone, 16, []) == (rolled["versionArn"], rolled["plan"]["rank"], rolled["warnings"])
    assert ("in_service", "removed") == (followed["state"], removed["state"])


@for_policy("rollout")
async def candidates_are_told_with_search_and_without(client: Caller, world: World):
    tone = world.tone()
    yield
    searched = await client.raw(DEPLOY, {})
    world.box.control.fail("Search", "deny", times=-1)
    listed = await client.raw(DEPLOY, {})
    for each in (searched, listed):
        told = each.structured_content
        assert ("invalid_argument", [tone]) == (
            told["error"]["code"],
            [one["arn"] for one in told["candidates"]],
        )


@for_policy("rollout")
async def weights_without_a_configuration_are_looked_for(client: Caller, world: World):
    world.aws["s3"].put_object(Bucket="support-bot-adapters", Key="bare/weights", Body=b"w")
    tone = world.tone("s3://support-bot-adapters/bare")
    yield
    told = {"project_name": GROUP, "endpoint_name": ENDPOINT, "base_component": BASE}
    planned = await client.ok(DEPLOY, version_arn=tone, dry_run=True, **told)
    assert "planned" == planned["state"]
    assert any("no adapter_config.json" in each for each in planned["warnings"])


@for_policy("rollout")
async def what_is_missing_is_told_with_what_is_there(client: Caller, world: World):
    tone = world.tone()
    world.serve(FAQ)
    sagemaker = world.aws["sagemaker"]
    sagemaker.create_model_package_group(ModelPackageGroupName=f"{GROUP}-2")
    yield
    call = {"version_arn": tone, "base_component": f"{GROUP}-gone-1"}
    no_base = await client.refused(DEPLOY, **call)
    nobody = await client.raw("get_adapter_rollout", {"adapter_name": "nobody"})
    assert "there is no base component" in no_base["error"]["message"]
    assert "not_found" == nobody.structured_content["error"]["code"]
    assert [IC] == nobody.structured_content["candidates"]


@for_policy("rollout")
async def a_project_without_versions_has_no_candidates(client: Caller, world: World):
    sagemaker = world.aws["sagemaker"]
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    yield
    empty_group = await client.raw(DEPLOY, {})
    sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)
    no_group = await client.raw(DEPLOY, {})
    for each in (empty_group, no_group):
        assert "invalid_argument" == each.structured_content["error"]["code"]


@for_policy("rollout")
async def other_weights_take_the_place_of_the_live_ones(client: Caller, world: World):
    tone = world.tone()
    world.serve(FAQ)
    yield
    await replaced(client, tone)


@for_policy("rollout")
async def where_nothing_can_be_updated_it_is_made_anew(client: Caller, world: World):
    tone = world.tone()
    world.serve(FAQ)
    world.box.control.change_settings(adapter_updates=False)
    yield
    await replaced(client, tone)


async def replaced(client: Caller, tone: str) -> None:
    call = {"version_arn": tone, "replace": True, "wait_s": 40}
    proposed = await client.refused(DEPLOY, **call)
    done = await client.ok(DEPLOY, **call, confirm=proposed["digest"])
    assert "in_service" == done["state"]


@for_policy("ci")
async def a_configuration_is_registered_tested_and_reported_on(client: Caller, world: World):
    yield
    made = await client.ok("register_deployment", ci=True)
    waiting = await client.ok("query_ci_untested")
    [one] = (await client.ok("claim_ci_untested", worker="job"))["configurations"]
    lease = {"config_id": one["configId"], "lease_id": one["leaseId"]}
    renewed = await client.ok("claim_ci_untested", worker="job", renew=[one["leaseId"]])
    recorded = await client.ok("record_ci_result", **lease, status="pass", duration_s=1)
    measured = await client.ok(
        "record_benchmark", config_id=one["configId"], run_id="run-1", status="completed"
    )
    report = await client.ok("ci_report")
    assert made["ci"]["configId"] == waiting["configurations"][0]["configId"] == one["configId"]
    assert ([one["leaseId"]], "recorded") == (renewed["renewed"], recorded["state"])
    assert one["configId"] == measured["configId"]
    assert 1 == report["summary"]["passing"]


@for_policy("ci")
async def a_claim_is_given_back_and_a_late_result_kept(client: Caller, world: World):
    await client.ok("register_deployment", ci=True)
    yield
    [one] = (await client.ok("claim_ci_untested", worker="job"))["configurations"]
    released = await client.ok("claim_ci_untested", worker="job", release=[one["leaseId"]])
    late = await client.refused(
        "record_ci_result", config_id=one["configId"], lease_id=one["leaseId"], status="pass"
    )
    assert ([one["leaseId"]], "conflict") == (released["released"], late["error"]["code"])


@for_policy("ci-table")
async def the_table_is_made_and_found(client: Caller, world: World):
    dynamodb = world.aws["dynamodb"]
    if NEW_TABLE in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=NEW_TABLE)
    yield
    made = world.run("ci-table", "create", "--ci-table", NEW_TABLE)
    again = world.run("ci-table", "create", "--ci-table", NEW_TABLE)
    assert "created" in made.stdout, made.stderr
    assert "was there already" in again.stdout, again.stderr


def push(world: World) -> None:
    """Push the image that a version of the project names."""
    ecr = world.aws["ecr"]
    ecr.create_repository(repositoryName=sample.REPOSITORY)
    manifest = json.dumps({"schemaVersion": 2, "layers": []})
    ecr.put_image(
        repositoryName=sample.REPOSITORY, imageManifest=manifest, imageTag=f"{GROUP}-latest"
    )
