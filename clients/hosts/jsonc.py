"""JSON as hosts let people write it, with comments and trailing commas, changed where it stands.

The text is read through a copy of the same length that has blanks for what JSON does not know, so
that the standard reader gives values and places alike. What is set is spliced in at its place; no
other character of the text changes (decision 9).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_STRING = r'"(?:\\.|[^"\\])*+"?'
_COMMENT = re.compile(rf"{_STRING}|//[^\r\n]*|/\*(?:(?!\*/).)*+(?:\*/)?", re.DOTALL)
_TRAILING = re.compile(rf"{_STRING}|,(?=[ \t\r\n]*[}}\]])", re.DOTALL)
_INDENT = re.compile(r"\n([ \t]+)[^\s]")
_BLANKS = " \t\r\n"
_DECODER = json.JSONDecoder()


def read(text: str) -> dict[str, Any]:
    """Return what a text says; a text without any value is an empty object.

    Raises:
        ValueError: it is not JSON with comments, or not an object.
    """
    plain = _plain(_without_comments(text))
    value = json.loads(plain, parse_constant=_refuse) if plain.strip(_BLANKS) else {}
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - what is wrong is the text
    return value


def with_value(text: str, path: Sequence[str], value: object) -> str:
    """Return a text that `read` accepts with the value at a path of keys set, objects made."""
    uncommented = _without_comments(text)
    plain = _plain(uncommented)
    style = _Style.of(text, plain)
    at = len(plain) - len(plain.lstrip(_BLANKS))
    if at == len(plain):
        lead = style.newline if text and not text.endswith("\n") else ""
        return text + lead + style.laid_out(_nested(path, value), "") + style.newline
    for depth, key in enumerate(path):
        found = _Members.of(plain, at)
        if key not in found.values:
            inner = _nested(path[depth + 1 :], value)
            return _added(text, uncommented, style, found, key, inner)
        span = found.values[key]
        at = span.start
    written = style.laid_out(value, _indent_of(text, at))
    return text[: span.start] + written + text[span.stop :]


@dataclass(frozen=True, slots=True)
class _Members:
    """An object's places in the text: its braces, its first key, the value of each key."""

    opens: int
    closes: int
    first_key: int
    values: dict[str, slice]

    @classmethod
    def of(cls, plain: str, opens: int) -> _Members:
        """Return the members of the object that opens there; of equal keys the last counts."""
        values = {}
        at = first = _next(plain, opens + 1)
        while plain[at] != "}":
            key, at = _DECODER.raw_decode(plain, at)
            start = _next(plain, _next(plain, at) + 1)  # behind the colon
            _, end = _DECODER.raw_decode(plain, start)
            values[key] = slice(start, end)
            at = _next(plain, end)
            if plain[at] == ",":
                at = _next(plain, at + 1)
        return cls(opens, at, first, values)


@dataclass(frozen=True, slots=True)
class _Style:
    """How the text is laid out: its line ends, its indent, whether it is all one line."""

    newline: str
    unit: str
    one_line: bool

    @classmethod
    def of(cls, text: str, plain: str) -> _Style:
        found = _INDENT.search(plain)
        return cls(
            newline="\r\n" if "\r\n" in text else "\n",
            unit=found[1] if found else "  ",
            one_line=not _has_lines(text.strip(_BLANKS)),
        )

    def laid_out(self, value: object, indent: str) -> str:
        lines = json.dumps(value, indent=self.unit, ensure_ascii=False).split("\n")
        return (self.newline + indent).join(lines)


def _added(
    text: str, uncommented: str, style: _Style, found: _Members, key: str, value: object
) -> str:
    """Return the text with a member behind all that the object holds, comments included."""
    ends = max((span.stop for span in found.values.values()), default=0)
    trailing = bool(ends) and "," in uncommented[ends : found.closes]
    until = max(len(text[: found.closes].rstrip(_BLANKS)), found.opens + 1)
    kept = text[:until]
    if ends and not trailing:
        kept = f"{text[:ends]},{text[ends:until]}"
    after = "," if trailing else ""
    nested_in_line = style.one_line and text[: found.opens].strip(_BLANKS) != ""
    if not _has_lines(text[found.opens : found.closes]) and (ends or nested_in_line):
        member = json.dumps({key: value}, ensure_ascii=False)[1:-1]
        return f"{kept}{' ' if ends else ''}{member}{after}{text[until:]}"
    own = _indent_of(text, found.opens)
    inner = _indent_of(text, found.first_key) if ends else ""
    if not ends or not _leads_its_line(text, found.first_key):
        inner = own + style.unit
    member = f"{json.dumps(key, ensure_ascii=False)}: {style.laid_out(value, inner)}"
    rest = text[until:]
    if not _has_lines(text[until : found.closes]):
        rest = style.newline + own + text[found.closes :]
    return f"{kept}{style.newline}{inner}{member}{after}{rest}"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _nested(path: Sequence[str], value: object) -> object:
    for key in reversed(path):
        value = {key: value}
    return value


def _without_comments(text: str) -> str:
    return _COMMENT.sub(_blank_comment, text)


def _plain(uncommented: str) -> str:
    return _TRAILING.sub(lambda each: " " if each[0] == "," else each[0], uncommented)


def _blank_comment(found: re.Match[str]) -> str:
    """Return blanks for a comment; a string stays, and a comment without an end is an error."""
    token = found[0]
    unended = token.startswith("/*") and (len(token) < len("/**/") or not token.endswith("*/"))
    return token if token.startswith('"') or unended else " " * len(token)


def _next(plain: str, at: int) -> int:
    while plain[at] in _BLANKS:
        at += 1
    return at


def _has_lines(text: str) -> bool:
    return "\n" in text or "\r" in text


def _line(text: str, at: int) -> str:
    """Return the part of the line that is before a place."""
    return text[max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1 : at]


def _leads_its_line(text: str, at: int) -> bool:
    return not _line(text, at).strip(" \t")


def _indent_of(text: str, at: int) -> str:
    line = _line(text, at)
    return line[: len(line) - len(line.lstrip(" \t"))]
