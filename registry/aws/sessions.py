"""boto3 sessions and clients: one session per profile, one client per service and region.

boto3 is imported by the first session. Sessions are not documented as thread-safe, so all that
touches them happens under one lock; clients are, and are shared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from registry.aws.translation import explain_opening
from registry.errors import CredentialsFailed
from registry.version import __version__

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config

Service = Literal["sagemaker", "s3", "dynamodb", "ecr", "sts"]


@dataclass(frozen=True, slots=True)
class FixedAccess:
    """Keys and endpoints that win over everything the user has configured.

    Attributes:
        endpoints: URL by service name, for every service that may be asked.
    """

    access_key: str
    secret_key: str
    endpoints: Mapping[str, str]


@dataclass(slots=True)
class _Opened:
    """One profile's session and what was made from it."""

    session: Session
    clients: dict[tuple[Service, str], Any] = field(default_factory=dict)
    account: str = ""
    has_credentials: bool = False


class Sessions:
    """The sessions of all profiles.

    Args:
        access: Fixed keys and endpoints, for a sandbox; None for whatever is configured.
        pool_size: How many connections one client keeps; as many as threads may call.
    """

    def __init__(self, *, access: FixedAccess | None, pool_size: int) -> None:
        self._access = access
        self._pool_size = pool_size
        self._lock = Lock()
        self._opened: dict[str, _Opened] = {}
        self._config: Config | None = None

    def region_of(self, profile: str) -> str:
        """Return the region that the profile names, "" for none. Raises CredentialsFailed."""
        with self._lock:
            return self._open(profile).session.region_name or ""

    def check_credentials(self, profile: str) -> None:
        """Return when the profile gives credentials of whatever validity.

        Raises:
            CredentialsFailed: it gives none, or there is no such profile.
        """
        with self._lock:
            opened = self._open(profile)
            if opened.has_credentials:
                return
            try:
                found = opened.session.get_credentials()
            except Exception as error:
                raise _opening_failed(error, profile) from error
            if found is None:
                del self._opened[profile]  # they may be there at the next call
                raise CredentialsFailed(
                    f"no AWS credentials were found for {_who(profile)}",
                    hint="set AWS_PROFILE or access keys where the server runs, or pass profile; "
                    "off EC2, AWS_EC2_METADATA_DISABLED=true skips a slow probe",
                )
            opened.has_credentials = True

    def client(self, service: Service, region: str, profile: str) -> Any:  # noqa: ANN401 - boto3 makes client classes at run time
        """Return the client, made now if it is the first time. Raises CredentialsFailed."""
        with self._lock:
            opened = self._open(profile)
            key = (service, region)
            if key not in opened.clients:
                opened.clients[key] = self._make(opened.session, service, region, profile)
            return opened.clients[key]

    def account(self, profile: str) -> str:
        """Return the account that the profile was last seen to act in, "" when not known."""
        with self._lock:
            opened = self._opened.get(profile)
            return opened.account if opened else ""

    def remember_account(self, profile: str, account: str) -> None:
        """Keep the account for as long as the session is kept."""
        with self._lock:
            if opened := self._opened.get(profile):
                opened.account = account

    def forget(self, profile: str, refused: object) -> None:
        """Drop the profile's session, unless the refused client is no longer one of its own."""
        with self._lock:
            opened = self._opened.get(profile)
            if opened and any(client is refused for client in opened.clients.values()):
                del self._opened[profile]
                _close(opened)

    def close(self) -> None:
        """Close every connection; the sessions are made anew when they are needed again."""
        with self._lock:
            for opened in self._opened.values():
                _close(opened)
            self._opened.clear()

    def _open(self, profile: str) -> _Opened:
        if profile not in self._opened:
            try:
                session = _fixed(self._access) if self._access else _configured(profile)
            except Exception as error:
                raise _opening_failed(error, profile) from error
            self._opened[profile] = _Opened(session)
        return self._opened[profile]

    def _make(self, session: Session, service: Service, region: str, profile: str) -> Any:  # noqa: ANN401 - boto3 makes client classes at run time
        endpoint = self._access.endpoints[service] if self._access else None
        try:
            return session.client(
                service, region_name=region, endpoint_url=endpoint, config=self._settings()
            )
        except Exception as error:
            raise _opening_failed(error, profile) from error

    def _settings(self) -> Config:
        """Short timeouts and few attempts: a call has to end within a client's patience."""
        if self._config is None:
            from botocore.config import Config  # noqa: PLC0415 - not before the first call

            self._config = Config(
                retries={"mode": "standard", "total_max_attempts": 3},
                connect_timeout=2,
                read_timeout=8,
                max_pool_connections=self._pool_size,
                tcp_keepalive=True,
                user_agent_extra=f"mlcc-registry-mcp/{__version__}",
            )
        return self._config


def _configured(profile: str) -> Session:
    from boto3.session import Session  # noqa: PLC0415 - not before the first call

    return Session(profile_name=profile or None)


def _fixed(access: FixedAccess) -> Session:
    """Return a session that sees neither profiles nor configuration files."""
    from boto3.session import Session  # noqa: PLC0415 - not before the first call
    from botocore.session import Session as CoreSession  # noqa: PLC0415 - not before the first call

    core = CoreSession(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return Session(
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        botocore_session=core,
    )


def _who(profile: str) -> str:
    return f"profile {profile!r}" if profile else "the default profile"


def _opening_failed(error: Exception, profile: str) -> Exception:
    return explain_opening(error, f"act as {_who(profile)}") or error


def _close(opened: _Opened) -> None:
    for client in opened.clients.values():
        client.close()
