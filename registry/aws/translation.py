"""What AWS and its client library raise, said as `registry.errors`.

One table for errors that the client raises before or instead of an answer, one for the answers
of services. SageMaker's older operations say "not found" and "exists already" as a
ValidationException, so fragments of the message decide there.

Source: AWS error codes; the botocore exceptions; wordings that public clients match on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from registry.errors import (
    Conflict,
    CredentialsFailed,
    InvalidArgument,
    NotConfigured,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RegistryError,
    Throttled,
    TooLarge,
    Unavailable,
)
from registry.redaction import redact_text

_TEXT_LIMIT = 400


class StaleCredentials(CredentialsFailed):
    """Credentials that were refused as expired or unknown: new ones may be there to be read."""


class EmptyRange(PreconditionFailed):
    """An object holds nothing in the range that was asked for."""


class ConditionFailed(Conflict):
    """DynamoDB refused a conditional write; `item` in the details is what stood there."""


@dataclass(frozen=True, slots=True)
class _Raised:
    """What one exception class of the client library, or of Python below it, means."""

    kind: type[RegistryError]
    reason: str
    hint: str = ""


_SIGN_IN = "sign in again (aws sso login, or aws login), then repeat the call"
_FIND_KEYS = (
    "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where the server runs; "
    "off EC2, AWS_EC2_METADATA_DISABLED=true skips a slow probe"
)
_MEND_FILES = (
    "mend ~/.aws/config and ~/.aws/credentials, or what AWS_CONFIG_FILE and "
    "AWS_SHARED_CREDENTIALS_FILE name"
)
_REACH = "check network, proxy, region name and AWS_ENDPOINT_URL where the server runs"

_BY_CLASS: dict[str, _Raised] = {
    "NoCredentialsError": _Raised(
        CredentialsFailed,
        "no AWS credentials were found in the environment, profiles or instance metadata",
        _FIND_KEYS,
    ),
    "PartialCredentialsError": _Raised(
        CredentialsFailed, "the AWS credentials are incomplete", _FIND_KEYS
    ),
    "ProfileNotFound": _Raised(CredentialsFailed, "there is no such AWS profile"),
    "ConfigParseError": _Raised(
        CredentialsFailed, "the AWS configuration file does not parse", _MEND_FILES
    ),
    "ConfigNotFound": _Raised(
        CredentialsFailed, "an AWS configuration file is missing", _MEND_FILES
    ),
    "InvalidConfigError": _Raised(
        CredentialsFailed,
        "the AWS profile's configuration is not usable",
        "check source_profile and credential_source",
    ),
    "SSOError": _Raised(StaleCredentials, "the AWS sign-in session is not usable", _SIGN_IN),
    "LoginError": _Raised(StaleCredentials, "the AWS sign-in session is not usable", _SIGN_IN),
    "NoAuthTokenError": _Raised(StaleCredentials, "no AWS sign-in token was found", _SIGN_IN),
    "TokenRetrievalError": _Raised(
        StaleCredentials, "no AWS sign-in token was to be had", _SIGN_IN
    ),
    "CredentialRetrievalError": _Raised(
        CredentialsFailed,
        "the profile's credential process or provider failed",
        "run the profile's credential_process by hand to see why",
    ),
    "MetadataRetrievalError": _Raised(
        CredentialsFailed, "the instance or container gave no credentials", _FIND_KEYS
    ),
    "UnknownCredentialError": _Raised(
        CredentialsFailed, "the profile names an unknown credential source", "check the profile"
    ),
    "RefreshWithMFAUnsupportedError": _Raised(
        CredentialsFailed,
        "the profile asks for an MFA code, which a server cannot enter",
        "use a profile with session credentials",
    ),
    "NoRegionError": _Raised(
        NotConfigured, "no AWS region is known", "pass region, or set AWS_REGION or --region"
    ),
    "InvalidRegionError": _Raised(
        InvalidArgument, "the region is not a valid region name", "a region is named like us-east-1"
    ),
    "BaseEndpointResolverError": _Raised(
        InvalidArgument, "the service has no endpoint in this region", "check region"
    ),
    "ServiceNotInRegionError": _Raised(
        InvalidArgument, "the service has no endpoint in this region", "check region"
    ),
    "UnknownRegionError": _Raised(InvalidArgument, "there is no such region", "check region"),
    "EndpointProviderError": _Raised(
        InvalidArgument, "the service has no endpoint in this region", "check region"
    ),
    "ProxyConnectionError": _Raised(Unavailable, "the proxy cannot be reached", _REACH),
    "SSLError": _Raised(Unavailable, "the TLS connection failed", "check AWS_CA_BUNDLE and clock"),
    "ConnectTimeoutError": _Raised(Unavailable, "connecting took too long", _REACH),
    "ReadTimeoutError": _Raised(Unavailable, "the service did not answer in time", _REACH),
    "EndpointConnectionError": _Raised(Unavailable, "the service cannot be reached", _REACH),
    "ConnectionError": _Raised(Unavailable, "the service cannot be reached", _REACH),
    "HTTPClientError": _Raised(Unavailable, "the connection to the service broke", _REACH),
    "IncompleteReadError": _Raised(Unavailable, "the answer broke off"),
    "ChecksumError": _Raised(Unavailable, "the answer was damaged on its way"),
    "FlexibleChecksumError": _Raised(Unavailable, "the answer was damaged on its way"),
    "CapacityNotAvailableError": _Raised(Throttled, "too many retries were needed lately"),
    "ParamValidationError": _Raised(InvalidArgument, "the request is not well formed"),
    "InvalidEndpointConfigurationError": _Raised(
        NotConfigured, "the configured AWS endpoint is not usable", "check AWS_ENDPOINT_URL"
    ),
    "InvalidRetryConfigurationError": _Raised(
        NotConfigured, "the AWS retry configuration is not usable", "check AWS_MAX_ATTEMPTS"
    ),
    "InvalidProxiesConfigError": _Raised(NotConfigured, "the proxy settings are not usable"),
    "MissingDependencyException": _Raised(
        CredentialsFailed, "the profile needs a package that is not installed (botocore[crt])"
    ),
}
"""By class name, so that nothing has to be imported; the nearest class in the MRO decides."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What an error code means, where the message holds the fragment (any case)."""

    codes: tuple[str, ...]
    kind: type[RegistryError]
    reason: str
    hint: str = ""
    fragment: str = ""
    quote: bool = False


_CLOCK = "set the clock of the machine that the server runs on"
_REFUSALS: tuple[_Refusal, ...] = (
    _Refusal(
        ("ExpiredTokenException", "ExpiredToken", "RequestExpired"),
        StaleCredentials,
        "the AWS session has expired",
        _SIGN_IN,
    ),
    _Refusal(
        # An answer to HEAD has no text. Another region's bucket is found by the client itself.
        ("400",),
        StaleCredentials,
        "S3 refused the request without a reason, as it does when the session has expired",
        _SIGN_IN,
    ),
    _Refusal(
        ("UnrecognizedClientException", "InvalidAccessKeyId", "InvalidClientTokenId"),
        StaleCredentials,
        "AWS does not know these credentials",
        "check the profile and its keys",
    ),
    _Refusal(
        ("InvalidSignatureException", "SignatureDoesNotMatch"),
        CredentialsFailed,
        "AWS refused the signature because of its time",
        _CLOCK,
        fragment="expired",
    ),
    _Refusal(
        ("RequestTimeTooSkewed",),
        CredentialsFailed,
        "AWS refused the signature because of its time",
        _CLOCK,
    ),
    _Refusal(
        (
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingAuthenticationToken",
            "InvalidToken",
        ),
        CredentialsFailed,
        "AWS refused the signature",
        "check the secret key",
    ),
    _Refusal(
        ("AccessDeniedException", "AccessDenied", "403", "UnauthorizedOperation", "Forbidden"),
        PermissionDenied,
        "AWS refused permission",
    ),
    _Refusal(("OptInRequired",), PermissionDenied, "the account is not signed up for this service"),
    _Refusal(
        (
            "ThrottlingException",
            "Throttling",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "SlowDown",
        ),
        Throttled,
        "AWS asked to slow down",
        "wait a little, then repeat the call",
    ),
    _Refusal(("ConditionalCheckFailedException",), ConditionFailed, "the record has changed"),
    _Refusal(
        ("TransactionConflictException", "ConflictException", "OperationAborted"),
        Conflict,
        "somebody else is changing it just now",
        "repeat the call",
    ),
    _Refusal(
        ("ResourceInUse", "ResourceInUseException"), Conflict, "it is in use or exists already"
    ),
    _Refusal(
        ("ResourceLimitExceeded", "LimitExceededException"),
        PreconditionFailed,
        "a quota of the account is used up",
        quote=True,
    ),
    _Refusal(
        (
            "ResourceNotFound",
            "ResourceNotFoundException",
            "NoSuchKey",
            "NoSuchBucket",
            "404",
            "RepositoryNotFoundException",
            "ImageNotFoundException",
        ),
        NotFound,
        "it does not exist",
    ),
    _Refusal(("InvalidRange", "416"), EmptyRange, "the object holds nothing there"),
    _Refusal(
        ("PermanentRedirect", "301", "AuthorizationHeaderMalformed"),
        PreconditionFailed,
        "the bucket is in another region",
    ),
    _Refusal(
        ("ValidationException", "ResourceAlreadyExists"),
        Conflict,
        "that name exists already",
        fragment="already exist",
    ),
    _Refusal(
        ("ValidationException",),
        NotFound,
        "it does not exist",
        fragment="could not find",
    ),
    _Refusal(("ValidationException",), NotFound, "it does not exist", fragment="does not exist"),
    _Refusal(("ValidationException",), NotFound, "it does not exist", fragment="not found"),
    _Refusal(
        ("ValidationException",),
        TooLarge,
        "the item is larger than DynamoDB stores (400 KB)",
        fragment="item size",
    ),
    _Refusal(
        ("ValidationException",),
        PreconditionFailed,
        "the table's key is not the expected one",
        fragment="does not match the schema",
    ),
    _Refusal(
        ("ValidationException",),
        PreconditionFailed,
        "the table's key is not the expected one",
        fragment="missing the key",
    ),
    _Refusal(
        ("ValidationException",),
        PreconditionFailed,
        "the table does not have the expected index",
        fragment="specified index",
    ),
    _Refusal(
        (
            "ValidationException",
            "InvalidParameterException",
            "SerializationException",
            "InvalidParameterValue",
        ),
        InvalidArgument,
        "AWS refused the request",
        quote=True,
    ),
    _Refusal(
        ("UnknownOperationException",),
        Unavailable,
        "the endpoint does not know this operation",
        "check AWS_ENDPOINT_URL",
    ),
)

_NOT_AUTHORIZED = re.compile(
    r"not authorized to perform:?\s+(?P<action>[a-z0-9-]+:[A-Za-z0-9*]+)"
    # S3 puts the resource in quotes.
    r'(?:\s+on resource:?\s+"?(?P<resource>[^\s"]+))?'
)
_ECHOED = (
    (re.compile(r"[Vv]alue '.*?'( at|;|$)", re.DOTALL), r"a value\1"),
    (re.compile(r"value: .*?(, (?:type|valid)|$)", re.DOTALL), r"value left out\1"),
)


@contextmanager
def translated(doing: str, *, action: str = "", resource: str = "") -> Iterator[None]:
    """Raise what AWS or its client library raises as a registry error; a bug stays a bug.

    Args:
        doing: What was tried, such as "describe endpoint 'tv'"; it begins the message.
        action: IAM action behind it, for refusals that do not name theirs.
        resource: ARN or name that the action is on, likewise.
    """
    try:
        yield
    except RegistryError:
        raise
    except Exception as error:
        explained = explain(error, doing, action=action, resource=resource)
        if explained is None:
            raise
        raise explained from error


def explain(
    error: Exception, doing: str, *, action: str = "", resource: str = ""
) -> RegistryError | None:
    """Return the registry error that says what happened, None when it is nobody's but a bug."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _explain_answer(response, doing, action=action, resource=resource)
    for cls in type(error).__mro__:
        raised = _BY_CLASS.get(cls.__name__) if _is_client_side(cls) else None
        if raised:
            return raised.kind(_sentence(doing, raised.reason, _detail(error)), hint=raised.hint)
    return _explain_plain(error, doing) if _is_of_credentials(error) else None


def explain_opening(error: Exception, doing: str) -> RegistryError | None:
    """Return what went wrong while credentials or a client were being made.

    There, plain Python errors come through: no web identity token file, a credential process
    that printed no JSON, an endpoint without a scheme.
    """
    return explain(error, doing) or _explain_plain(error, doing)


def _explain_plain(error: Exception, doing: str) -> RegistryError | None:
    if isinstance(error, OSError):
        return CredentialsFailed(
            _sentence(doing, "a file that the AWS profile names cannot be read"),
            hint="check web_identity_token_file and credential_process",
        )
    if type(error).__name__ == "JSONDecodeError":
        return CredentialsFailed(
            _sentence(doing, "the profile's credential process printed no JSON"),
            hint="run it by hand to see what it prints",
        )
    if isinstance(error, ValueError):
        return NotConfigured(
            _sentence(doing, "an endpoint or region is not well formed"),
            hint="AWS_ENDPOINT_URL needs http:// or https://",
        )
    return None


def plain(text: str) -> str:
    """Return a service's message as one line of bounded length, echoed values left out."""
    for pattern, instead in _ECHOED:
        text = pattern.sub(instead, text)
    line = " ".join(redact_text(text).split())
    return line if len(line) <= _TEXT_LIMIT else f"{line[: _TEXT_LIMIT - 1]}…"


def _is_client_side(cls: type) -> bool:
    return cls.__module__.startswith(("botocore", "boto3"))


def _is_of_credentials(error: Exception) -> bool:
    """Tell whether an error comes from reading credentials, which a call may have to do first."""
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_globals.get("__name__") == "botocore.credentials":
            return True
        at = at.tb_next
    return False


def _sentence(doing: str, reason: str, detail: str = "") -> str:
    return f"cannot {doing}: {reason}" + (f" ({detail})" if detail else "")


def _detail(error: Exception) -> str:
    return plain(str(error))


def _explain_answer(
    response: dict[str, Any], doing: str, *, action: str, resource: str
) -> RegistryError:
    code = str(response["Error"].get("Code", ""))
    message = str(response["Error"].get("Message", ""))
    refusal = _refusal(code, message)
    if refusal is None:
        return _explain_unknown(response, doing, code, message)
    if refusal.kind is PermissionDenied:
        return _denied(doing, message, action=action, resource=resource)
    details = {"item": response.get("Item", {})} if refusal.kind is ConditionFailed else {}
    detail = plain(message) if refusal.quote else ""
    return refusal.kind(_sentence(doing, refusal.reason, detail), hint=refusal.hint, **details)


def _refusal(code: str, message: str) -> _Refusal | None:
    lowered = message.lower()
    for refusal in _REFUSALS:
        if code in refusal.codes and refusal.fragment in lowered:
            return refusal
    return None


def _denied(doing: str, message: str, *, action: str, resource: str) -> PermissionDenied:
    named = _NOT_AUTHORIZED.search(message)
    action = (named and named["action"]) or action
    resource = ((named and named["resource"]) or resource).rstrip(".,;")
    what = f"{action} on {resource}" if action and resource else action or "the call"
    return PermissionDenied(
        _sentence(doing, f"AWS does not allow {what}"),
        hint=f"ask for permission to {action}" if action else "ask for the missing permission",
        action=action,
        resource=resource,
    )


def _explain_unknown(
    response: dict[str, Any], doing: str, code: str, message: str
) -> RegistryError:
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    detail = plain(f"{code}: {message}" if message else code)
    if status >= 500 or code in {"InternalFailure", "ServiceUnavailable", "InternalServerError"}:
        return Unavailable(_sentence(doing, "the service failed", detail), hint="repeat the call")
    return PreconditionFailed(_sentence(doing, "AWS refused the request", detail))
