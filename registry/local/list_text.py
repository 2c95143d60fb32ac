"""The list that a stored document ends with: its text is continued, not laid out again.

A registry of thousands of entries is written, under its lock, for each one that is added. Laying
all of it out takes twenty times as long as writing it; and what others wrote, in whatever
spelling of numbers and characters, stays byte for byte what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry.local.json_text import Layout, NotJson, ParsedText, parse, render_element

_PIECES = 500
"""More are put together, now and then: putting megabytes together takes as long as writing."""


@dataclass(frozen=True, slots=True)
class FinalList:
    """Where a document ends with a list that has elements.

    Attributes:
        elements: The list: the document itself, or the value of its last key.
        depth: How many brackets are open within it: 1 or 2.
    """

    elements: list[Any]
    depth: int

    @property
    def margin(self) -> bytes:
        """What stands before an element."""
        return b"\n" + b"  " * self.depth

    def closing(self, layout: Layout) -> bytes:
        """Return what stands after the last element."""
        brackets = b"\n]" if self.depth == 1 else b"\n  ]\n}"
        return brackets + b"\n" * layout.final_newline


def final_list(value: object) -> FinalList | None:
    """Return the list that the document ends with, None without one or when it is empty."""
    depth = 1
    if isinstance(value, dict) and value:
        value = value[next(reversed(value))]
        depth = 2
    return FinalList(value, depth) if isinstance(value, list) and value else None


@dataclass(frozen=True, slots=True)
class Added:
    """A document with one element more in one of its lists, and everything else as it was.

    Attributes:
        to: The list, the very object of the document.
        whole: Makes the whole new document, which is asked for when the text cannot be continued.
    """

    element: Any
    to: list[Any]
    whole: Callable[[], Any]


def extended(text: ParsedText, added: Added, layout: Layout) -> ParsedText | None:
    """Return the new text, whose value shares nothing with the new element.

    Args:
        text: What is stored; no object in it has a key twice.

    Returns:
        None when the list is not the final one, or the text's ends are not in our layout: then
        all of it is to be laid out.

    Raises:
        TypeError, ValueError: the new element holds something that JSON has no word for.
        NotJson: it could not be read back.
    """
    end = final_list(text.value)
    if end is None or end.elements is not added.to or not _in_layout(text, end, layout):
        return None
    element = render_element(added.element, layout, depth=end.depth)
    value = _framed(text.value, [*end.elements, parse(element).value])
    closing = end.closing(layout)
    return ParsedText(value, "", (*_without(text, closing), b"," + end.margin + element, closing))


def continued(raw: bytes, known: ParsedText, layout: Layout) -> ParsedText | None:
    """Return what the text says when it is a known one with more elements at the end.

    A writer that only adds leaves such a text, MLCC's too; then reading the addition is enough:
    what is the inner text of a list by itself is so at the end of the known list too.
    """
    end = final_list(known.value)
    closing = end.closing(layout) if end else b""
    if end is None or known.repeated_key:
        return None
    if not (raw.endswith(closing) and _ending(known).endswith(closing)):
        return None
    kept = b"".join((*_without(known, closing), b","))
    if not raw.startswith(kept):
        return None
    try:
        added = parse(b"[" + raw[len(kept) : -len(closing)] + b"]")
    except NotJson:
        return None
    if not added.value:
        return None  # a comma with nothing after it
    elements = [*end.elements, *added.value]
    return ParsedText(_framed(known.value, elements), added.repeated_key, (raw,))


def _framed(before: object, elements: list[Any]) -> Any:  # noqa: ANN401 - the file's own shape
    if isinstance(before, dict):
        return {**before, next(reversed(before)): elements}
    return elements


def _in_layout(text: ParsedText, end: FinalList, layout: Layout) -> bool:
    opening = b"[\n  " if end.depth == 1 else b'{\n  "'
    last = end.margin + b"}" if isinstance(end.elements[-1], dict) and end.elements[-1] else b""
    ending = last + end.closing(layout)
    return text.pieces[0].startswith(opening) and _ending(text).endswith(ending)


def _ending(text: ParsedText) -> bytes:
    return b"".join(text.pieces[-2:])


def _without(text: ParsedText, closing: bytes) -> tuple[bytes, ...]:
    """Return the pieces but for the closing, which is the last piece once it was cut off."""
    if text.pieces[-1] == closing:
        return text.pieces[:-1] if len(text.pieces) < _PIECES else (b"".join(text.pieces[:-1]),)
    return (text.raw[: -len(closing)],)
