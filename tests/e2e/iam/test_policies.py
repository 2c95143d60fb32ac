"""The policies of docs/iam: written from what the tools ask of AWS, and tested by the tools."""

from __future__ import annotations

import json
import os
import re

import pytest

from tools.catalog import CATALOG

from .policies import (
    FOLDER,
    POLICY_KEY,
    actions_in,
    committed,
    filled,
    needed,
    policy,
    without,
)
from .scenarios import CI_TABLE, DATA, DEPLOY, ENDPOINT, GROUP, HUB, IC, NEW_TABLE, SCENARIOS, TONE

pytestmark = pytest.mark.anyio

NAMES = {
    "REGION": "us-west-2",
    "ACCOUNT": "123456789012",
    "PROJECT": GROUP,
    "ENDPOINT": ENDPOINT,
    "HUB": HUB,
    "REPOSITORY": "ml-container-creator",
    "BUCKET": f"{GROUP}-*",
    "TABLE": CI_TABLE,
}
MANAGED_POLICY_CHARACTERS = 6_144
"""White space does not count. Source: IAM quotas."""


def ready(name):
    """Return a policy as a person fills it in for the team of the scenarios."""
    names = NAMES | ({"TABLE": NEW_TABLE} if name == "ci-table" else {})
    return filled(committed(name), names)


def denied(calls):
    return [call["operation"] for call in calls if call["code"].startswith("AccessDenied")]


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_a_policy_is_what_its_tools_ask_for(calls_of, name):
    """A changed tool shows in review; `UPDATE_SNAPSHOTS=1` writes the policies anew."""
    written = policy(needed([call for each in SCENARIOS[name] for call in await calls_of(each)]))
    if os.environ.get("UPDATE_SNAPSHOTS"):
        text = json.dumps(written, indent=2) + "\n"
        (FOLDER / f"{name}.json").write_text(text, "utf-8")

    assert committed(name) == written


@pytest.mark.parametrize(
    ("name", "scenario"),
    [(name, each) for name in sorted(SCENARIOS) for each in SCENARIOS[name]],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_under_exactly_its_policy_everything_works(play, name, scenario):
    """Search is refused where the scenario refuses it."""
    calls = await play(scenario, ready(name))

    assert set() == set(denied(calls)) - {"Search"}


def optional():
    """Return what the page calls optional: pairs of a policy and an action."""
    page = (FOLDER / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+:\w+)` \| ([\w, -]+) \|", page, re.MULTILINE)
    return {(name, action) for action, names in rows for name in names.split(", ")}


@pytest.mark.parametrize(
    "name",
    # Each look at this one starts the command twice.
    [pytest.param(n, marks=pytest.mark.soak if n == "ci-table" else ()) for n in sorted(SCENARIOS)],
)
async def test_without_any_one_action_something_fails_or_is_missing(play, calls_of, name):
    """What no scenario fails for want of is asked all the same; the page says what is lost."""
    spared = set()
    for action in actions_in(committed(name)):
        less = without(ready(name), action)
        using = [
            each
            for each in SCENARIOS[name]
            if action in {need.action for need in needed(await calls_of(each))}
        ]
        if not await any_fails(play, using, less):
            spared.add((name, action))

    assert {each for each in optional() if each[0] == name} == spared


async def any_fails(play, scenarios, policy):
    """Return whether a scenario fails; those that do not are refused something all the same."""
    for scenario in scenarios:
        try:
            calls = await play(scenario, policy)
        except (AssertionError, LookupError, ValueError):  # or it has not what was looked for
            return True
        assert denied(calls)
    return False


OUTSIDE = [
    ("read-only", DEPLOY, {"version": 2}, "CreateInferenceComponent", f"endpoint/{ENDPOINT}"),
    ("read-only", "remove_adapter", {}, "DeleteInferenceComponent", f"inference-component/{IC}"),
    ("read-only", "claim_ci_untested", {"worker": "job"}, "UpdateItem", f"table/{CI_TABLE}"),
    ("read-only", "register_deployment", {"ci": True}, "UpdateItem", f"table/{CI_TABLE}"),
    ("register", "query_ci_untested", {}, "Query", f"table/{CI_TABLE}/index/"),
    ("register", "audit_deployments", {}, "ListEndpoints", "*"),
    ("register", DEPLOY, {"version": 2}, "DescribeInferenceComponent", "inference-component/"),
    ("rollout", "audit_deployments", {}, "ListEndpoints", "*"),
    ("rollout", "ci_report", {}, "Scan", f"table/{CI_TABLE}"),
    ("ci", "list_adapters", {}, "ListModelPackages", "*"),
    ("ci", DEPLOY, {"version": 2}, "DescribeModelPackage", f"model-package/{GROUP}/2"),
    ("ci", "get_adapter_rollout", {"adapter_name": "x"}, "DescribeInferenceComponent", "-x"),
]


@pytest.mark.parametrize(("name", "tool", "arguments", "action", "resource"), OUTSIDE)
async def test_a_tool_that_a_policy_is_not_for_is_refused_and_told_what_it_lacks(
    world, server, name, tool, arguments, action, resource
):
    world.begin()
    world.tone()
    if tool == "remove_adapter":
        world.serve(TONE)
        said = await server.refused(tool, adapter_name="tone-dpo")
        arguments = {"adapter_name": "tone-dpo", "confirm": said["digest"]}
    if tool == "claim_ci_untested":
        await server.ok("register_deployment", ci=True)
    before = state(world)
    world.box.control.allow(POLICY_KEY, ready(name))
    refused = await server.refused(tool, **arguments)

    assert "permission_denied" == refused["error"]["code"]
    assert action == refused["action"].partition(":")[2]
    assert resource in refused["resource"]
    assert refused["action"] in refused["error"]["message"]
    assert before == state(world)


async def test_a_registration_outside_its_policy_is_local_and_told_what_it_lacks(world, server):
    world.begin()
    world.box.control.allow(POLICY_KEY, ready("read-only"))
    made = await server.ok("register_deployment")
    dataset = await server.ok("register_dataset", name="faq", s3_uri=DATA, technique="sft")

    assert ("created", "failed") == (made["local"]["state"], made["modelPackage"]["state"])
    assert "sagemaker:CreateModelPackageGroup" in made["modelPackage"]["warning"]
    assert f"model-package-group/{GROUP}" in made["modelPackage"]["warning"]
    assert ("created", "failed") == (dataset["local"]["state"], dataset["hub"]["state"])
    assert "sagemaker:ImportHubContent" in dataset["hub"]["warning"]
    assert any("s3:GetObject" in each for each in dataset["warnings"])


def state(world):
    """Return what an administrator sees: components, versions, and the table's items."""
    sagemaker, dynamodb = world.aws["sagemaker"], world.aws["dynamodb"]
    packages = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    return (
        sagemaker.list_inference_components()["InferenceComponents"],
        [each["ModelPackageArn"] for each in packages["ModelPackageSummaryList"]],
        dynamodb.scan(TableName=CI_TABLE)["Items"],
    )


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_policy_fits_what_iam_takes(name):
    document = committed(name)
    sids = [each["Sid"] for each in document["Statement"]]

    assert "2012-10-17" == document["Version"]
    assert len(set(sids)) == len(sids)
    assert all(each.isalnum() for each in sids)
    assert MANAGED_POLICY_CHARACTERS > len(json.dumps(document, separators=(",", ":")))


def test_the_page_names_every_tool_every_placeholder_and_every_policy():
    page = (FOLDER / "README.md").read_text("utf-8")
    tools = {f"`{each.name}`" for each in CATALOG}
    policies = {f"[{each}.json]({each}.json)" for each in SCENARIOS}
    placeholders = {f"`{each}`" for each in NAMES}

    assert set() == {each for each in tools | policies | placeholders if each not in page}


def test_there_is_no_policy_without_a_scenario():
    assert sorted(SCENARIOS) == sorted(each.stem for each in FOLDER.glob("*.json"))
