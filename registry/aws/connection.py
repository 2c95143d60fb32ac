"""How every AWS operation is asked: translated errors, and one more try with fresh credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from registry.aws.sessions import Opened, Service, Sessions
from registry.aws.translation import StaleCredentials, translated
from registry.errors import CredentialsFailed
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

    def __init__(
        self, sessions: Sessions, *, region: str, profile: str, opened: Opened | None = None
    ) -> None:
        self._sessions = sessions
        self._opened = opened
        self.region = region
        self.profile = profile

    def in_region(self, region: str) -> Connection:
        """Return the same profile's connection to another region."""
        return Connection(
            self._sessions, region=region, profile=self.profile, opened=self._credentials()
        )

    @property
    def partition(self) -> str:
        """The ARN partition that the region belongs to."""
        return partition_of(self.region)

    def account(self) -> str:
        """Return the account number, asked of STS once per session."""
        opened = self._credentials()
        if not opened.account:
            opened.account = self.sts(lambda sts: sts.get_caller_identity()["Account"], **_WHO)
        return opened.account

    def method(self) -> str:
        """Return which of the client library's ways gave the credentials."""
        return self._credentials().method

    def endpoint_url(self, service: Service) -> str:
        """Return the URL that the service is asked at."""
        client = self._sessions.client(self._credentials(), service, self.region)
        url: str = client.meta.endpoint_url
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
        opened = self._credentials()
        try:
            with translated(doing, action=action, resource=resource):
                return ask(self._sessions.client(opened, service, self.region))
        except StaleCredentials:
            # Refused before anything was done, so writes may be repeated as well.
            opened = self._renew(opened)
        with translated(doing, action=action, resource=resource):
            return ask(self._sessions.client(opened, service, self.region))

    def _credentials(self) -> Opened:
        if self._opened is None:
            self._opened = self._sessions.open(self.profile)
        return self._opened

    def _renew(self, stale: Opened) -> Opened:
        """Return fresh credentials of the account that this call has acted in so far."""
        renewed = self._sessions.renewed(stale)
        if stale.account and renewed is not stale:
            if not renewed.account:
                client = self._sessions.client(renewed, "sts", self.region)
                with translated(**_WHO):
                    renewed.account = client.get_caller_identity()["Account"]
            if renewed.account != stale.account:
                raise CredentialsFailed(
                    f"the credentials expired, and the new ones are of account {renewed.account}, "
                    f"not {stale.account}",
                    hint="nothing was done with them; call again to act in that account",
                )
        self._opened = renewed
        return renewed


_WHO = {"doing": "find out which account this is", "action": "sts:GetCallerIdentity"}
