"""One log line per call: who, what, where, outcome; for writes the ids of what they touched."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mcp.types import CallToolResult

from tools.context import ToolSpec

_log = logging.getLogger("mlcc_registry.audit")

_IDS = ("id", "name", "version", "icName", "digest", "versionArn")


def audit(spec: ToolSpec, reply: CallToolResult, outcome: str, *, elapsed_s: float) -> None:
    """Write the line; nothing that a caller sent is in it, only what the answer names."""
    body: Mapping[str, Any] = reply.structured_content or {}
    fields: dict[str, Any] = {
        "tool": spec.name,
        "outcome": outcome,
        "write": not spec.read_only,
        "elapsedMs": round(elapsed_s * 1000),
    }
    if isinstance(body.get("aws"), Mapping):
        fields["aws"] = body["aws"]
    if not spec.read_only:
        fields |= {key: body[key] for key in _IDS if key in body}
        fields |= {
            key: body[key]["state"]
            for key in ("local", "modelPackage", "ci", "hub")
            if isinstance(body.get(key), Mapping)
        }
    _log.info("call", extra={"call": fields})  # fields of their own would clash with the record's
