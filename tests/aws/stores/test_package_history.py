"""What a group got since some moment, read in a bounded number of calls."""

from datetime import UTC, datetime, timedelta

import pytest

from registry.aws.directory import BotoAws
from registry.aws.package_history import PackageHistory
from registry.aws.package_query import PackageQuery
from registry.calls import Call
from registry.errors import InvalidArgument, NotFound, PermissionDenied, PreconditionFailed
from sandbox.service import Sandbox
from schemas.model_package import ModelPackage

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def every(description: str) -> bool:
    return bool(description)


def made(aws: BotoAws, moment: datetime = LONG_AGO, wanted=every, **metadata: str) -> list[int]:
    found = aws.packages.made_since("tv", moment, wanted=wanted, metadata=metadata, call=Call())
    return [each.version for each in found]


def test_versions_come_oldest_first_and_only_wanted_ones_are_read(
    aws: BotoAws, group: str, register, sandbox: Sandbox
) -> None:
    for number in range(12):
        register(adapterName=f"a{number}")
    sandbox.control.clear_log()

    assert [10, 11, 12] == made(
        aws, wanted=lambda told: told in ("number 10", "number 11", "number 12")
    )
    assert 3 == len(sandbox.control.calls("DescribeModelPackage"))
    assert 1 == len(sandbox.control.calls("ListModelPackages"))


def test_metadata_decides_among_the_wanted(aws: BotoAws, group: str, register) -> None:
    register(adapterName="a")
    register(adapter=False)

    assert [1] == made(aws, isAdapter="true")
    assert [2] == made(aws, isAdapter="")


def test_what_was_made_before_is_not_read(aws: BotoAws, group: str, register, sandbox) -> None:
    register()
    now = datetime.fromtimestamp(sandbox.control.advance(3600), UTC)
    register()

    assert [2] == made(aws, now - timedelta(minutes=1))


def test_a_deleted_version_is_passed_over(aws: BotoAws, group: str, register, clients) -> None:
    versions = [register() for _ in range(3)]
    clients.sagemaker.delete_model_package(ModelPackageName=versions[1].arn)

    assert [1, 3] == made(aws)


@pytest.mark.parametrize(
    ("most", "listed", "read"), [({"most_read": 16}, 1, 16), ({"most_listed": 100}, 1, 100)]
)
def test_a_look_ends_at_its_bounds_and_says_so(
    aws: BotoAws, connection, group: str, register, sandbox, most, listed: int, read: int
) -> None:
    for _ in range(101):
        register()
    sandbox.control.clear_log()
    query = PackageQuery(connection, "tv", {}, aws.packages.describe)
    found: list[ModelPackage] = []

    with pytest.raises(PreconditionFailed, match="too many to look at"):
        found.extend(PackageHistory(query, **most).since(LONG_AGO, wanted=every, call=Call()))

    assert read == len(found) == len(sandbox.control.calls("DescribeModelPackage"))
    assert listed == len(sandbox.control.calls("ListModelPackages"))


def test_an_absent_group_a_bad_name_and_a_refusal_are_told_apart(
    aws: BotoAws, sandbox: Sandbox
) -> None:
    with pytest.raises(NotFound):
        made(aws)
    with pytest.raises(InvalidArgument):
        aws.packages.made_since("a_b", LONG_AGO, wanted=every, metadata={}, call=Call())
    sandbox.control.fail("ListModelPackages", "deny")
    with pytest.raises(PermissionDenied, match="sagemaker:ListModelPackages"):
        made(aws)
