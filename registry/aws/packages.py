"""SageMaker model package groups and their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from registry.aws.checks import (
    check_client_token,
    check_description,
    check_image,
    check_metadata,
    check_name,
    check_url,
    check_version_arn,
)
from registry.aws.connection import Connection
from registry.aws.package_history import PackageHistory
from registry.aws.package_listing import LISTED, PackageListing
from registry.aws.package_query import PackageQuery
from registry.aws.package_records import package_record, version_of
from registry.aws.package_search import PackageSearch, SearchAbility
from registry.calls import Call
from registry.errors import Conflict, NotFound, PermissionDenied, RegistryError
from registry.paging import open_cursor
from registry.stores import PackagePage
from schemas.model_package import ModelPackage, ModelPackageDraft

__all__ = ["SageMakerPackages", "SearchAbility"]

_JSON = ["application/json"]
_SEARCH = "sagemaker:Search"
_ALIKE = 0.4
_NEAR_NAMES = 5


class SageMakerPackages:
    """Model package groups of one account and region."""

    def __init__(self, connection: Connection, search: SearchAbility) -> None:
        self._connection = connection
        self._search = search

    def ensure_group(self, group: str, *, description: str) -> bool:
        """Create the group unless it exists; return whether it was created now.

        Creating comes first, so that no other process can come between a check and it.

        Raises:
            InvalidArgument: the name or description is not one that SageMaker accepts.

        Source: SageMaker CreateModelPackageGroup.
        """
        check_name("model package group", group)
        check_description(description)
        try:
            self._connection.sagemaker(
                lambda sagemaker: sagemaker.create_model_package_group(
                    ModelPackageGroupName=group, ModelPackageGroupDescription=description
                ),
                doing=f"create model package group {group!r}",
                action="sagemaker:CreateModelPackageGroup",
                resource=f"model-package-group/{group}",
            )
        except Conflict:
            return False
        return True

    def create(self, draft: ModelPackageDraft) -> ModelPackage:
        """Create one version; the same client token finds the version it made before.

        The answer is made from the request: SageMaker returns the ARN alone.

        Raises:
            InvalidArgument: a part of the draft breaks the service's limits; nothing was sent.
            NotFound: there is no such group.

        Source: SageMaker CreateModelPackage.
        """
        request = _creation(draft)
        arn = self._connection.sagemaker(
            lambda sagemaker: sagemaker.create_model_package(**request)["ModelPackageArn"],
            doing=f"create a version in model package group {draft.group!r}",
            action="sagemaker:CreateModelPackage",
            resource=f"model-package/{draft.group}",
        )
        return ModelPackage(
            arn=arn,
            group=draft.group,
            version=version_of(arn),
            description=draft.description,
            approval_status=draft.approval_status,
            metadata=draft.metadata,
            image=draft.image,
            model_data_url=draft.model_data_url if draft.image else None,
        )

    def describe(self, arn: str) -> ModelPackage:
        """Return one version, fresh.

        Raises:
            InvalidArgument: the ARN is not one of a version.
            NotFound: there is no such version.

        The service has been seen to write the group's name in lower case in ARNs, so that one
        made from the group's name is looked for in that form, too.

        Source: SageMaker DescribeModelPackage; without the model card, which may be encrypted.
        """
        check_version_arn(arn)
        try:
            return self._described(arn)
        except NotFound:
            if arn == arn.lower():
                raise
            return self._described(arn.lower())

    def _described(self, arn: str) -> ModelPackage:
        return package_record(
            self._connection.sagemaker(
                lambda sagemaker: sagemaker.describe_model_package(
                    ModelPackageName=arn, IncludedData="MetadataOnly"
                ),
                doing=f"describe model package version {arn}",
                action="sagemaker:DescribeModelPackage",
                resource=arn,
            )
        )

    def find(
        self, group: str, *, metadata: Mapping[str, str], limit: int, cursor: str | None, call: Call
    ) -> PackagePage:
        """Return the versions whose metadata has these values, newest first, through Search.

        Versions that Search has not indexed yet are found by one List of the last ten minutes.
        Without permission to search, versions are listed and described: a page then holds what a
        bounded number of calls found.

        Raises:
            NotFound: there is no such group; the details' `candidates` are near names.
            InvalidArgument: the cursor belongs to another query.
            PermissionDenied: List or Describe is refused; names the action.
        """
        check_name("model package group", group)
        query = PackageQuery(self._connection, group, dict(metadata), self.describe)
        place = open_cursor(query.key, cursor) if cursor else None
        try:
            page = self._page(query, limit=limit, place=place, call=call)
            if not page.packages and not cursor and page.complete:
                self._check_group(group)
        except NotFound as error:
            raise self._no_group(group) from error
        return page

    def made_since(
        self,
        group: str,
        moment: datetime,
        *,
        wanted: Callable[[str], bool],
        metadata: Mapping[str, str],
        call: Call,
    ) -> Iterator[ModelPackage]:
        """Yield versions that were made after that moment, oldest first, each read afresh.

        Args:
            wanted: Tells by a version's description whether to read it at all.
            metadata: Values that its metadata then has to have; "" for a key that is missing.

        Raises:
            NotFound: there is no such group.
            PreconditionFailed: more versions were made since than one call may look at.
            PermissionDenied: List or Describe is refused; names the action.
        """
        check_name("model package group", group)
        query = PackageQuery(self._connection, group, dict(metadata), self.describe)
        return PackageHistory(query).since(moment, wanted=wanted, call=call)

    def _page(
        self, query: PackageQuery, *, limit: int, place: dict[str, Any] | None, call: Call
    ) -> PackagePage:
        if place is None or place["plan"] != LISTED:
            try:
                return PackageSearch(query, self._search).page(limit=limit, place=place, call=call)
            except PermissionDenied as refusal:
                if place or refusal.details.get("action") != _SEARCH:
                    raise
        return PackageListing(query).page(limit=limit, place=place, call=call)

    def _check_group(self, group: str) -> None:
        """Return when the group exists: Search answers an absent one with nothing at all."""
        self._connection.sagemaker(
            lambda sagemaker: sagemaker.describe_model_package_group(ModelPackageGroupName=group),
            doing=f"describe model package group {group!r}",
            action="sagemaker:DescribeModelPackageGroup",
            resource=f"model-package-group/{group}",
        )

    def _no_group(self, group: str) -> NotFound:
        try:
            near = self._near_names(group)
        except RegistryError:  # the group is missing all the same; names are a courtesy
            near = []
        where = f"{self._connection.region}"
        hint = "check project name and region"
        if near:
            alike = get_close_matches(group, near, n=1, cutoff=_ALIKE)
            listed = ", ".join(near)
            hint = f"did you mean {listed}?" if alike else f"groups there: {listed}"
        return NotFound(
            f"there is no model package group {group!r} in {where}", hint=hint, candidates=near
        )

    def _near_names(self, group: str) -> list[str]:
        part = group.split("-", 1)[0]
        names = self._group_names(NameContains=part)
        if not names:
            names = self._group_names()
        near = get_close_matches(group, names, n=_NEAR_NAMES, cutoff=_ALIKE)
        return near or names[:_NEAR_NAMES]

    def _group_names(self, **filters: Any) -> list[str]:  # noqa: ANN401 - the operation's own members
        answer = self._connection.sagemaker(
            lambda sagemaker: sagemaker.list_model_package_groups(
                MaxResults=100, SortBy="CreationTime", SortOrder="Descending", **filters
            ),
            doing="list model package groups",
            action="sagemaker:ListModelPackageGroups",
        )
        return [
            item["ModelPackageGroupName"]
            for item in answer["ModelPackageGroupSummaryList"]
            if item["ModelPackageGroupName"]
        ]


def _creation(draft: ModelPackageDraft) -> dict[str, Any]:
    check_name("model package group", draft.group)
    check_description(draft.description)
    check_metadata(draft.metadata)
    check_client_token(draft.client_token)
    request: dict[str, Any] = {
        "ModelPackageGroupName": draft.group,
        "ModelPackageDescription": draft.description,
        "ModelApprovalStatus": draft.approval_status,
        "ClientToken": draft.client_token,
    }
    if draft.metadata:
        request["CustomerMetadataProperties"] = draft.metadata
    if draft.image:
        check_image(draft.image)
        container = {"Image": draft.image}
        if draft.model_data_url:
            check_url("the model data's location", draft.model_data_url)
            container["ModelDataUrl"] = draft.model_data_url
        request["InferenceSpecification"] = {
            "Containers": [container],
            "SupportedContentTypes": _JSON,
            "SupportedResponseMIMETypes": _JSON,
        }
    return request
