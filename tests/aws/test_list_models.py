"""`list_models` over real boto3: the base versions of a group, and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from registry.calls import Call
from registry.errors import InvalidArgument, NotFound
from registry.models import list_models
from sandbox.service import Sandbox
from schemas.model import ModelPage
from schemas.model_package import ModelPackage, ModelPackageDraft

IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/m:tv-latest"
Register = Callable[..., ModelPackage]


@pytest.fixture
def aws(aws_env: dict[str, str]) -> Iterator[BotoAws]:
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="")
    directory.close()


@pytest.fixture
def register(aws: BotoAws) -> Register:
    """Creates a version of group `tv`, which is made with the first one."""
    made = 0
    aws.packages.ensure_group("tv", description="")

    def create(image: str = "", **metadata: str) -> ModelPackage:
        nonlocal made
        made += 1
        return aws.packages.create(
            ModelPackageDraft(
                group="tv",
                description="transformers-vllm on ml.g5.xlarge",
                approval_status="Approved",
                metadata=metadata,
                image=image or None,
                client_token=f"token-{made}",
            )
        )

    return create


def _list(aws: BotoAws, project: str = "tv", config: str = "", **options: Any) -> ModelPage:
    return list_models(
        aws, project, config, **({"limit": 20, "cursor": "", "call": Call()} | options)
    )


def test_a_base_version_has_what_its_registration_recorded(
    aws: BotoAws, register: Register
) -> None:
    arn = register(
        IMAGE,
        deploymentConfig="transformers-vllm",
        modelName="Qwen/Qwen3-4B",
        instanceType="ml.g5.xlarge",
        modelDataUrl="s3://w/base",
    ).arn

    model = _list(aws).models[0].wire()
    created_at = model.pop("createdAt")

    assert {
        "arn": arn,
        "version": 1,
        "deploymentConfig": "transformers-vllm",
        "modelName": "Qwen/Qwen3-4B",
        "instanceType": "ml.g5.xlarge",
        "containerImage": IMAGE,
        "modelDataUrl": "s3://w/base",
        "approvalStatus": "Approved",
    } == model
    assert created_at.endswith("Z")


def test_a_version_without_metadata_is_a_base_version_too(aws: BotoAws, register: Register) -> None:
    register()

    assert [{"arn", "version", "approvalStatus", "createdAt"}] == [
        set(one.wire()) for one in _list(aws).models
    ]


@pytest.mark.parametrize("nested", [True, False])
def test_base_versions_are_filtered_and_paged_newest_first(
    aws: BotoAws, register: Register, sandbox: Sandbox, nested: bool
) -> None:
    sandbox.control.change_settings(search_nested_names=nested)
    for number in range(6):
        register(deploymentConfig="a" if number % 2 else "b")
        register(isAdapter="true")

    first = _list(aws, limit=4)
    second = _list(aws, limit=4, cursor=first.next_cursor)
    of_a = _list(aws, config="a")

    assert [11, 9, 7, 5] == [one.version for one in first.models]
    assert [3, 1] == [one.version for one in second.models]
    assert [11, 7, 3] == [one.version for one in of_a.models]
    assert (False, True) == (first.complete, second.complete)


def test_full_detail_adds_description_and_metadata(aws: BotoAws, register: Register) -> None:
    register(deploymentConfig="a", benchmark_p50="12")

    (model,) = _list(aws, full=True).models

    assert "transformers-vllm on ml.g5.xlarge" == model.description
    assert {"deploymentConfig": "a", "benchmark_p50": "12"} == model.metadata


def test_an_empty_group_is_an_empty_page_that_says_so(aws: BotoAws, register: Register) -> None:
    register(isAdapter="true")

    page = _list(aws)

    assert ((), True) == (page.models, page.complete)
    assert "holds no base version yet" in page.message


def test_a_group_that_is_not_there_and_a_bad_name_are_refused(aws: BotoAws) -> None:
    with pytest.raises(NotFound):
        _list(aws, "nowhere")
    with pytest.raises(InvalidArgument):
        _list(aws, "a_b")
