"""A pass-through before the engine: faults, permissions and the log for S3 and DynamoDB.

It listens only while it is open; whoever is led to the engine itself never meets it. It may stand
before another engine for DynamoDB, for the tables of every account.
"""

import http.client
import threading
from collections.abc import Callable, Mapping

from sandbox.context import Context
from sandbox.dispatch import Dispatcher
from sandbox.errors import code_of, refused
from sandbox.iam import object_listing
from sandbox.listener import HOST, HttpRequest, Listener
from sandbox.permissions import denied
from sandbox.protocol import Answer, Call, Refusal, json_members, signature
from sandbox.s3_calls import read_s3_call

_ENGINE_TIMEOUT_S = 60.0
_TARGET = "DynamoDB_20120810."
# They are about one connection, or written anew for the second one.
_OWN_HEADERS = frozenset(
    {"connection", "content-length", "date", "expect", "host", "keep-alive"}
    | {"server", "te", "trailer", "transfer-encoding", "upgrade"}
)
_READS_OF_ONE_OBJECT = frozenset({"GetObject", "HeadObject", "GetObjectAttributes"})


class Front:
    """Answers S3 and DynamoDB by asking the engine of the caller's account.

    Args:
        dispatcher: whose rules hold here too.
        engine_url: returns where an account's engine is.
    """

    def __init__(self, dispatcher: Dispatcher, engine_url: Callable[[str], str]) -> None:
        self._dispatcher = dispatcher
        self._gate = dispatcher.gate
        self._engine_url = engine_url
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._port = 0
        self._other_tables = ""

    @property
    def is_open(self) -> bool:
        """Whether clients can be led here now."""
        return self._listener is not None

    def open(self, other_tables: str = "") -> str:
        """Listen, on the port of last time, and return the address; open already: the same.

        Args:
            other_tables: address of another engine for DynamoDB, which is asked until the
                front is closed.
        """
        with self._lock:
            self._other_tables = other_tables or self._other_tables
            if self._listener is None:
                self._listener = Listener(self._answered, self._dispatcher.clock, port=self._port)
                self._port = self._listener.server_port
                self._listener.start()
            return self._listener.url

    def close(self) -> None:
        """Stop listening and hang up on whoever is connected."""
        with self._lock:
            if self._listener is not None:
                self._listener.stop()
                self._listener = None
            self._other_tables = ""

    def _answered(self, request: HttpRequest) -> Answer:
        is_table_call = _is_table_call(request)
        service = "dynamodb" if is_table_call else "s3"
        try:
            call = _table_call(request) if is_table_call else _s3_call(request)
        except Refusal as refusal:
            return refused(service, refusal)
        with self._dispatcher.lock:
            context = self._dispatcher.context(call.access_key, call.region)
            fault = self._gate.faults.take(call)
        if fault is not None and fault.kind == "reset":
            return self._gate.hung_up(context, call, fault)
        try:
            self._gate.check(context, call, fault)
            _refuse_other_owner(context, request)
            done = self._hidden(context, call, self._forwarded(context, request))
        except Refusal as refusal:
            done = refused(service, refusal)
        self._gate.note(context, call, done.status, code_of(done))
        return done if fault is None else fault.applied(done)

    def _forwarded(self, context: Context, request: HttpRequest) -> Answer:
        other = self._other_tables if _is_table_call(request) else ""
        address = (other or self._engine_url(context.account)).removeprefix("http://")
        engine = http.client.HTTPConnection(address, timeout=_ENGINE_TIMEOUT_S)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _OWN_HEADERS
        }
        try:
            engine.request(request.method, request.target, request.body, {"Host": HOST, **headers})
            response = engine.getresponse()
            return _answer_of(response.status, dict(response.getheaders()), response.read())
        finally:
            engine.close()

    def _hidden(self, context: Context, call: Call, answer: Answer) -> Answer:
        """Refuse to tell who may not list a bucket that one of its objects is missing.

        Source: S3 answers GetObject and HeadObject with 403 then, not with 404.
        """
        if answer.status != 404 or call.operation not in _READS_OF_ONE_OBJECT:
            return answer
        need = object_listing(context, call.request["Bucket"])
        if self._gate.allows(call.access_key, need):
            return answer
        raise denied("s3", context.caller, need)


def _is_table_call(request: HttpRequest) -> bool:
    return request.headers.get("X-Amz-Target", "").startswith(_TARGET)


def _table_call(request: HttpRequest) -> Call:
    signed = signature(request.headers)
    text = request.body.decode("utf-8", "replace")
    return Call(
        service="dynamodb",
        operation=request.headers["X-Amz-Target"].removeprefix(_TARGET),
        access_key=signed.access_key,
        region=signed.region,
        request=json_members(text),
        body=text,
    )


def _s3_call(request: HttpRequest) -> Call:
    return read_s3_call(request.method, request.target, request.headers)


def _refuse_other_owner(context: Context, request: HttpRequest) -> None:
    """Refuse a caller who expects another owner: the engine holds this account's buckets only."""
    expected = request.headers.get("x-amz-expected-bucket-owner", context.account)
    if expected != context.account:
        raise Refusal("AccessDeniedException", "Access Denied")


def _answer_of(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    lowered = {name.lower(): value for name, value in headers.items()}
    kind = lowered.pop("content-type", "")
    kept = {name: value for name, value in lowered.items() if name not in _OWN_HEADERS}
    if not body and "content-length" in lowered:
        kept["Content-Length"] = lowered["content-length"]
    return Answer(status, kind, body, kept)
