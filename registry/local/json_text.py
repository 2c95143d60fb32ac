"""The text of a stored JSON file: what is read keeps its value, what is written is MLCC's layout.

Large whole numbers and lone surrogates survive. Refused, since a rewrite would alter them or no
JSON reader takes them: `NaN`, `Infinity`, numbers beyond a double's range, whole numbers of more
than a few thousand digits, bytes that are not UTF-8, nesting deeper than Python's parser goes.
A byte order mark is skipped and not written again.
"""

from __future__ import annotations

import json
import marshal
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, NoReturn, cast

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NotJson(Exception):
    """The text is not JSON that can be read and written back unaltered; says where, and why."""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """What a file holds.

    Attributes:
        repeated_key: A key that one object of the file has twice, "" when there is none. Readers,
            MLCC's and ours, take the last one; writing would lose the other.
        pieces: The bytes that say it, one after the other.
    """

    value: Any
    repeated_key: str
    pieces: tuple[bytes, ...]

    @property
    def raw(self) -> bytes:
        """The bytes that say it, put together."""
        return b"".join(self.pieces)

    @property
    def size_bytes(self) -> int:
        """How many they are."""
        return sum(map(len, self.pieces))


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
    return ParsedText(value, reader.repeated_key, (raw,))


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: MLCC's habits, which differ from file to file.

    Attributes:
        ascii_only: Whether everything outside ASCII is escaped, as Python's own writer does.
        final_newline: Whether the file ends in a newline.
    """

    ascii_only: bool
    final_newline: bool


def render(value: object, layout: Layout) -> bytes:
    """Return the value as MLCC lays it out: indented by two, in UTF-8.

    Raises:
        TypeError, ValueError: the value holds something that JSON has no word for.
    """
    return render_element(value, layout, depth=0) + b"\n" * layout.final_newline


def render_element(value: object, layout: Layout, *, depth: int) -> bytes:
    """Return the value's text as it stands inside `depth` lists and objects, from its first byte.

    Raises:
        TypeError, ValueError: the value holds something that JSON has no word for.
    """
    quoted = encode_basestring_ascii if layout.ascii_only else encode_basestring
    text = _laid_out(value, quoted, "\n" + "  " * depth)
    if not layout.ascii_only:
        text = _LONE_SURROGATE.sub(_escaped, text)
    return text.encode()


def fingerprint(value: Any) -> bytes:  # noqa: ANN401 - JSON of any shape
    """Return bytes that are equal for two JSON values when they are stored alike.

    Number kinds and key order count. Version 0 of the format knows no references, so the same
    value always gives the same bytes, several times as fast as writing it as JSON.

    Raises:
        ValueError: the value holds something that is not of JSON.
    """
    return marshal.dumps(value, 0)


def _laid_out(value: object, quoted: Callable[[str], str], newline: str) -> str:
    """Return what `json.dumps(value, indent=2)` returns, in a third of its time.

    Python's own writer leaves its fast path when it indents, and a registry of thousands of
    entries is written whole, under its lock, for each one that is added.
    """
    kind = type(value)
    if kind is str:
        return quoted(cast(str, value))
    if kind is dict and value:
        inner = newline + "  "
        members = [
            f"{quoted(key)}: {_laid_out(member, quoted, inner)}"
            for key, member in cast(dict[str, object], value).items()
        ]
        return "{" + inner + ("," + inner).join(members) + newline + "}"
    if kind is list and value:
        inner = newline + "  "
        members = [_laid_out(member, quoted, inner) for member in cast(list[object], value)]
        return "[" + inner + ("," + inner).join(members) + newline + "]"
    if kind is int:
        return repr(value)
    if value is None:
        return "null"
    return json.dumps(value, allow_nan=False)


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
