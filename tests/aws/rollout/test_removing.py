"""`remove_adapter`: the component goes, then its conf; what is registered stays."""

from collections.abc import Callable
from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.errors import (
    Cancelled,
    InvalidArgument,
    NeedsConfirmation,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from registry.rollout.naming import RolloutName
from registry.rollout.removal import Removal
from registry.rollout.request import RemovalRequest
from registry.rollout.status import rollout_status
from sandbox.service import Sandbox
from schemas.rollout import AdapterRemovalResult

from .conftest import BASE, ENDPOINT, IC, Deploy, conf_of, publish, timeless

Remove = Callable[..., AdapterRemovalResult]
NAMED = {"adapter_name": "my-sft"}


@pytest.fixture
def remove(aws: BotoAws, endpoint: str) -> Remove:
    """Takes adapters off as the server does; waiting takes no time."""

    def run(
        folder: ProjectFolder | None, policy: ConsentPolicy | None = None, **arguments: Any
    ) -> AdapterRemovalResult:
        call = arguments.pop("call", timeless())
        removal = Removal(aws, policy or ConsentPolicy())
        return removal.remove(RemovalRequest(**arguments), folder, call)

    return run


@pytest.fixture
def live(deploy: Deploy, folder: ProjectFolder, version: str) -> ProjectFolder:
    """The folder, after its adapter was rolled out."""
    deploy(folder, version_arn=version)
    return read_project(folder.root)


def is_there(clients) -> bool:
    found = clients.sagemaker.list_inference_components(NameContains=IC)
    return bool(found["InferenceComponents"])


def test_an_adapter_is_taken_off_with_the_digest_and_its_version_stays(
    remove: Remove, live: ProjectFolder, version: str, clients
) -> None:
    with pytest.raises(NeedsConfirmation, match="removes what may be live") as told:
        remove(live, **NAMED)
    untouched = is_there(clients), conf_of(live).exists()
    result = remove(live, **NAMED, confirm=told.value.details["digest"])

    assert (True, True) == untouched
    assert ("removed", IC, ENDPOINT, (version,)) == (
        result.state,
        result.ic_name,
        result.endpoint_name,
        result.stays,
    )
    assert [("component", "deleting"), ("conf", "removed"), ("wait", "gone")] == [
        (step.name, step.state) for step in result.steps
    ]
    assert (False, False) == (is_there(clients), conf_of(live).exists())
    assert clients.sagemaker.describe_model_package(ModelPackageName=version)


def test_what_was_removed_can_be_rolled_out_again(
    remove: Remove, deploy: Deploy, live: ProjectFolder, version: str
) -> None:
    remove(live, ConsentPolicy(auto_approve=True), **NAMED)

    assert "in_service" == deploy(read_project(live.root), version_arn=version).state


def test_a_dry_run_removes_nothing(remove: Remove, live: ProjectFolder, clients) -> None:
    shown = remove(live, **NAMED, dry_run=True)

    assert ("planned", True) == (shown.state, shown.dry_run)
    assert f"confirm={shown.digest}" in (shown.next_step or "")
    assert (True, True) == (is_there(clients), conf_of(live).exists())


def test_a_component_that_is_gone_already_leaves_only_the_conf_to_go(
    remove: Remove, live: ProjectFolder, clients, sandbox: Sandbox
) -> None:
    digest = remove(live, **NAMED, dry_run=True).digest
    clients.sagemaker.delete_inference_component(InferenceComponentName=IC)
    sandbox.control.advance(3600)

    result = remove(live, **NAMED, confirm=digest)

    assert ("removed", False) == (result.state, conf_of(live).exists())


def test_a_removal_that_goes_on_is_followed_by_the_components_name(
    remove: Remove, live: ProjectFolder, aws: BotoAws, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(deletion_polls=4)
    result = remove(live, ConsentPolicy(auto_approve=True), **NAMED, wait_s=0)
    name = RolloutName.of(ic_name=IC, adapter_name="", project_name="", folder=None)
    now = rollout_status(name, aws=aws, wait_s=0, call=timeless())

    assert ["deleting", "deleting"] == [result.state, now.state]
    assert f"get_adapter_rollout with ic_name={IC}" in (result.next_step or "")
    with pytest.raises(NotFound, match="is gone, as was asked for"):
        rollout_status(name, aws=aws, wait_s=50, call=timeless())


def test_without_a_folder_the_component_alone_goes_and_its_versions_are_named(
    remove: Remove, live: ProjectFolder, clients, weights: str
) -> None:
    mine = publish(clients, "tv", modelDataUrl=weights, adapterName="my-sft")

    result = remove(None, ConsentPolicy(auto_approve=True), **NAMED, project_name="tv")

    assert ("removed", (mine,), None) == (result.state, result.stays, result.conf_path)
    assert conf_of(live).exists()


def test_weights_that_went_live_since_make_the_agreement_void(
    remove: Remove, live: ProjectFolder, clients, sandbox: Sandbox
) -> None:
    digest = remove(live, **NAMED, dry_run=True).digest
    clients.sagemaker.update_inference_component(
        InferenceComponentName=IC,
        Specification={"Container": {"ArtifactUrl": "s3://x/y.tar.gz"}},
    )

    with pytest.raises(NeedsConfirmation, match="has changed"):
        remove(live, **NAMED, confirm=digest)

    assert conf_of(live).exists()


def test_a_refused_removal_leaves_the_conf(
    remove: Remove, live: ProjectFolder, clients, sandbox: Sandbox
) -> None:
    sandbox.control.fail("DeleteInferenceComponent", "deny")

    with pytest.raises(PermissionDenied):
        remove(live, ConsentPolicy(auto_approve=True), **NAMED)

    assert (True, True) == (is_there(clients), conf_of(live).exists())


def test_cancelling_stops_the_waiting_and_the_removal_goes_on(
    remove: Remove, live: ProjectFolder, clients, sandbox: Sandbox
) -> None:
    withdrawn: list[bool] = []
    call = timeless(wait=lambda _: withdrawn.append(True), cancelled=lambda: bool(withdrawn))

    with pytest.raises(Cancelled, match="is being deleted"):
        remove(live, ConsentPolicy(auto_approve=True), **NAMED, call=call)

    sandbox.control.advance(3600)
    assert (False, False) == (is_there(clients), conf_of(live).exists())


def test_a_look_that_is_refused_says_what_was_removed_before(
    remove: Remove, live: ProjectFolder, sandbox: Sandbox
) -> None:
    sandbox.control.fail("DescribeInferenceComponent", "deny", match=IC, skip=1)

    with pytest.raises(PermissionDenied) as told:
        remove(live, ConsentPolicy(auto_approve=True), **NAMED)

    done = [(step["name"], step["state"]) for step in told.value.details["done"]]
    assert [("component", "deleting"), ("conf", "removed")] == done


def test_a_base_component_is_never_removed(remove: Remove, live: ProjectFolder, clients) -> None:
    with pytest.raises(PreconditionFailed, match="no adapter but a base component"):
        remove(live, ConsentPolicy(auto_approve=True), ic_name=BASE)

    assert is_there(clients)


def test_an_unknown_adapter_is_not_found_with_the_known_ones(
    remove: Remove, live: ProjectFolder
) -> None:
    with pytest.raises(NotFound) as told:
        remove(live, adapter_name="nope")
    with pytest.raises(InvalidArgument):
        remove(None, adapter_name="nope")

    assert [IC] == told.value.details["candidates"]
