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

CONTENT_TYPES = {
    "sagemaker": "application/x-amz-json-1.1",
    "ecr": "application/x-amz-json-1.1",
    "dynamodb": "application/x-amz-json-1.0",
    "sts": "text/xml",
    "s3": "application/xml",
}
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
    """One call to one service, before anything about it was checked.

    ``body`` is the text that a fault's ``match`` is looked for in.
    """

    service: str
    operation: str
    access_key: str
    region: str
    request: Document
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP, after ``delay_s`` seconds.

    ``lost`` means: hang up instead of sending it; ``reset``: drop the connection at once.
    """

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    reset: bool = False
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Signature:
    """Whose key signed a call, and for which region and service."""

    access_key: str
    region: str
    service: str


def signature(headers: Mapping[str, str]) -> Signature:
    """Read a call's credential scope, or refuse a call that nobody signed."""
    signed = _CREDENTIAL.search(headers.get("Authorization", ""))
    if signed is None:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    return Signature(signed["key"], signed["region"], signed["service"])


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
    signed = signature(headers)
    return Call(
        service=service,
        operation=operation,
        access_key=signed.access_key,
        region=signed.region,
        request=_form_members(form) if service == "sts" else json_members(text),
        body=text,
    )


def service_of(headers: Mapping[str, str]) -> str:
    """Return the service that a call which cannot be parsed was probably for."""
    prefix = headers.get("X-Amz-Target", "").partition(".")[0]
    return _TARGETS.get(prefix, "sts" if not prefix else "")


def json_members(text: str) -> Document:
    """Return the members of a JSON body, or refuse what is none."""
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
        body = xml.encode()
    else:
        body = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(200, CONTENT_TYPES[service], body, {"x-amzn-RequestId": request_id})


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
