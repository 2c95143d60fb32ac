"""Turns results and failures into what goes over the wire: the same object as data and as text."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

from mcp import MCPError
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolResult, TextContent

from registry.errors import InvalidArgument, NotFound, RegistryError
from registry.redaction import redact_parameters, redact_text
from schemas.base import Result

_log = logging.getLogger("mlcc_registry.calls")

JSON = "application/json"
SCHEMA_JSON = "application/schema+json"


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


def contents(reply: CallToolResult) -> ReadResourceContents:
    """Return an answer as a resource's contents: the same JSON text."""
    text = "".join(each.text for each in reply.content if isinstance(each, TextContent))
    return ReadResourceContents(content=text, mime_type=JSON)


def schema_contents(text: str) -> ReadResourceContents:
    """Return a JSON Schema of ours as a resource's contents; it holds nothing of a record."""
    return ReadResourceContents(content=text, mime_type=SCHEMA_JSON)


def protocol_error(failed: CallToolResult, *, uri: str = "") -> MCPError:
    """Return a failure where the protocol has no failed result: for resources and prompts.

    The message is the failure's with its hint, since many clients show nothing else; the data
    are the whole of it.

    Args:
        failed: As `failure` and `bug` return it.
        uri: The resource that was asked for.

    Source: MCP, resources (an unknown one is -32602, Invalid params, with its `uri`).
    """
    body = dict(failed.structured_content or {})
    error = body["error"]
    better_sent = error["code"] in {InvalidArgument.code, NotFound.code}
    hint = f" ({error['hint']})" if error["hint"] else ""
    return MCPError(
        code=INVALID_PARAMS if better_sent else INTERNAL_ERROR,
        message=f"{error['message']}{hint}",
        data=body | ({"uri": redact_text(uri)} if uri else {}),
    )


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
