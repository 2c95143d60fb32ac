"""The same version elsewhere: another project, another region, and where its weights have to be."""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from registry.errors import InvalidArgument, PreconditionFailed
from registry.project.folder import ProjectFolder, read_project
from registry.rollout.request import RolloutRequest
from sandbox.service import Sandbox

from .conftest import BASE, ENDPOINT, MODEL, Deploy, conf_of, publish, rollout_in, timeless

NEAR, FAR = "us-west-2", "eu-west-1"


@pytest.fixture
def far(sandbox: Sandbox, aws_env: dict[str, str]) -> Callable[[str], Any]:
    """Makes boto3 clients of the other region."""
    return lambda service: boto3.Session().client(service, region_name=FAR)


@pytest.fixture
def far_version(far: Callable[[str], Any], clients, endpoint: str) -> Callable[[str, str], str]:
    """Registers a version in the other region, its weights in a bucket of the region given."""

    def register(weights_region: str, archive: str = "") -> str:
        s3 = clients.s3 if weights_region == NEAR else far("s3")
        bucket = f"bucket-{uuid.uuid4().hex}"
        where = {"LocationConstraint": weights_region}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        config = {"base_model_name_or_path": MODEL, "r": 8}
        body = json.dumps(config).encode()
        s3.put_object(Bucket=bucket, Key="w/adapter_config.json", Body=body)

        there = SimpleNamespace(sagemaker=far("sagemaker"))
        return publish(there, "other", modelDataUrl=f"s3://{bucket}/w", adapterName="my-sft")

    return register


def rolled_out(
    aws: BotoAws, directory: BotoDirectory, folder: ProjectFolder, **arguments: Any
) -> Any:
    rollout = rollout_in(aws, directory=directory)
    return rollout.deploy(RolloutRequest(**arguments), folder, timeless())


def test_a_version_of_another_region_is_read_there_and_deployed_here(
    aws: BotoAws,
    directory: BotoDirectory,
    folder: ProjectFolder,
    far_version: Callable[..., str],
    sandbox: Sandbox,
) -> None:
    arn = far_version(NEAR)
    result = rolled_out(aws, directory, folder, version_arn=arn)

    assert (arn, "in_service", NEAR) == (
        result.version_arn,
        result.state,
        result.plan.region,
    )
    assert [FAR] == [call["region"] for call in sandbox.control.calls("DescribeModelPackage")]


def test_weights_of_another_region_than_the_endpoints_are_refused(
    aws: BotoAws,
    directory: BotoDirectory,
    folder: ProjectFolder,
    far_version: Callable[..., str],
) -> None:
    arn = far_version(FAR)

    with pytest.raises(
        PreconditionFailed, match=f"are in {FAR}, the endpoint is in {NEAR}"
    ) as told:
        rolled_out(aws, directory, folder, version_arn=arn)

    assert f"copy them to a bucket in {NEAR}" in told.value.hint
    assert not conf_of(folder).exists()


def test_two_slashes_are_another_place_than_one(
    deploy: Deploy, folder: ProjectFolder, clients, bucket: str, version: str, weights: str
) -> None:
    config = json.dumps({"base_model_name_or_path": MODEL, "r": 4}).encode()
    clients.s3.put_object(Bucket=bucket, Key="a/x//adapter_config.json", Body=config)
    deploy(folder, version_arn=version)
    odd = publish(clients, "other", modelDataUrl=f"{weights}//", adapterName="my-sft")

    shown = deploy(read_project(folder.root), version_arn=odd, replace=True, dry_run=True)
    result = deploy(read_project(folder.root), version_arn=odd, replace=True, confirm=shown.digest)

    assert ("replace", 4) == (shown.plan.action if shown.plan else "", shown.plan.rank)
    assert ("in_service", f"{weights}//") == (result.state, result.weights_uri)


def test_a_name_that_is_too_long_with_the_projects_is_refused_with_the_room_there_is(
    aws: BotoAws, deploy: Deploy, version: str
) -> None:
    with pytest.raises(InvalidArgument, match="SageMaker allows 63") as told:
        deploy(
            None,
            version_arn=version,
            project_name="p" * 50,
            endpoint_name=ENDPOINT,
            base_component=BASE,
        )

    assert "at most 4 characters" in told.value.hint
