"""The worlds that the scenarios need: each fills an account and returns its call's arguments."""

from __future__ import annotations

from typing import Any

from sandbox import sample
from tools import adapters, ci, datasets, deployments, evaluators

from .world import BASE, ENDPOINT, GROUP, HUB, IMAGE, MODEL, World

Arguments = dict[str, Any]
COMPONENT = f"{GROUP}-adapter-faq-sft"
OTHER_WEIGHTS = "s3://elsewhere/faq-sft/v0/adapter.tar.gz"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"


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


def fresh_project(world: World) -> Arguments:
    _with_image(world)
    return _project_arguments(world)


def with_ci_record(world: World) -> Arguments:
    _with_image(world)
    return _project_arguments(world, ci=True, sagemaker="yes")


def only_ci_record(world: World) -> Arguments:
    return _project_arguments(world, ci=True)


def interrupted_registration(world: World) -> Arguments:
    """SageMaker refused an earlier call: only the local entry is there."""
    arguments = with_ci_record(world)
    control = world.sandbox.control
    control.fail("CreateModelPackage", "deny", times=-1)
    world.before.call(deployments.register_deployment, arguments)
    control.clear_faults()
    return arguments


def deployed_from_registry(world: World) -> Arguments:
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


def dry_registration(world: World) -> Arguments:
    return with_ci_record(world) | {"dry_run": True}


# register_dataset, register_evaluator and their lists


def new_dataset(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "faq", "s3_uri": f"s3://{world.bucket}/faq/train.jsonl", "technique": "sft"}


def dataset_of_many_files(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "faq", "s3_uri": f"s3://{world.bucket}/parts/", "technique": "sft"}


def changed_dataset(world: World) -> Arguments:
    arguments = new_dataset(world)
    before = arguments | {"s3_uri": f"s3://{world.bucket}/faq/first.jsonl"}
    world.before.call(datasets.register_dataset, before)
    return arguments


def new_evaluator(world: World) -> Arguments:
    _with_hub(world)
    return {"name": "reward", "type": "lambda", "arn": LAMBDA, "technique": "rlvr"}


def changed_evaluator(world: World) -> Arguments:
    arguments = new_evaluator(world)
    world.before.call(evaluators.register_evaluator, arguments)
    return arguments | {"description": "counts what was answered"}


def all_datasets(world: World) -> Arguments:
    world.before.call(datasets.register_dataset, new_dataset(world))
    return {}


def one_dataset(world: World) -> Arguments:
    changed_dataset(world)
    return {"name": "faq"}


def dataset_of_the_hub(world: World) -> Arguments:
    """The hub has a dataset that this machine's file does not know."""
    all_datasets(world)
    (world.home / "datasets.json").unlink()
    return {"name": "faq"}


def all_evaluators(world: World) -> Arguments:
    world.before.call(evaluators.register_evaluator, new_evaluator(world))
    return {}


def one_evaluator(world: World) -> Arguments:
    return {"name": "reward", **all_evaluators(world)}


# list_adapters, list_models, audit_deployments, get_deployment


def listed(world: World) -> Arguments:
    _with_versions(world)
    return {"project_name": GROUP}


def listed_live(world: World) -> Arguments:
    _with_versions(world)
    _with_endpoint(world)
    _with_component(world, f"s3://{world.bucket}/faq-sft/v1/")
    return _project_arguments(world, live=True)


def listed_with_endpoint_unknown(world: World) -> Arguments:
    listed_live(world)
    return {"project_name": GROUP, "live": True}


def without_group(world: World) -> Arguments:
    _with_group(world)
    return {"project_name": "support-bott"}


def _registered(world: World, **more: Any) -> str:
    made = world.before.call(deployments.register_deployment, fresh_project(world) | more)
    return str(made["id"])


def audited(world: World) -> Arguments:
    _registered(world)
    _with_endpoint(world)
    _with_component(world, OTHER_WEIGHTS)
    return {}


def lineage(world: World) -> Arguments:
    return {"id": _registered(world, ci=True, sagemaker="yes")}


# deploy_adapter_from_registry, get_adapter_rollout, remove_adapter


def rolled_out(world: World, **more: Any) -> Arguments:
    _, adapter = _with_versions(world)
    _with_endpoint(world)
    return _project_arguments(world, version_arn=adapter, **more)


def without_folder(world: World) -> Arguments:
    _, adapter = _with_versions(world)
    _with_endpoint(world)
    named = {"project_name": GROUP, "endpoint_name": ENDPOINT, "base_component": BASE}
    return {**named, "version_arn": adapter}


def replaced(world: World) -> Arguments:
    arguments = rolled_out(world, replace=True)
    _with_component(world, OTHER_WEIGHTS)
    return arguments


def planned(world: World) -> Arguments:
    return rolled_out(world, dry_run=True)


def followed(world: World) -> Arguments:
    _with_endpoint(world)
    _with_component(world, OTHER_WEIGHTS, settled=False)
    return {"ic_name": COMPONENT, "wait_s": 20}


def looked_at(world: World) -> Arguments:
    return followed(world) | {"wait_s": 0}


def taken_off(world: World) -> Arguments:
    world.before.call(adapters.deploy_adapter_from_registry, rolled_out(world))
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


def untested(world: World) -> Arguments:
    _with_configurations(world)
    return {}


def stale(world: World) -> Arguments:
    _with_configurations(world)
    return {"include_stale": True}


def counted(world: World) -> Arguments:
    _with_configurations(world)
    return {"count_only": True}


def claimed(world: World) -> Arguments:
    _with_configurations(world)
    return {"worker": "w1", "n": 2}


def _leases(world: World) -> list[str]:
    found = world.before.call(ci.claim_ci_untested, claimed(world))["configurations"]
    return sorted(str(one["leaseId"]) for one in found)


def renewed_and_released(world: World) -> Arguments:
    kept, given_back = _leases(world)
    return {"worker": "w1", "renew": [kept], "release": [given_back]}


def result(world: World) -> Arguments:
    lease = _leases(world)[0]
    return {"config_id": lease.partition(".")[0], "lease_id": lease, "status": "pass"}


def benchmark(world: World) -> Arguments:
    _with_configurations(world)
    return {"config_id": "a", "run_id": "run-1", "status": "completed"}
