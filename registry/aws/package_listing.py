"""One page of a group's versions without Search, for callers who may not search.

A list's summaries carry no metadata, so each version costs a Describe. A page therefore ends
after a bounded number of them, however few versions matched, says so, and is gone on with by
its cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from registry.aws.package_query import RESERVE_S, PackageQuery
from registry.aws.package_records import version_of
from registry.aws.parallel import AT_ONCE
from registry.calls import Call
from registry.paging import seal_cursor
from registry.stores import PackagePage
from schemas.model_package import ModelPackage

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ListModelPackagesOutputTypeDef

LISTED: Literal["list"] = "list"
"""What a cursor of this way of looking has as its plan."""

MOST_DESCRIBED = 200
"""Versions that one page may cost a Describe for each."""

_LARGEST_PAGE = 100


@dataclass(slots=True)
class _Walk:
    """How far one page has come, newest version first.

    Attributes:
        token: The service's token of the list page that is being read, "" for the first.
        below: Only versions under this number of that list page are still to be looked at; 0 for
            all of them.
    """

    token: str
    below: int
    matching: list[ModelPackage] = field(default_factory=list)
    described: list[int] = field(default_factory=list)


class PackageListing:
    """Reads a group by List and Describe."""

    def __init__(self, query: PackageQuery) -> None:
        self._query = query

    def page(self, *, limit: int, place: Mapping[str, Any] | None, call: Call) -> PackagePage:
        """Return up to `limit` versions, newest first; fewer, and a note, where that costs much.

        Args:
            place: Where the page before ended; None for the first.

        Raises:
            NotFound: there is no such group.
            PermissionDenied: List or Describe are refused as well.

        Source: SageMaker ListModelPackages and DescribeModelPackage.
        """
        walk = _Walk(place["token"] if place else "", place["below"] if place else 0)
        while True:
            answer = self._list(walk.token)
            for batch in _batches(walk, answer):
                if self._is_spent(walk, call):
                    return self._short(walk)
                walk.matching += self._query.described(batch, call)
                walk.described += [version_of(arn) for arn in batch]
                walk.below = walk.described[-1]
                if len(walk.matching) >= limit:
                    return self._full(walk, answer, limit)
            walk.token, walk.below = answer.get("NextToken") or "", 0
            if not walk.token:
                return PackagePage(tuple(walk.matching))

    def _list(self, token: str) -> ListModelPackagesOutputTypeDef:
        group = self._query.group
        after: dict[str, Any] = {"NextToken": token} if token else {}
        return self._query.connection.sagemaker(
            lambda sagemaker: sagemaker.list_model_packages(
                ModelPackageGroupName=group,
                ModelPackageType="Versioned",
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=_LARGEST_PAGE,
                **after,
            ),
            doing=f"list the versions of model package group {group!r}",
            action="sagemaker:ListModelPackages",
            resource="*",
        )

    @staticmethod
    def _is_spent(walk: _Walk, call: Call) -> bool:
        return bool(walk.described) and (
            len(walk.described) >= MOST_DESCRIBED or call.remaining_s < RESERVE_S
        )

    def _full(self, walk: _Walk, answer: ListModelPackagesOutputTypeDef, limit: int) -> PackagePage:
        kept = walk.matching[:limit]
        below = kept[-1].version
        more = answer.get("NextToken") or any(number < below for number in _versions(answer))
        return PackagePage(tuple(kept), self._cursor(walk, below) if more else None)

    def _short(self, walk: _Walk) -> PackagePage:
        first, last = walk.described[0], walk.described[-1]
        note = (
            f"without permission to sagemaker:Search each version has to be read: versions {first} "
            f"to {last} were; nextCursor goes on with the older ones"
        )
        return PackagePage(tuple(walk.matching), self._cursor(walk, walk.below), False, note)

    def _cursor(self, walk: _Walk, below: int) -> str:
        place = {"plan": LISTED, "token": walk.token, "below": below}
        return seal_cursor(self._query.key, place)


def _batches(walk: _Walk, answer: ListModelPackagesOutputTypeDef) -> Iterator[list[str]]:
    """Yield the ARNs of one list page that are still to be looked at, a few at a time."""
    listed = _versions(answer)
    due = [listed[number] for number in listed if not walk.below or number < walk.below]
    for start in range(0, len(due), AT_ONCE):
        yield due[start : start + AT_ONCE]


def _versions(answer: ListModelPackagesOutputTypeDef) -> dict[int, str]:
    """Return a list page's ARNs by version, newest first."""
    arns = [item["ModelPackageArn"] for item in answer["ModelPackageSummaryList"]]
    return {version_of(arn): arn for arn in sorted(arns, key=version_of, reverse=True)}
