"""`replace`: other weights for a component that is live, in place or by deleting it first."""

from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.errors import (
    Cancelled,
    Conflict,
    NeedsConfirmation,
    NotReady,
    PermissionDenied,
    PreconditionFailed,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from sandbox.service import Sandbox

from .conftest import BASE, ENDPOINT, IC, Deploy, conf_of, timeless

OLD = "s3://old/weights.tar.gz"
APPROVED = ConsentPolicy(auto_approve=True)
OLD_CONF = f'export ADAPTER_NAME="my-sft"\nexport ADAPTER_WEIGHTS_URI="{OLD}"\n'


@pytest.fixture
def live(aws: BotoAws, endpoint: str, sandbox: Sandbox, folder: ProjectFolder) -> str:
    """The component's name; it serves OLD, and the conf says so."""
    aws.components.create_adapter(
        name=IC, endpoint_name=ENDPOINT, base_component=BASE, artifact_url=OLD
    )
    sandbox.control.advance(3600)
    aws.components.describe(IC)
    conf_of(folder).parent.mkdir()
    conf_of(folder).write_text(OLD_CONF)
    return IC


def weights_of(clients) -> str:
    found = clients.sagemaker.describe_inference_component(InferenceComponentName=IC)
    return str(found["Specification"]["Container"]["ArtifactUrl"])


def made(sandbox: Sandbox) -> list[str]:
    """Return what was asked of the component besides looks, in order, the fixture's left out."""
    wanted = ("CreateInference", "UpdateInference", "DeleteInference")
    calls = [
        call["operation"]
        for call in sandbox.control.calls()
        if call["operation"].startswith(wanted)
    ]
    return calls[2:]


def test_replacing_needs_the_plans_digest_where_nobody_can_be_asked(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, clients
) -> None:
    with pytest.raises(NeedsConfirmation, match=f"it replaces {OLD}") as told:
        deploy(folder, version_arn=version, replace=True)

    assert "serves nobody for some minutes" in told.value.details["plan"]["outage"]
    assert OLD == weights_of(clients)
    assert OLD_CONF == conf_of(folder).read_text()


def test_weights_are_updated_in_place(
    deploy: Deploy,
    folder: ProjectFolder,
    version: str,
    weights: str,
    live: str,
    clients,
    sandbox: Sandbox,
) -> None:
    result = deploy(folder, APPROVED, version_arn=version, replace=True)

    assert ("in_service", f"{weights}/") == (result.state, weights_of(clients))
    assert ["UpdateInferenceComponent"] == made(sandbox)
    assert () == result.warnings
    assert f'WEIGHTS_URI="{weights}/"' in conf_of(folder).read_text()


def test_where_updates_are_not_supported_it_is_deleted_and_created_and_said(
    deploy: Deploy,
    folder: ProjectFolder,
    version: str,
    weights: str,
    live: str,
    clients,
    sandbox: Sandbox,
) -> None:
    sandbox.control.change_settings(adapter_updates=False)

    result = deploy(folder, APPROVED, version_arn=version, replace=True)

    assert ("in_service", f"{weights}/") == (result.state, weights_of(clients))
    assert ["deleting", "deleted", "created"] == [
        step.state for step in result.steps if step.name == "component"
    ]
    assert any("it served nobody" in warning for warning in result.warnings)


def test_an_update_that_is_rolled_back_is_an_error_and_the_conf_as_before(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, clients, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Rollback", reason="rank 64 is above max_lora_rank")

    with pytest.raises(PreconditionFailed, match=r"was not updated .* rank 64") as told:
        deploy(folder, APPROVED, version_arn=version, replace=True)

    assert "OPTION_MAX_LORA_RANK" in told.value.hint
    assert (OLD, OLD_CONF) == (weights_of(clients), conf_of(folder).read_text())


def test_an_update_that_an_interrupted_call_began_and_that_is_rolled_back_says_what_the_conf_names(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Rollback", reason="out of memory")
    deploy(folder, APPROVED, version_arn=version, replace=True, wait_s=0)

    with pytest.raises(PreconditionFailed, match="was not updated") as told:
        deploy(read_project(folder.root), APPROVED, version_arn=version, replace=True)

    assert "do/adapters/my-sft.conf names the new weights" in told.value.hint


def test_an_update_that_goes_on_is_handed_over(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Hang")

    result = deploy(folder, APPROVED, version_arn=version, replace=True, wait_s=0)

    assert ("updating", True) == (result.state, "get_adapter_rollout" in (result.next_step or ""))


@pytest.mark.parametrize(
    "operation", ["UpdateInferenceComponent", "DeleteInferenceComponent"], ids=["update", "delete"]
)
def test_a_refused_replacement_changes_nothing(
    deploy: Deploy,
    folder: ProjectFolder,
    version: str,
    live: str,
    clients,
    sandbox: Sandbox,
    operation: str,
) -> None:
    sandbox.control.change_settings(adapter_updates=operation == "UpdateInferenceComponent")
    sandbox.control.fail(operation, "deny")

    with pytest.raises(PermissionDenied) as told:
        deploy(folder, APPROVED, version_arn=version, replace=True)

    assert f"sagemaker:{operation}" == told.value.details["action"]
    assert (OLD, OLD_CONF) == (weights_of(clients), conf_of(folder).read_text())


def test_a_creation_that_is_refused_after_the_deletion_says_what_is_missing(
    deploy: Deploy,
    folder: ProjectFolder,
    version: str,
    weights: str,
    live: str,
    clients,
    sandbox: Sandbox,
) -> None:
    sandbox.control.change_settings(adapter_updates=False)
    digest = deploy(folder, version_arn=version, replace=True, dry_run=True).digest
    sandbox.control.fail("CreateInferenceComponent", "deny")

    with pytest.raises(PermissionDenied, match="is deleted and not created again") as told:
        deploy(folder, version_arn=version, replace=True, confirm=digest)
    completed = deploy(folder, version_arn=version, replace=True, confirm=digest)

    assert "repeat the same call" in told.value.hint
    assert "deleted" in [step["state"] for step in told.value.details["done"]]
    assert ("in_service", f"{weights}/") == (completed.state, weights_of(clients))


def test_a_look_that_is_refused_while_it_is_being_deleted_says_what_was_done_before(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(adapter_updates=False)
    sandbox.control.fail("DescribeInferenceComponent", "deny", match=IC, skip=1)

    with pytest.raises(PermissionDenied) as told:
        deploy(folder, APPROVED, version_arn=version, replace=True)

    done = [(step["name"], step["state"]) for step in told.value.details["done"]]
    assert [("conf", "updated"), ("component", "deleting")] == done
    assert "in_service" == deploy(folder, APPROVED, version_arn=version, replace=True).state


def test_a_deletion_that_outlasts_the_wait_is_handed_over_and_gone_on_with(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(adapter_updates=False, deletion_polls=5)
    digest = deploy(folder, version_arn=version, replace=True, dry_run=True).digest
    agreed: dict[str, Any] = {"version_arn": version, "replace": True, "confirm": digest}

    begun = deploy(folder, wait_s=0, **agreed)
    done = deploy(folder, **agreed)

    assert ["deleting", "in_service"] == [begun.state, done.state]
    assert f"confirm={digest}" in (begun.next_step or "")
    assert 1 == made(sandbox).count("DeleteInferenceComponent")


def test_cancelling_while_it_is_being_deleted_says_so(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(adapter_updates=False)
    withdrawn: list[bool] = []
    call = timeless(wait=lambda _: withdrawn.append(True), cancelled=lambda: bool(withdrawn))

    with pytest.raises(Cancelled, match="not created again yet") as told:
        deploy(folder, APPROVED, call, version_arn=version, replace=True)

    assert "repeat the same call" in told.value.hint
    assert "in_service" == deploy(folder, APPROVED, version_arn=version, replace=True).state


def test_a_component_that_failed_is_deleted_and_created(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, clients, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Failed", reason="out of memory")
    with pytest.raises(PreconditionFailed):
        deploy(folder, version_arn=version)
    sandbox.control.plan_component(IC, "InService")

    result = deploy(folder, APPROVED, version_arn=version, replace=True)

    assert ("in_service", f"{weights}/") == (result.state, weights_of(clients))


def test_replacing_moves_nothing_from_another_base(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, clients
) -> None:
    with pytest.raises(Conflict, match="another endpoint or base") as told:
        deploy(folder, APPROVED, version_arn=version, replace=True, base_component="tv-other-1")

    assert "remove_adapter" in told.value.hint
    assert BASE == told.value.details["existing"]["baseComponent"]
    assert OLD == weights_of(clients)


def test_what_is_changing_just_now_is_not_replaced_and_may_be_retried(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, aws: BotoAws
) -> None:
    aws.components.update_adapter(name=IC, base_component=BASE, artifact_url="s3://x/y.tar.gz")

    with pytest.raises(NotReady, match="is Updating"):
        deploy(folder, APPROVED, version_arn=version, replace=True)

    assert OLD_CONF == conf_of(folder).read_text()


def test_an_update_whose_answer_is_lost_is_found(
    deploy: Deploy, folder: ProjectFolder, version: str, live: str, sandbox: Sandbox
) -> None:
    sandbox.control.fail("UpdateInferenceComponent", "lost_answer")

    assert "in_service" == deploy(folder, APPROVED, version_arn=version, replace=True).state
