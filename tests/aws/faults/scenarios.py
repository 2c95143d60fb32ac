"""What is called: every tool that reaches AWS, in its main forms, each with the world it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import sample
from tools import adapters, audit, ci, datasets, deployments, evaluators, models

from .world import BASE, ENDPOINT, GROUP, HUB, IMAGE, MODEL, Tool, World

Arguments = dict[str, Any]
COMPONENT = f"{GROUP}-adapter-faq-sft"
OTHER_WEIGHTS = "s3://elsewhere/faq-sft/v0/adapter.tar.gz"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call of one tool.

    Attributes:
        arrange: Fills the world and returns the call's arguments.
        beside: Services, or `service:operation`, that the answer can do without: when they fail
            the answer says so and is no error.
        settings: How the sandbox behaves.
        looks: Calls that wait for something to end.
        sealing: Calls without whose answer something is made for good: where they are refused,
            and not only fail to answer, no repeat completes it, and the answer says so.
        silent: Calls for a courtesy, whose failure nobody has to be told of.
        dry: The call writes nothing, though the tool might.
    """

    name: str
    tool: Tool
    arrange: Callable[[World], Arguments]
    beside: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    sealing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    dry: bool = False


def _with_hub(world: World) -> None:
    sample.start_hub(world.clients.sagemaker, HUB)


def _with_image(world: World) -> None:
    known = world.clients.ecr.describe_repositories()["repositories"]
    if not known:
        world.clients.ecr.create_repository(repositoryName="ml-container-creator")
        world.clients.ecr.put_image(
            repositoryName="ml-container-creator",
            imageManifest='{"schemaVersion": 2}',
            imageTag=f"{GROUP}-latest",
        )


def _with_group(world: World) -> None:
    world.clients.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)


def _version(world: World, **metadata: str) -> str:
    made = world.clients.sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"modelName": MODEL, "projectName": GROUP, **metadata},
    )
    return str(made["ModelPackageArn"])


def _with_versions(world: World) -> tuple[str, str]:
    """A base version and an adapter of it; the ARNs of both."""
    _with_group(world)
    base = _version(world, deploymentConfig="transformers-vllm")
    adapter = _version(
        world,
        isAdapter="true",
        adapterName="faq-sft",
        tuneTechnique="sft",
        parentModelVersionArn=base,
        modelDataUrl=f"s3://{world.bucket}/faq-sft/v1/",
    )
    return base, adapter


def _with_endpoint(world: World) -> None:
    sample.start_endpoint(
        world.clients.sagemaker, IMAGE, endpoint=ENDPOINT, base_component=BASE, model=MODEL
    )


def _with_component(world: World, weights: str, *, settled: bool = True) -> None:
    world.clients.sagemaker.create_inference_component(
        InferenceComponentName=COMPONENT,
        EndpointName=ENDPOINT,
        Specification={
            "BaseInferenceComponentName": BASE,
            "Container": {"ArtifactUrl": weights},
        },
    )
    if settled:
        world.sandbox.control.advance(300)
        world.clients.sagemaker.describe_inference_component(InferenceComponentName=COMPONENT)


def _project_arguments(world: World, **more: Any) -> Arguments:
    return {"project_dir": str(world.project), **more}


# register_deployment


def _fresh_project(world: World) -> Arguments:
    _with_image(world)
    return _project_arguments(world)


def _with_ci_record(world: World) -> Arguments:
    _with_image(world)
    return _project_arguments(world, ci=True, sagemaker="yes")


def _only_ci_record(world: World) -> Arguments:
    return _project_arguments(world, ci=True)


def _interrupted_registration(world: World) -> Arguments:
    """SageMaker refused an earlier call: only the local entry is there."""
    arguments = _with_ci_record(world)
    control = world.sandbox.control
    control.fail("CreateModelPackage", "deny", times=-1)
    world.before.call(deployments.register_deployment, arguments)
    control.clear_faults()
    return arguments


def _deployed_from_registry(world: World) -> Arguments:
    """One adapter of the project was rolled out from a registered version."""
    _with_image(world)
    _, adapter = _with_versions(world)
    conf = world.project / "do" / "adapters" / "faq-sft.conf"
    conf.write_text(
        f'export ADAPTER_NAME="faq-sft"\nexport ADAPTER_SOURCE="registry"\n'
        f'export ADAPTER_WEIGHTS_URI="s3://{world.bucket}/faq-sft/v1/"\n'
        f'export ADAPTER_REGISTRY_ARN="{adapter}"\n'
    )
    return _project_arguments(world)


def _dry_registration(world: World) -> Arguments:
    return _with_ci_record(world) | {"dry_run": True}


# register_dataset, register_evaluator and their lists


def _new_dataset(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "faq", "s3_uri": f"s3://{world.bucket}/faq/train.jsonl", "technique": "sft"}


def _dataset_of_many_files(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "faq", "s3_uri": f"s3://{world.bucket}/parts/", "technique": "sft"}


def _changed_dataset(world: World) -> Arguments:
    arguments = _new_dataset(world)
    before = arguments | {"s3_uri": f"s3://{world.bucket}/faq/first.jsonl"}
    world.before.call(datasets.register_dataset, before)
    return arguments


def _new_evaluator(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "reward", "type": "lambda", "arn": LAMBDA, "technique": "rlvr"}


def _changed_evaluator(world: World) -> Arguments:
    arguments = _new_evaluator(world)
    world.before.call(evaluators.register_evaluator, arguments)
    return arguments | {"description": "counts what was answered"}


def _all_datasets(world: World) -> Arguments:
    world.before.call(datasets.register_dataset, _new_dataset(world))
    return {}


def _one_dataset(world: World) -> Arguments:
    _changed_dataset(world)
    return {"name": "faq"}


def _dataset_of_the_hub(world: World) -> Arguments:
    """The hub has a dataset that this machine's file does not know."""
    _all_datasets(world)
    (world.home / "datasets.json").unlink()
    return {"name": "faq"}


def _all_evaluators(world: World) -> Arguments:
    world.before.call(evaluators.register_evaluator, _new_evaluator(world))
    return {}


def _one_evaluator(world: World) -> Arguments:
    return {"name": "reward", **_all_evaluators(world)}


# list_adapters, list_models, audit_deployments, get_deployment


def _listed(world: World) -> Arguments:
    _with_versions(world)
    return {"project_name": GROUP}


def _listed_live(world: World) -> Arguments:
    _with_versions(world)
    _with_endpoint(world)
    _with_component(world, f"s3://{world.bucket}/faq-sft/v1/")
    return _project_arguments(world, live=True)


def _listed_with_endpoint_unknown(world: World) -> Arguments:
    _listed_live(world)
    return {"project_name": GROUP, "live": True}


def _without_group(world: World) -> Arguments:
    _with_group(world)
    return {"project_name": "support-bott"}


def _registered(world: World, **more: Any) -> str:
    made = world.before.call(deployments.register_deployment, _fresh_project(world) | more)
    return str(made["id"])


def _audited(world: World) -> Arguments:
    _registered(world)
    _with_endpoint(world)
    _with_component(world, OTHER_WEIGHTS)
    return {}


def _lineage(world: World) -> Arguments:
    return {"id": _registered(world, ci=True, sagemaker="yes")}


# deploy_adapter_from_registry, get_adapter_rollout, remove_adapter


def _rolled_out(world: World, **more: Any) -> Arguments:
    _, adapter = _with_versions(world)
    _with_endpoint(world)
    return _project_arguments(world, version_arn=adapter, **more)


def _without_folder(world: World) -> Arguments:
    _, adapter = _with_versions(world)
    _with_endpoint(world)
    named = {"project_name": GROUP, "endpoint_name": ENDPOINT, "base_component": BASE}
    return {**named, "version_arn": adapter}


def _replaced(world: World) -> Arguments:
    arguments = _rolled_out(world, replace=True)
    _with_component(world, OTHER_WEIGHTS)
    return arguments


def _planned(world: World) -> Arguments:
    return _rolled_out(world, dry_run=True)


def _followed(world: World) -> Arguments:
    _with_endpoint(world)
    _with_component(world, OTHER_WEIGHTS, settled=False)
    return {"ic_name": COMPONENT, "wait_s": 20}


def _looked_at(world: World) -> Arguments:
    return _followed(world) | {"wait_s": 0}


def _taken_off(world: World) -> Arguments:
    world.before.call(adapters.deploy_adapter_from_registry, _rolled_out(world))
    return _project_arguments(world, adapter_name="faq-sft")


# the CI table


def _put(world: World, config_id: str, status: str = "untested", **more: str) -> None:
    texts = {
        "configId": config_id,
        "testStatus": status,
        "lastTestTimestamp": sample.NEVER_TESTED,
        "configJson": '{"projectName":"support-bot"}',
        "deploymentConfig": "transformers-vllm",
        "projectName": GROUP,
        "createdAt": "2026-01-01T08:00:00Z",
        **more,
    }
    world.clients.dynamodb.put_item(
        TableName=sample.TABLE, Item={name: {"S": value} for name, value in texts.items()}
    )


def _with_configurations(world: World) -> None:
    _put(world, "a")
    _put(world, "b")
    _put(world, "c", "pass", lastTestTimestamp="2026-01-05T09:30:00Z")


def _untested(world: World) -> Arguments:
    _with_configurations(world)
    return {}


def _stale(world: World) -> Arguments:
    _with_configurations(world)
    return {"include_stale": True}


def _counted(world: World) -> Arguments:
    _with_configurations(world)
    return {"count_only": True}


def _claimed(world: World) -> Arguments:
    _with_configurations(world)
    return {"worker": "w1", "n": 2}


def _leases(world: World) -> list[str]:
    found = world.before.call(ci.claim_ci_untested, _claimed(world))["configurations"]
    return sorted(str(one["leaseId"]) for one in found)


def _renewed_and_released(world: World) -> Arguments:
    kept, given_back = _leases(world)
    return {"worker": "w1", "renew": [kept], "release": [given_back]}


def _result(world: World) -> Arguments:
    lease = _leases(world)[0]
    return {"config_id": lease.partition(".")[0], "lease_id": lease, "status": "pass"}


def _benchmark(world: World) -> Arguments:
    _with_configurations(world)
    return {"config_id": "a", "run_id": "run-1", "status": "completed"}


def _looks(first: int, last: int) -> tuple[str, ...]:
    numbers = range(first, last + 1)
    return tuple(f"sagemaker:DescribeInferenceComponent#{number}" for number in numbers)


_SAGEMAKER = ("sagemaker", "ecr", "sts")
_DATA = ("sagemaker", "s3", "sts")

SCENARIOS = (
    Scenario("register", deployments.register_deployment, _fresh_project, beside=_SAGEMAKER),
    Scenario(
        "register for CI too",
        deployments.register_deployment,
        _with_ci_record,
        beside=("sagemaker", "ecr"),
    ),
    Scenario("register for CI alone", deployments.register_deployment, _only_ci_record),
    Scenario(
        "register what was interrupted",
        deployments.register_deployment,
        _interrupted_registration,
        beside=("sagemaker", "ecr"),
    ),
    Scenario(
        "register what came from the registry",
        deployments.register_deployment,
        _deployed_from_registry,
        beside=_SAGEMAKER,
        sealing=("sagemaker:DescribeModelPackage",),
    ),
    Scenario(
        "register, dry",
        deployments.register_deployment,
        _dry_registration,
        beside=("sagemaker", "ecr"),
        dry=True,
    ),
    Scenario(
        "new dataset",
        datasets.register_dataset,
        _new_dataset,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario(
        "dataset of parts",
        datasets.register_dataset,
        _dataset_of_many_files,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario(
        "changed dataset",
        datasets.register_dataset,
        _changed_dataset,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario("new evaluator", evaluators.register_evaluator, _new_evaluator, beside=_DATA),
    Scenario("changed evaluator", evaluators.register_evaluator, _changed_evaluator, beside=_DATA),
    Scenario("all datasets", datasets.list_datasets, _all_datasets, beside=_DATA),
    Scenario("one dataset", datasets.list_datasets, _one_dataset, beside=_DATA),
    Scenario("dataset of the hub", datasets.list_datasets, _dataset_of_the_hub),
    Scenario("all evaluators", evaluators.list_evaluators, _all_evaluators, beside=_DATA),
    Scenario("one evaluator", evaluators.list_evaluators, _one_evaluator, beside=_DATA),
    Scenario("adapters", adapters.list_adapters, _listed),
    Scenario("adapters, live", adapters.list_adapters, _listed_live),
    Scenario("adapters, live anywhere", adapters.list_adapters, _listed_with_endpoint_unknown),
    Scenario(
        "adapters where Search knows no metadata",
        adapters.list_adapters,
        _listed,
        settings={"search_nested_names": False},
    ),
    Scenario(
        "adapters of no group",
        adapters.list_adapters,
        _without_group,
        silent=("sagemaker:ListModelPackageGroups",),
    ),
    Scenario("base versions", models.list_models, _listed),
    Scenario("audit", audit.audit_deployments, _audited),
    Scenario(
        "lineage",
        deployments.get_deployment,
        _lineage,
        beside=("sagemaker", "dynamodb", "sts"),
    ),
    Scenario(
        "roll out",
        adapters.deploy_adapter_from_registry,
        _rolled_out,
        looks=_looks(2, 4),
    ),
    Scenario(
        "roll out without folder",
        adapters.deploy_adapter_from_registry,
        _without_folder,
        looks=_looks(2, 4),
    ),
    Scenario(
        "replace",
        adapters.deploy_adapter_from_registry,
        _replaced,
        looks=_looks(2, 4),
    ),
    Scenario(
        "replace where nothing is updated",
        adapters.deploy_adapter_from_registry,
        _replaced,
        looks=_looks(2, 6),
        settings={"adapter_updates": False},
    ),
    Scenario("plan", adapters.deploy_adapter_from_registry, _planned, dry=True),
    Scenario(
        "follow",
        adapters.get_adapter_rollout,
        _followed,
        looks=_looks(2, 3),
    ),
    Scenario("look", adapters.get_adapter_rollout, _looked_at),
    Scenario(
        "take off",
        adapters.remove_adapter,
        _taken_off,
        looks=_looks(2, 3),
    ),
    Scenario("untested", ci.query_ci_untested, _untested),
    Scenario("untested and stale", ci.query_ci_untested, _stale),
    Scenario("untested, counted", ci.query_ci_untested, _counted),
    Scenario("claim", ci.claim_ci_untested, _claimed),
    Scenario("renew and release", ci.claim_ci_untested, _renewed_and_released),
    Scenario("result", ci.record_ci_result, _result),
    Scenario("benchmark", ci.record_benchmark, _benchmark),
    Scenario("report", ci.ci_report, _untested),
)
