"""How a call is read from HTTP and an answer written to it: JSON 1.1 and the query protocol."""

import base64
import json
import re
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from sandbox.documents import Document

JSON_CONTENT = "application/x-amz-json-1.1"
XML_CONTENT = "text/xml"
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_TARGETS = {"SageMaker": "sagemaker", "AmazonEC2ContainerRegistry_V20150921": "ecr"}
_CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9.-]+)/"
)


class Refusal(Exception):
    """An error that a service answers with: its code, its message and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> Refusal:
    """Return the refusal that most SageMaker operations use for whatever is wrong."""
    return Refusal("ValidationException", message)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to one service, before anything about it was checked."""

    service: str
    operation: str
    access_key: str
    region: str
    request: Document
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP. ``lost`` means: hang up instead of sending it."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


def parse(headers: Mapping[str, str], body: bytes) -> Call:
    """Read a call: the service from its target, the account and region from its signature.

    Raises:
        Refusal: nobody signed it, or it is for no service of the sandbox.
    """
    text = body.decode("utf-8", "replace")
    target = headers.get("X-Amz-Target", "")
    prefix, _, operation = target.partition(".")
    service = _TARGETS.get(prefix, "")
    form = {} if target else dict(urllib.parse.parse_qsl(text))
    if "Action" in form and form.get("Version") == "2011-06-15":
        service, operation = "sts", form["Action"]
    if not service:
        wanted = target or form.get("Action") or "this call"
        raise Refusal("UnknownOperationException", f"the sandbox has no operation {wanted}")
    signed = _CREDENTIAL.search(headers.get("Authorization", ""))
    if signed is None:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    return Call(
        service=service,
        operation=operation,
        access_key=signed["key"],
        region=signed["region"],
        request=_form_members(form) if service == "sts" else _json_members(text),
        body=text,
    )


def service_of(headers: Mapping[str, str]) -> str:
    """Return the service that a call which cannot be parsed was probably for."""
    prefix = headers.get("X-Amz-Target", "").partition(".")[0]
    return _TARGETS.get(prefix, "sts" if not prefix else "")


def _json_members(text: str) -> Document:
    try:
        members = json.loads(text or "{}")
    except ValueError as error:
        raise Refusal("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise Refusal("SerializationException", "the body is not a JSON object")
    return members


def _form_members(form: dict[str, str]) -> Document:
    return {name: value for name, value in form.items() if name not in {"Action", "Version"}}


def answered(service: str, operation: str, result: Document) -> Answer:
    """Return a successful answer in the service's protocol."""
    request_id = str(uuid.uuid4())
    if service == "sts":
        inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in result.items())
        xml = (
            f'<{operation}Response xmlns="{STS_NAMESPACE}"><{operation}Result>{inner}'
            f"</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId>"
            f"</ResponseMetadata></{operation}Response>"
        )
        return Answer(200, XML_CONTENT, xml.encode(), {"x-amzn-RequestId": request_id})
    body = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(200, JSON_CONTENT, body, {"x-amzn-RequestId": request_id})


def refused(service: str, refusal: Refusal) -> Answer:
    """Return an error in the service's protocol, with the code that this service uses for it."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if service == "sts":
        code, status = _STS_CODES.get(refusal.code, (refusal.code, refusal.status))
        kind = "Sender" if status < 500 else "Receiver"
        xml = (
            f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>{kind}</Type><Code>{code}</Code>'
            f"<Message>{escape(refusal.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(status, XML_CONTENT, xml.encode(), headers)
    body = json.dumps({"__type": refusal.code, "message": refusal.message}, ensure_ascii=False)
    return Answer(refusal.status, JSON_CONTENT, body.encode(), headers)


# STS says some things in other words than the JSON services.
_STS_CODES = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "ThrottlingException": ("Throttling", 400),
    "UnknownOperationException": ("InvalidAction", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
}


def page_token(operation: str, request: Document, position: int) -> str:
    """Return a token for the page that starts at ``position`` of the same question."""
    return base64.urlsafe_b64encode(
        json.dumps([operation, _question(request), position]).encode()
    ).decode()


def page_position(operation: str, request: Document) -> int:
    """Return where the wanted page starts; a token of another question is refused."""
    token = request.get("NextToken")
    if not token:
        return 0
    try:
        named, question, position = json.loads(base64.urlsafe_b64decode(str(token)))
    except ValueError as error:
        raise invalid("Invalid NextToken") from error
    if (named, question) != (operation, _question(request)) or not isinstance(position, int):
        raise invalid("Invalid NextToken: it belongs to another request")
    return position


def _question(request: Document) -> int:
    # A page may be of another size than the one before it; the rest has to stay.
    asked = {name: value for name, value in request.items() if name not in _PAGE_MEMBERS}
    return uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(asked, sort_keys=True)).int % (1 << 52)


_PAGE_MEMBERS = frozenset({"NextToken", "MaxResults", "nextToken", "maxResults"})
