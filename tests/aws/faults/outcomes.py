"""What an answer comes to, beside the answer of the same call where nothing fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

COMPLETE = "complete"
PARTIAL = "partial"

_UNDER_WAY = {"creating", "updating", "deleting"}
_NOT_DONE = {"failed", "skipped"}


def outcome_of(answer: dict[str, Any], unfaulted: dict[str, Any]) -> str:
    """Return `complete`, `partial` (it says what is missing, or goes on), or the error's code."""
    code = _code(answer)
    if code and code != _code(unfaulted):
        return code
    if said_in_addition(answer, unfaulted) or _lacks(answer) - _lacks(unfaulted):
        return PARTIAL
    return COMPLETE


def said_in_addition(answer: dict[str, Any], unfaulted: dict[str, Any]) -> list[str]:
    """Return the warnings that the call without faults does not give."""
    usual = set(_told(unfaulted))
    return [each for each in _told(answer) if each not in usual]


def _code(answer: dict[str, Any]) -> str:
    return str(answer["error"]["code"]) if "error" in answer else ""


def _told(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "warning":
                yield str(each)
            elif key == "warnings":
                yield from map(str, each)
            else:
                yield from _told(each)
    elif isinstance(value, list):
        for each in value:
            yield from _told(each)


def _lacks(value: object, path: str = "") -> set[str]:
    """Return the places of an answer that say that something is not done, or not all told."""
    found: set[str] = set()
    if isinstance(value, dict):
        if value.get("state") in _UNDER_WAY | _NOT_DONE or value.get("complete") is False:
            found.add(path)
        for key, each in value.items():
            found |= _lacks(each, f"{path}.{key}") if key != "steps" else set()
    elif isinstance(value, list):
        for number, each in enumerate(value):
            found |= _lacks(each, f"{path}.{number}")
    return found
