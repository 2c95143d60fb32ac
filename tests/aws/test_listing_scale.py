"""What listing a large group costs in calls, whatever Search takes or refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from registry.adapters import AdapterFilter, list_adapters
from registry.aws.directory import BotoAws, BotoDirectory
from registry.aws.package_listing import MOST_DESCRIBED
from registry.aws.package_search import RECENT
from registry.calls import Call
from sandbox.service import Sandbox

SIZES = [600, pytest.param(5_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]


@pytest.fixture
def aws(aws_env: dict[str, str]) -> Iterator[BotoAws]:
    directory = BotoDirectory()
    yield directory.open(region="us-west-2", profile="")
    directory.close()


def fill(clients, sandbox: Sandbox, versions: int) -> None:
    """Make a group whose every other version is an adapter, all of them a while ago."""
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="tv")

    def create(number: int) -> None:
        said = {"deploymentConfig": "transformers-vllm"}
        clients.sagemaker.create_model_package(
            ModelPackageGroupName="tv",
            CustomerMetadataProperties={"isAdapter": "true", "tuneTechnique": "sft"}
            if number % 2
            else said,
        )

    for number in range(versions):
        create(number)
    sandbox.control.advance(RECENT.total_seconds() + 1)


def walk(aws: BotoAws) -> tuple[list[int], list[bool]]:
    """Return the versions of every page, and which pages had all that they could have."""
    versions: list[int] = []
    whole: list[bool] = []
    cursor = ""
    while True:
        page = list_adapters(aws, "tv", AdapterFilter(), limit=100, cursor=cursor, call=Call())
        versions += [one.version for one in page.adapters]
        whole.append(not page.warnings)
        cursor = page.next_cursor or ""
        if not cursor:
            return versions, whole


def calls(sandbox: Sandbox) -> Counter[str]:
    return Counter(
        call["operation"] for call in sandbox.control.calls() if call["service"] == "sagemaker"
    )


@pytest.mark.parametrize("versions", SIZES)
def test_a_large_group_is_listed_in_few_calls_whether_or_not_nested_names_are_taken(
    aws: BotoAws, clients, sandbox: Sandbox, versions: int
) -> None:
    fill(clients, sandbox, versions)
    pages = versions // 200

    for nested, most in ((True, pages + 1), (False, 2 * pages + 2)):
        sandbox.control.change_settings(search_nested_names=nested)
        sandbox.control.clear_log()

        listed, whole = walk(aws)

        assert versions // 2 == len(listed) == len(set(listed))
        assert sorted(listed, reverse=True) == listed
        assert all(whole)
        assert calls(sandbox).total() <= most


@pytest.mark.parametrize("versions", SIZES)
def test_without_search_every_page_costs_a_bounded_number_of_calls_and_is_honest(
    aws: BotoAws, clients, sandbox: Sandbox, versions: int
) -> None:
    fill(clients, sandbox, versions)
    sandbox.control.fail("Search", "deny", times=-1)
    sandbox.control.clear_log()

    listed, whole = walk(aws)
    made = calls(sandbox)

    pages = len(whole)
    assert versions // 2 == len(listed) == len(set(listed))
    assert made["DescribeModelPackage"] <= pages * MOST_DESCRIBED
    assert made["DescribeModelPackage"] <= versions + 8 * pages
    assert made["ListModelPackages"] <= 2 * pages + versions // 100
