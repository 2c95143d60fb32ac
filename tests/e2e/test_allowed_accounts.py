"""`--allowed-accounts`, which the account is not one of: every writing tool through a server."""

from __future__ import annotations

import json

import pytest

from sandbox import sample

from .conftest import BASE, ENDPOINT

pytestmark = pytest.mark.anyio

HUB = "team-hub"
FLAGS = (
    "--toolsets",
    "core,registry,adapters,ci",
    "--hub",
    HUB,
    "--allowed-accounts",
    "999999999999,888888888888",
)
TONE = "s3://support-bot-adapters/tone-dpo/v1/"
DATA = "s3://support-bot-data/faq/train.jsonl"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"
NON_FATAL = "(non-fatal) — local registry is the primary record"
LEASE_ID = f"{'0' * 16}.{'1' * 16}"
LEASE = {"config_id": "0" * 16, "lease_id": LEASE_ID}
READS = ("Describe", "List", "Search", "Get", "Query", "Scan", "Head")


@pytest.fixture(scope="module")
def era():
    """Where the server may write has nothing to do with the protocol."""
    return "auto"


@pytest.fixture
def version(aws, box, endpoint):
    """An adapter version, and a component that serves it; the log is empty."""
    sagemaker = aws["sagemaker"]
    sample.start_hub(sagemaker, HUB)
    sagemaker.create_model_package_group(ModelPackageGroupName="support-bot")
    made = sagemaker.create_model_package(
        ModelPackageGroupName="support-bot",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"isAdapter": "true", "modelDataUrl": TONE.rstrip("/")},
    )
    sagemaker.create_inference_component(
        InferenceComponentName="support-bot-adapter-live",
        EndpointName=ENDPOINT,
        Specification={"BaseInferenceComponentName": BASE, "Container": {"ArtifactUrl": TONE}},
    )
    box.control.advance(3600)
    box.control.clear_log()
    return made["ModelPackageArn"]


@pytest.fixture
def written(aws, box, ci_table):
    """What was written to AWS: the calls that are no reading, and the table's items."""

    def read():
        calls = [call["operation"] for call in box.control.calls()]
        items = aws["dynamodb"].scan(TableName=ci_table)["Items"]
        return [each for each in calls if not each.startswith(READS)], items

    return read


def is_explained(text):
    return "account 123456789012" in text and "999999999999" in text


async def test_a_deployment_is_recorded_and_its_packages_fail_with_a_warning(
    connect, home, version, written
):
    async with connect() as client:
        made = await client.ok("register_deployment")

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert (made["id"], "created") == (entry["id"], made["local"]["state"])
    package = made["modelPackage"]
    assert "failed" == package["state"]
    assert f"MPG registration failed {NON_FATAL}" in made["warnings"]
    assert any(is_explained(each) for each in made["warnings"])
    assert ["skipped"] * 2 == [each["state"] for each in made["adapters"]]
    assert ([], []) == written()


async def test_a_ci_record_is_an_error_that_says_what_was_recorded(connect, home, version, written):
    async with connect() as client:
        refused = await client.refused("register_deployment", ci=True)

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert "permission_denied" == refused["error"]["code"]
    assert is_explained(refused["error"]["message"] + refused["error"]["hint"])
    assert entry["id"] == refused["done"]["id"]
    assert ([], []) == written()


async def test_datasets_and_evaluators_are_recorded_and_their_hub_fails_with_a_warning(
    connect, home, version, written
):
    async with connect() as client:
        dataset = await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="sft")
        evaluator = await client.ok(
            "register_evaluator", name="reward", type="lambda", arn=LAMBDA, technique="rlvr"
        )

    for made in (dataset, evaluator):
        assert ("created", "failed") == (made["local"]["state"], made["hub"]["state"])
        assert f"Hub registration failed {NON_FATAL}" in made["warnings"]
        assert any(is_explained(each) for each in made["warnings"])
    assert ([], []) == written()


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("deploy_adapter_from_registry", {"version": 1, "adapter_name": "tone-dpo"}),
        ("remove_adapter", {"adapter_name": "live"}),
        ("claim_ci_untested", {"worker": "job"}),
        ("claim_ci_untested", {"worker": "job", "renew": [LEASE_ID]}),
        ("claim_ci_untested", {"worker": "job", "release": [LEASE_ID]}),
        ("record_ci_result", {**LEASE, "status": "pass"}),
        ("record_benchmark", {"config_id": "0" * 16, "run_id": "r", "status": "completed"}),
    ],
)
async def test_what_only_aws_would_hold_is_refused(connect, version, written, tool, arguments):
    async with connect() as client:
        refused = await client.refused(tool, **arguments)

    assert "permission_denied" == refused["error"]["code"]
    assert is_explained(refused["error"]["message"] + refused["error"]["hint"])
    assert "another profile" in refused["error"]["hint"]
    assert ([], []) == written()


async def test_whoever_only_looks_is_answered(connect, version):
    async with connect() as client:
        listed = await client.ok("list_adapters", project_name="support-bot")
        planned = await client.ok(
            "deploy_adapter_from_registry", version=1, adapter_name="tone-dpo", dry_run=True
        )
        waiting = await client.ok("query_ci_untested")
        report = await client.ok("ci_report")

    assert [version] == [each["arn"] for each in listed["adapters"]]
    assert "planned" == planned["state"]
    for each in (listed, planned, waiting, report):
        assert "123456789012" == each["aws"]["account"]
