"""The versions that a group got since some moment, read one by one, a bounded number of them.

A list's summaries carry the description and no metadata. Whoever knows the description of what
is looked for needs no Search, which lags and may be denied, and few Describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from registry.aws.package_query import PackageQuery
from registry.aws.parallel import AT_ONCE
from registry.calls import Call
from registry.errors import PreconditionFailed
from registry.instants import whole_seconds
from schemas.model_package import ModelPackage

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ListModelPackagesOutputTypeDef

MOST_LISTED = 1_000
"""Versions that one look may list, a hundred with each call."""

MOST_READ = 200
"""Versions that one look may cost a Describe for each."""

_LARGEST_PAGE = 100


class PackageHistory:
    """Reads a group from some moment on.

    Args:
        most_listed: Versions that one look may list, in hundreds.
        most_read: Versions that one look may cost a Describe for each.
    """

    def __init__(
        self, query: PackageQuery, *, most_listed: int = MOST_LISTED, most_read: int = MOST_READ
    ) -> None:
        self._query = query
        self._most_listed = most_listed
        self._most_read = most_read

    def since(
        self, moment: datetime, *, wanted: Callable[[str], bool], call: Call
    ) -> Iterator[ModelPackage]:
        """Yield the query's versions made after that moment, oldest first.

        Args:
            wanted: Tells by a version's description whether to read it at all.

        Raises:
            NotFound: there is no such group.
            PreconditionFailed: there are more than may be listed or read.

        Source: SageMaker ListModelPackages and DescribeModelPackage.
        """
        read = 0
        for answer in self._pages(moment, call):
            due = [
                each["ModelPackageArn"]
                for each in answer["ModelPackageSummaryList"]
                if wanted(each.get("ModelPackageDescription", ""))
            ]
            for start in range(0, len(due), AT_ONCE):
                if read >= self._most_read:
                    raise self._too_many(moment, f"{self._most_read} alike")
                batch = due[start : start + AT_ONCE]
                read += len(batch)
                yield from self._query.described(batch, call)

    def _pages(self, moment: datetime, call: Call) -> Iterator[ListModelPackagesOutputTypeDef]:
        after: dict[str, Any] = {}
        for _ in range(self._most_listed // _LARGEST_PAGE):
            call.check(f"listing the versions of {self._query.group}")
            answer = self._list(moment, after)
            yield answer
            if not answer.get("NextToken"):
                return
            after = {"NextToken": answer["NextToken"]}
        raise self._too_many(moment, str(self._most_listed))

    def _list(self, moment: datetime, after: dict[str, Any]) -> ListModelPackagesOutputTypeDef:
        group = self._query.group
        return self._query.connection.sagemaker(
            lambda sagemaker: sagemaker.list_model_packages(
                ModelPackageGroupName=group,
                ModelPackageType="Versioned",
                CreationTimeAfter=moment,
                SortBy="CreationTime",
                SortOrder="Ascending",
                MaxResults=_LARGEST_PAGE,
                **after,
            ),
            doing=f"list the versions of model package group {group!r}",
            action="sagemaker:ListModelPackages",
            resource="*",
        )

    def _too_many(self, moment: datetime, most: str) -> PreconditionFailed:
        return PreconditionFailed(
            f"more than {most} versions were made in {self._query.group} "
            f"since {whole_seconds(moment)}, too many to look at"
        )
