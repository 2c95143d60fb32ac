from collections.abc import Callable
from typing import Any

import pytest

from registry.aws.directory import BotoAws
from registry.aws.hub import SageMakerHub
from registry.calls import Call
from registry.errors import (
    Cancelled,
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
)
from registry.stores import HubContentDraft, HubContents
from sandbox.service import Sandbox

HUB = "team-hub"
HUB_ARN = f"arn:aws:sagemaker:us-west-2:123456789012:hub/{HUB}"
DOCUMENT = '{"DatasetS3Bucket":"b","DatasetS3Prefix":"d/train.jsonl"}'


@pytest.fixture
def hub(aws: BotoAws, clients, sandbox: Sandbox) -> SageMakerHub:
    """A hub in service; the call log is empty."""
    clients.sagemaker.create_hub(HubName=HUB, HubDescription="what the team shares")
    sandbox.control.advance(60)
    sandbox.control.clear_log()
    return aws.hub(HUB)


def _draft(version: str = "1.0.0", **changes: Any) -> HubContentDraft:
    members = {"content_type": "DataSet", "name": "support", "document": DOCUMENT} | changes
    return HubContentDraft(version=version, **members)


def _operations(sandbox: Sandbox) -> list[str]:
    return [call["operation"] for call in sandbox.control.calls()]


def test_an_import_is_asked_for_in_one_call_and_comes_to_be_available(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    draft = _draft(description="d", keywords=("method:uploaded", "customization_technique:sft"))

    asked = hub.import_content(draft)
    operations = _operations(sandbox)
    statuses = [hub.describe("DataSet", "support").status for _ in range(2)]
    found = hub.describe("DataSet", "support", version="1.0.0")

    assert operations == ["ImportHubContent"]
    assert (asked.status, statuses) == ("Importing", ["Importing", "Available"])
    assert (found.name, found.version, found.arn) == ("support", "1.0.0", asked.arn)
    assert (found.document, found.keywords, found.description) == (DOCUMENT, draft.keywords, "d")
    assert str(found.created_at).endswith("Z")


def test_a_hub_keeps_the_protocol(hub: SageMakerHub) -> None:
    kept: HubContents = hub

    assert kept.hub == HUB


def test_a_failed_import_tells_its_reason(hub: SageMakerHub, sandbox: Sandbox) -> None:
    sandbox.control.plan_import("support", "ImportFailed", reason="the bucket is elsewhere")
    hub.import_content(_draft())
    hub.describe("DataSet", "support")

    found = hub.describe("DataSet", "support")

    assert (found.status, found.failure_reason) == ("ImportFailed", "the bucket is elsewhere")


def test_the_latest_version_is_described_unless_one_is_named(hub: SageMakerHub) -> None:
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        hub.import_content(_draft(version))

    assert hub.describe("DataSet", "support").version == "1.10.0"
    assert hub.describe("DataSet", "support", version="1.9.0").version == "1.9.0"


def test_a_taken_version_is_a_conflict_that_names_it(hub: SageMakerHub) -> None:
    hub.import_content(_draft())

    with pytest.raises(Conflict, match=r"hub 'team-hub' has version 1\.0\.0 of .*'support'"):
        hub.import_content(_draft(document="{}"))

    assert hub.describe("DataSet", "support").document == DOCUMENT


def test_an_import_whose_answer_is_lost_is_a_conflict_with_ourselves(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    sandbox.control.fail("ImportHubContent", "lost_answer")

    with pytest.raises(Conflict):
        hub.import_content(_draft())

    assert hub.describe("DataSet", "support", version="1.0.0").document == DOCUMENT


def test_a_taken_version_is_a_conflict_even_where_the_hub_may_not_be_described(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    hub.import_content(_draft())
    sandbox.control.fail("DescribeHub", "deny")

    with pytest.raises(Conflict):
        hub.import_content(_draft())


def test_a_hub_that_is_being_made_is_no_taken_version(aws: BotoAws, clients) -> None:
    clients.sagemaker.create_hub(HubName=HUB, HubDescription="new")

    with pytest.raises(PreconditionFailed, match="is Creating, not InService") as told:
        aws.hub(HUB).import_content(_draft())

    assert "repeat" in told.value.hint


ABSENT_HUB: list[Callable[[SageMakerHub], object]] = [
    lambda hub: hub.import_content(_draft()),
    lambda hub: hub.describe("DataSet", "support"),
    lambda hub: hub.latest("DataSet", call=Call()),
    lambda hub: hub.versions("DataSet", "support", call=Call()),
]


@pytest.mark.parametrize("use", ABSENT_HUB, ids=["import", "describe", "latest", "versions"])
def test_an_absent_hub_is_not_found_and_the_hint_says_where_its_name_is_set(
    aws: BotoAws, use: Callable[[SageMakerHub], object]
) -> None:
    with pytest.raises(NotFound, match="there is no hub 'nowhere' in us-west-2") as told:
        use(aws.hub("nowhere"))

    assert "MLCC_REGISTRY_HUB" in told.value.hint
    assert "aiRegistryHubName" in told.value.hint


def test_an_absent_content_is_not_found_in_its_hub(hub: SageMakerHub) -> None:
    hub.import_content(_draft())

    with pytest.raises(NotFound, match="hub 'team-hub' in us-west-2 has no 'other'"):
        hub.describe("DataSet", "other")
    with pytest.raises(NotFound, match=r"has no version 2\.0\.0 of DataSet 'support'"):
        hub.describe("DataSet", "support", version="2.0.0")
    with pytest.raises(NotFound):
        hub.describe("JsonDoc", "support")


def test_an_absent_content_has_no_versions(hub: SageMakerHub) -> None:
    assert list(hub.versions("DataSet", "support", call=Call())) == []


def test_versions_are_listed_over_all_pages_the_lowest_first(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    numbers = [f"1.{minor}.0" for minor in range(205)]
    for version in reversed(numbers):
        hub.import_content(_draft(version, keywords=(f"v:{version}",)))
    sandbox.control.clear_log()

    found = hub.versions("DataSet", "support", call=Call())

    assert numbers == [one.version for one in found]
    assert [(f"v:{version}",) for version in numbers] == [one.keywords for one in found]
    assert {None} == {one.document for one in found}
    assert _operations(sandbox) == ["ListHubContentVersions"] * 3


def test_the_latest_of_each_name_is_listed_over_all_pages(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    names = {f"set-{number}" for number in range(101)}
    for name in names:
        hub.import_content(_draft("1.9.0", name=name))
    hub.import_content(_draft("1.10.0", name="set-7"))
    hub.import_content(_draft("1.0.0", name="reward", content_type="JsonDoc"))
    sandbox.control.clear_log()

    found = hub.latest("DataSet", call=Call())

    assert names == {one.name for one in found}
    assert {"set-7": "1.10.0"} == {one.name: one.version for one in found if one.version != "1.9.0"}
    assert len(found) == 101
    assert _operations(sandbox) == ["ListHubContents"] * 2


def test_listing_stops_between_pages_when_the_caller_withdraws(
    hub: SageMakerHub, sandbox: Sandbox
) -> None:
    for minor in range(101):
        hub.import_content(_draft(f"1.{minor}.0"))
    sandbox.control.clear_log()
    asked = iter([False, True])

    with pytest.raises(Cancelled):
        hub.versions("DataSet", "support", call=Call(cancelled=lambda: next(asked)))

    assert _operations(sandbox) == ["ListHubContentVersions"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "not a name"),
        ({"name": "a_b"}, "not a name"),
        ({"name": "a" * 64}, "not a name"),
        ({"version": "1.0"}, "not a version"),
        ({"version": "1.0.00000"}, "not a version"),
        ({"version": "1a0b0"}, "not a version"),
        ({"version": "1.0.0\n"}, "not a version"),
        ({"document": "x" * 327_681}, "327681 characters"),
        ({"document": "{\n}"}, "document is not on one line"),
        ({"document": "{\u2028}"}, "document is not on one line"),
        ({"description": "x" * 1024}, "1024 characters"),
        ({"description": "a\rb"}, "description is not on one line"),
        ({"keywords": ("k",) * 51}, "51 search keywords"),
        ({"keywords": ("k", "x" * 256)}, "search keyword 2 has 256"),
        ({"keywords": ("a\nb",)}, "search keyword 1 is not on one line"),
    ],
)
def test_a_draft_that_breaks_a_limit_is_refused_before_anything_is_sent(
    hub: SageMakerHub, sandbox: Sandbox, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidArgument, match=said) as told:
        hub.import_content(_draft(**changes))

    assert sandbox.control.calls() == []
    assert "xxx" not in told.value.message


def test_a_draft_at_every_limit_is_taken(hub: SageMakerHub) -> None:
    draft = _draft(
        "9999.9999.9999",
        name="a" * 63,
        document='{"a":"' + "x" * 327_672 + '"}',
        description="x" * 1023,
        keywords=tuple("k" * 255 for _ in range(50)),
    )

    hub.import_content(draft)

    assert hub.describe("DataSet", "a" * 63).document == draft.document


@pytest.mark.parametrize("name", ["", "a_b", "-a", "a-", "a" * 64, "arn:aws:s3:::hub/a"])
def test_a_name_that_no_hub_can_have_is_refused(aws: BotoAws, name: str) -> None:
    with pytest.raises(InvalidArgument, match="for a hub"):
        aws.hub(name)


def test_a_hub_may_be_named_by_its_arn(aws: BotoAws, hub: SageMakerHub) -> None:
    hub.import_content(_draft())

    by_arn = aws.hub(HUB_ARN)

    assert by_arn.hub == HUB
    assert [one.version for one in by_arn.latest("DataSet", call=Call())] == ["1.0.0"]


def test_a_hub_of_another_account_is_not_taken_for_ours(aws: BotoAws, hub: SageMakerHub) -> None:
    elsewhere = HUB_ARN.replace("123456789012", "210987654321")

    with pytest.raises(NotFound, match=elsewhere):
        aws.hub(elsewhere).latest("DataSet", call=Call())


CONTENT_ARN = HUB_ARN.replace(":hub/", ":hub-content/") + "/DataSet/support"
DENIED = {
    "ImportHubContent": (lambda hub: hub.import_content(_draft()), CONTENT_ARN),
    "DescribeHubContent": (lambda hub: hub.describe("DataSet", "support"), CONTENT_ARN),
    "ListHubContents": (lambda hub: hub.latest("DataSet", call=Call()), HUB_ARN),
    "ListHubContentVersions": (
        lambda hub: hub.versions("DataSet", "support", call=Call()),
        CONTENT_ARN,
    ),
    "DescribeHub": (lambda hub: hub.versions("DataSet", "support", call=Call()), HUB_ARN),
}


@pytest.mark.parametrize("operation", DENIED)
def test_a_refusal_names_action_and_resource(
    hub: SageMakerHub, sandbox: Sandbox, operation: str
) -> None:
    use, resource = DENIED[operation]
    sandbox.control.fail(operation, "deny")

    with pytest.raises(PermissionDenied) as told:
        use(hub)

    assert told.value.details == {"action": f"sagemaker:{operation}", "resource": resource}
    assert f"sagemaker:{operation} on {resource}" in told.value.message
