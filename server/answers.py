"""Turns results and failures into what goes over the wire: the same object as data and as text."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from mcp.types import CallToolResult, TextContent

from registry.errors import RegistryError
from registry.redaction import redact_parameters
from schemas.base import Result

_log = logging.getLogger("mlcc_registry.calls")


def answer(result: Result) -> CallToolResult:
    """Return a tool's result as structured content and as compact JSON text.

    Other programs write the records too, with less redacted: nothing that is a secret by its
    name or shape leaves, wherever in the answer it stands.
    """
    return _both(redact_parameters(result.wire()), is_error=False)


def failure(error: RegistryError) -> CallToolResult:
    """Return an explained failure: `error`, and beside it what helps to go on.

    What the caller sent may be in the words of an error: nothing that looks like a secret leaves.
    """
    body: dict[str, Any] = {
        "error": {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "retryable": error.retryable,
        }
    }
    body |= {key: value for key, value in error.details.items() if value is not None}
    return _both(redact_parameters(body), is_error=True)


def bug(tool: str, error: Exception) -> CallToolResult:
    """Log a failure that is our own with its traceback, and return what a caller may know of it."""
    reference = secrets.token_hex(4)
    _log.error("internal error", exc_info=error, extra={"tool": tool, "reference": reference})
    message = f"{tool} failed for a reason of its own, logged under {reference}"
    hint = "please report it with the server's log; whatever was written before is kept"
    body = {"code": "internal", "message": message, "hint": hint, "retryable": False}
    return _both({"error": body}, is_error=True)


def marked_as_sandbox(result: CallToolResult) -> CallToolResult:
    """Return an answer that says it comes from a sandbox."""
    body = {**(result.structured_content or {}), "sandbox": True}
    return _both(body, is_error=bool(result.is_error))


def _both(body: dict[str, Any], *, is_error: bool) -> CallToolResult:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        # Node writes half of a surrogate pair as it comes; no UTF-8 text can carry one.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        body = json.loads(text)
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=body,
        is_error=is_error,
    )
