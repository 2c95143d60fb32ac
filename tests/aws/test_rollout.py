import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.sessions import FixedAccess
from registry.calls import Call
from registry.errors import (
    Cancelled,
    Conflict,
    InvalidArgument,
    NeedsConfirmation,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RegistryError,
    Unavailable,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from registry.rollout.deploy import Rollout
from registry.rollout.naming import RolloutName
from registry.rollout.plan import Planner
from registry.rollout.request import RolloutRequest
from registry.rollout.status import rollout_status
from registry.rollout.target import resolve_target
from sandbox.service import Sandbox
from schemas.rollout import RolloutResult

REGION = "us-west-2"
ACCOUNT = "123456789012"
ENDPOINT = "tv-endpoint-1"
BASE = "tv-default-1767000000"
IC = "tv-adapter-my-sft"
MODEL = "Qwen/Qwen3-4B"
NOW = datetime(2026, 5, 1, 10, 0, 0, tzinfo=UTC)
VECTORS = json.loads(
    (Path(__file__).parents[1] / "data/contract/adapter_deploy.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def directory(sandbox: Sandbox) -> Iterator[BotoDirectory]:
    """Opened once: making boto3 clients takes longer than most tests here."""
    found = sandbox.environment()
    endpoints = {
        name: found[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
    }
    keys = found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]
    opened = BotoDirectory(access=FixedAccess(*keys, endpoints))
    yield opened
    opened.close()


@pytest.fixture
def aws(clients, directory: BotoDirectory) -> BotoAws:
    return directory.open(region=REGION, profile="")


def _start_component(clients, name: str, endpoint: str, **specification: Any) -> None:
    clients.sagemaker.create_inference_component(
        InferenceComponentName=name,
        EndpointName=endpoint,
        VariantName="AllTraffic",
        Specification={
            "Container": {"Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mm:1"},
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
            **specification,
        },
        RuntimeConfig={"CopyCount": 1},
    )


@pytest.fixture
def endpoint(clients, sandbox: Sandbox) -> str:
    """Endpoint and base component, both in service."""
    clients.sagemaker.create_endpoint_config(
        EndpointConfigName="tv-config",
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "InstanceType": "ml.g5.2xlarge",
                "InitialInstanceCount": 1,
            }
        ],
    )
    clients.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="tv-config")
    sandbox.control.advance(3600)
    clients.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    _start_component(clients, BASE, ENDPOINT)
    sandbox.control.advance(3600)
    clients.sagemaker.describe_inference_component(InferenceComponentName=BASE)
    return ENDPOINT


@pytest.fixture
def weights(clients, bucket: str) -> str:
    """A prefix with adapter weights, without its last slash."""
    config = {"base_model_name_or_path": MODEL, "r": 8}
    clients.s3.put_object(
        Bucket=bucket, Key="a/x/adapter_config.json", Body=json.dumps(config).encode()
    )
    clients.s3.put_object(Bucket=bucket, Key="a/x/adapter_model.safetensors", Body=b"{}")
    clients.s3.put_object(Bucket=bucket, Key="a/adapter.tar.gz", Body=b"gz")
    return f"s3://{bucket}/a/x"


@pytest.fixture
def version(clients, weights: str) -> str:
    """The ARN of an adapter version in group `other`."""
    return _register(clients, "other", modelDataUrl=weights, adapterName="my-sft")


def _register(
    clients, group: str, approval: str = "Approved", *, adapter: bool = True, **metadata: str
) -> str:
    groups = clients.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if group not in {one["ModelPackageGroupName"] for one in groups}:
        clients.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    said = {"modelName": MODEL, "projectName": group} | metadata
    said |= {"isAdapter": "true"} if adapter else {}
    made = clients.sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus=approval,
        CustomerMetadataProperties={key: value for key, value in said.items() if value},
    )
    return str(made["ModelPackageArn"])


def _folder(tmp_path: Path, **config: str | None) -> ProjectFolder:
    said = {
        "PROJECT_NAME": "tv",
        "DEPLOYMENT_TARGET": "realtime-inference",
        "ENABLE_LORA": "true",
        "MODEL_NAME": MODEL,
        "ENDPOINT_NAME": ENDPOINT,
    } | config
    do = tmp_path / "project" / "do"
    (do / "ic").mkdir(parents=True, exist_ok=True)
    lines = [f'export {name}="{value}"' for name, value in said.items() if value is not None]
    (do / "config").write_text("\n".join(lines) + "\n")
    (do / "ic" / "default.conf").write_text(f'export IC_DEPLOYED_NAME="{BASE}"\n')
    return read_project(do.parent)


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    return _folder(tmp_path)


def _conf(folder: ProjectFolder, name: str = "my-sft") -> Path:
    return folder.root / "do" / "adapters" / f"{name}.conf"


def _call(**options: Any) -> Call:
    return Call(**({"wait": lambda _: None} | options))


Deploy = Callable[..., RolloutResult]


def _rollout(
    aws: BotoAws, policy: ConsentPolicy | None = None, directory: BotoDirectory | None = None
) -> Rollout:
    def elsewhere(region: str) -> BotoAws:
        assert directory is not None
        return directory.open(region=region, profile="")

    return Rollout(aws, elsewhere, policy or ConsentPolicy(), now=lambda: NOW)


@pytest.fixture
def deploy(aws: BotoAws, endpoint: str) -> Deploy:
    """Rolls out as the server does; waiting takes no time."""

    def run(
        folder: ProjectFolder | None,
        policy: ConsentPolicy | None = None,
        call: Call | None = None,
        **arguments: Any,
    ) -> RolloutResult:
        rollout = _rollout(aws, policy)
        return rollout.deploy(RolloutRequest(**arguments), folder, call or _call())

    return run


def _creations(sandbox: Sandbox) -> list[dict[str, Any]]:
    calls = sandbox.control.calls("CreateInferenceComponent")
    return [call["request"] for call in calls if "VariantName" not in call["request"]]


# -- the whole way ---------------------------------------------------------------------------


def test_an_adapter_is_rolled_out_and_its_conf_written(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, sandbox: Sandbox
) -> None:
    told: list[str] = []
    result = deploy(
        folder, version_arn=version, call=_call(report=lambda *said: told.append(said[2]))
    )

    conf = read_project(folder.root).adapter("my-sft")
    assert "in_service" == result.state
    assert (IC, ENDPOINT, BASE, f"{weights}/", "compatible") == (
        result.ic_name,
        result.endpoint_name,
        result.base_component_name,
        result.weights_uri,
        result.compatibility,
    )
    assert [("conf", "created"), ("component", "created"), ("wait", "in_service")] == [
        (step.name, step.state) for step in result.steps
    ]
    assert conf is not None
    assert (IC, f"{weights}/", "registry", version) == (
        conf.ic_name,
        conf.weights_uri,
        conf.source,
        conf.registry_arn,
    )
    assert 'export ADAPTER_CREATED_AT="2026-05-01T10:00:00Z"' in _conf(folder).read_text()
    assert [
        {
            "InferenceComponentName": IC,
            "EndpointName": ENDPOINT,
            "Specification": {
                "BaseInferenceComponentName": BASE,
                "Container": {"ArtifactUrl": f"{weights}/"},
            },
        }
    ] == _creations(sandbox)
    assert any("Creating" in text for text in told)
    assert True is result.aws.sandbox if result.aws else False
    assert result.digest is not None
    assert 12 == len(result.digest)
    assert () == result.warnings


def test_a_dry_run_writes_nothing_and_shows_plan_and_conf(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, sandbox: Sandbox
) -> None:
    result = deploy(folder, version_arn=version, dry_run=True)

    assert ("planned", True) == (result.state, result.dry_run)
    assert result.plan is not None
    assert ("create", "created", 8) == (result.plan.action, result.plan.conf, result.plan.rank)
    assert result.conf_diff is not None
    assert f'+export ADAPTER_WEIGHTS_URI="{weights}/"' in result.conf_diff
    assert not _conf(folder).exists()
    assert [] == _creations(sandbox)


def test_the_same_call_again_changes_nothing(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    deploy(folder, version_arn=version)
    written = _conf(folder).read_text()

    again = deploy(read_project(folder.root), version_arn=version)

    assert "unchanged" == again.state
    assert again.plan is not None
    assert ("none", "unchanged") == (again.plan.action, again.plan.conf)
    assert written == _conf(folder).read_text()
    assert 1 == len(_creations(sandbox))


def test_a_call_while_it_is_creating_finds_it(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(component_polls=7)
    first = deploy(folder, version_arn=version, wait_s=0)
    folder = read_project(folder.root)
    second = deploy(folder, version_arn=version, wait_s=0)
    third = deploy(folder, version_arn=version)

    assert ["creating", "creating"] == [first.state, second.state]
    assert f"ic_name={IC}" in (first.next_step or "")
    assert "in_service" == third.state
    assert 1 == len(_creations(sandbox))


def test_a_target_by_name_needs_no_folder_and_writes_no_conf(deploy: Deploy, version: str) -> None:
    result = deploy(
        None,
        version_arn=version,
        adapter_name="my-sft",
        project_name="tv",
        endpoint_name=ENDPOINT,
        base_component=BASE,
    )

    assert ("in_service", None, None) == (result.state, result.conf_path, result.conf_diff)
    assert "unknown" == result.compatibility
    assert any("base model is not known" in warning for warning in result.warnings)


def test_a_version_can_be_named_by_number_and_project(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    result = deploy(folder, version=1, source_project="other")

    assert (version, "in_service") == (result.version_arn, result.state)


def test_a_base_can_be_named_by_its_confs_name(
    deploy: Deploy, folder: ProjectFolder, version: str, clients, sandbox: Sandbox
) -> None:
    _start_component(clients, "tv-long-1767000000", ENDPOINT)
    sandbox.control.advance(3600)
    conf = 'export IC_DEPLOYED_NAME="tv-long-1767000000"\n'
    (folder.root / "do/ic/long.conf").write_text(conf)

    result = deploy(read_project(folder.root), version_arn=version, base_component="long")

    assert "tv-long-1767000000" == result.base_component_name
    written = read_project(folder.root).adapter("my-sft")
    assert written is not None
    assert "long" == written.base_conf


# -- what happens while waiting --------------------------------------------------------------


def test_a_component_that_fails_is_an_error_with_reason_and_log_group(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Failed", reason="LoRA rank 64 is too high")

    with pytest.raises(PreconditionFailed, match="LoRA rank 64 is too high") as told:
        deploy(folder, version_arn=version)

    assert ("failed", "LoRA rank 64 is too high") == (
        told.value.details["state"],
        told.value.details["failureReason"],
    )
    assert f"/aws/sagemaker/InferenceComponents/{IC}" == told.value.details["logGroup"]
    assert IC == told.value.details["existing"]["name"]


def test_a_failed_component_is_in_the_way_of_the_next_call(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Failed", reason="out of memory")
    with pytest.raises(PreconditionFailed):
        deploy(folder, version_arn=version)

    with pytest.raises(PreconditionFailed, match="is Failed: out of memory") as told:
        deploy(folder, version_arn=version)

    assert "replace=true" in told.value.hint


def test_a_component_that_vanishes_is_not_found(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Vanish")

    with pytest.raises(NotFound, match="vanished while waiting") as told:
        deploy(folder, version_arn=version)

    assert ["conf", "component"] == [step["name"] for step in told.value.details["done"]]


def test_a_component_still_creating_at_wait_s_is_handed_over(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Hang")
    naps: list[float] = []

    result = deploy(folder, version_arn=version, wait_s=20, call=_call(wait=naps.append))

    assert "creating" == result.state
    assert f"get_adapter_rollout with ic_name={IC}" in (result.next_step or "")
    assert 20 == round(sum(naps), 6)


def test_looks_grow_apart_from_two_to_ten_seconds(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Hang")
    sandbox.control.clear_log()

    deploy(folder, version_arn=version, wait_s=50)

    looks = [
        call
        for call in sandbox.control.calls("DescribeInferenceComponent")
        if call["request"]["InferenceComponentName"] == IC
    ]
    assert 9 == len(looks)


def test_cancelling_stops_the_waiting_and_nothing_else(
    deploy: Deploy, folder: ProjectFolder, version: str, clients
) -> None:
    withdrawn: list[bool] = []

    with pytest.raises(Cancelled, match="goes on") as told:
        deploy(
            folder,
            version_arn=version,
            call=_call(wait=lambda _: withdrawn.append(True), cancelled=lambda: bool(withdrawn)),
        )

    there = clients.sagemaker.describe_inference_component(InferenceComponentName=IC)
    assert "Creating" == there["InferenceComponentStatus"]
    assert _conf(folder).exists()
    assert "get_adapter_rollout" in told.value.hint


def test_a_look_that_fails_for_a_moment_does_not_end_the_waiting(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(component_polls=7)
    first = deploy(folder, version_arn=version, wait_s=0)
    broken: list[bool] = []

    def break_one_look(_: float) -> None:
        if not broken:
            broken.append(True)
            sandbox.control.fail("DescribeInferenceComponent", "server_error", times=3)

    second = deploy(folder, version_arn=version, call=_call(wait=break_one_look))

    assert ["creating", "in_service"] == [first.state, second.state]
    assert broken


# -- creation refused, lost, raced -----------------------------------------------------------


def test_a_refused_creation_leaves_no_conf(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.fail("CreateInferenceComponent", "deny")

    with pytest.raises(PermissionDenied) as told:
        deploy(folder, version_arn=version)

    assert "sagemaker:CreateInferenceComponent" == told.value.details["action"]
    assert not _conf(folder).exists()
    assert not _conf(folder).parent.exists()


def test_a_refused_creation_puts_the_old_conf_back(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    _conf(folder).parent.mkdir()
    old = 'export ADAPTER_NAME="my-sft"\nexport ADAPTER_WEIGHTS_URI="s3://old/w/"\n'
    _conf(folder).write_text(old)
    sandbox.control.fail("CreateInferenceComponent", "deny")

    with pytest.raises(PermissionDenied):
        deploy(read_project(folder.root), version_arn=version)

    assert old == _conf(folder).read_text()


def test_an_old_conf_never_blocks_and_is_updated(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    _conf(folder).parent.mkdir()
    _conf(folder).write_text('# kept\nexport ADAPTER_WEIGHTS_URI="s3://old/w/"\nexport MINE="1"\n')

    result = deploy(read_project(folder.root), version_arn=version)

    text = _conf(folder).read_text()
    assert ("in_service", "updated") == (result.state, result.plan.conf if result.plan else None)
    assert "s3://old" not in text
    assert "# kept" in text
    assert 'export MINE="1"' in text


def test_a_creation_whose_answer_is_lost_is_found(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.fail("CreateInferenceComponent", "lost_answer")

    result = deploy(folder, version_arn=version)

    assert "in_service" == result.state
    assert ("component", "found") in [(step.name, step.state) for step in result.steps]


def test_a_creation_that_nobody_answers_for_is_told_as_unknown(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    def break_service(done: float, _total: float | None, _text: str) -> None:
        if done == 1:
            sandbox.control.fail("CreateInferenceComponent", "server_error", times=-1)
            sandbox.control.fail("DescribeInferenceComponent", "server_error", times=-1)

    with pytest.raises(Unavailable, match="not known whether") as told:
        deploy(folder, version_arn=version, call=_call(report=break_service))

    assert "repeat the same call" in told.value.hint
    assert "created" == told.value.details["done"]["conf"]
    sandbox.control.clear_faults()
    assert "in_service" == deploy(read_project(folder.root), version_arn=version).state


def test_somebody_elses_component_that_appears_meanwhile_is_a_conflict(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws
) -> None:
    def be_faster(done: float, _total: float | None, _text: str) -> None:
        if done == 1:
            aws.components.create_adapter(
                name=IC, endpoint_name=ENDPOINT, base_component=BASE, artifact_url="s3://x/y.tar.gz"
            )

    with pytest.raises(Conflict) as told:
        deploy(folder, version_arn=version, call=_call(report=be_faster))

    assert "s3://x/y.tar.gz" == told.value.details["existing"]["artifactUrl"]
    assert not _conf(folder).exists()


def test_other_live_weights_are_not_replaced_unasked(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws, weights: str
) -> None:
    aws.components.create_adapter(
        name=IC, endpoint_name=ENDPOINT, base_component=BASE, artifact_url="s3://x/y.tar.gz"
    )

    with pytest.raises(Conflict) as told:
        deploy(folder, version_arn=version)

    assert "s3://x/y.tar.gz" == told.value.details["existing"]["artifactUrl"]
    assert f"{weights}/" == told.value.details["wanted"]["artifactUrl"]
    assert "replace=true" in told.value.hint
    assert not _conf(folder).exists()


# -- consent ---------------------------------------------------------------------------------


def test_a_digest_is_accepted_while_the_plan_is_the_same(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    policy = ConsentPolicy(require_confirm=True)

    with pytest.raises(NeedsConfirmation) as told:
        deploy(folder, policy, version_arn=version)
    digest = told.value.details["digest"]

    assert IC == told.value.details["plan"]["icName"]
    assert f"confirm={digest}" in told.value.hint
    assert not _conf(folder).exists()
    assert "in_service" == deploy(folder, policy, version_arn=version, confirm=digest).state


def test_a_digest_of_another_plan_asks_again(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    with pytest.raises(NeedsConfirmation, match="changed"):
        deploy(folder, ConsentPolicy(auto_approve=True), version_arn=version, confirm="0" * 12)

    assert [] == _creations(sandbox)


def test_a_repeat_with_its_digest_finds_what_it_made(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    policy = ConsentPolicy(require_confirm=True)
    digest = deploy(folder, policy, version_arn=version, dry_run=True).digest

    states = [
        deploy(read_project(folder.root), policy, version_arn=version, confirm=digest).state
        for _ in range(2)
    ]

    assert ["in_service", "unchanged"] == states


def test_a_call_that_was_interrupted_after_the_conf_goes_on_with_its_digest(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    policy = ConsentPolicy(require_confirm=True)
    digest = deploy(folder, policy, version_arn=version, dry_run=True).digest
    sandbox.control.fail("CreateInferenceComponent", "deny")
    lines: list[str] = []
    with pytest.raises(PermissionDenied):
        deploy(
            folder,
            policy,
            version_arn=version,
            confirm=digest,
            call=_call(
                report=lambda done, *_: lines.append(_conf(folder).read_text()) if done == 1 else 0
            ),
        )
    _conf(folder).parent.mkdir()
    _conf(folder).write_text(lines[0])

    again = deploy(read_project(folder.root), policy, version_arn=version, confirm=digest)

    assert (again.state, again.plan.conf if again.plan else "") == ("in_service", "unchanged")


def test_a_server_that_demands_a_person_refuses_even_a_digest(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    policy = ConsentPolicy(require_human=True, auto_approve=True)
    digest = deploy(folder, policy, version_arn=version, dry_run=True).digest

    with pytest.raises(PreconditionFailed, match="nobody can be asked"):
        deploy(folder, policy, version_arn=version, confirm=digest)

    assert [] == _creations(sandbox)


def test_what_is_forced_needs_the_digest_unless_the_server_approves(
    deploy: Deploy, tmp_path: Path, version: str
) -> None:
    folder = _folder(tmp_path, MODEL_NAME="meta-llama/Llama-3.1-8B")
    with pytest.raises(PreconditionFailed, match=r"Qwen/Qwen3-4B, .*Llama") as refused:
        deploy(folder, version_arn=version)
    with pytest.raises(NeedsConfirmation, match="compatibility") as asked:
        deploy(folder, version_arn=version, force=True)

    digest = asked.value.details["digest"]
    assert ["compatibility"] == asked.value.details["plan"]["forced"]
    assert refused.value.details["digest"] != digest
    assert "in_service" == deploy(folder, version_arn=version, force=True, confirm=digest).state


def test_a_server_that_approves_lets_a_forced_plan_through(
    deploy: Deploy, tmp_path: Path, version: str
) -> None:
    folder = _folder(tmp_path, MODEL_NAME="meta-llama/Llama-3.1-8B")

    result = deploy(folder, ConsentPolicy(auto_approve=True), version_arn=version, force=True)

    assert ("in_service", "incompatible") == (result.state, result.compatibility)
    assert any(warning.startswith("forced:") for warning in result.warnings)


# -- which version ---------------------------------------------------------------------------


def test_a_call_that_names_no_version_gets_the_newest_candidates(
    deploy: Deploy, folder: ProjectFolder, clients, weights: str
) -> None:
    arns = [
        _register(clients, "tv", modelDataUrl=weights, adapterName=name)
        for name in ("my-sft", "other", "my-sft")
    ]

    with pytest.raises(InvalidArgument) as by_name:
        deploy(folder, adapter_name="my-sft")
    with pytest.raises(InvalidArgument) as new_name:
        deploy(folder, adapter_name="brand-new")

    assert [arns[2], arns[0]] == [one["arn"] for one in by_name.value.details["candidates"]]
    assert arns[::-1] == [one["arn"] for one in new_name.value.details["candidates"]]


def test_a_tune_group_is_refused_and_the_right_group_named(
    deploy: Deploy, folder: ProjectFolder, clients, weights: str
) -> None:
    arn = _register(clients, "other-tune-models", modelDataUrl=weights)

    with pytest.raises(InvalidArgument) as told:
        deploy(folder, version_arn=arn, adapter_name="my-sft")

    assert "group other," in told.value.hint


def test_a_model_version_is_refused_with_adapters_as_candidates(
    deploy: Deploy, folder: ProjectFolder, clients, version: str, weights: str
) -> None:
    base = _register(clients, "other", adapter=False, modelDataUrl=weights)

    with pytest.raises(InvalidArgument, match="not an adapter") as told:
        deploy(folder, version_arn=base, adapter_name="my-sft")

    assert [version] == [one["arn"] for one in told.value.details["candidates"]]


@pytest.mark.parametrize("approval", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_is_refused(
    deploy: Deploy, folder: ProjectFolder, clients, weights: str, approval: str
) -> None:
    arn = _register(clients, "other", approval, modelDataUrl=weights)

    with pytest.raises(PreconditionFailed, match=approval):
        deploy(folder, version_arn=arn, adapter_name="my-sft")


@pytest.mark.parametrize(
    "arguments",
    [
        {"version": 2},
        {"source_project": "tv"},
        {"adapter_name": "My-SFT"},
        {"adapter_name": "trail-"},
        {"adapter_name": "a" * 51},
        {"wait_s": 51},
        {"wait_s": -1},
        {"project_name": "a_b"},
    ],
)
def test_arguments_that_contradict_or_break_a_rule_are_refused(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument):
        deploy(folder, version_arn=version, **arguments)

    assert [] == _creations(sandbox)


# -- weights ---------------------------------------------------------------------------------


def test_weights_that_are_gone_are_a_failed_precondition(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, weights: str
) -> None:
    gone = f"s3://{bucket}/gone"
    for url in (gone, f"{gone}.tar.gz", "s3://no-such-bucket-here/x"):
        arn = _register(clients, "other", modelDataUrl=url)
        with pytest.raises(PreconditionFailed, match="no weights"):
            deploy(folder, version_arn=arn, adapter_name="my-sft")


def test_weights_without_an_adapter_config_are_a_warning(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, weights: str
) -> None:
    clients.s3.delete_object(Bucket=bucket, Key="a/x/adapter_config.json")
    arn = _register(clients, "other", modelDataUrl=weights, modelName="")

    result = deploy(folder, version_arn=arn, adapter_name="my-sft", dry_run=True)

    assert "unknown" == result.compatibility
    assert any("no adapter_config.json" in warning for warning in result.warnings)


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"r": "8", "base_model_name_or_path": 1}'])
def test_an_odd_adapter_config_never_breaks_the_plan(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, version: str, content: str
) -> None:
    clients.s3.put_object(Bucket=bucket, Key="a/x/adapter_config.json", Body=content.encode())

    result = deploy(folder, version_arn=version, dry_run=True)

    assert ("planned", None) == (result.state, result.plan.rank if result.plan else 0)


def test_the_weights_own_base_model_counts_where_the_registry_has_none(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, weights: str
) -> None:
    config = {"base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 64}
    clients.s3.put_object(
        Bucket=bucket, Key="a/x/adapter_config.json", Body=json.dumps(config).encode()
    )
    unnamed = _register(clients, "other", modelDataUrl=weights, modelName="")
    named = _register(clients, "other", modelDataUrl=weights)

    with pytest.raises(PreconditionFailed, match="Llama"):
        deploy(folder, version_arn=unnamed, adapter_name="my-sft", dry_run=True)
    result = deploy(folder, version_arn=named, adapter_name="my-sft", dry_run=True)

    assert "compatible" == result.compatibility
    assert any("the weights another" in warning for warning in result.warnings)
    assert any("rank is 64" in warning for warning in result.warnings)


# -- endpoint and base -----------------------------------------------------------------------


def test_an_endpoint_or_base_that_is_not_in_service_is_a_failed_precondition(
    deploy: Deploy, tmp_path: Path, version: str, clients, sandbox: Sandbox
) -> None:
    _start_component(clients, "tv-new-1", ENDPOINT)
    clients.sagemaker.create_endpoint(EndpointName="tv-new", EndpointConfigName="tv-config")
    folder = _folder(tmp_path)

    with pytest.raises(PreconditionFailed, match="'tv-new-1' is Creating"):
        deploy(folder, version_arn=version, base_component="tv-new-1")
    with pytest.raises(PreconditionFailed, match="endpoint 'tv-new' is Creating"):
        deploy(folder, version_arn=version, endpoint_name="tv-new")


def test_an_absent_endpoint_or_base_is_not_found(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    with pytest.raises(NotFound, match="no-endpoint"):
        deploy(folder, version_arn=version, endpoint_name="no-endpoint")
    with pytest.raises(NotFound, match="no-base") as told:
        deploy(folder, version_arn=version, base_component="no-base")

    assert [BASE] == told.value.details["candidates"]


def test_a_base_that_is_an_adapter_is_refused(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    deploy(folder, version_arn=version)

    with pytest.raises(PreconditionFailed, match="itself an adapter"):
        deploy(folder, version_arn=version, adapter_name="second", base_component=IC)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"DEPLOYMENT_TARGET": "async-inference"}, "async-inference"),
        ({"ENDPOINT_NAME": None}, "no deployed endpoint"),
        ({"ENABLE_LORA": "false"}, "ENABLE_LORA is 'false'"),
        ({"ENABLE_LORA": None}, "ENABLE_LORA is not set"),
    ],
)
def test_a_project_that_cannot_serve_adapters_is_a_failed_precondition(
    deploy: Deploy, tmp_path: Path, version: str, config: dict[str, str | None], message: str
) -> None:
    with pytest.raises(PreconditionFailed, match=message):
        deploy(_folder(tmp_path, **config), version_arn=version)


def test_a_target_by_name_says_what_is_missing(deploy: Deploy, version: str) -> None:
    with pytest.raises(InvalidArgument, match="endpoint_name, base_component missing"):
        deploy(None, version_arn=version, project_name="tv")


# -- status ----------------------------------------------------------------------------------


def _status(aws: BotoAws, call: Call | None = None, wait_s: int = 0, **named: Any) -> RolloutResult:
    arguments = {"ic_name": "", "adapter_name": "", "project_name": "", "folder": None} | named
    return rollout_status(RolloutName.of(**arguments), aws=aws, wait_s=wait_s, call=call or _call())


def test_any_process_can_tell_the_state_by_the_components_name(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws, weights: str
) -> None:
    deploy(folder, version_arn=version, wait_s=0)

    by_name = _status(aws, ic_name=IC)
    by_adapter = _status(aws, adapter_name="my-sft", project_name="tv", wait_s=50)
    by_folder = _status(aws, adapter_name="my-sft", folder=read_project(folder.root))

    assert ["creating", "in_service", "in_service"] == [
        one.state for one in (by_name, by_adapter, by_folder)
    ]
    assert "get_adapter_rollout" in (by_name.next_step or "")
    assert {(IC, f"{weights}/", BASE, "my-sft")} == {
        (one.ic_name, one.weights_uri, one.base_component_name, one.adapter_name)
        for one in (by_name, by_adapter, by_folder)
    }
    assert (version, "do/adapters/my-sft.conf") == (by_folder.version_arn, by_folder.conf_path)
    assert by_adapter.next_step is None


def test_a_failed_rollout_is_told_with_its_reason_and_log_group(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws, sandbox: Sandbox
) -> None:
    sandbox.control.plan_component(IC, "Failed", reason="bad weights")
    deploy(folder, version_arn=version, wait_s=0)

    result = _status(aws, ic_name=IC, wait_s=50)

    assert ("failed", "bad weights", f"/aws/sagemaker/InferenceComponents/{IC}") == (
        result.state,
        result.failure_reason,
        result.log_group,
    )


def test_a_rollout_that_vanishes_while_watched_is_not_found(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws, sandbox: Sandbox
) -> None:
    sandbox.control.change_settings(component_polls=5)
    sandbox.control.plan_component(IC, "Vanish")
    deploy(folder, version_arn=version, wait_s=0)

    with pytest.raises(NotFound, match="vanished"):
        _status(aws, ic_name=IC, wait_s=50)


def test_an_unknown_rollout_is_not_found_with_the_projects_own(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws
) -> None:
    deploy(folder, version_arn=version)

    with pytest.raises(NotFound) as told:
        _status(aws, adapter_name="other", project_name="tv")

    assert [IC] == told.value.details["candidates"]
    with pytest.raises(InvalidArgument):
        _status(aws, adapter_name="other")
    with pytest.raises(InvalidArgument):
        _status(aws, ic_name=IC, wait_s=51)


# -- MLCC's own behaviour, case by case ------------------------------------------------------

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exemption:
    """A case in which we decide otherwise than MLCC.

    Attributes:
        calls: What is asked of SageMaker before it is refused; None where it is rolled out.
    """

    reason: str
    calls: tuple[str, ...] | None = None


_BAD_NAME = "a name that is not allowed is refused before SageMaker is asked anything"
EXEMPTIONS = {
    "existing-conf": Exemption("a conf alone never blocks: it is updated"),
    "not-an-adapter-version": Exemption("base models are refused (D23)", ("version",)),
    "name:trail-": Exemption("no hyphen at the end (D24)", ()),
    "name:My-SFT": Exemption(_BAD_NAME, ()),
    "name:under_score": Exemption(_BAD_NAME, ()),
    f"name:{'a' * 51}": Exemption(_BAD_NAME, ()),
    "no-name": Exemption("the version's recorded name is the default", ("version",)),
    "mismatch-arn-slug-not-in-artifact": Exemption("model names decide, not ARNs (D23)"),
    "different-model-no-deployed-arn": Exemption("model names differ (D23)", ("version", "base")),
    "different-model-no-artifact-url": Exemption("model names differ (D23)", ("version", "base")),
    "lora-disabled": Exemption("what force overrides is told with the plan", ("version", "base")),
}
_OURS_ALONE = (
    "GetCallerIdentity",  # the account is named in every answer
    "Search",  # candidates beside a refusal
    "ListModelPackages",
    "ListModelPackageGroups",
    "DescribeModelPackageGroup",
    "DescribeEndpoint",  # tells a missing base from a missing endpoint
)

REGISTRY_CASES = [
    case
    for case in VECTORS["cases"]
    if "--from-registry" in case["argv"] and "two-sources" != case["id"]
]


@pytest.mark.parametrize("case", REGISTRY_CASES, ids=lambda case: case["id"])
def test_mlccs_cases_end_as_mlcc_or_as_we_decided(
    case: dict[str, Any],
    aws: BotoAws,
    endpoint: str,
    clients,
    bucket: str,
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    for place in ("s3://mlcc-adapters/", "s3://b/", "s3://spec/"):
        case = json.loads(json.dumps(case).replace(place, f"s3://{bucket}/"))
    folder = _vector_account(case, clients, bucket, tmp_path, sandbox)
    sandbox.control.clear_log()

    ours = _our_document(case, _rollout(aws), folder, sandbox)

    mlccs = _mlccs_document(case)
    exemption = EXEMPTIONS.get(case["id"])
    if exemption is None:
        assert mlccs == ours
        return
    assert mlccs != ours, f"{case['id']} needs no exemption any more"
    assert _decided(case, exemption) == ours


def test_every_exemption_is_of_a_case_that_there_is() -> None:
    assert set(EXEMPTIONS) <= {case["id"] for case in REGISTRY_CASES}


def _mlccs_document(case: Document) -> Document:
    """Return what MLCC did, looks at the same thing once, our own variable added to its conf."""
    conf = case["conf_variables_in_order"]
    if conf and case["exit_code"] == 0:
        conf = conf + _technique(case)
    return {
        "outcome": "rolled out" if case["exit_code"] == 0 else "refused",
        "calls": _once_each(case["sagemaker_calls"]),
        "conf": conf,
    }


def _decided(case: Document, exemption: Exemption) -> Document:
    """Return the document that an exemption stands for."""
    arn = next(word for word in case["argv"] if word.startswith("arn:"))
    base = case["inference_components"][0]["name"]
    asked = {
        "version": {"action": "DescribeModelPackage", "params": {"ModelPackageName": arn}},
        "base": _described_component(base),
    }
    if exemption.calls is not None:
        calls = [asked[each] for each in exemption.calls]
        return {"outcome": "refused", "calls": calls, "conf": None}
    metadata = case["model_package"]["CustomerMetadataProperties"]
    weights, name = f"{metadata['modelDataUrl'].rstrip('/')}/", case["argv"][2]
    component = f"{case['project']['PROJECT_NAME']}-adapter-{name}"
    creation = {
        "InferenceComponentName": component,
        "EndpointName": case["project"]["ENDPOINT_NAME"],
        "Specification": {
            "BaseInferenceComponentName": base,
            "Container": {"ArtifactUrl": weights},
        },
    }
    own = _described_component(component)
    create = {"action": "CreateInferenceComponent", "params": creation}
    looks = [own] if case["conf_variables_in_order"] else []  # a conf that names a component
    variables = {
        "ADAPTER_NAME": name,
        "ADAPTER_IC_NAME": component,
        "ADAPTER_WEIGHTS_URI": weights,
        "ADAPTER_CREATED_AT": "<timestamp>",
        "ADAPTER_SOURCE": "registry",
        "ADAPTER_REGISTRY_ARN": arn,
        "ADAPTER_PARENT_MODEL_ARN": metadata["parentModelVersionArn"],
        "ADAPTER_PARENT_MODEL_SLUG": metadata["modelName"],
    }
    conf = [[name, "double", value] for name, value in variables.items()] + _technique(case)
    calls = [asked["version"], *looks, asked["base"], create, own]
    return {"outcome": "rolled out", "calls": calls, "conf": conf}


def _technique(case: Document) -> list[list[str]]:
    technique = case["model_package"]["CustomerMetadataProperties"].get("tuneTechnique")
    return [["ADAPTER_TECHNIQUE", "double", technique]] if technique else []


def _described_component(name: str) -> Document:
    return {"action": "DescribeInferenceComponent", "params": {"InferenceComponentName": name}}


def _once_each(calls: list[Document]) -> list[Document]:
    return [call for call, _ in itertools.groupby(calls)]


def _our_document(
    case: Document, rollout: Rollout, folder: ProjectFolder, sandbox: Sandbox
) -> Document:
    """Return what our rollout does in the case's own words."""
    positional = [word for word in case["argv"][2:] if not word.startswith("arn:")]
    request = RolloutRequest(
        adapter_name="" if positional[0] == "--from-registry" else positional[0],
        version_arn=next((word for word in case["argv"] if word.startswith("arn:")), ""),
        force="--force" in case["argv"],
    )
    outcome = "rolled out"
    try:
        rollout.deploy(request, folder, _call())
    except RegistryError:
        outcome = "refused"
    calls = [
        {"action": call["operation"], "params": _without_card(call["request"])}
        for call in sandbox.control.calls()
        if call["operation"] not in _OURS_ALONE
    ]
    conf = _conf(folder, request.adapter_name)
    return {
        "outcome": outcome,
        "calls": _once_each(calls),
        "conf": _variables(conf.read_text()) if conf.exists() else None,
    }


def _without_card(request: Document) -> Document:
    """Return a request without our wish to be spared the model card."""
    return {key: value for key, value in request.items() if key != "IncludedData"}


def _variables(text: str) -> list[list[str]]:
    found = []
    for line in text.splitlines():
        name, value = line.removeprefix("export ").split("=", 1)
        assert value[0] == value[-1] == '"'
        found.append([name, "double", "<timestamp>" if "CREATED_AT" in name else value[1:-1]])
    return found


def _vector_account(
    case: dict[str, Any], clients, bucket: str, tmp_path: Path, sandbox: Sandbox
) -> ProjectFolder:
    for key in ("other/adapters/x/w", "a/w", "a/adapter.tar.gz", "m.tar.gz", "base-model/w"):
        clients.s3.put_object(Bucket=bucket, Key=key, Body=b"w")
    _vector_version(case["model_package"], clients)
    config: dict[str, str | None] = dict(case["project"])
    config["ENABLE_LORA"] = "false" if case["id"] == "lora-disabled" else "true"
    names = [one["name"] for one in case["inference_components"]]
    if case["id"] == "legacy-base-ic":
        config["INFERENCE_COMPONENT_NAME"] = names[0]
        _start_component(clients, names[0], ENDPOINT)
        sandbox.control.advance(3600)
    folder = _folder(tmp_path, **config)
    if case["id"] == "legacy-base-ic":
        (folder.root / "do/ic/default.conf").write_text('export IC_GPU_COUNT="1"\n')
    if case["id"] == "existing-conf":
        _conf(folder).parent.mkdir()
        said = case["conf_variables_in_order"]
        _conf(folder).write_text("".join(f'export {name}="{value}"\n' for name, _, value in said))
    if case["id"] in {"base-missing", "base-not-inservice"}:
        clients.sagemaker.delete_inference_component(InferenceComponentName=BASE)
    if case["id"] == "base-missing":
        sandbox.control.advance(3600)
    return read_project(folder.root)


def _vector_version(package: dict[str, Any], clients) -> None:
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="other")
    more: dict[str, Any] = {}
    if package["InferenceSpecification"]:
        more["InferenceSpecification"] = package["InferenceSpecification"] | {
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        }
    clients.sagemaker.create_model_package(
        ModelPackageGroupName="other",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=package["CustomerMetadataProperties"],
        **more,
    )


def test_a_plans_digest_covers_everything_but_the_conf(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws
) -> None:
    request = RolloutRequest(version_arn=version)
    target = resolve_target(request, folder)
    planned = Planner(request, target, aws, lambda _: aws, lambda: NOW).plan(_call())
    changes = {
        "action": "none",
        "account": "1",
        "region": "eu-west-1",
        "adapter_name": "x",
        "ic_name": "x",
        "endpoint_name": "x",
        "base_component_name": "x",
        "version_arn": "x",
        "weights_uri": "x",
        "compatibility": "unknown",
        "adapter_model": "x",
        "target_model": "x",
        "rank": 9,
        "forced": ("x",),
        "replaces": "x",
    }

    digests = {
        replace(planned, plan=planned.plan.model_copy(update={name: value})).digest
        for name, value in changes.items()
    }

    not_agreed = planned.plan.model_copy(update={"conf": "unchanged", "outage": "x"})
    assert set(changes) | {"conf", "outage"} == set(type(planned.plan).model_fields)
    assert replace(planned, plan=not_agreed).digest == planned.digest
    assert len(changes) == len(digests - {planned.digest})
