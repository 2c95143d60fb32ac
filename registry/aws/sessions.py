"""boto3 sessions and clients: one session per profile, one client per service and region.

boto3 is imported by the first session. Sessions are not documented as thread-safe, so all that
touches them happens under one lock; clients are, and are shared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

from registry.aws.translation import explain_opening
from registry.errors import CredentialsFailed, NoCredentials
from registry.version import __version__

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config
    from botocore.session import Session as CoreSession

Service = Literal["sagemaker", "s3", "dynamodb", "ecr", "sts"]
SERVICES: tuple[Service, ...] = get_args(Service)


@dataclass(frozen=True, slots=True)
class FixedAccess:
    """Keys and endpoints that win over everything the user has configured.

    Attributes:
        endpoints: URL by service name, for every service that may be asked.
    """

    access_key: str
    secret_key: str
    endpoints: Mapping[str, str]


_MOST_NAMES = 20
_Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(slots=True, eq=False)
class Opened:
    """One profile's credentials and what was made with them.

    A call keeps the one that it began with: what it was allowed to do as one account is never
    done as another.

    Attributes:
        account: The account number, "" until it was asked for.
        method: Which of the client library's ways gave the credentials, such as `env` or `sso`.
    """

    profile: str
    session: Session
    core: CoreSession
    files: _Stamps
    clients: dict[tuple[Service, str], Any] = field(default_factory=dict)
    account: str = ""
    has_credentials: bool = False
    method: str = ""


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
        self._opened: dict[str, Opened] = {}
        self._config: Config | None = None

    def region_of(self, profile: str) -> str:
        """Return the region that the profile names, "" for none. Raises CredentialsFailed."""
        with self._lock:
            return self._current(profile).session.region_name or ""

    def open(self, profile: str) -> Opened:
        """Return the profile's credentials, of whatever validity, as the files have them now.

        Raises:
            CredentialsFailed: it gives none, or there is no such profile.
        """
        with self._lock:
            opened = self._current(profile)
            if opened.has_credentials:
                return opened
            try:
                found = opened.session.get_credentials()
            except Exception as error:
                raise _opening_failed(error, profile) from error
            if found is None:
                del self._opened[profile]  # they may be there at the next call
                raise NoCredentials(
                    f"no AWS credentials were found for {_who(profile)}: none in the environment, "
                    "in the AWS files, or from container or instance",
                    hint="set AWS_PROFILE or access keys where the server runs, or pass profile; "
                    "off EC2, AWS_EC2_METADATA_DISABLED=true skips a slow probe",
                )
            if found.method == _ROLE and _asks_for_a_code(opened.core):
                raise CredentialsFailed(
                    f"{_who(profile)} asks for an MFA code, which a server cannot enter",
                    hint="use a profile with session credentials, such as one of aws sso login",
                )
            opened.has_credentials = True
            opened.method = found.method
            return opened

    def client(self, opened: Opened, service: Service, region: str) -> Any:  # noqa: ANN401 - boto3 makes client classes at run time
        """Return the client, made now if it is the first time. Raises CredentialsFailed."""
        with self._lock:
            key = (service, region)
            if key not in opened.clients:
                opened.clients[key] = self._make(opened.session, service, region, opened.profile)
            return opened.clients[key]

    def renewed(self, refused: Opened) -> Opened:
        """Return the profile's credentials read anew, unless that was done meanwhile.

        Raises:
            CredentialsFailed: it gives none any more.
        """
        with self._lock:
            if self._opened.get(refused.profile) is refused:
                self._drop(refused)
        return self.open(refused.profile)

    def close(self) -> None:
        """Close every connection; the sessions are made anew when they are needed again."""
        with self._lock:
            for opened in list(self._opened.values()):
                self._drop(opened)

    def _current(self, profile: str) -> Opened:
        """Return the profile's session, made anew when the user's AWS files have changed."""
        files = () if self._access else _stamps()
        opened = self._opened.get(profile)
        if opened and opened.files != files:
            self._drop(opened)
            opened = None
        if opened is None:
            try:
                core = _fixed() if self._access else _configured()
                session = _session(core, profile, self._access)
            except Exception as error:
                raise _opening_failed(error, profile) from error
            opened = self._opened[profile] = Opened(profile, session, core, files)
        return opened

    def _drop(self, opened: Opened) -> None:
        del self._opened[opened.profile]
        for client in opened.clients.values():
            client.close()

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


def _configured() -> CoreSession:
    from botocore.session import Session as CoreSession  # noqa: PLC0415 - not before the first call

    return CoreSession()


def _fixed() -> CoreSession:
    """Return a session that sees neither profiles nor configuration files."""
    from botocore.session import Session as CoreSession  # noqa: PLC0415 - not before the first call

    return CoreSession(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )


def _session(core: CoreSession, profile: str, access: FixedAccess | None) -> Session:
    from boto3.session import Session  # noqa: PLC0415 - not before the first call

    if access is None:
        return Session(profile_name=profile or None, botocore_session=core)
    return Session(
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        botocore_session=core,
    )


_ROLE = "assume-role"


def _asks_for_a_code(core: CoreSession) -> bool:
    """Tell whether a role's profile, or one that it builds on, wants an MFA code.

    The client library would ask for it on the terminal, and wait.
    """
    profiles = core.full_config.get("profiles", {})
    config, seen = core.get_scoped_config(), set()
    while config and "mfa_serial" not in config:
        source = config.get("source_profile", "")
        if source in seen:
            return False
        seen.add(source)
        config = profiles.get(source, {})
    return bool(config)


def _who(profile: str) -> str:
    return f"profile {profile!r}" if profile else "the default profile"


def _opening_failed(error: Exception, profile: str) -> Exception:
    explained = explain_opening(error, f"act as {_who(profile)}")
    if explained and type(error).__name__ == "ProfileNotFound":
        explained.hint = _what_profiles_there_are()
    return explained or error


def _what_profiles_there_are() -> str:
    names = _configured().available_profiles
    if not names:
        return "there is none: aws configure, or aws configure sso, makes one"
    listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"the profiles are {listed}"


def _stamps() -> _Stamps:
    """Return what tells one state of the user's AWS files from the next."""
    return tuple(
        _stamp(Path(os.environ.get(variable) or default).expanduser())
        for variable, default in (
            ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
            ("AWS_CONFIG_FILE", "~/.aws/config"),
        )
    )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
