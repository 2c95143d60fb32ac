"""How every AWS operation is asked: translated errors, and one more try with fresh credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from registry.aws.sessions import Service, Sessions
from registry.aws.translation import StaleCredentials, translated
from registry.identifiers import partition_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sts import STSClient

T = TypeVar("T")


class Connection:
    """The services of one region, as one profile.

    The `doing` of every method begins the message of what it raises; `action` and `resource`
    name the IAM permission behind the operation, for refusals that do not name theirs.
    """

    def __init__(self, sessions: Sessions, *, region: str, profile: str) -> None:
        self._sessions = sessions
        self.region = region
        self.profile = profile

    def in_region(self, region: str) -> Connection:
        """Return the same profile's connection to another region."""
        return Connection(self._sessions, region=region, profile=self.profile)

    @property
    def partition(self) -> str:
        """The ARN partition that the region belongs to."""
        return partition_of(self.region)

    def account(self) -> str:
        """Return the account number, asked of STS once per session."""
        known = self._sessions.account(self.profile)
        if known:
            return known
        answer = self.sts(
            lambda sts: sts.get_caller_identity(),
            doing="find out which account this is",
            action="sts:GetCallerIdentity",
        )
        self._sessions.remember_account(self.profile, answer["Account"])
        return answer["Account"]

    def endpoint_url(self, service: Service) -> str:
        """Return the URL that the service is asked at."""
        url: str = self._sessions.client(service, self.region, self.profile).meta.endpoint_url
        return url

    def sagemaker(
        self,
        ask: Callable[[SageMakerClient], T],
        *,
        doing: str,
        action: str = "",
        resource: str = "",
    ) -> T:
        """Return SageMaker's answer."""
        return self._ask("sagemaker", ask, doing, action, resource)

    def s3(
        self, ask: Callable[[S3Client], T], *, doing: str, action: str = "", resource: str = ""
    ) -> T:
        """Return S3's answer."""
        return self._ask("s3", ask, doing, action, resource)

    def dynamodb(
        self,
        ask: Callable[[DynamoDBClient], T],
        *,
        doing: str,
        action: str = "",
        resource: str = "",
    ) -> T:
        """Return DynamoDB's answer."""
        return self._ask("dynamodb", ask, doing, action, resource)

    def ecr(
        self, ask: Callable[[ECRClient], T], *, doing: str, action: str = "", resource: str = ""
    ) -> T:
        """Return ECR's answer."""
        return self._ask("ecr", ask, doing, action, resource)

    def sts(
        self, ask: Callable[[STSClient], T], *, doing: str, action: str = "", resource: str = ""
    ) -> T:
        """Return STS's answer."""
        return self._ask("sts", ask, doing, action, resource)

    def _ask(
        self,
        service: Service,
        ask: Callable[[Any], T],
        doing: str,
        action: str,
        resource: str,
    ) -> T:
        client = self._sessions.client(service, self.region, self.profile)
        try:
            with translated(doing, action=action, resource=resource):
                return ask(client)
        except StaleCredentials:
            # Refused before anything was done, so writes may be repeated as well.
            self._sessions.forget(self.profile, client)
        client = self._sessions.client(service, self.region, self.profile)
        with translated(doing, action=action, resource=resource):
            return ask(client)
