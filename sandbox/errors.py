"""Errors in each service's own form: the code, the status and the body that its clients read.

The sandbox names errors as SageMaker does; this is where the other services' words come in.
"""

import json
import re
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from sandbox.protocol import CONTENT_TYPES, STS_NAMESPACE, Answer, Refusal

# Per service, how it says what SageMaker calls otherwise: its code, the HTTP status, and its
# sentence where it differs.
_WORDS: Mapping[str, Mapping[str, tuple[str, int, str]]] = {
    "sts": {
        "AccessDeniedException": ("AccessDenied", 403, ""),
        "ExpiredTokenException": ("ExpiredToken", 403, ""),
        "InvalidSignatureException": ("SignatureDoesNotMatch", 403, ""),
        "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403, ""),
        "ThrottlingException": ("Throttling", 400, ""),
        "UnknownOperationException": ("InvalidAction", 400, ""),
        "UnrecognizedClientException": ("InvalidClientTokenId", 403, ""),
    },
    "ecr": {
        "InternalFailure": ("ServerException", 500, ""),
        "ResourceLimitExceeded": ("LimitExceededException", 400, ""),
    },
    "dynamodb": {
        "ConflictException": ("TransactionConflictException", 400, ""),
        "ResourceLimitExceeded": ("LimitExceededException", 400, ""),
        "InternalFailure": ("InternalServerError", 500, "Internal server error"),
        "ThrottlingException": (
            "ThrottlingException",
            400,
            "Throughput exceeds the current capacity of your table or index.",
        ),
    },
    "s3": {
        "AccessDeniedException": ("AccessDenied", 403, ""),
        "ConflictException": (
            "OperationAborted",
            409,
            "A conflicting conditional operation is currently in progress against this resource.",
        ),
        "ExpiredTokenException": ("ExpiredToken", 400, "The provided token has expired."),
        "InvalidSignatureException": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        "ResourceLimitExceeded": (
            "TooManyBuckets",
            400,
            "You have attempted to create more buckets than allowed.",
        ),
        "InternalFailure": (
            "InternalError",
            500,
            "We encountered an internal error. Please try again.",
        ),
        "MissingAuthenticationTokenException": ("AccessDenied", 403, "Access Denied"),
        "ThrottlingException": ("SlowDown", 503, "Please reduce your request rate."),
        "ServiceUnavailable": ("ServiceUnavailable", 503, "Service is unable to handle request."),
        "UnrecognizedClientException": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    },
}
_XML_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_JSON_TYPES = "com.amazon.coral.service#"


def in_words_of(service: str, refusal: Refusal) -> Refusal:
    """Return the refusal as this service says it."""
    code, status, message = _WORDS.get(service, {}).get(
        refusal.code, (refusal.code, refusal.status, "")
    )
    return Refusal(code, message or refusal.message, status)


def refused(service: str, refusal: Refusal) -> Answer:
    """Return an error in the service's words and protocol."""
    said = in_words_of(service, refusal)
    request_id = str(uuid.uuid4())
    write = _WRITERS.get(service, _json)
    body = write(service, said, request_id).encode()
    kind = CONTENT_TYPES.get(service, CONTENT_TYPES["sagemaker"])
    return Answer(said.status, kind, body, {"x-amzn-RequestId": request_id})


def code_of(answer: Answer) -> str:
    """Return the error code in an answer's body, or "" when there is none."""
    if answer.status < 400:
        return ""
    if found := _XML_CODE.search(answer.body):
        return found[1].decode("utf-8", "replace")
    try:
        kind = json.loads(answer.body or b"{}").get("__type", "")
    except ValueError:
        kind = ""  # neither of the two forms: the status has to do
    return str(kind).rpartition("#")[2] or str(answer.status)


def _json(service: str, said: Refusal, _request_id: str) -> str:
    kind = _JSON_TYPES if service == "dynamodb" else ""
    return json.dumps({"__type": f"{kind}{said.code}", "message": said.message}, ensure_ascii=False)


def _sts(_service: str, said: Refusal, request_id: str) -> str:
    kind = "Sender" if said.status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>{kind}</Type><Code>{said.code}</Code>'
        f"<Message>{escape(said.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _s3(_service: str, said: Refusal, request_id: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{said.code}</Code>'
        f"<Message>{escape(said.message)}</Message>"
        f"<RequestId>{request_id}</RequestId><HostId>sandbox</HostId></Error>"
    )


_WRITERS = {"sts": _sts, "s3": _s3}
