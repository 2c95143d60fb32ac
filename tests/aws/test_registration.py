"""The SageMaker side of a registration over real boto3: what is made, what is found again."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.package_history import MOST_READ
from registry.aws.package_search import SearchAbility
from registry.calls import Call
from registry.capture import Overrides, capture
from registry.errors import AccountNotAllowed, NotConfigured
from registry.local.deployments import user_registry
from registry.project.adapter_conf import AdapterConfFile, RegistryAdapter
from registry.project.folder import read_project
from registry.registration.packages import PackageRegistrar
from registry.registration.register import Registrar
from registry.registration.request import RegistrationRequest
from schemas.base import Identity

EXAMPLE = Path(__file__).parents[2] / "examples" / "support-bot"
GROUP = "support-bot"
REPOSITORY = "ml-container-creator"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
TONE = "s3://support-bot-adapters/tone-dpo/v1/"


@pytest.fixture
def aws(sessions, aws_env):
    connection = Connection(sessions, region="us-west-2", profile="")
    return BotoAws(connection, SearchAbility(), sandbox=True)


@pytest.fixture
def project(tmp_path):
    """A copy of the example project, which may be changed."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "project"))


@pytest.fixture
def register(tmp_path, aws, project):
    """Register the project as it is then; `given` are overrides, the rest is the request."""

    def registered(*, at=None, account=lambda: aws, given=None, **request):
        registrar = Registrar(
            log=user_registry(tmp_path / "home"),
            account=account,
            ci_target=account,
            repository=REPOSITORY,
            now=lambda: at or datetime.now(UTC),
        )
        facts = capture(read_project(project), Overrides(**(given or {})))
        return registrar.register(facts, RegistrationRequest(**request), Call())

    return registered


@pytest.fixture
def entries(tmp_path):
    return lambda: list(user_registry(tmp_path / "home").entries())


@pytest.fixture
def versions(clients):
    """Every version of the project's group, oldest first, as SageMaker describes it."""

    def described():
        pages = clients.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=GROUP
        )
        arns = [
            each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]
        ]
        return [clients.sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns]

    return described


@pytest.fixture
def push(clients):
    """Push the image that the project's versions name."""

    def pushed(tag="support-bot-latest"):
        clients.ecr.create_repository(repositoryName=REPOSITORY)
        clients.ecr.put_image(
            repositoryName=REPOSITORY, imageManifest='{"schemaVersion": 2}', imageTag=tag
        )
        return f"123456789012.dkr.ecr.us-west-2.amazonaws.com/{REPOSITORY}:{tag}"

    return pushed


@pytest.fixture
def publish(clients):
    """Write a version straight into the project's group, as another program would."""

    def write(description="", **metadata):
        return clients.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelPackageDescription=description,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties=metadata or {"deploymentConfig": "http-flask"},
        )["ModelPackageArn"]

    return write


def no_account():
    raise NotConfigured("no AWS region is known")


def metadata_of(version):
    return version["CustomerMetadataProperties"]


def outcome(result):
    """The states of the base version and of every adapter."""
    return [result.model_package.state, *(each.state for each in result.adapters)]


def forget_version(tmp_path):
    """Take the version out of the local entry, as if the call had ended before noting it."""
    path = tmp_path / "home" / "registry.json"
    document = json.loads(path.read_text("utf-8"))
    for name in ("modelPackageArn", "modelPackageVersion"):
        document["entries"][-1].pop(name)
    path.write_text(json.dumps(document), "utf-8")


def counted(sandbox):
    operations = [each["operation"] for each in sandbox.control.calls()]
    return {name: operations.count(name) for name in set(operations)}


# What a version says


def test_a_base_version_says_what_was_deployed_and_where(register, versions, project):
    """Record contract, section 5; the endpoint is ours."""
    register(base_only=True, benchmark={"rps": 12.5, "warm": True, "none": ""})

    [model] = versions()
    assert {
        "deploymentConfig": "transformers-vllm",
        "architecture": "transformers",
        "backend": "vllm",
        "instanceType": "ml.g5.2xlarge",
        "modelName": "Qwen/Qwen3-4B",
        "baseImage": "vllm/vllm-openai:v0.8.5",
        "modelFormat": "safetensors",
        "projectName": GROUP,
        "endpointName": "support-bot-endpoint",
        "benchmark_rps": "12.5",
        "benchmark_warm": "true",
    } == metadata_of(model)
    assert "transformers-vllm on ml.g5.2xlarge" == model["ModelPackageDescription"]


def test_an_adapters_version_says_where_it_comes_from_and_where_it_runs(
    register, versions, project
):
    """Record contract, section 5; D18 (the technique's own dataset), D19, D20."""
    conf = project / "do/adapters/faq-sft.conf"
    conf.write_text(
        conf.read_text("utf-8") + 'export ADAPTER_IC_NAME="support-bot-adapter-faq-sft"\n', "utf-8"
    )
    results = project / ".mlcc/eval-results"
    results.mkdir(parents=True)
    (results / "tone-dpo.json").write_text('{"metrics": {"rouge(l)": 0.4, "ok": true}}', "utf-8")
    register(benchmark={"faq-sft": {"p50_ms": 41}})

    model, faq, tone = versions()
    common = {key: metadata_of(model)[key] for key in metadata_of(model)}
    linked = {"isAdapter": "true", "parentModelVersionArn": model["ModelPackageArn"]}
    assert metadata_of(faq) == common | linked | {
        "adapterName": "faq-sft",
        "tuneTechnique": "sft",
        "datasetS3Uri": "s3://support-bot-data/faq/train.jsonl",
        "datasetVersion": "1",
        "modelDataUrl": FAQ,
        "icName": "support-bot-adapter-faq-sft",
        "benchmark_p50_ms": "41",
    }
    assert metadata_of(tone) == common | linked | {
        "adapterName": "tone-dpo",
        "tuneTechnique": "dpo",
        "datasetS3Uri": "s3://support-bot-data/tone/pairs.jsonl",
        "modelDataUrl": TONE.rstrip("/"),
        "eval_rouge_l_": "0.4",
        "eval_ok": "true",
    }
    assert tone["ModelPackageDescription"] == (
        f"adapter (dpo) on ml.g5.2xlarge, parent: {model['ModelPackageArn']}"
    )


@pytest.mark.parametrize(
    ("status", "approval"),
    [
        ("success", "Approved"),
        ("partial", "PendingManualApproval"),
        ("failed", "PendingManualApproval"),
    ],
)
def test_only_what_was_deployed_with_success_is_approved(
    register, versions, entries, status, approval
):
    register(status=status)

    assert [approval] * 3 == [each["ModelApprovalStatus"] for each in versions()]
    assert [status] == [each["status"] for each in entries()]


def test_characters_that_the_service_refuses_are_told_of_and_a_url_is_never_altered(
    register, versions, project
):
    conf = project / "do/adapters/faq-sft.conf"
    conf.write_text(conf.read_text("utf-8").replace("faq-sft/v1", "faq%sft/v1"), "utf-8")
    made = register(given={"model_name": "Qwen, the (4B)"})

    assert ["created", "failed", "created"] == outcome(made)
    assert "modelDataUrl" in (made.adapters[0].warning or "")
    assert "Qwen_ the _4B_" == metadata_of(versions()[0])["modelName"]
    assert any("modelName" in each for each in made.warnings)
    assert any(each.startswith("adapter faq-sft: metadata modelDataUrl") for each in made.warnings)


def test_more_figures_than_metadata_can_hold_fail_the_version_alone(register, entries):
    made = register(benchmark={f"f{number}": number for number in range(60)})

    assert ["failed", "skipped", "skipped"] == outcome(made)
    assert "metadata entries" in (made.model_package.warning or "")
    assert 1 == len(entries())


def test_a_dataset_that_only_a_shell_could_tell_is_left_out_with_its_line(
    register, versions, project
):
    config = project / "do/config"
    line = 'export TUNE_DATASET_S3_URI_SFT="$(cat uri)"\n'
    config.write_text(config.read_text("utf-8") + line, "utf-8")
    made = register()

    assert ["created", "created", "created"] == outcome(made)
    assert "datasetS3Uri" not in metadata_of(versions()[1])
    assert any("TUNE_DATASET_S3_URI_SFT" in each and "faq-sft" in each for each in made.warnings)


def test_the_local_entry_is_as_full_where_sagemaker_had_no_part_in_it(register, entries):
    """Specification: the local registry always records the full entry."""
    register(account=no_account, idempotency_key="alone")
    register(idempotency_key="both")

    alone, both = entries()
    assert {"modelPackageArn", "modelPackageVersion"} == both.keys() - alone.keys()
    own = {"id", "timestamp", "idempotencyKey"}
    assert {key: both[key] for key in alone.keys() - own} == {
        key: alone[key] for key in alone.keys() - own
    }


def test_only_the_projects_own_group_is_written_to_and_never_what_training_fills(
    register, clients, entries
):
    """Specification: training alone fills the group that ends in -tune-models."""
    register()
    refused = register(given={"project_name": f"{GROUP}-tune-models"})

    groups = clients.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert [GROUP] == [each["ModelPackageGroupName"] for each in groups]
    assert ["failed", "skipped", "skipped"] == outcome(refused)
    assert "training" in (refused.model_package.warning or "")
    assert 2 == len(entries())


# Which image a version names


def test_an_image_that_is_there_goes_into_the_specification(register, versions, push):
    image = push()
    register()

    model, faq, tone = versions()
    assert [
        [{"Image": image}],
        [{"Image": image, "ModelDataUrl": FAQ}],
        [{"Image": image}],
    ] == [
        [
            {key: each[key] for key in ("Image", "ModelDataUrl") if key in each}
            for each in version["InferenceSpecification"]["Containers"]
        ]
        for version in (model, faq, tone)
    ]


@pytest.mark.parametrize("given", ["", "123456789012.dkr.ecr.us-west-2.amazonaws.com/none:tag"])
def test_an_image_that_is_not_there_is_left_out(register, versions, given):
    """Specification: a version can be registered before the image was pushed."""
    made = register(base_only=True, given={"container_image": given})

    assert "InferenceSpecification" not in versions()[0]
    assert bool(given) == any("does not exist" in each for each in made.warnings)


def test_an_image_too_long_for_the_service_is_left_out(register, versions):
    host = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
    made = register(base_only=True, given={"container_image": f"{host}/{'r' * 220}:tag"})

    assert "InferenceSpecification" not in versions()[0]
    assert any("255" in each for each in made.warnings)


def test_where_ecr_may_not_be_looked_at_the_form_decides(register, versions, sandbox):
    sandbox.control.fail("DescribeImages", "deny", times=-1, service="ecr")
    register(base_only=True)
    other = {"container_image": "vllm/vllm-openai:v0.8.5", "project_name": GROUP}
    odd = register(base_only=True, notes="odd", given=other)

    first, second = versions()
    [container] = first["InferenceSpecification"]["Containers"]
    assert container["Image"].endswith(f".us-west-2.amazonaws.com/{REPOSITORY}:support-bot-latest")
    assert "InferenceSpecification" not in second
    assert any("not an ECR image" in each for each in odd.warnings)


def test_a_derived_image_is_of_the_projects_region(register, sandbox):
    """D22: not of the profile's."""
    sandbox.control.fail("DescribeImages", "deny", times=-1, service="ecr")
    register(base_only=True, given={"region": "eu-west-1"})

    [looked] = sandbox.control.calls("DescribeImages")
    [created] = sandbox.control.calls("CreateModelPackage")
    [container] = created["request"]["InferenceSpecification"]["Containers"]
    assert "eu-west-1" == looked["region"]
    assert ".ecr.eu-west-1.amazonaws.com/" in container["Image"]


# What an earlier call made is found


def test_a_version_that_the_entry_does_not_name_yet_is_found(
    register, versions, tmp_path, entries, sandbox
):
    first = register()
    forget_version(tmp_path)
    sandbox.control.clear_log()
    again = register()

    assert ["unchanged"] * 3 == outcome(again)
    assert first.model_package.arn == again.model_package.arn == entries()[0]["modelPackageArn"]
    assert 3 == len(versions())
    assert not {"Search", "CreateModelPackage"} & set(counted(sandbox))


@pytest.mark.parametrize("lost", ['"isAdapter"', "transformers-vllm on"])
def test_after_lost_answers_every_version_is_there_once(register, versions, sandbox, lost):
    sandbox.control.fail("CreateModelPackage", "lost_answer", times=3, match=lost)
    first = register()
    sandbox.control.clear_faults()
    again = register()

    assert "failed" in outcome(first)
    assert {"created", "unchanged"} >= set(outcome(again))
    assert 3 == len(versions())


def test_of_two_calls_that_both_looked_before_either_made_anything_each_version_is_there_once(
    aws, project, versions, clients
):
    """Design, rule 5: what is made twice has one token, since it says the same."""
    facts = capture(read_project(project), Overrides())
    first, second = (
        PackageRegistrar(
            aws=aws,
            facts=facts,
            request=RegistrationRequest(),
            entry_id="0123abcd",
            resumed=False,
            since=datetime.now(UTC),
            image=None,
            call=Call(),
        ).register(None)
        for _ in range(2)
    )

    assert first.package.arn == second.package.arn
    assert [each.arn for each in first.adapters] == [each.arn for each in second.adapters]
    assert 3 == len(versions())


def test_a_version_is_found_though_its_image_was_pushed_and_figures_given_since(
    register, versions, tmp_path, push
):
    where = {"model_data_url": "s3://support-bot-models/base/"}
    register(base_only=True, given=where)
    forget_version(tmp_path)
    push()
    again = register(base_only=True, given=where, benchmark={"rps": 3})

    assert ["unchanged"] == outcome(again)[:1]
    assert any("benchmark_rps" in each for each in again.warnings)
    assert 1 == len(versions())


def test_another_deployments_version_is_not_taken_for_this_ones(register, versions, tmp_path):
    """Alike but for the status: a failed deployment must not be linked with what is approved."""
    register(base_only=True, status="failed")
    forget_version(tmp_path)
    approved = register(base_only=True, notes="later")
    again = register(base_only=True, status="failed")

    assert approved.model_package.arn != again.model_package.arn
    assert "PendingManualApproval" == versions()[0]["ModelApprovalStatus"]
    assert versions()[0]["ModelPackageArn"] == again.model_package.arn


def test_adapters_that_are_alike_but_for_weights_or_name_are_versions_of_their_own(
    register, versions, project
):
    """D17."""
    conf = (project / "do/adapters/faq-sft.conf").read_text("utf-8")
    for name, weights in (("faq-v2", "faq-sft/v2"), ("faq-twin", "faq-sft/v1")):
        other = conf.replace('"faq-sft"', f'"{name}"').replace("faq-sft/v1", weights)
        (project / f"do/adapters/{name}.conf").write_text(other, "utf-8")
    first = register()
    again = register()

    assert ["created"] * 5 == outcome(first)
    assert ["unchanged"] * 5 == outcome(again)
    assert [each.arn for each in first.adapters] == [each.arn for each in again.adapters]
    assert 5 == len(versions())


def test_an_adapter_that_mlcc_linked_without_its_name_is_found(
    register, versions, publish, project
):
    """D17, D20: the name counts where there is one, and a version stands for one adapter."""
    conf = (project / "do/adapters/faq-sft.conf").read_text("utf-8")
    twin = conf.replace('"faq-sft"', '"faq-twin"')
    (project / "do/adapters/faq-twin.conf").write_text(twin, "utf-8")
    base = register(base_only=True).model_package.arn
    publish(
        f"adapter (sft) on ml.g5.2xlarge, parent: {base}",
        isAdapter="true",
        parentModelVersionArn=base,
        tuneTechnique="sft",
        datasetS3Uri="s3://support-bot-data/faq/train.jsonl",
        modelDataUrl=FAQ,
    )
    again = register()

    assert ["unchanged", "unchanged", "created", "created"] == outcome(again)
    assert 4 == len(versions())


def test_a_version_in_another_account_is_not_called_gone(register, entries, tmp_path):
    register(base_only=True)
    path = tmp_path / "home" / "registry.json"
    path.write_text(path.read_text("utf-8").replace(":123456789012:", ":210987654321:"), "utf-8")
    again = register(base_only=True)

    assert "failed" == again.model_package.state
    assert "210987654321" in (again.model_package.warning or "")
    assert ":210987654321:" in entries()[0]["modelPackageArn"]


# Large groups, and what may not be asked


def test_in_a_large_group_only_what_looks_alike_is_read_and_search_is_not_needed(
    register, clients, sandbox, publish, tmp_path
):
    clients.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    for number in range(250):
        publish(f"http-flask on ml.m5.large, number {number}")
    sandbox.control.fail("Search", "deny", times=-1)
    later = datetime.fromtimestamp(sandbox.control.advance(3600), UTC)
    register(at=later)
    forget_version(tmp_path)
    sandbox.control.clear_log()
    again = register(at=later)

    assert ["unchanged"] * 3 == outcome(again)
    counts = counted(sandbox)
    assert (3, 2) == (counts["DescribeModelPackage"], counts["ListModelPackages"])
    assert "Search" not in counts


def test_more_versions_than_a_look_may_read_are_an_honest_failure_with_a_way_out(
    register, entries, sandbox, clients, publish
):
    register(base_only=True, account=no_account)
    clients.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    for number in range(MOST_READ + 1):
        publish("transformers-vllm on ml.g5.2xlarge", modelName=f"other-{number}")
    sandbox.control.clear_log()
    again = register(base_only=True)
    anew = register(base_only=True, notes="anew")

    assert ["failed", "skipped", "skipped"] == outcome(again)
    assert "not known" in (again.model_package.warning or "")
    assert "other notes" in (again.model_package.warning or "")
    assert MOST_READ == len(sandbox.control.calls("DescribeModelPackage"))
    assert "created" == anew.model_package.state
    assert [False, True] == ["modelPackageArn" in each for each in entries()]


def test_what_cannot_be_listed_fails_the_adapters_and_never_the_registration(
    register, versions, sandbox, entries
):
    register(exclude=("tone-dpo",))
    sandbox.control.fail("ListModelPackages", "deny", times=-1)
    again = register()
    sandbox.control.clear_faults()

    assert ["unchanged", "failed", "failed"] == outcome(again)
    assert "sagemaker:ListModelPackages" in (again.adapters[0].warning or "")
    assert 1 == len(entries())
    assert 2 == len(versions())


# Adapters that came from the registry


@pytest.fixture
def rolled_out(clients, project, publish):
    """Roll an adapter out into the project, as the conf then says; returns its version's ARN."""

    def rolled(weights=TONE, **lineage):
        groups = clients.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if not groups:
            clients.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        told = {"isAdapter": "true", "modelDataUrl": weights.rstrip("/")} | lineage
        arn = publish("elsewhere", **told)
        conf = AdapterConfFile.plan(
            project,
            RegistryAdapter(
                name="tone-dpo",
                ic_name="support-bot-adapter-tone-dpo",
                weights_uri=TONE,
                created_at="2026-05-01T10:00:00Z",
                registry_arn=arn,
            ),
            present="do/adapters/tone-dpo.conf",
        )
        conf.write()
        return arn

    return rolled


LINEAGE = {
    "tuneTechnique": "rlvr",
    "datasetS3Uri": "s3://elsewhere/rewards.jsonl",
    "datasetVersion": "4",
}


def test_an_adapter_from_the_registry_keeps_its_lineage_when_it_is_registered_again(
    register, versions, rolled_out
):
    rolled_out(**LINEAGE)
    made = register()

    tone = versions()[-1]
    assert "tone-dpo" == metadata_of(tone)["adapterName"]
    assert LINEAGE == {key: metadata_of(tone)[key] for key in LINEAGE}
    assert tone["ModelPackageDescription"].startswith("adapter (rlvr) on")
    assert not [each for each in made.warnings if "trained" in each]
    assert ["unchanged"] * 3 == outcome(register())


def test_an_origin_that_cannot_be_read_is_a_warning_and_no_second_version_later(
    register, versions, rolled_out, sandbox
):
    origin = rolled_out(**LINEAGE)
    sandbox.control.fail("DescribeModelPackage", "deny", times=1, match=origin)
    made = register()
    again = register()

    assert ["created"] * 3 == outcome(made)
    assert any(origin in each and "DescribeModelPackage" in each for each in made.warnings)
    assert not LINEAGE.keys() & metadata_of(versions()[-1]).keys()
    assert ["unchanged"] * 3 == outcome(again)


def test_an_origin_that_cannot_be_read_just_now_is_asked_again_before_a_version_is_made(
    register, versions, rolled_out, sandbox
):
    origin = rolled_out(**LINEAGE)
    sandbox.control.fail("DescribeModelPackage", "throttle", times=3, match=origin)
    made = register()
    again = register()

    assert ["created", "created", "failed"] == outcome(made)
    assert "slow down" in (made.adapters[-1].warning or "")
    assert ["unchanged", "unchanged", "created"] == outcome(again)
    assert LINEAGE == {key: metadata_of(versions()[-1])[key] for key in LINEAGE}


def test_weights_that_are_not_the_origins_have_none_of_its_lineage(register, versions, rolled_out):
    rolled_out(weights="s3://elsewhere/other/", **LINEAGE)
    made = register()

    assert not LINEAGE.keys() & metadata_of(versions()[-1]).keys()
    assert any("tone-dpo" in each and "weights" in each for each in made.warnings)


def test_an_origin_in_another_region_is_read_there(register, rolled_out, sandbox, project, clients):
    origin = rolled_out(**LINEAGE).replace(":us-west-2:", ":eu-west-1:")
    conf = project / "do/adapters/tone-dpo.conf"
    conf.write_text(conf.read_text("utf-8").replace(":us-west-2:", ":eu-west-1:"), "utf-8")
    made = register(dry_run=True)

    asked = [
        each["region"]
        for each in sandbox.control.calls("DescribeModelPackage")
        if each["request"]["ModelPackageName"] == origin
    ]
    assert ["eu-west-1"] == asked
    assert any(origin in each for each in made.warnings)


# Who writes


def test_an_answer_names_account_region_and_profile(register):
    assert {"account": "123456789012", "region": "us-west-2", "sandbox": True} == (
        register().aws.wire()
    )


@pytest.mark.parametrize(("kind", "state"), [("clock_skew", "skipped"), ("deny", "failed")])
def test_an_account_that_cannot_be_told_is_a_cause_and_the_entry_stands(
    register, entries, sandbox, own_sessions, kind, state
):
    connection = Connection(own_sessions, region="us-west-2", profile="")
    untold = BotoAws(connection, SearchAbility(), sandbox=True)
    sandbox.control.fail("GetCallerIdentity", kind, service="sts", times=-1)
    made = register(account=lambda: untold)
    sandbox.control.clear_faults()

    assert [state, "skipped", "skipped"] == outcome(made)
    assert "which account this is" in (made.model_package.warning or "")
    assert 1 == len(entries())
    assert ["created"] * 3 == outcome(register())


def test_an_account_that_is_not_allowed_is_a_cause_and_the_entry_stands(register, entries):
    other = Identity(account="210987654321", region="us-west-2", profile="other")

    def refuse():
        raise AccountNotAllowed(other, hint="allowed: 123456789012")

    made = register(account=refuse)

    assert ["failed", "skipped", "skipped"] == outcome(made)
    assert other == made.aws
    assert "210987654321" in (made.model_package.warning or "")
    assert 1 == len(entries())


# What AWS documents nowhere


@pytest.mark.parametrize("remembered_s", [-1.0, 0.0])
@pytest.mark.parametrize("conflicts", [True, False])
def test_a_registration_that_is_repeated_makes_nothing_twice_however_tokens_are_kept(
    register, versions, sandbox, tmp_path, remembered_s, conflicts
):
    sandbox.control.change_settings(token_memory_s=remembered_s, token_conflicts=conflicts)
    first = register()
    forget_version(tmp_path)
    again = register()

    assert ["created"] * 3 == outcome(first)
    assert ["unchanged"] * 3 == outcome(again)
    assert 3 == len(versions())


@pytest.mark.parametrize("conflicts", [True, False])
def test_other_notes_make_a_version_of_their_own_however_tokens_are_kept(
    register, versions, sandbox, conflicts
):
    sandbox.control.change_settings(token_conflicts=conflicts)
    first = register(base_only=True)
    second = register(base_only=True, notes="another run")

    assert ["created"] == outcome(second)[:1]
    assert first.model_package.arn != second.model_package.arn
    assert 2 == len(versions())


@pytest.mark.parametrize("returns", [True, False])
def test_a_deleted_versions_number_may_return_and_is_then_the_new_deployments(
    register, versions, sandbox, clients, entries, returns
):
    """The entry of the deleted version goes on naming it: an ARN is what was recorded then."""
    sandbox.control.change_settings(version_numbers_return=returns)
    first = register(base_only=True).model_package.arn
    clients.sagemaker.delete_model_package(ModelPackageName=first)
    second = register(base_only=True, notes="after the deletion")

    [present] = versions()
    assert (first == second.model_package.arn) == returns
    assert present["ModelPackageArn"] == second.model_package.arn
    assert [first, second.model_package.arn] == [each["modelPackageArn"] for each in entries()]


@pytest.mark.parametrize("lower", [True, False])
def test_a_group_is_known_by_its_name_however_arns_are_written(
    register, sandbox, clients, tmp_path, lower
):
    sandbox.control.change_settings(lower_case_arns=lower)
    first = register(given={"project_name": "Support-Bot"})
    forget_version(tmp_path)
    again = register(given={"project_name": "Support-Bot"})

    assert ["created"] * 3 == outcome(first)
    assert ["unchanged"] * 3 == outcome(again)
    listed = clients.sagemaker.list_model_packages(ModelPackageGroupName="Support-Bot")
    assert 3 == len(listed["ModelPackageSummaryList"])
