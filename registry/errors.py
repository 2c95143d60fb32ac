"""Every failure that the registry can explain to its caller.

RegistryError
├── InvalidArgument      better arguments would have avoided it
├── NotFound             the named thing does not exist
├── Conflict             something else holds that name, or was faster
├── PreconditionFailed   the world is not in the state that the call needs
│   └── NotReady         it will be, by itself, after a while
├── NeedsConfirmation    somebody has to agree to a plan first
├── NotConfigured        a setting is missing (region, table, hub)
├── CredentialsFailed    AWS credentials are absent, broken or expired
│   └── NoCredentials    there are none anywhere
├── PermissionDenied     AWS refused; names the action and the resource
│   └── AccountNotAllowed   the account is not one that this server may write to
├── Throttled            AWS asked us to slow down
├── Unavailable          a service or a file system cannot be reached
├── DeadlineExceeded     the call ran out of time
├── CorruptRegistry      a stored file is not what it should be; it is left untouched
└── Cancelled            the caller withdrew the call

Anything else that escapes the core is a bug and is reported as `internal`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from schemas.base import Identity


class RegistryError(Exception):
    """Something the registry can tell its caller.

    Args:
        message: What happened, to which thing; never a value that may be secret.
        hint: What to do next.
        details: Further keys for the failed result, in the result's own spelling:
            `candidates`, `plan`, `digest`, `existing`, `wanted`, `action`, `resource`, `done`.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:  # noqa: ANN401 - JSON of any shape
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class InvalidArgument(RegistryError):
    """Better arguments would have avoided this failure."""

    code = "invalid_argument"


class TooLarge(InvalidArgument):
    """A record would be larger than its store takes."""


class NotFound(RegistryError):
    """The named deployment, group, version, component, table or object does not exist."""

    code = "not_found"


class Conflict(RegistryError):
    """Something else holds the name, or changed the record first."""

    code = "conflict"


class PreconditionFailed(RegistryError):
    """The world is not in the state that the call needs, such as an endpoint not InService."""

    code = "precondition_failed"


class NotReady(PreconditionFailed):
    """What the call needs is on its way there, such as an endpoint that is Updating."""

    retryable = True


class NeedsConfirmation(RegistryError):
    """The plan in the details has to be agreed to; its digest goes into `confirm`."""

    code = "needs_confirmation"


class NotConfigured(RegistryError):
    """A setting that the call needs has no value anywhere; the hint lists where it may be set."""

    code = "not_configured"


class CredentialsFailed(RegistryError):
    """AWS credentials are absent, incomplete, refused or expired."""

    code = "credentials"


class NoCredentials(CredentialsFailed):
    """No place that credentials may come from has any."""


class PermissionDenied(RegistryError):
    """AWS refused the caller; `action` and `resource` are in the details where AWS names them."""

    code = "permission_denied"


class AccountNotAllowed(PermissionDenied):
    """The account is not one that this server may write to; nothing was asked of it.

    Attributes:
        identity: Whose account it is.
    """

    def __init__(self, identity: Identity, *, hint: str) -> None:
        account = identity.account
        super().__init__(
            f"account {account} is not one that this server may write to",
            hint=hint,
            action="write",
            resource=account,
        )
        self.identity = identity


class Throttled(RegistryError):
    """AWS asked us to slow down, and bounded retries did not help."""

    code = "throttled"
    retryable = True


class Unavailable(RegistryError):
    """A service or a file system cannot be reached or used just now."""

    code = "unavailable"
    retryable = True


class DeadlineExceeded(RegistryError):
    """The call ran out of time; a write that was under way is named as unknown."""

    code = "timeout"
    retryable = True


class CorruptRegistry(RegistryError):
    """A stored file does not parse or has a foreign shape; it was left as it is."""

    code = "corrupt_registry"


class Cancelled(RegistryError):
    """The caller withdrew the call before it was done."""

    code = "cancelled"


def explain(error: RegistryError) -> str:
    """Return an error as one sentence for a `warning`: what happened and what to do."""
    return f"{error.message} ({error.hint})" if error.hint else error.message
