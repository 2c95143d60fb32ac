"""Stored JSON values of any depth: whether two are the same, and whether one can be kept.

People and other programs write these documents, so nothing here recurses: a hostile depth ends in
an answer, not in a crash.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from registry.redaction import redact_parameters
from schemas.base import readable

DEEPEST_KEPT = 64
"""Levels of one imported entry; no generator nests a tenth of it."""

_LONGEST_NUMBER_BITS = 4096


def same_value(one: object, other: object) -> bool:
    """Tell whether two JSON values say the same: key order does not count, 1 is 1.0, not true."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs += [(left[key], right[key]) for key in left]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif _kind(left) != _kind(right) or left != right:
            return False
    return True


def outline(value: object) -> object:
    """Return something to look a value up by: equal for two that are the same, and for no others.

    What is nested deeper than `DEEPEST_KEPT` counts by its kind alone.
    """
    return frozenset((pointer, _kind(inner), _scalar(inner)) for pointer, _, inner in _walk(value))


def unkeepable(value: object) -> tuple[str, str] | None:
    """Return the JSON pointer to what no registry file can hold, and why; None when all is well."""
    for pointer, depth, inner in _walk(value):
        if reason := _objection(inner, depth):
            return pointer, reason
    return None


def shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as an answer shows it: without the secrets that MLCC stores in clear (D12).

    What is nested deeper than clients parse is cut.
    """
    return redact_parameters(cast(dict[str, Any], readable(dict(entry))))


def cut(text: str, longest: int) -> str:
    """Return the text, its end replaced by its length where it is longer."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... (cut, {len(text)} characters)"


def pointer_part(key: object) -> str:
    """Return one step of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def size_bytes(value: object) -> int:
    """Return how many bytes a value takes in an answer."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass"))


def _walk(value: object) -> Iterator[tuple[str, int, object]]:
    """Yield every value with its pointer and depth; what is too deep is not entered."""
    waiting: list[tuple[str, int, object]] = [("", 0, value)]
    while waiting:
        pointer, depth, inner = waiting.pop()
        yield pointer, depth, inner
        if depth > DEEPEST_KEPT:
            continue
        steps: Any = ()
        if isinstance(inner, Mapping):
            steps = inner.items()
        elif isinstance(inner, list):
            steps = enumerate(inner)
        waiting += [(f"{pointer}/{pointer_part(key)}", depth + 1, each) for key, each in steps]


def _objection(value: object, depth: int) -> str | None:
    if depth > DEEPEST_KEPT:
        return f"is nested more than {DEEPEST_KEPT} levels deep"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER_BITS:
        return "is a number of too many digits"
    return None


def _kind(value: object) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else type(value)


def _scalar(value: object) -> object:
    return value if isinstance(value, str | int | float) else None
