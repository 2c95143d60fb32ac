from collections.abc import Callable

import pytest

from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.package_listing import MOST_DESCRIBED
from registry.calls import Call
from registry.errors import (
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Throttled,
)
from sandbox.service import Sandbox
from schemas.model_package import ModelPackage, ModelPackageDraft

ADAPTERS = {"isAdapter": "true"}
Register = Callable[..., ModelPackage]


def _all_versions(aws: BotoAws, metadata: dict[str, str], limit: int) -> list[list[int]]:
    pages, cursor = [], None
    while True:
        page = aws.packages.find("tv", metadata=metadata, limit=limit, cursor=cursor, call=Call())
        pages.append([one.version for one in page.packages])
        cursor = page.cursor
        if not cursor:
            return pages


def _counts(sandbox: Sandbox) -> dict[str, int]:
    counts: dict[str, int] = {}
    for call in sandbox.control.calls():
        counts[call["operation"]] = counts.get(call["operation"], 0) + 1
    return counts


def test_a_group_is_created_once(aws: BotoAws) -> None:
    first = aws.packages.ensure_group("tv", description="Models for tv")
    second = aws.packages.ensure_group("tv", description="Models for tv")

    assert (first, second) == (True, False)


@pytest.mark.parametrize("name", ["", "a_b", "-a", "a-", "a" * 64, "a.b", "a/b"])
def test_a_bad_group_name_is_refused_before_anything_is_sent(
    aws: BotoAws, sandbox: Sandbox, name: str
) -> None:
    with pytest.raises(InvalidArgument):
        aws.packages.ensure_group(name, description="")
    with pytest.raises(InvalidArgument):
        aws.packages.find(name, metadata={}, limit=1, cursor=None, call=Call())

    assert sandbox.control.calls() == []


def test_a_version_is_described_as_it_was_created(aws: BotoAws, group: str) -> None:
    draft = ModelPackageDraft(
        group=group,
        description="transformers-vllm on ml.g5.xlarge",
        approval_status="PendingManualApproval",
        metadata={"projectName": "tv", "modelName": "Qwen/Qwen3-4B"},
        image="123456789012.dkr.ecr.us-west-2.amazonaws.com/m:tv-latest",
        model_data_url="s3://bucket/model.tar.gz",
        client_token="token-1",
    )

    made = aws.packages.create(draft)
    found = aws.packages.describe(made.arn)

    assert draft.model_dump(exclude={"client_token"}) == found.model_dump(
        include=set(ModelPackageDraft.model_fields) - {"client_token"}
    )
    assert (found.version, found.group) == (1, "tv")
    assert made.version == found.version
    assert found.created_at is not None


def test_the_same_token_finds_the_version_it_made(aws: BotoAws, group: str) -> None:
    draft = ModelPackageDraft(
        group=group,
        description="",
        approval_status="Approved",
        metadata={},
        client_token="once",
    )

    assert aws.packages.create(draft).arn == aws.packages.create(draft).arn


@pytest.mark.parametrize(
    "metadata",
    [
        {"a": ""},
        {"a": "x" * 257},
        {"a": "line\nbreak"},
        {"a": "{}"},
        {"a": "😀"},
        {"": "x"},
        {"k,": "x"},
        {f"k{number}": "x" for number in range(51)},
    ],
)
def test_illegal_metadata_is_refused_before_anything_is_sent(
    aws: BotoAws, sandbox: Sandbox, metadata: dict[str, str]
) -> None:
    draft = ModelPackageDraft(
        group="tv",
        description="",
        approval_status="Approved",
        metadata=metadata,
        client_token="once",
    )

    with pytest.raises(InvalidArgument) as told:
        aws.packages.create(draft)

    assert sandbox.control.calls() == []
    assert "xxx" not in told.value.message


def test_creating_in_an_absent_group_is_not_found(aws: BotoAws, register: Register) -> None:
    with pytest.raises(NotFound):
        register("nowhere")


def test_an_absent_version_is_not_found(aws: BotoAws, group: str, register: Register) -> None:
    arn = register().arn

    with pytest.raises(NotFound):
        aws.packages.describe(f"{arn[:-1]}9")


@pytest.mark.parametrize("arn", ["", "tv/1", "arn:aws:sagemaker:us-west-2:1:model-package/tv/1"])
def test_what_is_no_version_arn_is_refused(aws: BotoAws, arn: str) -> None:
    with pytest.raises(InvalidArgument):
        aws.packages.describe(arn)


@pytest.mark.parametrize("nested", [True, False])
def test_versions_come_newest_first_filtered_and_paged(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register, nested: bool
) -> None:
    sandbox.control.change_settings(search_nested_names=nested)
    for number in range(12):
        register(adapter=number % 3 > 0, tuneTechnique="sft" if number % 2 else "dpo")

    assert _all_versions(aws, ADAPTERS, 3) == [[12, 11, 9], [8, 6, 5], [3, 2]]
    assert _all_versions(aws, ADAPTERS | {"tuneTechnique": "sft"}, 20) == [[12, 8, 6, 2]]
    assert _all_versions(aws, {}, 2) == [[12, 11], [10, 9], [8, 7], [6, 5], [4, 3], [2, 1]]


@pytest.mark.parametrize(("nested", "searches"), [(True, 3), (False, 4)])
def test_two_hundred_and_fifty_adapters_cost_a_few_calls_and_no_describe(
    aws: BotoAws,
    sandbox: Sandbox,
    group: str,
    register: Register,
    nested: bool,
    searches: int,
) -> None:
    sandbox.control.change_settings(search_nested_names=nested)
    register(adapter=False)
    for _ in range(250):
        register()
    sandbox.control.clear_log()

    pages = _all_versions(aws, ADAPTERS, 100)

    assert list(range(251, 1, -1)) == [version for page in pages for version in page]
    assert {"Search": searches, "ListModelPackages": 1} == _counts(sandbox)


@pytest.mark.parametrize(
    "words", ["Unknown property name", "Invalid filter name", "This property was not found"]
)
def test_a_property_name_is_refused_in_whatever_words(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register, words: str
) -> None:
    sandbox.control.change_settings(search_nested_names=False, unknown_property_words=words)
    register(adapter=False)
    register()

    assert _all_versions(aws, ADAPTERS, 20) == [[2]]


def test_a_search_that_is_refused_for_another_reason_is_told_and_teaches_nothing(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    sandbox.control.fail("Search", "deny", times=-1)
    sandbox.control.fail("ListModelPackages", "deny")
    register()
    with pytest.raises(PermissionDenied):
        _all_versions(aws, ADAPTERS, 20)
    sandbox.control.clear_faults()
    sandbox.control.clear_log()

    assert _all_versions(aws, ADAPTERS, 20) == [[1]]
    [search] = sandbox.control.calls("Search")
    assert 2 == len(search["request"]["SearchExpression"]["Filters"])


@pytest.mark.parametrize("lower", [True, False])
def test_a_groups_versions_are_listed_however_their_arns_are_written(
    aws: BotoAws, sandbox: Sandbox, register: Register, lower: bool
) -> None:
    sandbox.control.change_settings(lower_case_arns=lower, search_lag_s=60.0)
    aws.packages.ensure_group("Tuning-Lab", description="")
    made = [register("Tuning-Lab") for _ in range(3)]

    page = aws.packages.find("Tuning-Lab", metadata=ADAPTERS, limit=2, cursor=None, call=Call())
    rest = aws.packages.find(
        "Tuning-Lab", metadata=ADAPTERS, limit=2, cursor=page.cursor, call=Call()
    )

    assert [each.arn for each in reversed(made)] == [
        each.arn for each in (*page.packages, *rest.packages)
    ]
    assert {"Tuning-Lab"} == {each.group for each in (*page.packages, *rest.packages)}


def test_a_refused_property_name_is_remembered(
    directory: BotoDirectory, sandbox: Sandbox, group: str, register: Register
) -> None:
    sandbox.control.change_settings(search_nested_names=False)
    register()
    sandbox.control.clear_log()

    for _ in range(2):
        directory.open(region="us-west-2", profile="").packages.find(
            "tv", metadata=ADAPTERS, limit=20, cursor=None, call=Call()
        )

    assert len(sandbox.control.calls("Search")) == 3


@pytest.mark.parametrize("nested", [True, False])
def test_versions_that_search_has_not_indexed_yet_are_found(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register, nested: bool
) -> None:
    sandbox.control.change_settings(search_nested_names=nested, search_lag_s=60.0)
    register(adapter=False)
    for _ in range(4):
        register()

    assert _all_versions(aws, ADAPTERS, 20) == [[5, 4, 3, 2]]
    assert _all_versions(aws, ADAPTERS, 2) == [[5, 4], [3, 2]]
    assert _all_versions(aws, ADAPTERS, 1) == [[5], [4], [3], [2]]


def test_a_page_of_indexed_and_late_versions_loses_and_repeats_none(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    for _ in range(5):
        register()
    sandbox.control.change_settings(search_lag_s=100.0)
    sandbox.control.advance(101)
    for _ in range(3):
        register()
    sandbox.control.clear_log()

    assert _all_versions(aws, ADAPTERS, 3) == [[8, 7, 6], [5, 4, 3], [2, 1]]
    assert _all_versions(aws, ADAPTERS, 2) == [[8, 7], [6, 5], [4, 3], [2, 1]]


def test_an_absent_group_is_not_found_with_near_names(aws: BotoAws) -> None:
    for name in ("support-bot", "support-desk", "other"):
        aws.packages.ensure_group(name, description="")

    with pytest.raises(NotFound) as told:
        aws.packages.find("support-bod", metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert told.value.details["candidates"] == ["support-bot", "support-desk"]
    assert "did you mean support-bot" in told.value.hint


def test_an_empty_group_is_an_empty_page(aws: BotoAws, group: str) -> None:
    page = aws.packages.find(group, metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert (page.packages, page.cursor, page.complete) == ((), None, True)


def test_a_cursor_of_another_query_is_refused(aws: BotoAws, group: str, register: Register) -> None:
    for _ in range(3):
        register()
    cursor = aws.packages.find(group, metadata=ADAPTERS, limit=1, cursor=None, call=Call()).cursor

    for metadata, taken in (({}, cursor), (ADAPTERS, f"{cursor}x"), (ADAPTERS, "nonsense")):
        with pytest.raises(InvalidArgument, match="cursor"):
            aws.packages.find(group, metadata=metadata, limit=1, cursor=taken, call=Call())


def test_a_cursor_goes_on_in_another_process(
    aws_env: dict[str, str], sandbox: Sandbox, aws: BotoAws, group: str, register: Register
) -> None:
    sandbox.control.change_settings(search_nested_names=False)
    for _ in range(3):
        register()
    cursor = aws.packages.find(group, metadata=ADAPTERS, limit=1, cursor=None, call=Call()).cursor
    other = BotoDirectory()

    page = other.open(region="us-west-2", profile="").packages.find(
        group, metadata=ADAPTERS, limit=5, cursor=cursor, call=Call()
    )

    assert [one.version for one in page.packages] == [2, 1]
    other.close()


@pytest.mark.parametrize("operation", ["ListModelPackages", "DescribeModelPackageGroup"])
def test_a_refused_permission_names_its_action(
    aws: BotoAws, sandbox: Sandbox, group: str, operation: str
) -> None:
    sandbox.control.fail(operation, "deny", times=-1)

    with pytest.raises(PermissionDenied) as told:
        aws.packages.find(group, metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert f"sagemaker:{operation}" == told.value.details["action"]
    assert told.value.details["resource"]
    assert not told.value.retryable


def test_without_search_versions_are_listed_described_and_paged_alike(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    for number in range(12):
        register(adapter=number % 3 > 0, tuneTechnique="sft" if number % 2 else "dpo")
    sandbox.control.fail("Search", "deny", times=-1)

    assert _all_versions(aws, ADAPTERS, 3) == [[12, 11, 9], [8, 6, 5], [3, 2]]
    assert _all_versions(aws, ADAPTERS | {"tuneTechnique": "sft"}, 20) == [[12, 8, 6, 2]]
    assert _all_versions(aws, {}, 2) == [[12, 11], [10, 9], [8, 7], [6, 5], [4, 3], [2, 1]]


def test_without_search_a_page_costs_a_bounded_number_of_calls_and_says_so(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    oldest = register(tuneTechnique="dpo")
    for _ in range(MOST_DESCRIBED + 20):
        register(tuneTechnique="sft")
    sandbox.control.fail("Search", "deny", times=-1)
    sandbox.control.clear_log()
    wanted = ADAPTERS | {"tuneTechnique": "dpo"}

    first = aws.packages.find(group, metadata=wanted, limit=5, cursor=None, call=Call())
    calls = _counts(sandbox)
    second = aws.packages.find(group, metadata=wanted, limit=5, cursor=first.cursor, call=Call())

    assert ((), False) == (first.packages, first.complete)
    assert "versions 221 to 22 were" in first.note
    assert {"Search": 1, "ListModelPackages": 3, "DescribeModelPackage": MOST_DESCRIBED} == calls
    assert [oldest.arn] == [one.arn for one in second.packages]
    assert (None, True, "") == (second.cursor, second.complete, second.note)


@pytest.mark.parametrize("operation", ["ListModelPackages", "DescribeModelPackage"])
def test_without_search_the_other_refused_permission_is_named(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register, operation: str
) -> None:
    register()
    sandbox.control.fail("Search", "deny", times=-1)
    sandbox.control.fail(operation, "deny", times=-1)

    with pytest.raises(PermissionDenied) as told:
        aws.packages.find(group, metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert f"sagemaker:{operation}" == told.value.details["action"]


def test_without_search_an_absent_group_is_not_found_with_near_names(
    aws: BotoAws, sandbox: Sandbox, group: str
) -> None:
    sandbox.control.fail("Search", "deny", times=-1)

    with pytest.raises(NotFound) as told:
        aws.packages.find("tvs", metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert ["tv"] == told.value.details["candidates"]


def test_throttling_that_lasts_is_told_and_one_refusal_is_not(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    register()
    sandbox.control.fail("Search", "throttle", times=1)
    found = aws.packages.find(group, metadata=ADAPTERS, limit=5, cursor=None, call=Call())
    sandbox.control.fail("Search", "throttle", times=3)

    with pytest.raises(Throttled) as told:
        aws.packages.find(group, metadata=ADAPTERS, limit=5, cursor=None, call=Call())

    assert len(found.packages) == 1
    assert told.value.retryable


def test_a_creation_whose_answer_is_lost_makes_one_version(
    aws: BotoAws, sandbox: Sandbox, group: str, register: Register
) -> None:
    sandbox.control.fail("CreateModelPackage", "lost_answer", times=1)

    made = register()

    assert [[made.version]] == _all_versions(aws, {}, 5)


def test_a_group_creation_whose_answer_is_lost_exists(aws: BotoAws, sandbox: Sandbox) -> None:
    sandbox.control.fail("CreateModelPackageGroup", "lost_answer", times=1)

    assert False is aws.packages.ensure_group("tv", description="")


def test_a_group_made_by_two_at_once_is_no_error(aws: BotoAws) -> None:
    aws.packages.ensure_group("tv", description="one")

    try:
        aws.packages.ensure_group("tv", description="two")
    except Conflict:
        pytest.fail("an existing group was reported as a conflict")
