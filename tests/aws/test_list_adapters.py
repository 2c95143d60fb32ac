from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.adapters import AdapterFilter, list_adapters
from registry.aws.directory import BotoAws, BotoDirectory
from registry.calls import Call
from registry.errors import InvalidArgument, NotFound, PermissionDenied
from sandbox.service import Sandbox
from schemas.adapter import AdapterPage

REGION = "us-west-2"
PARENT = "arn:aws:sagemaker:us-west-2:123456789012:model-package/tv/1"
OTHER_PARENT = "arn:aws:sagemaker:us-west-2:123456789012:model-package/tv/2"


@pytest.fixture
def aws(aws_env: dict[str, str]) -> Iterator[BotoAws]:
    directory = BotoDirectory()
    yield directory.open(region=REGION, profile="")
    directory.close()


@pytest.fixture
def group(clients) -> str:
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="tv")
    return "tv"


@pytest.fixture
def register(clients, group: str) -> Callable[..., str]:
    def create(name: str = "", *, adapter: bool = True, image: str = "", **metadata: str) -> str:
        said = {"isAdapter": "true"} if adapter else {"deploymentConfig": "transformers-vllm"}
        said |= ({"adapterName": name} if name else {}) | metadata
        more: dict[str, Any] = {}
        if image:
            more["InferenceSpecification"] = {
                "Containers": [{"Image": image, "ModelDataUrl": "s3://spec/w.tar.gz"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            }
        return str(
            clients.sagemaker.create_model_package(
                ModelPackageGroupName=group,
                ModelApprovalStatus="Approved",
                ModelPackageDescription="adapter (sft) on ml.g5.xlarge",
                CustomerMetadataProperties=said,
                **more,
            )["ModelPackageArn"]
        )

    return create


def _list(aws: BotoAws, wanted: AdapterFilter | None = None, **options: Any) -> AdapterPage:
    return list_adapters(
        aws,
        options.pop("project_name", "tv"),
        wanted or AdapterFilter(),
        **({"limit": 20, "cursor": "", "call": Call()} | options),
    )


def test_an_adapter_has_what_its_registration_recorded(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    arn = register(
        "tone",
        tuneTechnique="sft",
        datasetS3Uri="s3://d/train.jsonl",
        datasetVersion="1.2.0",
        parentModelVersionArn=PARENT,
        modelName="Qwen/Qwen3-4B",
        modelDataUrl="s3://w/tone",
    )

    page = _list(aws)

    adapter = page.adapters[0].wire()
    created_at = adapter.pop("createdAt")
    assert adapter == {
        "name": "tone",
        "arn": arn,
        "version": 1,
        "tuneTechnique": "sft",
        "datasetS3Uri": "s3://d/train.jsonl",
        "datasetVersion": "1.2.0",
        "parentModelVersionArn": PARENT,
        "modelName": "Qwen/Qwen3-4B",
        "modelDataUrl": "s3://w/tone",
        "approvalStatus": "Approved",
    }
    assert created_at.endswith("Z")
    assert (page.count, page.complete, page.next_cursor) == (1, True, None)
    assert page.aws is not None
    assert (page.aws.region, page.aws.sandbox) == (REGION, True)


def test_full_detail_adds_description_and_metadata(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    register("tone", eval_accuracy="0.9")

    adapter = _list(aws, full=True).adapters[0]

    assert adapter.description == "adapter (sft) on ml.g5.xlarge"
    assert adapter.metadata == {"isAdapter": "true", "adapterName": "tone", "eval_accuracy": "0.9"}


def test_weights_of_the_specification_come_before_those_of_the_metadata(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mm:1"
    register("tone", image=image, modelDataUrl="s3://w/tone")

    assert _list(aws).adapters[0].model_data_url == "s3://spec/w.tar.gz"


def test_an_adapter_that_mlcc_registered_has_no_name(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    register(tuneTechnique="sft")

    page = _list(aws)
    by_name = _list(aws, AdapterFilter(name="tone"))

    assert page.adapters[0].name is None
    assert by_name.count == 0
    assert "record no adapter name" in by_name.warnings[0]


@pytest.mark.parametrize("nested", [True, False])
def test_filters_are_anded(
    aws: BotoAws, register: Callable[..., str], sandbox: Sandbox, nested: bool
) -> None:
    sandbox.control.change_settings(search_nested_names=nested)
    register("base", adapter=False)
    register("a", tuneTechnique="sft", parentModelVersionArn=PARENT)
    register("a", tuneTechnique="dpo", parentModelVersionArn=PARENT)
    register("b", tuneTechnique="sft", parentModelVersionArn=OTHER_PARENT)

    def versions(**wanted: str) -> list[int]:
        return [one.version for one in _list(aws, AdapterFilter(**wanted)).adapters]

    assert versions() == [4, 3, 2]
    assert versions(name="a") == [3, 2]
    assert versions(technique="sft") == [4, 2]
    assert versions(parent_version_arn=PARENT) == [3, 2]
    assert versions(name="a", technique="sft", parent_version_arn=PARENT) == [2]
    assert versions(name="a", parent_version_arn=OTHER_PARENT) == []


def test_pages_are_walked_with_cursors_bound_to_their_filters(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    for number in range(7):
        register(f"a{number}", tuneTechnique="sft")

    first = _list(aws, limit=3)
    second = _list(aws, limit=3, cursor=first.next_cursor)
    third = _list(aws, limit=3, cursor=second.next_cursor)

    walked = [[one.version for one in page.adapters] for page in (first, second, third)]
    assert walked == [[7, 6, 5], [4, 3, 2], [1]]
    assert [page.complete for page in (first, second, third)] == [False, False, True]
    with pytest.raises(InvalidArgument, match="cursor"):
        _list(aws, AdapterFilter(technique="sft"), limit=3, cursor=first.next_cursor)
    with pytest.raises(InvalidArgument, match="cursor"):
        _list(aws, project_name="tw", cursor=first.next_cursor)


def test_two_hundred_and_fifty_adapters_cost_four_calls_and_no_describe(
    aws: BotoAws, register: Callable[..., str], sandbox: Sandbox
) -> None:
    for number in range(250):
        register(f"a{number}")
    _ = aws.identity
    sandbox.control.clear_log()

    found, cursor = 0, ""
    while True:
        page = _list(aws, limit=100, cursor=cursor)
        found += page.count
        cursor = page.next_cursor or ""
        if not cursor:
            break

    operations = [call["operation"] for call in sandbox.control.calls()]
    assert found == 250
    assert sorted(operations) == ["ListModelPackages", "Search", "Search", "Search"]


def test_a_group_without_adapters_says_so(aws: BotoAws, register: Callable[..., str]) -> None:
    register(adapter=False)

    page = _list(aws)

    assert (page.adapters, page.complete) == ((), True)
    assert page.message == "the model package group tv exists and holds no adapters yet"


def test_an_absent_group_is_not_found_with_near_names(aws: BotoAws, group: str) -> None:
    with pytest.raises(NotFound) as told:
        _list(aws, project_name="tvv")

    assert told.value.details["candidates"] == ["tv"]


def test_a_refused_call_is_an_error_and_no_empty_page(
    aws: BotoAws, register: Callable[..., str], sandbox: Sandbox
) -> None:
    register("tone")
    sandbox.control.fail("ListModelPackages", "deny", times=-1)

    with pytest.raises(PermissionDenied) as told:
        _list(aws)

    assert told.value.details["action"] == "sagemaker:ListModelPackages"


def test_without_permission_to_search_adapters_are_listed_all_the_same(
    aws: BotoAws, register: Callable[..., str], sandbox: Sandbox
) -> None:
    newest = [register("tone"), register("faq")][::-1]
    sandbox.control.fail("Search", "deny", times=-1)

    page = _list(aws)

    assert newest == [one.arn for one in page.adapters]
    assert (True, ()) == (page.complete, page.warnings)


@pytest.mark.parametrize(
    "wanted", [{"project_name": "a_b"}, {"wanted": AdapterFilter(parent_version_arn="tv/1")}]
)
def test_bad_names_are_refused(aws: BotoAws, wanted: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        _list(aws, **wanted)


@pytest.mark.parametrize("by_endpoint", [True, False])
def test_live_names_the_component_that_serves_a_version(
    aws: BotoAws,
    register: Callable[..., str],
    live_endpoint,
    sandbox: Sandbox,
    by_endpoint: bool,
) -> None:
    for name, weights in (("tone", "s3://w/tone/v1"), ("tone", "s3://w/tone/v2"), ("faq", "")):
        register(name, **({"modelDataUrl": weights} if weights else {}))
    aws.components.create_adapter(
        name="tv-adapter-tone",
        endpoint_name=live_endpoint.name,
        base_component=live_endpoint.base_component,
        artifact_url="s3://w/tone/v2/",
    )
    sandbox.control.advance(3600)

    page = _list(aws, live=True, endpoint_name=live_endpoint.name if by_endpoint else "")

    live = {one.version: one.live.wire() if one.live else None for one in page.adapters}
    assert live == {
        3: None,
        2: {
            "icName": "tv-adapter-tone",
            "endpointName": live_endpoint.name,
            "status": "InService",
        },
        1: None,
    }
    assert page.message.endswith("; 1 served now")


def test_a_page_of_twenty_with_long_names_stays_small(
    aws: BotoAws, register: Callable[..., str]
) -> None:
    for number in range(20):
        register(f"support-tone-{number}", tuneTechnique="sft", modelDataUrl="s3://bucket/weights")

    text = _list(aws).model_dump_json(by_alias=True, exclude_none=True)

    assert len(text) < 8_000
