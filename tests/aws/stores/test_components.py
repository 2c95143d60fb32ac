import pytest

from registry.aws.directory import BotoAws
from registry.calls import Call
from registry.errors import (
    Cancelled,
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RegistryError,
)
from sandbox.service import Sandbox


def _add(aws: BotoAws, live_endpoint, name: str, url: str = "s3://b/w.tar.gz") -> None:
    aws.components.create_adapter(
        name=name,
        endpoint_name=live_endpoint.name,
        base_component=live_endpoint.base_component,
        artifact_url=url,
    )


def test_an_endpoint_has_a_status(aws: BotoAws, live_endpoint) -> None:
    assert aws.components.endpoint(live_endpoint.name).status == "InService"


def test_what_is_absent_is_not_found(aws: BotoAws) -> None:
    with pytest.raises(NotFound):
        aws.components.endpoint("nowhere")
    with pytest.raises(NotFound):
        aws.components.describe("nothing")


def test_an_adapter_is_told_by_its_base_and_comes_in_service(aws: BotoAws, live_endpoint) -> None:
    _add(aws, live_endpoint, "tv-adapter-a")

    statuses = [aws.components.describe("tv-adapter-a").status for _ in range(3)]
    adapter = aws.components.describe("tv-adapter-a")
    base = aws.components.describe(live_endpoint.base_component)

    assert statuses == ["Creating", "Creating", "InService"]
    assert (live_endpoint.base_component, "s3://b/w.tar.gz") == (
        adapter.base_component,
        adapter.artifact_url,
    )
    assert base.base_component is None


def test_a_taken_name_is_a_conflict(aws: BotoAws, live_endpoint) -> None:
    _add(aws, live_endpoint, "tv-adapter-a")

    with pytest.raises(Conflict):
        _add(aws, live_endpoint, "tv-adapter-a")


def test_a_creation_whose_answer_is_lost_is_a_conflict_with_ourselves(
    aws: BotoAws, live_endpoint, sandbox: Sandbox
) -> None:
    sandbox.control.fail("CreateInferenceComponent", "lost_answer", times=1)

    with pytest.raises(Conflict):
        _add(aws, live_endpoint, "tv-adapter-a")

    assert aws.components.describe("tv-adapter-a").artifact_url == "s3://b/w.tar.gz"


@pytest.mark.parametrize(
    ("name", "url"),
    [("", "s3://b/w"), ("a_b", "s3://b/w"), ("a" * 64, "s3://b/w"), ("a", "w"), ("a", "ftp://b/w")],
)
def test_bad_names_and_urls_are_refused_before_anything_is_sent(
    aws: BotoAws, live_endpoint, sandbox: Sandbox, name: str, url: str
) -> None:
    with pytest.raises(InvalidArgument):
        _add(aws, live_endpoint, name, url)

    assert sandbox.control.calls() == []


def test_an_unknown_base_is_refused(aws: BotoAws, live_endpoint) -> None:
    with pytest.raises(RegistryError) as told:
        aws.components.create_adapter(
            name="tv-adapter-a",
            endpoint_name=live_endpoint.name,
            base_component="nothing",
            artifact_url="s3://b/w.tar.gz",
        )

    assert told.value.code in {"not_found", "invalid_argument"}


def test_every_component_of_an_endpoint_is_described(
    aws: BotoAws, live_endpoint, sandbox: Sandbox
) -> None:
    names = {f"tv-adapter-{number}" for number in range(23)}
    for name in names:
        _add(aws, live_endpoint, name)
    sandbox.control.clear_log()

    found = aws.components.on_endpoint(live_endpoint.name, call=Call())

    assert names | {live_endpoint.base_component} == {one.name for one in found}
    assert len(sandbox.control.calls("ListInferenceComponents")) == 1
    assert len(sandbox.control.calls("DescribeInferenceComponent")) == 24


def test_components_are_found_by_a_part_of_their_name(aws: BotoAws, live_endpoint) -> None:
    for name in ("tv-adapter-a", "other-adapter-a"):
        _add(aws, live_endpoint, name)

    found = aws.components.named_like("tv-adapter-", call=Call())

    assert [one.name for one in found] == ["tv-adapter-a"]


def test_an_unknown_endpoint_has_no_components(aws: BotoAws) -> None:
    assert list(aws.components.on_endpoint("nowhere", call=Call())) == []


def test_a_component_that_vanishes_between_list_and_describe_is_left_out(
    aws: BotoAws, live_endpoint, sandbox: Sandbox, clients
) -> None:
    sandbox.control.plan_component("tv-adapter-a", "Vanish")
    _add(aws, live_endpoint, "tv-adapter-a")
    aws.components.describe("tv-adapter-a")
    listed = {
        one["InferenceComponentName"]
        for one in clients.sagemaker.list_inference_components()["InferenceComponents"]
    }

    found = aws.components.on_endpoint(live_endpoint.name, call=Call())

    assert "tv-adapter-a" in listed
    assert [live_endpoint.base_component] == [one.name for one in found]


def test_a_refusal_names_action_and_resource(aws: BotoAws, live_endpoint, sandbox: Sandbox) -> None:
    sandbox.control.fail("CreateInferenceComponent", "deny")

    with pytest.raises(PermissionDenied) as told:
        _add(aws, live_endpoint, "tv-adapter-a")

    assert told.value.details["action"] == "sagemaker:CreateInferenceComponent"
    assert told.value.details["resource"]


def test_listing_stops_when_the_caller_withdraws(aws: BotoAws, live_endpoint) -> None:
    with pytest.raises(Cancelled):
        aws.components.on_endpoint(live_endpoint.name, call=Call(cancelled=lambda: True))
