"""`audit_deployments` over real boto3: registry entries beside the sandbox's endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.audit.page import MOST_DESCRIBED, Audit
from registry.aws.directory import BotoAws, BotoDirectory
from registry.calls import Call
from registry.errors import InvalidArgument, PermissionDenied
from registry.identifiers import entry_id
from registry.local.deployments import DeploymentFile, user_registry
from sandbox import sample
from sandbox.service import Sandbox
from schemas.audit import AuditPage
from schemas.deployment import DeploymentEntry

REGION = "us-west-2"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/m:bot-latest"


@pytest.fixture
def aws(aws_env: dict[str, str]) -> Iterator[BotoAws]:
    directory = BotoDirectory()
    yield directory.open(region=REGION, profile="")
    directory.close()


@pytest.fixture
def log(tmp_path: Path) -> DeploymentFile:
    return user_registry(tmp_path)


@pytest.fixture
def start(clients) -> Callable[[str], None]:
    """Starts a project's endpoint with its base component."""

    def started(project: str) -> None:
        sample.start_endpoint(
            clients.sagemaker,
            IMAGE,
            endpoint=f"{project}-endpoint",
            base_component=f"{project}-default-1770000000",
        )

    return started


@pytest.fixture
def register(log: DeploymentFile) -> Callable[..., str]:
    """Appends an entry, a second later than the one before."""
    made = 0

    def registered(project: str = "bot", **more: Any) -> str:
        nonlocal made
        made += 1
        stamp = f"2026-05-01T10:00:{made:02d}.000Z"
        entry = DeploymentEntry.model_validate(
            {
                "timestamp": stamp,
                "status": more.get("status", "success"),
                "deployment": {
                    "deploymentConfig": "transformers-vllm",
                    "architecture": "transformers",
                    "backend": "vllm",
                    "deploymentTarget": more.get("target", "realtime-inference"),
                    "icList": [
                        {"name": "default", "image": "bot-latest", "gpuCount": 1, "copyCount": 1},
                        *more.get("adapters", ()),
                    ],
                },
                "model": {"modelName": "Qwen/Qwen3-4B"},
                "infrastructure": {
                    "instanceType": more.get("instance_type", "ml.g5.2xlarge"),
                    "region": more.get("region", REGION),
                },
                "configuration": {"parameters": {}},
                "outcome": {},
                "metadata": {},
                "id": entry_id(stamp, "transformers-vllm", ()),
                "projectName": project,
                "endpointName": more.get("endpoint", f"{project}-endpoint"),
            }
        ).document()
        return str(log.append(lambda _: entry)[0]["id"])

    return registered


def audit(aws: BotoAws, log: DeploymentFile, project: str = "", **options: Any) -> AuditPage:
    given = {"limit": 0, "cursor": ""} | options
    return Audit(aws, Call()).page([("user", log)], project_name=project, **given)


def states(page: AuditPage) -> dict[str | None, str]:
    return {each.endpoint_name: each.state for each in page.endpoints}


def calls(sandbox: Sandbox) -> dict[str, int]:
    counts: dict[str, int] = {}
    for call in sandbox.control.calls():
        if call["service"] == "sagemaker":
            counts[call["operation"]] = counts.get(call["operation"], 0) + 1
    return counts


def test_each_endpoint_is_running_drifted_gone_or_unregistered(aws, log, register, start):
    for project in ("bot", "drifting", "stranger"):
        start(project)
    kept = register("bot")
    register("drifting", instance_type="ml.p4d.24xlarge")
    register("left")

    page = audit(aws, log)

    assert {
        "bot-endpoint": "running",
        "drifting-endpoint": "drifted",
        "left-endpoint": "gone",
        "stranger-endpoint": "unregistered",
    } == states(page)
    assert "Endpoints of us-west-2: 1 running, 1 drifted, 1 gone, 1 unregistered." == page.message
    assert ("InService", (kept,), ("bot",)) == (
        page.endpoints[0].endpoint_status,
        page.endpoints[0].deployments,
        page.endpoints[0].project_names,
    )
    (drift,) = page.endpoints[1].drift
    assert ("/infrastructure/instanceType", "ml.p4d.24xlarge", "ml.g5.2xlarge") == (
        drift.path,
        drift.registered,
        drift.running,
    )
    assert ("123456789012", True, None) == (page.aws.account, page.complete, page.next_cursor)


def test_an_adapter_that_was_rolled_out_and_never_registered_is_a_drift(
    aws, log, register, start, clients
):
    start("bot")
    register("bot")
    clients.sagemaker.create_inference_component(
        InferenceComponentName="bot-adapter-tone",
        EndpointName="bot-endpoint",
        Specification={
            "BaseInferenceComponentName": "bot-default-1770000000",
            "Container": {"ArtifactUrl": "s3://w/tone.tar.gz"},
        },
    )

    (endpoint,) = audit(aws, log).endpoints

    assert "drifted" == endpoint.state
    assert ["/deployment/icList/bot-adapter-tone"] == [each.path for each in endpoint.drift]
    assert "s3://w/tone.tar.gz" == endpoint.drift[0].running["artifactUrl"]


def test_only_the_newest_entry_of_a_project_counts(aws, log, register, start):
    start("bot")
    register("bot", instance_type="ml.p4d.24xlarge")
    newest = register("bot")

    (endpoint,) = audit(aws, log).endpoints

    assert ("running", (newest,)) == (endpoint.state, endpoint.deployments)


@pytest.mark.parametrize("more", [{"status": "failed"}, {"region": "eu-west-1"}])
def test_a_failed_deployment_and_another_regions_are_not_expected_here(aws, log, register, more):
    register("bot", **more)

    page = audit(aws, log)

    assert () == page.endpoints
    assert "Nothing is registered for us-west-2" in page.message


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"endpoint": None}, "the entry names no endpoint"),
        ({"target": "batch-transform"}, "batch-transform has no endpoint"),
    ],
)
def test_an_entry_that_cannot_be_compared_is_unknown_and_says_why(aws, log, register, more, reason):
    entry = register("bot", **more)

    (endpoint,) = audit(aws, log).endpoints

    assert ("unknown", (entry,)) == (endpoint.state, endpoint.deployments)
    assert reason in (endpoint.note or "")


def test_a_project_is_audited_alone(aws, log, register, start):
    for project in ("bot", "other"):
        start(project)
        register(project)
    start("bot-two")

    assert {"bot-endpoint": "running", "bot-two-endpoint": "unregistered"} == states(
        audit(aws, log, "bot")
    )


def test_pages_go_on_by_name_and_a_foreign_cursor_is_refused(aws, log, register, start):
    for project in ("a", "b", "c"):
        register(project)
    register("d", endpoint=None)

    first = audit(aws, log, limit=2)
    second = audit(aws, log, limit=2, cursor=first.next_cursor)

    assert ["a-endpoint", "b-endpoint"] == [each.endpoint_name for each in first.endpoints]
    assert ["c-endpoint", None] == [each.endpoint_name for each in second.endpoints]
    assert (False, True) == (first.complete, second.complete)
    with pytest.raises(InvalidArgument, match="cursor"):
        audit(aws, log, "a", cursor=first.next_cursor)


def test_an_endpoint_costs_three_calls_and_one_per_component(aws, log, register, start, sandbox):
    for project in ("bot", "other", "stranger"):
        start(project)
    register("bot")
    register("other")
    sandbox.control.clear_log()

    audit(aws, log)

    assert {
        "ListEndpoints": 1,
        "DescribeEndpoint": 2,
        "DescribeEndpointConfig": 2,
        "ListInferenceComponents": 2,
        "DescribeInferenceComponent": 2,
    } == calls(sandbox)


def test_a_page_looks_at_a_bounded_number_of_components_and_says_so(
    aws, log, register, start, clients, sandbox
):
    start("bot")
    start("other")
    register("bot")
    register("other")
    for number in range(MOST_DESCRIBED):
        clients.sagemaker.create_inference_component(
            InferenceComponentName=f"x{number}",
            EndpointName="bot-endpoint",
            Specification={
                "BaseInferenceComponentName": "bot-default-1770000000",
                "Container": {"ArtifactUrl": "s3://w/x.tar.gz"},
            },
        )
    sandbox.control.clear_log()

    first = audit(aws, log)

    assert MOST_DESCRIBED == calls(sandbox)["DescribeInferenceComponent"]
    assert {"bot-endpoint": "drifted"} == states(first)
    assert "1 of its components were not looked at" == first.endpoints[0].note
    assert (20, MOST_DESCRIBED - 20) == (
        len(first.endpoints[0].drift),
        first.endpoints[0].omitted,
    )
    assert {"other-endpoint": "running"} == states(audit(aws, log, cursor=first.next_cursor))


@pytest.mark.parametrize(
    "operation",
    ["ListEndpoints", "DescribeEndpoint", "DescribeEndpointConfig", "ListInferenceComponents"],
)
def test_a_refused_permission_is_an_error_that_names_it(
    aws, log, register, start, sandbox, operation
):
    start("bot")
    register("bot")
    sandbox.control.fail(operation, "deny", times=-1)

    with pytest.raises(PermissionDenied) as told:
        audit(aws, log)

    assert f"sagemaker:{operation}" == told.value.details["action"]
