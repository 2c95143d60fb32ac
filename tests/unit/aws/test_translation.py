import inspect
import json
import subprocess
import sys

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from registry import errors
from registry.aws.translation import (
    ConditionFailed,
    StaleCredentials,
    explain,
    explain_opening,
    plain,
    translated,
)

OURS_IF_RAISED = {
    "AliasConflictParameterError",
    "ApiVersionNotFoundError",
    "AwsChunkedWrapperError",
    "BotoCoreError",
    "ClientError",
    "DataNotFoundError",
    "EventStreamError",
    "InvalidChecksumConfigError",
    "InvalidDNSNameError",
    "InvalidDefaultsMode",
    "InvalidEndpointDiscoveryConfigurationError",
    "InvalidExpressionError",
    "InvalidHostLabelError",
    "InvalidIMDSEndpointError",
    "InvalidIMDSEndpointModeError",
    "InvalidS3AddressingStyleError",
    "InvalidS3UsEast1RegionalEndpointConfigError",
    "InvalidSTSRegionalEndpointsConfigError",
    "MD5UnavailableError",
    "MissingParametersError",
    "MissingServiceIdError",
    "OperationNotPageableError",
    "PaginationError",
    "RangeError",
    "StubAssertionError",
    "StubResponseError",
    "UnStubbedResponseError",
    "UndefinedModelAttributeError",
    "UnknownClientMethodError",
    "UnknownKeyError",
    "UnknownParameterError",
    "UnknownServiceError",
    "UnknownServiceStyle",
    "UnknownSignatureVersionError",
    "UnknownTokenProviderError",
    "UnseekableStreamError",
    "UnsupportedOutpostResourceError",
    "UnsupportedS3AccesspointConfigurationError",
    "UnsupportedS3ArnError",
    "UnsupportedS3ConfigurationError",
    "UnsupportedS3ControlArnError",
    "UnsupportedS3ControlConfigurationError",
    "UnsupportedServiceProtocolsError",
    "UnsupportedSignatureVersionError",
    "ValidationError",
    "WaiterConfigError",
    "WaiterError",
}
"""Exceptions that say that we use the client wrongly: bugs, which are reported as such."""


def _refused(code: str, message: str = "", status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "r",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "Operation",
    )


def _client_exceptions() -> list[type[Exception]]:
    return [
        found
        for _, found in inspect.getmembers(botocore.exceptions, inspect.isclass)
        if issubclass(found, Exception)
        and not issubclass(found, Warning)
        and found.__module__ == "botocore.exceptions"
    ]


@pytest.mark.parametrize("kind", _client_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_client_is_explained_or_known_to_be_a_bug(
    kind: type[Exception],
) -> None:
    raised = kind.__new__(kind)

    explained = explain(raised, "do something")

    assert (explained is None) == (kind.__name__ in OURS_IF_RAISED)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("ValidationException", "ModelPackageGroup arn:x does not exist.", errors.NotFound),
        ("ValidationException", "Model Package Group already exists: arn:x", errors.Conflict),
        ("ValidationException", 'Could not find endpoint "arn:x".', errors.NotFound),
        ("ValidationException", "Could not find inference component", errors.NotFound),
        ("ValidationException", "Cannot create already existing component", errors.Conflict),
        ("ValidationException", "Unknown property name: A.b", errors.InvalidArgument),
        ("ValidationException", "1 validation error detected: x", errors.InvalidArgument),
        ("ValidationException", "Item size has exceeded the maximum", errors.TooLarge),
        (
            "ValidationException",
            "The provided key element does not match the schema",
            errors.PreconditionFailed,
        ),
        (
            "ValidationException",
            "The table does not have the specified index: x",
            errors.PreconditionFailed,
        ),
        ("ConflictException", "", errors.Conflict),
        ("OperationAborted", "", errors.Conflict),
        ("ResourceNotFound", "", errors.NotFound),
        ("ResourceNotFoundException", "", errors.NotFound),
        ("ResourceInUse", "", errors.Conflict),
        ("ResourceLimitExceeded", "ml.g5.xlarge for endpoint usage", errors.PreconditionFailed),
        ("ThrottlingException", "Rate exceeded", errors.Throttled),
        ("ProvisionedThroughputExceededException", "", errors.Throttled),
        ("AccessDenied", "", errors.PermissionDenied),
        ("403", "", errors.PermissionDenied),
        ("404", "", errors.NotFound),
        ("400", "Bad Request", StaleCredentials),
        ("NoSuchBucket", "", errors.NotFound),
        ("ExpiredTokenException", "", StaleCredentials),
        ("ExpiredToken", "", StaleCredentials),
        ("UnrecognizedClientException", "", StaleCredentials),
        ("InvalidSignatureException", "Signature expired: x", errors.CredentialsFailed),
        ("RequestTimeTooSkewed", "", errors.CredentialsFailed),
        ("ConditionalCheckFailedException", "", ConditionFailed),
        ("RepositoryNotFoundException", "", errors.NotFound),
        ("UnknownOperationException", "", errors.Unavailable),
        ("SomethingNew", "said so", errors.PreconditionFailed),
    ],
)
def test_a_services_refusal_is_said_as_what_it_means(
    code: str, message: str, kind: type[errors.RegistryError]
) -> None:
    explained = explain(_refused(code, message), "do something")

    assert type(explained) is kind
    assert explained.message.startswith("cannot do something: ")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_service_is_unavailable_and_may_be_asked_again(status: int) -> None:
    explained = explain(_refused("Weird", status=status), "do something")

    assert isinstance(explained, errors.Unavailable)
    assert explained.retryable


def test_a_wrong_clock_is_told_apart_from_a_wrong_key() -> None:
    skewed = explain(_refused("SignatureDoesNotMatch", "Signature expired: x"), "x")
    wrong = explain(_refused("SignatureDoesNotMatch", "The signature does not match"), "x")

    assert skewed is not None
    assert wrong is not None
    assert "clock" in skewed.hint
    assert "clock" not in wrong.hint


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "quoted, as S3 does"])
def test_a_refused_permission_names_action_and_resource(quote: str) -> None:
    resource = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/tv"
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/r/me is not authorized to perform: "
        f"sagemaker:DescribeEndpoint on resource: {quote}{resource}{quote} "
        "because no policy allows it"
    )

    explained = explain(_refused("AccessDeniedException", message), "x", action="a:B", resource="c")

    assert explained is not None
    assert explained.details == {"action": "sagemaker:DescribeEndpoint", "resource": resource}
    assert "assumed-role" not in explained.message


def test_a_refusal_without_text_is_named_by_what_was_asked() -> None:
    explained = explain(_refused("403"), "x", action="s3:GetObject", resource="arn:aws:s3:::b/k")

    assert explained is not None
    assert explained.details == {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}


def test_echoed_values_are_left_out_of_messages() -> None:
    secret = "hf_abcdefgh\n'quoted'"
    message = (
        f"2 validation errors detected: Value '{secret}' at 'modelPackageGroupName' failed to "
        f"satisfy constraint: Member must satisfy x; Value '{secret}' at 'other' failed"
    )

    text = plain(message)

    assert "hf_" not in text
    assert "quoted" not in text
    assert "modelPackageGroupName" in text
    assert "\n" not in text


def test_a_value_that_the_client_refuses_is_left_out() -> None:
    error = botocore.exceptions.ParamValidationError(
        report="Invalid type for parameter X, value: {'HF_TOKEN': 'hf_abc'}, type: <class 'dict'>"
    )

    explained = explain(error, "x")

    assert isinstance(explained, errors.InvalidArgument)
    assert "hf_abc" not in explained.message


def test_a_long_message_is_cut() -> None:
    assert len(plain("word " * 1000)) == 400


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), translated("do something"):
        _ = 1 / 0


def test_an_error_of_our_own_passes_unchanged() -> None:
    with pytest.raises(errors.NotFound, match=r"^mine$"), translated("do something"):
        raise errors.NotFound("mine")


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (FileNotFoundError("token"), errors.CredentialsFailed),
        (json.JSONDecodeError("x", "y", 0), errors.CredentialsFailed),
        (ValueError("Invalid endpoint: x"), errors.NotConfigured),
        (botocore.exceptions.NoCredentialsError(), errors.CredentialsFailed),
        (ZeroDivisionError(), type(None)),
    ],
)
def test_what_goes_wrong_while_opening_is_explained(raised: Exception, kind: type) -> None:
    assert type(explain_opening(raised, "act")) is kind


def test_nothing_of_aws_is_imported_before_it_is_needed() -> None:
    """Design, rule 4: nothing of AWS is imported before the first call that needs it."""
    program = (
        "import sys, registry.aws.directory, registry.adapters, registry.ci.untested, "
        "registry.rollout.deploy, registry.rollout.status\n"
        "registry.aws.directory.BotoDirectory()\n"
        "print([m for m in sys.modules if m.split('.')[0] in {'boto3', 'botocore'}])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
