"""An HTTP server on loopback that hands requests to whoever answers them."""

import logging
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from sandbox.clock import Clock
from sandbox.protocol import Answer

HOST = "127.0.0.1"
_LARGEST_BODY = 64 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it came; ``target`` is the path with its query, undecoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Answerer: TypeAlias = Callable[[HttpRequest], Answer]


class _Requests(BaseHTTPRequestHandler):
    """Reads one connection's requests and writes their answers."""

    protocol_version = "HTTP/1.1"
    server_version = "mlcc-registry-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "Listener"

    def do_GET(self) -> None:
        """Answer a request of any of the methods that S3 and the control calls use."""
        self._respond()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 # the base's names

    def handle_expect_100(self) -> bool:
        """Ask for the body at once, rather than with the answer that waits for it."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header's value by the sandbox's clock, as callers go by it."""
        return formatdate(self.server.clock.now() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 # the base's names
        """Send the access log to ``logging`` rather than to stderr."""
        _log.debug(format, *args)

    def _respond(self) -> None:
        # A web page must not reach the sandbox through a name that resolves to loopback.
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in {HOST, "localhost"}:
            self._refuse(403, "only calls to a loopback address are answered")
            return
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            self._refuse(413, "the body needs a Content-Length of at most 64 MiB")
            return
        if "Transfer-Encoding" in self.headers:
            self._refuse(411, "the body needs a Content-Length")
            return
        body = self.rfile.read(int(length))
        headers = dict(self.headers.items())
        self._send(self.server.answer(HttpRequest(self.command, self.path, headers, body)))

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._send(Answer(status, "text/plain", message.encode(), {"Connection": "close"}))

    def _send(self, answer: Answer) -> None:
        if answer.delay_s > 0:
            self.server.stopping.wait(answer.delay_s)
        if answer.reset:
            self._drop()
            return
        if answer.lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        # An answer to HEAD may tell the length of a body that it does not have.
        length = {"Content-Length": str(len(answer.body))}
        for name, value in {**length, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _drop(self) -> None:
        """Close the connection so that the other side sees it reset, not ended."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())


class Listener(ThreadingHTTPServer):
    """One port of 127.0.0.1, served by a thread of its own once started."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answer: Answerer, clock: Clock, *, port: int = 0) -> None:
        super().__init__((HOST, port), _Requests)
        self.answer = answer
        self.clock = clock
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address, such as ``http://127.0.0.1:40123``."""
        return f"http://{HOST}:{self.server_port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and hang up on everybody."""
        self.stopping.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()
        with self._connections_lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                _log.debug("a connection was closed by the other side first")

    def server_bind(self) -> None:
        """Bind without asking the name service who this machine is, as the base would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 # the base's types
        """Serve one connection, known to ``stop`` while it is open."""
        with self._connections_lock:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._connections_lock:
                self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 # the base's types
        """Log what went wrong with a connection; callers see it closed."""
        _log.debug("a connection failed", exc_info=True)
