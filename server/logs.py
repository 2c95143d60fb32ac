"""Structured logs: one JSON object a line on stderr, whatever library wrote the record."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from registry.redaction import redact_parameters

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes lines to stderr, and says so when one cannot be written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Name the line that was lost; Python's own report would print its arguments."""
        line = {"level": "ERROR", "logger": record.name, "message": "a log line was lost"}
        with contextlib.suppress(OSError, ValueError):  # nobody reads stderr any more
            self.stream.write(json.dumps(line) + self.terminator)


class JsonLines(logging.Formatter):
    """Formats a record and its extra fields as one line, secrets taken out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Before the line is put together: a replacement inside JSON text could break its quotes.
        plain = json.loads(json.dumps(line, default=str))
        return json.dumps(redact_parameters(plain))


def configure_logs(level: str) -> None:
    """Send every log to stderr as JSON lines; stdout belongs to the protocol.

    botocore stays above DEBUG: there it would log headers and bodies.
    """
    handler = _Stderr(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("botocore", "boto3", "urllib3"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("mcp").setLevel(max(logging.WARNING, logging.getLevelName(level)))
