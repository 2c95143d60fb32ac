"""What AWS documents nowhere: a rollout comes to the right end whichever way it is."""

import pytest

from registry.errors import NotFound, PreconditionFailed, RegistryError
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from sandbox.service import Sandbox

from .conftest import BASE, ENDPOINT, IC, Deploy, conf_of, creations, publish, timeless

APPROVED = ConsentPolicy(auto_approve=True)


@pytest.fixture
def turn(sandbox: Sandbox):
    return sandbox.control.change_settings


def weights_of(clients, name: str = IC) -> str:
    found = clients.sagemaker.describe_inference_component(InferenceComponentName=name)
    return str(found["Specification"]["Container"]["ArtifactUrl"])


@pytest.mark.parametrize("words", ["does not exist", "was not found", "could not find it"])
def test_an_absent_version_is_not_found_in_whatever_words(
    deploy: Deploy, folder: ProjectFolder, version: str, turn, words: str
) -> None:
    turn(absent_package_words=words)

    with pytest.raises(NotFound):
        deploy(folder, version_arn=version.replace("/1", "/7"))

    assert not conf_of(folder).exists()


@pytest.mark.parametrize(
    "words",
    ["Cannot create already existing inference component", "Already exists:", "The name is taken:"],
)
def test_a_name_that_our_own_lost_request_took_is_found_in_whatever_words(
    deploy: Deploy, folder: ProjectFolder, version: str, turn, sandbox: Sandbox, words: str
) -> None:
    turn(taken_component_words=words)
    sandbox.control.fail("CreateInferenceComponent", "lost_answer")

    assert "in_service" == deploy(folder, version_arn=version).state
    assert 2 == len(creations(sandbox))


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_a_new_component_may_be_found_late(
    deploy: Deploy, folder: ProjectFolder, version: str, turn, sandbox: Sandbox, hidden: int
) -> None:
    turn(component_hidden_polls=hidden)

    assert "in_service" == deploy(folder, version_arn=version).state
    assert 1 == len(creations(sandbox))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_base_that_is_an_adapter_is_refused_before_anything_is_asked_for(
    deploy: Deploy, folder: ProjectFolder, version: str, turn, sandbox: Sandbox, at_once: bool
) -> None:
    turn(adapter_checks_at_once=at_once)
    deploy(folder, version_arn=version)

    with pytest.raises(PreconditionFailed, match="itself an adapter"):
        deploy(folder, version_arn=version, adapter_name="other", base_component=IC)

    assert 1 == len(creations(sandbox))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_base_that_goes_just_before_the_creation_is_told(
    deploy: Deploy, folder: ProjectFolder, version: str, clients, turn, sandbox, at_once: bool
) -> None:
    """Refused at once, nothing is left; taken, the component ends Failed and the conf names it."""
    turn(adapter_checks_at_once=at_once)

    def let_go(_done: float, _total: float | None, text: str) -> None:
        if text.startswith("creating inference component"):
            clients.sagemaker.delete_inference_component(InferenceComponentName=BASE)

    with pytest.raises(RegistryError) as told:
        deploy(folder, version_arn=version, call=timeless(report=let_go))

    assert told.value.code in {"precondition_failed", "invalid_argument"}
    assert at_once != (told.value.details.get("state") == "failed")
    assert at_once != conf_of(folder).exists()
    assert 1 == len(creations(sandbox))


@pytest.mark.parametrize("rolls_back", [True, False])
def test_an_update_that_fails_is_an_error_and_never_in_service(
    deploy: Deploy, folder: ProjectFolder, version: str, clients, turn, sandbox, rolls_back: bool
) -> None:
    turn(failed_updates_roll_back=rolls_back)
    deploy(folder, version_arn=version)
    before, served = conf_of(folder).read_text(), weights_of(clients)
    bad = (
        before.split('ADAPTER_WEIGHTS_URI="')[1].split('"')[0].replace("/a/x/", "/a/sandbox-fail/")
    )
    bucket = bad.split("/")[2]
    clients.s3.put_object(Bucket=bucket, Key="a/sandbox-fail/adapter_config.json", Body=b"{}")
    other = publish(clients, "other", modelDataUrl=bad, adapterName="my-sft")

    with pytest.raises(PreconditionFailed) as told:
        deploy(read_project(folder.root), APPROVED, version_arn=other, replace=True)

    assert "failed" == told.value.details["state"]
    assert ("was not updated" in told.value.message) == rolls_back
    assert (served if rolls_back else bad) == weights_of(clients)
    assert (before == conf_of(folder).read_text()) == rolls_back


@pytest.mark.parametrize("updates", [True, False])
def test_weights_are_replaced_whether_components_can_be_updated_or_not(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, clients, turn, updates: bool
) -> None:
    deploy(folder, version_arn=version)
    archive = f"{weights.removesuffix('/x')}/adapter.tar.gz"
    other = publish(clients, "other", modelDataUrl=archive, adapterName="my-sft")
    turn(adapter_updates=updates)
    done = deploy(read_project(folder.root), APPROVED, version_arn=other, replace=True)

    assert ("in_service", archive) == (done.state, weights_of(clients))


@pytest.mark.parametrize("taken", [True, False])
def test_a_prefix_is_served_or_said_not_to_be(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, clients, turn, taken: bool
) -> None:
    """And whichever it is, the same adapter as an archive can take its place."""
    turn(prefix_artifacts=taken)
    archive = f"{weights.removesuffix('/x')}/adapter.tar.gz"
    packed = publish(clients, "other", modelDataUrl=archive, adapterName="my-sft")
    try:
        reached = deploy(folder, version_arn=version).state
    except PreconditionFailed as error:
        reached = str(error.details["state"])
        assert error.details["failureReason"] in error.message
    again = deploy(read_project(folder.root), APPROVED, version_arn=packed, replace=True)

    assert ("in_service" if taken else "failed") == reached
    assert ("in_service", archive) == (again.state, weights_of(clients))


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("names", [True, False])
def test_a_version_is_found_by_number_and_by_its_arn_however_arns_are_written(
    deploy: Deploy, folder: ProjectFolder, weights: str, clients, turn, lower: bool, names: bool
) -> None:
    turn(lower_case_arns=lower, version_names=names)
    arn = publish(clients, "Tuning-Lab", modelDataUrl=weights, adapterName="my-sft")
    by_arn = deploy(folder, version_arn=arn)
    by_number = deploy(
        read_project(folder.root), version=1, source_project="Tuning-Lab", adapter_name="my-sft"
    )

    assert ("in_service", "unchanged") == (by_arn.state, by_number.state)
    assert arn == by_number.version_arn
    assert ENDPOINT == by_arn.endpoint_name
