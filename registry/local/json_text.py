"""The text of a stored JSON file: what is read keeps its value, what is written is MLCC's layout.

Large whole numbers and lone surrogates survive. Refused, since a rewrite would alter them or no
JSON reader takes them: `NaN`, `Infinity`, numbers beyond a double's range, whole numbers of more
than a few thousand digits, bytes that are not UTF-8, nesting deeper than Python's parser goes.
A byte order mark is skipped and not written again.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NotJson(Exception):
    """The text is not JSON that can be read and written back unaltered; says where, and why."""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What a file holds.

    Attributes:
        repeated_key: A key that one object of the file has twice, "" when there is none. Readers,
            MLCC's and ours, take the last one; writing would lose the other.
    """

    value: Any
    repeated_key: str = ""


def parse(raw: bytes) -> ParsedText:
    """Return the value that the bytes spell.

    Raises:
        NotJson: with line and column, or the reason where no position is known.
    """
    reader = _Reader()
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(
            text,
            object_pairs_hook=reader.object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotJson(f"line {line}: byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise NotJson("the nesting is too deep") from error
    except ValueError as error:  # Python's limit on the digits of one whole number
        raise NotJson("a whole number has too many digits") from error
    return ParsedText(value, reader.repeated_key)


def render(value: object, *, ascii_only: bool, final_newline: bool) -> bytes:
    """Return the value as MLCC lays it out: indented by two, in UTF-8.

    Args:
        ascii_only: Escape everything outside ASCII, as Python's own writer does by default.

    Raises:
        ValueError: the value holds something that JSON has no word for.
    """
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only, allow_nan=False)
    if not ascii_only:
        text = _LONE_SURROGATE.sub(_escaped, text)
    return (text + "\n" * final_newline).encode()


def fingerprint(value: object) -> str:
    """Return text that is equal for two values exactly when they would be stored alike."""
    return json.dumps(value, separators=(",", ":"))


class _Reader:
    """Builds objects as `dict` does, and remembers a key that came twice."""

    def __init__(self) -> None:
        self.repeated_key = ""

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs) and not self.repeated_key:
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.repeated_key = key
                    break
                seen.add(key)
        return built


def _refuse_constant(word: str) -> NoReturn:
    raise NotJson(f"{word} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson("a number is beyond the range that can be kept")
    return number


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
