"""Contents of a SageMaker hub: imported, described, listed.

An import goes on after its answer; Describe tells how it ended. Hubs are the one part of
SageMaker that says ResourceNotFound, for an absent hub and an absent content alike, and
ResourceInUse for a taken version as for a hub that is still being made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.aws.checks import (
    check_content_description,
    check_content_document,
    check_content_version,
    check_hub,
    check_keywords,
    check_name,
)
from registry.aws.connection import Connection
from registry.calls import Call
from registry.errors import Conflict, NotFound, PermissionDenied, PreconditionFailed
from registry.instants import milliseconds
from registry.stores import HubContent, HubContentDraft, HubContentType

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PAGE = 100
_SCHEMA_VERSION = "2.0.0"
"""Of the documents of datasets and evaluators, as the SageMaker SDK writes them."""

_SETTINGS = "--hub, MLCC_REGISTRY_HUB or aiRegistryHubName of the bootstrap profile"


class SageMakerHub:
    """One hub, in one region. A name that no hub can have raises InvalidArgument.

    Args:
        name: The hub's name or ARN.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._name = check_hub(name)
        self._connection = connection
        self._named = name

    @property
    def hub(self) -> str:
        """The hub's name."""
        return self._name

    def import_content(self, draft: HubContentDraft) -> HubContent:
        """Ask for an import and return the content as it is then, Importing.

        The record is made from the request: SageMaker returns the ARN alone.

        Raises:
            Conflict: that version exists already, perhaps because an earlier answer was lost.
            PreconditionFailed: the hub is not in service yet.
            NotFound: there is no such hub.
            InvalidArgument: the draft breaks a constraint of the service; nothing was sent.

        Source: SageMaker ImportHubContent, which has no client token.
        """
        request = self._import_request(draft)
        what = f"version {draft.version} of hub content {draft.name!r}"
        try:
            answer = self._connection.sagemaker(
                lambda sagemaker: sagemaker.import_hub_content(**request),
                doing=f"import {what} into hub {self._name!r}",
                action="sagemaker:ImportHubContent",
                resource=self._content_arn(draft.content_type, draft.name),
            )
        except NotFound as error:
            raise self._no_hub() from error
        except Conflict as error:
            self._check_not_in_change()
            raise Conflict(
                f"hub {self._name!r} has {what} already", hint="import it as the next version"
            ) from error
        return HubContent(
            name=draft.name,
            version=draft.version,
            arn=answer["HubContentArn"],
            status="Importing",
            content_type=draft.content_type,
            keywords=draft.keywords,
            description=draft.description,
            document=draft.document,
        )

    def describe(self, content_type: HubContentType, name: str, *, version: str = "") -> HubContent:
        """Return one version with its document, the latest when none is named.

        Raises:
            NotFound: there is no such version, content or hub; the message says which.

        Source: SageMaker DescribeHubContent.
        """
        check_name("hub content", name)
        if version:
            check_content_version(version)
        one_version = {"HubContentVersion": version} if version else {}
        which = f"version {version} of {content_type} {name!r}" if version else repr(name)
        try:
            answer = self._connection.sagemaker(
                lambda sagemaker: sagemaker.describe_hub_content(
                    HubName=self._named,
                    HubContentType=content_type,
                    HubContentName=name,
                    **one_version,
                ),
                doing=f"describe hub content {name!r}",
                action="sagemaker:DescribeHubContent",
                resource=self._content_arn(content_type, name),
            )
        except NotFound as error:
            self._status()
            raise NotFound(
                f"hub {self._name!r} in {self._connection.region} has no {which}",
                hint="list what the hub has and check the name",
            ) from error
        return _content(answer, content_type)

    def latest(self, content_type: HubContentType, *, call: Call) -> Sequence[HubContent]:
        """Return the latest version of every content of that type, without documents.

        Raises:
            NotFound: there is no such hub.

        Source: SageMaker ListHubContents.
        """
        try:
            return self._listed(
                lambda sagemaker, after: sagemaker.list_hub_contents(
                    HubName=self._named, HubContentType=content_type, MaxResults=_PAGE, **after
                ),
                content_type,
                action="sagemaker:ListHubContents",
                resource=self._hub_arn(),
                call=call,
            )
        except NotFound as error:
            raise self._no_hub() from error

    def versions(
        self, content_type: HubContentType, name: str, *, call: Call
    ) -> Sequence[HubContent]:
        """Return every version of one content, without documents, the lowest number first.

        A name that the hub does not have is no failure: it has no versions.

        Raises:
            NotFound: there is no such hub.

        Source: SageMaker ListHubContentVersions.
        """
        check_name("hub content", name)
        try:
            found = self._listed(
                lambda sagemaker, after: sagemaker.list_hub_content_versions(
                    HubName=self._named,
                    HubContentType=content_type,
                    HubContentName=name,
                    MaxResults=_PAGE,
                    **after,
                ),
                content_type,
                action="sagemaker:ListHubContentVersions",
                resource=self._content_arn(content_type, name),
                call=call,
            )
        except NotFound:
            self._status()
            return []
        return sorted(found, key=_number)

    def _listed(
        self,
        ask: Callable[[SageMakerClient, dict[str, Any]], Mapping[str, Any]],
        content_type: HubContentType,
        *,
        action: str,
        resource: str,
        call: Call,
    ) -> list[HubContent]:
        """Return what every page of a listing has; the client library cannot page these."""
        doing = f"list the contents of hub {self._name!r}"
        found: list[HubContent] = []
        after: dict[str, Any] = {}
        while True:
            call.check(f"listing the contents of hub {self._name!r}")
            answer = self._connection.sagemaker(
                lambda sagemaker: ask(sagemaker, after),  # noqa: B023 - called before the next turn
                doing=doing,
                action=action,
                resource=resource,
            )
            found += [_content(one, content_type) for one in answer["HubContentSummaries"]]
            if not answer.get("NextToken"):
                return found
            after = {"NextToken": answer["NextToken"]}

    def _import_request(self, draft: HubContentDraft) -> dict[str, Any]:
        check_name("hub content", draft.name)
        check_content_version(draft.version)
        check_content_document(draft.document)
        check_content_description(draft.description)
        check_keywords(draft.keywords)
        request: dict[str, Any] = {
            "HubName": self._named,
            "HubContentType": draft.content_type,
            "HubContentName": draft.name,
            "HubContentVersion": draft.version,
            "DocumentSchemaVersion": _SCHEMA_VERSION,
            "HubContentDocument": draft.document,
        }
        if draft.description:
            request["HubContentDescription"] = draft.description
        if draft.keywords:
            request["HubContentSearchKeywords"] = list(draft.keywords)
        return request

    def _check_not_in_change(self) -> None:
        """Return unless the hub itself is what is in use; who may not look is told the rest."""
        try:
            status = self._status()
        except PermissionDenied:
            return
        if status != "InService":
            raise PreconditionFailed(
                f"hub {self._name!r} is {status}, not InService",
                hint="repeat the call when the hub is in service",
            )

    def _status(self) -> str:
        """Return the hub's status. Raises NotFound when there is no such hub."""
        try:
            return self._connection.sagemaker(
                lambda sagemaker: sagemaker.describe_hub(HubName=self._named)["HubStatus"],
                doing=f"describe hub {self._name!r}",
                action="sagemaker:DescribeHub",
                resource=self._hub_arn(),
            )
        except NotFound as error:
            raise self._no_hub() from error

    def _no_hub(self) -> NotFound:
        return NotFound(
            f"there is no hub {self._named!r} in {self._connection.region}",
            hint=f"check the region and the hub's name ({_SETTINGS}), or create the hub",
        )

    def _hub_arn(self) -> str:
        return self._arn(f"hub/{self._name}")

    def _content_arn(self, content_type: HubContentType, name: str) -> str:
        return self._arn(f"hub-content/{self._name}/{content_type}/{name}")

    def _arn(self, resource: str) -> str:
        connection = self._connection
        return f"arn:{connection.partition}:sagemaker:{connection.region}:*:{resource}"


def _content(answer: Mapping[str, Any], content_type: HubContentType) -> HubContent:
    """Return the record of what Describe, or a listing, gives; only Describe has documents."""
    return HubContent(
        name=answer["HubContentName"],
        version=answer["HubContentVersion"],
        arn=answer["HubContentArn"],
        status=answer["HubContentStatus"],
        content_type=content_type,
        keywords=tuple(answer.get("HubContentSearchKeywords", ())),
        description=answer.get("HubContentDescription", ""),
        document=answer.get("HubContentDocument"),
        failure_reason=answer.get("FailureReason"),
        created_at=milliseconds(answer["CreationTime"]),
    )


def _number(content: HubContent) -> list[int]:
    # The service's own pattern lets other characters than dots stand between the numbers.
    return [int(part) for part in re.findall(r"\d+", content.version)]
