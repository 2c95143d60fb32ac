"""What happens meanwhile, and what cannot be reached or written."""

import contextlib
from typing import Any

import pytest

from registry.errors import (
    Cancelled,
    Conflict,
    NotReady,
    PreconditionFailed,
    RegistryError,
    Unavailable,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.request import RolloutRequest
from sandbox.service import Sandbox

from .conftest import BASE, ENDPOINT, IC, Deploy, conf_of, publish, rollout_in, timeless


def test_with_nothing_reachable_a_dry_run_says_so_and_changes_nothing(
    aws: Any, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.fail("*", "server_error", times=-1)

    with pytest.raises(Unavailable) as told:
        rollout_in(aws).deploy(
            RolloutRequest(version_arn=version, dry_run=True), folder, timeless()
        )

    assert told.value.retryable
    assert not conf_of(folder).parent.exists()


def test_a_folder_that_cannot_be_written_gets_no_component(
    deploy: Deploy, folder: ProjectFolder, version: str, clients
) -> None:
    conf_of(folder).parent.write_text("a file where the folder would be")

    with pytest.raises(RegistryError, match="do/adapters") as told:
        deploy(folder, version_arn=version)

    assert told.value.hint
    listed = clients.sagemaker.list_inference_components()["InferenceComponents"]
    assert [BASE] == [one["InferenceComponentName"] for one in listed]


def test_a_creation_refused_for_the_endpoint_says_so_and_leaves_no_conf(
    deploy: Deploy, folder: ProjectFolder, version: str, clients, sandbox: Sandbox
) -> None:
    def take_the_endpoint_down(done: float, _total: float | None, _text: str) -> None:
        if done == 1:
            clients.sagemaker.delete_inference_component(InferenceComponentName=BASE)
            sandbox.control.advance(3600)
            clients.sagemaker.list_inference_components()
            clients.sagemaker.delete_endpoint(EndpointName=ENDPOINT)

    with pytest.raises(PreconditionFailed, match=f"endpoint {ENDPOINT!r} is Deleting") as told:
        deploy(folder, version_arn=version, call=timeless(report=take_the_endpoint_down))

    assert not told.value.retryable
    assert not conf_of(folder).exists()


def test_an_endpoint_that_is_on_its_way_may_be_retried(
    deploy: Deploy, folder: ProjectFolder, version: str, clients
) -> None:
    clients.sagemaker.create_endpoint(EndpointName="tv-new", EndpointConfigName="tv-config")

    with pytest.raises(NotReady, match="'tv-new' is Creating") as told:
        deploy(folder, version_arn=version, endpoint_name="tv-new")

    assert ("precondition_failed", True) == (told.value.code, told.value.retryable)


@pytest.mark.parametrize("withdrawn_at", range(8))
def test_a_call_that_is_withdrawn_at_any_moment_leaves_both_or_neither(
    deploy: Deploy, folder: ProjectFolder, version: str, clients, withdrawn_at: int
) -> None:
    told: list[str] = []
    call = timeless(
        report=lambda _done, _total, text: told.append(text),
        cancelled=lambda: len(told) > withdrawn_at,
    )
    with contextlib.suppress(Cancelled):
        deploy(folder, version_arn=version, call=call)

    found = clients.sagemaker.list_inference_components(NameContains=IC)["InferenceComponents"]
    assert conf_of(folder).exists() == bool(found)
    again = deploy(read_project(folder.root), version_arn=version)
    assert again.state in ("in_service", "unchanged")


@pytest.mark.parametrize("moment", ["created do/adapters", "creating inference component"])
def test_a_rollout_that_another_one_overtakes_is_a_conflict_and_the_others_conf_stays(
    deploy: Deploy, folder: ProjectFolder, clients, version: str, weights: str, moment: str
) -> None:
    bucket, others = weights.split("/")[2], f"{weights}er/"
    clients.s3.put_object(Bucket=bucket, Key="a/xer/adapter_config.json", Body=b"{}")
    other = publish(clients, "other", modelDataUrl=others, adapterName="my-sft")

    def be_overtaken(_done: float, _total: float | None, text: str) -> None:
        if text.startswith(moment):
            deploy(read_project(folder.root), version_arn=other, wait_s=0)

    with pytest.raises(Conflict):
        deploy(folder, version_arn=version, call=timeless(report=be_overtaken))

    live = clients.sagemaker.describe_inference_component(InferenceComponentName=IC)
    assert others == live["Specification"]["Container"]["ArtifactUrl"]
    assert f'ADAPTER_WEIGHTS_URI="{others}"' in conf_of(folder).read_text()
