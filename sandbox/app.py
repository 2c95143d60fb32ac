"""The HTTP side: one port on loopback that answers AWS calls and control calls."""

import logging
import socket
import socketserver
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.control_room import PREFIX, ControlRoom
from sandbox.dispatch import Dispatcher
from sandbox.protocol import Answer

HOST = "127.0.0.1"
_LARGEST_BODY = 64 * 1024 * 1024
_log = logging.getLogger(__name__)


class _Requests(BaseHTTPRequestHandler):
    """Reads one connection's requests and writes their answers."""

    protocol_version = "HTTP/1.1"
    server_version = "mlcc-registry-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "App"

    def do_GET(self) -> None:
        """Answer a control call; AWS calls are all POST."""
        self._respond()

    def do_POST(self) -> None:
        """Answer an AWS call or a control call."""
        self._respond()

    def do_DELETE(self) -> None:
        """Answer a control call."""
        self._respond()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header's value by the sandbox's clock, as callers go by it."""
        moment = self.server.dispatcher.clock.now() if timestamp is None else timestamp
        return formatdate(moment, usegmt=True)

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
        body = self.rfile.read(int(length))
        if self.path.startswith(PREFIX):
            self._send(self.server.control_room.answer(self.command, self.path, body))
            return
        self._send(self.server.dispatcher.answer(dict(self.headers.items()), body))

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        self._send(Answer(status, "text/plain", message.encode(), {"Connection": "close"}))

    def _send(self, answer: Answer) -> None:
        if answer.lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


class App(ThreadingHTTPServer):
    """The sandbox's SageMaker, STS and ECR on one port of 127.0.0.1."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, dispatcher: Dispatcher, *, port: int = 0, region: str = "us-west-2") -> None:
        super().__init__((HOST, port), _Requests)
        self.dispatcher = dispatcher
        self.control_room = ControlRoom(dispatcher, region)
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of the app, such as ``http://127.0.0.1:40123``."""
        return f"http://{HOST}:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and hang up on everybody."""
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
