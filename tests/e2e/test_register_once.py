"""The specification's workflow "register once, deploy anywhere", as one test."""

from __future__ import annotations

import shutil

import pytest

from sandbox import sample

from .conftest import BASE, ENDPOINT, IMAGE

pytestmark = pytest.mark.anyio

POLICIES = ("rollout", "register", "read-only")

DEPLOY = "deploy_adapter_from_registry"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
ELSEWHERE = {
    "support-bot-endpoint": "faq-lab-endpoint",
    "support-bot-default-1770000000": "faq-lab-default-1780000000",
    '"support-bot"': '"faq-lab"',
    "ml.g5.2xlarge": "ml.g6.12xlarge",
    "vllm-openai:v0.8.5": "vllm-openai:v0.10.2",
}


async def test_an_adapter_is_registered_once_and_deployed_anywhere(
    connect, aws, box, place, project, endpoint
):
    tuned = (project / "do/adapters/faq-sft.conf").read_text("utf-8")
    other = another_project(project, place / "faq-lab")
    sample.start_endpoint(
        aws["sagemaker"],
        IMAGE,
        endpoint="faq-lab-endpoint",
        base_component="faq-lab-default-1780000000",
        instance_type="ml.g6.12xlarge",
    )
    async with connect("--workspace", str(place)) as client:
        here, there = {"project_dir": str(project)}, {"project_dir": str(other)}
        registered = await client.ok("register_deployment", **here)
        listed = await client.ok("list_adapters", **here, name="faq-sft")
        arn = listed["adapters"][0]["arn"]
        same = await client.ok(DEPLOY, version_arn=arn, **here)
        redeploy(aws, box, project)
        fresh = await client.ok(DEPLOY, version_arn=arn, **here)
        served = weights_of(aws, "support-bot-adapter-faq-sft")
        lab = await client.ok(DEPLOY, version_arn=arn, adapter_name="my-sft", **there)
        followed = await client.ok("get_adapter_rollout", adapter_name="my-sft", **there)
        far = await client.refused(DEPLOY, version_arn=arn, **there, region="eu-west-1")

    assert arn in [each["arn"] for each in registered["adapters"]]
    assert 'ADAPTER_SOURCE="tune"' in tuned
    assert "ADAPTER_IC_NAME" not in tuned
    assert ("in_service", "updated") == (same["state"], same["plan"]["conf"])
    assert ("in_service", "support-bot-default-1790000000") == (
        fresh["state"],
        fresh["baseComponentName"],
    )
    assert (FAQ, FAQ) == (served, weights_of(aws, "faq-lab-adapter-my-sft"))
    assert ("in_service", "compatible", "faq-lab-endpoint") == tuple(
        lab[each] for each in ("state", "compatibility", "endpointName")
    )
    assert ("in_service", arn) == (followed["state"], followed["versionArn"])
    assert f'ADAPTER_REGISTRY_ARN="{arn}"' in (other / "do/adapters/my-sft.conf").read_text()
    assert "are in us-west-2, the endpoint is in eu-west-1" in far["error"]["message"]


def another_project(project, root):
    """Return a copy of the project under another name, on other instances, never tuned."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(project, root)
    shutil.rmtree(root / "do/adapters")
    for conf in (root / "do/config", root / "do/ic/default.conf"):
        text = conf.read_text("utf-8")
        for before, after in ELSEWHERE.items():
            text = text.replace(before, after)
        conf.write_text(text, "utf-8")
    return root


def redeploy(aws, box, project):
    """Take endpoint and components down and deploy the project afresh, as the generator does."""
    sagemaker = aws["sagemaker"]
    for name in ("support-bot-adapter-faq-sft", BASE):
        sagemaker.delete_inference_component(InferenceComponentName=name)
        box.control.advance(3600)
    sagemaker.list_inference_components()
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    box.control.advance(3600)
    fresh = {ENDPOINT: "support-bot-endpoint-2", BASE: "support-bot-default-1790000000"}
    sample.start_endpoint(sagemaker, IMAGE, endpoint=fresh[ENDPOINT], base_component=fresh[BASE])
    for conf in (project / "do/config", project / "do/ic/default.conf"):
        text = conf.read_text("utf-8")
        for before, after in fresh.items():
            text = text.replace(f'"{before}"', f'"{after}"')
        conf.write_text(text, "utf-8")


def weights_of(aws, name):
    found = aws["sagemaker"].describe_inference_component(InferenceComponentName=name)
    assert "InService" == found["InferenceComponentStatus"]
    return found["Specification"]["Container"]["ArtifactUrl"]
