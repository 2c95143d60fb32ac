import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.calls import Call
from registry.errors import (
    Cancelled,
    Conflict,
    InvalidArgument,
    NeedsConfirmation,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unavailable,
)
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.consent import ConsentPolicy
from registry.rollout.naming import RolloutName
from registry.rollout.plan import Planner
from registry.rollout.request import RolloutRequest
from registry.rollout.status import rollout_status
from registry.rollout.target import resolve_target
from sandbox.service import Sandbox
from schemas.rollout import RolloutResult

from .conftest import (
    BASE,
    ENDPOINT,
    IC,
    NOW,
    Deploy,
    conf_of,
    creations,
    project_folder,
    publish,
    start_component,
    timeless,
)

# -- the whole way ---------------------------------------------------------------------------


def test_an_adapter_is_rolled_out_and_its_conf_written(
    deploy: Deploy, folder: ProjectFolder, version: str, weights: str, sandbox: Sandbox
) -> None:
    told: list[str] = []
    result = deploy(
        folder, version_arn=version, call=timeless(report=lambda *said: told.append(said[2]))
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
    assert 'export ADAPTER_CREATED_AT="2026-05-01T10:00:00Z"' in conf_of(folder).read_text()
    assert [
        {
            "InferenceComponentName": IC,
            "EndpointName": ENDPOINT,
            "Specification": {
                "BaseInferenceComponentName": BASE,
                "Container": {"ArtifactUrl": f"{weights}/"},
            },
        }
    ] == creations(sandbox)
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
    assert not conf_of(folder).exists()
    assert [] == creations(sandbox)


def test_the_same_call_again_changes_nothing(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    deploy(folder, version_arn=version)
    written = conf_of(folder).read_text()

    again = deploy(read_project(folder.root), version_arn=version)

    assert "unchanged" == again.state
    assert again.plan is not None
    assert ("none", "unchanged") == (again.plan.action, again.plan.conf)
    assert written == conf_of(folder).read_text()
    assert 1 == len(creations(sandbox))


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
    assert 1 == len(creations(sandbox))


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
    start_component(clients, "tv-long-1767000000", ENDPOINT)
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
    assert f"/aws/sagemaker/InferenceComponents/{BASE}" in told.value.hint
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

    result = deploy(folder, version_arn=version, wait_s=20, call=timeless(wait=naps.append))

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
            call=timeless(wait=lambda _: withdrawn.append(True), cancelled=lambda: bool(withdrawn)),
        )

    there = clients.sagemaker.describe_inference_component(InferenceComponentName=IC)
    assert "Creating" == there["InferenceComponentStatus"]
    assert conf_of(folder).exists()
    assert "get_adapter_rollout" in told.value.hint


def test_a_look_that_is_refused_says_what_was_done_before(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    sandbox.control.fail("DescribeInferenceComponent", "deny", match=IC)

    with pytest.raises(PermissionDenied) as told:
        deploy(folder, version_arn=version)

    done = [(step["name"], step["state"]) for step in told.value.details["done"]]
    assert [("conf", "created"), ("component", "created")] == done
    assert "in_service" == deploy(folder, version_arn=version).state


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

    second = deploy(folder, version_arn=version, call=timeless(wait=break_one_look))

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
    assert not conf_of(folder).exists()
    assert not conf_of(folder).parent.exists()


def test_a_refused_creation_puts_the_old_conf_back(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    conf_of(folder).parent.mkdir()
    old = 'export ADAPTER_NAME="my-sft"\nexport ADAPTER_WEIGHTS_URI="s3://old/w/"\n'
    conf_of(folder).write_text(old)
    sandbox.control.fail("CreateInferenceComponent", "deny")

    with pytest.raises(PermissionDenied):
        deploy(read_project(folder.root), version_arn=version)

    assert old == conf_of(folder).read_text()


def test_an_old_conf_never_blocks_and_is_updated(
    deploy: Deploy, folder: ProjectFolder, version: str
) -> None:
    conf_of(folder).parent.mkdir()
    conf_of(folder).write_text(
        '# kept\nexport ADAPTER_WEIGHTS_URI="s3://old/w/"\nexport MINE="1"\n'
    )

    result = deploy(read_project(folder.root), version_arn=version)

    text = conf_of(folder).read_text()
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
        deploy(folder, version_arn=version, call=timeless(report=break_service))

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
        deploy(folder, version_arn=version, call=timeless(report=be_faster))

    assert "s3://x/y.tar.gz" == told.value.details["existing"]["artifactUrl"]
    assert not conf_of(folder).exists()


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
    assert not conf_of(folder).exists()


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
    assert not conf_of(folder).exists()
    assert "in_service" == deploy(folder, policy, version_arn=version, confirm=digest).state


def test_a_digest_of_another_plan_asks_again(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    with pytest.raises(NeedsConfirmation, match="changed"):
        deploy(folder, ConsentPolicy(auto_approve=True), version_arn=version, confirm="0" * 12)

    assert [] == creations(sandbox)


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
            call=timeless(
                report=lambda done, *_: (
                    lines.append(conf_of(folder).read_text()) if done == 1 else 0
                )
            ),
        )
    conf_of(folder).parent.mkdir()
    conf_of(folder).write_text(lines[0])

    again = deploy(read_project(folder.root), policy, version_arn=version, confirm=digest)

    assert (again.state, again.plan.conf if again.plan else "") == ("in_service", "unchanged")


def test_a_server_that_demands_a_person_refuses_even_a_digest(
    deploy: Deploy, folder: ProjectFolder, version: str, sandbox: Sandbox
) -> None:
    policy = ConsentPolicy(require_human=True, auto_approve=True)
    digest = deploy(folder, policy, version_arn=version, dry_run=True).digest

    with pytest.raises(PreconditionFailed, match="nobody can be asked"):
        deploy(folder, policy, version_arn=version, confirm=digest)

    assert [] == creations(sandbox)


def test_what_is_forced_needs_the_digest_unless_the_server_approves(
    deploy: Deploy, tmp_path: Path, version: str
) -> None:
    folder = project_folder(tmp_path, MODEL_NAME="meta-llama/Llama-3.1-8B")
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
    folder = project_folder(tmp_path, MODEL_NAME="meta-llama/Llama-3.1-8B")

    result = deploy(folder, ConsentPolicy(auto_approve=True), version_arn=version, force=True)

    assert ("in_service", "incompatible") == (result.state, result.compatibility)
    assert any(warning.startswith("forced:") for warning in result.warnings)


# -- which version ---------------------------------------------------------------------------


def test_a_call_that_names_no_version_gets_the_newest_candidates(
    deploy: Deploy, folder: ProjectFolder, clients, weights: str
) -> None:
    arns = [
        publish(clients, "tv", modelDataUrl=weights, adapterName=name)
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
    arn = publish(clients, "other-tune-models", modelDataUrl=weights)

    with pytest.raises(InvalidArgument) as told:
        deploy(folder, version_arn=arn, adapter_name="my-sft")

    assert "group other," in told.value.hint


def test_a_model_version_is_refused_with_adapters_as_candidates(
    deploy: Deploy, folder: ProjectFolder, clients, version: str, weights: str
) -> None:
    base = publish(clients, "other", adapter=False, modelDataUrl=weights)

    with pytest.raises(InvalidArgument, match="not an adapter") as told:
        deploy(folder, version_arn=base, adapter_name="my-sft")

    assert [version] == [one["arn"] for one in told.value.details["candidates"]]


@pytest.mark.parametrize("approval", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_is_refused(
    deploy: Deploy, folder: ProjectFolder, clients, weights: str, approval: str
) -> None:
    arn = publish(clients, "other", approval, modelDataUrl=weights)

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

    assert [] == creations(sandbox)


# -- weights ---------------------------------------------------------------------------------


def test_weights_that_are_gone_are_a_failed_precondition(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, weights: str
) -> None:
    gone = f"s3://{bucket}/gone"
    for url in (gone, f"{gone}.tar.gz", "s3://no-such-bucket-here/x"):
        arn = publish(clients, "other", modelDataUrl=url)
        with pytest.raises(PreconditionFailed, match="no weights"):
            deploy(folder, version_arn=arn, adapter_name="my-sft")


def test_weights_without_an_adapter_config_are_a_warning(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, weights: str
) -> None:
    clients.s3.delete_object(Bucket=bucket, Key="a/x/adapter_config.json")
    arn = publish(clients, "other", modelDataUrl=weights, modelName="")

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
    unnamed = publish(clients, "other", modelDataUrl=weights, modelName="")
    named = publish(clients, "other", modelDataUrl=weights)

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
    start_component(clients, "tv-new-1", ENDPOINT)
    clients.sagemaker.create_endpoint(EndpointName="tv-new", EndpointConfigName="tv-config")
    folder = project_folder(tmp_path)

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
        deploy(project_folder(tmp_path, **config), version_arn=version)


def test_a_target_by_name_says_what_is_missing(deploy: Deploy, version: str) -> None:
    with pytest.raises(InvalidArgument, match="endpoint_name, base_component missing"):
        deploy(None, version_arn=version, project_name="tv")


# -- status ----------------------------------------------------------------------------------


def _status(aws: BotoAws, call: Call | None = None, wait_s: int = 0, **named: Any) -> RolloutResult:
    arguments = {"ic_name": "", "adapter_name": "", "project_name": "", "folder": None} | named
    return rollout_status(
        RolloutName.of(**arguments), aws=aws, wait_s=wait_s, call=call or timeless()
    )


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


def test_a_plans_digest_covers_everything_but_the_conf(
    deploy: Deploy, folder: ProjectFolder, version: str, aws: BotoAws
) -> None:
    request = RolloutRequest(version_arn=version)
    target = resolve_target(request, folder)
    planned = Planner(request, target, aws, lambda _: aws, lambda: NOW).plan(timeless())
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
