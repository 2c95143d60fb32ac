"""Accounts as boto3 reaches them."""

from __future__ import annotations

from functools import cached_property
from ipaddress import ip_address
from urllib.parse import urlsplit

from registry.aws.ci_table import DynamoCiTable
from registry.aws.components import SageMakerComponents
from registry.aws.connection import Connection
from registry.aws.hub import SageMakerHub
from registry.aws.images import EcrImages
from registry.aws.objects import S3Objects
from registry.aws.packages import SageMakerPackages, SearchAbility
from registry.aws.sessions import SERVICES, FixedAccess, Sessions
from registry.stores import Access
from schemas.base import Identity

POOL_SIZE = 16
"""Connections a client keeps: as many as blocking calls run at once."""


class BotoDirectory:
    """Opens accounts through boto3, which is imported by the first one.

    Args:
        sandbox: Say in every identity that nothing reached AWS.
        access: Fixed keys and endpoints, whatever the user has configured.
        pool_size: How many calls may run at once.
    """

    def __init__(
        self,
        *,
        sandbox: bool = False,
        access: FixedAccess | None = None,
        pool_size: int = POOL_SIZE,
    ) -> None:
        self._sandbox = sandbox or access is not None
        self._sessions = Sessions(access=access, pool_size=pool_size)
        self._search = SearchAbility()

    def open(self, *, region: str, profile: str) -> BotoAws:
        """Return the account to act in; credentials are found, AWS is not asked yet.

        Raises:
            CredentialsFailed: there are no credentials, or no such profile.
        """
        opened = self._sessions.open(profile)
        connection = Connection(self._sessions, region=region, profile=profile, opened=opened)
        return BotoAws(connection, self._search, sandbox=self._sandbox)

    def region_of(self, profile: str) -> str:
        """Return the region that the profile names, "" for none. Raises CredentialsFailed."""
        return self._sessions.region_of(profile)

    def close(self) -> None:
        """Close every connection."""
        self._sessions.close()


class BotoAws:
    """One account in one region, as one profile; each part is made on first use."""

    def __init__(self, connection: Connection, search: SearchAbility, *, sandbox: bool) -> None:
        self._connection = connection
        self._search = search
        self._sandbox = sandbox

    @property
    def identity(self) -> Identity:
        """Who answers; asks STS once per session. Raises CredentialsFailed, Unavailable."""
        local = self._sandbox or _is_loopback(self._connection.endpoint_url("sagemaker"))
        return Identity(
            account=self._connection.account(),
            region=self._connection.region,
            profile=self._connection.profile or None,
            sandbox=local or None,
        )

    @property
    def access(self) -> Access:
        """How the services are reached; asks nothing of them. Raises CredentialsFailed."""
        urls = {service: self._connection.endpoint_url(service) for service in SERVICES}
        foreign = {str(each): url for each, url in urls.items() if not _is_awss(url)}
        return Access(self._connection.method(), foreign)

    @cached_property
    def packages(self) -> SageMakerPackages:
        """Model package groups and their versions."""
        return SageMakerPackages(self._connection, self._search)

    @cached_property
    def components(self) -> SageMakerComponents:
        """Endpoints and their inference components."""
        return SageMakerComponents(self._connection)

    @cached_property
    def objects(self) -> S3Objects:
        """S3, for reading."""
        return S3Objects(self._connection)

    @cached_property
    def images(self) -> EcrImages:
        """ECR, for looking."""
        return EcrImages(self._connection)

    def in_region(self, region: str) -> BotoAws:
        """Return the same account, as the same profile, in that region."""
        there = self._connection.in_region(region)
        return BotoAws(there, self._search, sandbox=self._sandbox)

    def hub(self, name: str) -> SageMakerHub:
        """Return the hub of that name, or ARN, in this region."""
        return SageMakerHub(self._connection, name)

    def ci_table(self, name: str) -> DynamoCiTable:
        """Return the CI table of that name, in this region."""
        return DynamoCiTable(self._connection, name)


_AWS_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
)
"""What the endpoints of every partition end in. Source: the client library's partition data."""


def _is_awss(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(_AWS_DOMAINS)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, such as AWS's own
        return False
