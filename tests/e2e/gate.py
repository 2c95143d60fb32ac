"""A gate before the local SageMaker: one call of one operation stops there, for a test to act."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_PATIENCE_S = 30.0


class Gate:
    """Forwards to SageMaker, and holds one call before its work is done, or its answer after.

    Attributes:
        url: What a server under test takes for SageMaker.
        reached: Set once the call that is held is there.
    """

    def __init__(self, sagemaker_url: str) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._held: tuple[str, int, str] = ("", 0, "")
        self._seen = 0
        self._behind = str(urlsplit(sagemaker_url).netloc)
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                gate._pass(self)

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, operation: str, nth: int, when: str) -> None:
        """Hold the nth call of an operation from now on, `before` its work or `after` it."""
        self._held, self._seen = (operation, nth, when), 0

    def release(self) -> None:
        """Give up the call that is held; it gets no answer, and later ones go through."""
        self._held = ("", 0, "")
        self._released.set()

    def _pass(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        when = self._holds(handler.headers["X-Amz-Target"].rpartition(".")[2])
        if when == "before":
            return self._stop()
        behind = http.client.HTTPConnection(self._behind, timeout=_PATIENCE_S)
        behind.request("POST", handler.path, body, dict(handler.headers.items()))
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        if when == "after":
            return self._stop()
        handler.send_response(answer.status)
        for name in ("Content-Type", "Date", "x-amzn-RequestId"):
            if value := answer.getheader(name):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        return None

    def _holds(self, called: str) -> str:
        with self._lock:
            operation, nth, when = self._held
            self._seen += called == operation
            return when if called == operation and self._seen == nth else ""

    def _stop(self) -> None:
        self.reached.set()
        self._released.wait(_PATIENCE_S)
