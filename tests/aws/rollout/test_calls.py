"""What a rollout costs: the calls to SageMaker from the sandbox's log, those to S3 counted here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.project.folder import ProjectFolder, read_project
from registry.questions import Choice
from registry.rollout.consent import ConsentPolicy
from registry.rollout.deploy import Rollout
from registry.rollout.request import RolloutRequest
from sandbox.service import Sandbox

from .conftest import BASE, IC, NOW, Deploy, conf_of, timeless

VERSION, BASE_LOOK, WEIGHTS = "DescribeModelPackage", f"look at {BASE}", "read weights"
OWN_LOOK, CREATE = f"look at {IC}", "CreateInferenceComponent"


@dataclass
class Counted:
    """The objects of an account; every call is noted and then made."""

    objects: Any
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self.calls.append(name)
        made: Callable[..., Any] = getattr(self.objects, name)
        return made


@dataclass(frozen=True)
class CountedAws:
    """An account whose objects are counted; the rest is its own."""

    aws: BotoAws
    objects: Counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.aws, name)


@pytest.fixture
def counted(aws: BotoAws, endpoint: str) -> CountedAws:
    assert aws.identity.account  # asked for once by each process
    return CountedAws(aws, Counted(aws.objects))


Calls = Callable[[], list[str]]


@pytest.fixture
def calls(counted: CountedAws, version: str, sandbox: Sandbox) -> Calls:
    """Returns what was asked of AWS since the last time."""

    def since() -> list[str]:
        asked = [
            f"look at {call['request']['InferenceComponentName']}"
            if call["operation"] == "DescribeInferenceComponent"
            else call["operation"]
            for call in sandbox.control.calls()
        ] + [WEIGHTS] * len(counted.objects.calls)
        sandbox.control.clear_log()
        counted.objects.calls.clear()
        return asked

    since()
    return since


def rollout(counted: CountedAws, policy: ConsentPolicy | None = None) -> Rollout:
    return Rollout(counted, lambda _: counted, policy or ConsentPolicy(), now=lambda: NOW)  # type: ignore[arg-type,return-value] # counted, else the same


@pytest.mark.parametrize("policy", [ConsentPolicy(require_confirm=True), ConsentPolicy()])
def test_a_rollout_takes_four_calls_and_the_looks_while_waiting(
    counted: CountedAws, calls: Calls, folder: ProjectFolder, version: str, policy: ConsentPolicy
) -> None:
    shown = rollout(counted).deploy(
        RolloutRequest(version_arn=version, dry_run=True), folder, timeless()
    )
    calls()

    agreed = RolloutRequest(version_arn=version, confirm=shown.digest or "")
    rollout(counted, policy).deploy(agreed, folder, timeless())

    asked = calls()
    assert sorted([VERSION, WEIGHTS, BASE_LOOK, CREATE]) == sorted(set(asked) - {OWN_LOOK})
    assert len(asked) == 4 + asked.count(OWN_LOOK)
    assert OWN_LOOK not in asked[: asked.index(CREATE)]


def test_a_fresh_deployment_costs_no_look_at_what_went_with_the_old_one(
    counted: CountedAws,
    calls: Calls,
    folder: ProjectFolder,
    version: str,
    clients,
    sandbox: Sandbox,
) -> None:
    rollout(counted).deploy(RolloutRequest(version_arn=version), folder, timeless())
    clients.sagemaker.delete_inference_component(InferenceComponentName=IC)
    sandbox.control.advance(3600)
    base = folder.root / "do/ic/default.conf"
    base.write_text(base.read_text() + 'export IC_DEPLOYED_AT="2026-05-02T00:00:00Z"\n')
    calls()

    fresh = read_project(folder.root)
    result = rollout(counted).deploy(RolloutRequest(version_arn=version), fresh, timeless())

    asked = calls()
    assert "in_service" == result.state
    assert OWN_LOOK not in asked[: asked.index(CREATE)]


def test_a_repeat_takes_three_calls(
    counted: CountedAws, calls: Calls, folder: ProjectFolder, version: str
) -> None:
    rollout(counted).deploy(RolloutRequest(version_arn=version), folder, timeless())
    calls()

    again = rollout(counted).deploy(
        RolloutRequest(version_arn=version), read_project(folder.root), timeless()
    )

    assert "unchanged" == again.state
    assert [VERSION, OWN_LOOK, WEIGHTS] == calls()


def test_a_question_takes_at_most_three_calls(
    counted: CountedAws, calls: Calls, folder: ProjectFolder, version: str
) -> None:
    choice = rollout(counted).version_question(
        RolloutRequest(source_project="other"), folder, timeless()
    )
    chosen = calls()
    rollout(counted).consent_question(RolloutRequest(version_arn=version), folder, timeless())
    agreed = calls()

    assert isinstance(choice, Choice)
    assert [version] == list(choice.options.values())
    assert ["Search", "ListModelPackages"] == chosen
    assert [VERSION, BASE_LOOK, WEIGHTS] == agreed


def test_a_rollout_whose_conf_is_older_than_the_base_still_finds_what_is_there(
    counted: CountedAws, calls: Calls, deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    deploy(folder, version_arn=version)
    base = folder.root / "do/ic/default.conf"
    base.write_text(base.read_text() + 'export IC_DEPLOYED_AT="1777777777"\n')

    again = deploy(read_project(folder.root), version_arn=version)

    assert ("unchanged", True) == (again.state, conf_of(folder).exists())
