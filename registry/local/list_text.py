"""The list that a stored document ends with: its text is continued, not laid out again.

A registry of thousands of entries is written, under its lock, for each one that is added. Laying
all of it out takes twenty times as long as writing it; and what others wrote, in whatever
spelling of numbers and characters, stays byte for byte what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import is_
from typing import Any

from registry.local.json_text import Layout, NotJson, ParsedText, fingerprint, parse, render_element


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


def extended(raw: bytes, before: object, after: object, layout: Layout) -> ParsedText | None:
    """Return the new text when all that happened is that the final list got one element more.

    Args:
        raw: The text of `before`, in which no object has a key twice.
        after: Has the elements of `before` as the same objects.

    Returns:
        The text, with a value that shares nothing with the new element; None when something else
        changed, or when the text's ends are not in our layout: then all of it is to be laid out.

    Raises:
        TypeError, ValueError: the new element holds something that JSON has no word for.
        NotJson: it could not be read back.
    """
    was, now = final_list(before), final_list(after)
    if was is None or now is None or len(now.elements) != len(was.elements) + 1:
        return None
    if not all(map(is_, was.elements, now.elements)) or not _same_frame(before, after):
        return None
    if not _in_layout(raw, was, layout):
        return None
    closing = was.closing(layout)
    element = render_element(now.elements[-1], layout, depth=was.depth)
    text = b"".join((memoryview(raw)[: -len(closing)], b",", was.margin, element, closing))
    return ParsedText(_framed(before, [*was.elements, parse(element).value]), "", text)


def continued(raw: bytes, known: ParsedText, layout: Layout) -> ParsedText | None:
    """Return what the text says when it is a known one with more elements at the end.

    A writer that only adds leaves such a text, MLCC's too; then reading the addition is enough:
    what is the inner text of a list by itself is so at the end of the known list too.
    """
    end = final_list(known.value)
    closing = end.closing(layout) if end else b""
    if end is None or known.repeated_key:
        return None
    if not (raw.endswith(closing) and known.raw.endswith(closing)):
        return None
    kept = known.raw[: -len(closing)]
    if not raw.startswith(kept + b","):
        return None
    try:
        added = parse(b"[" + raw[len(kept) + 1 : -len(closing)] + b"]")
    except NotJson:
        return None
    elements = [*end.elements, *added.value]
    return ParsedText(_framed(known.value, elements), added.repeated_key, raw)


def _same_frame(before: object, after: object) -> bool:
    """Whether the documents differ at most in their final lists."""
    if isinstance(before, dict) and isinstance(after, dict):
        return fingerprint(_framed(before, [])) == fingerprint(_framed(after, []))
    return type(before) is type(after)


def _framed(before: object, elements: list[Any]) -> Any:  # noqa: ANN401 - the file's own shape
    if isinstance(before, dict):
        return {**before, next(reversed(before)): elements}
    return elements


def _in_layout(raw: bytes, end: FinalList, layout: Layout) -> bool:
    opening = b"[\n  " if end.depth == 1 else b'{\n  "'
    last = end.margin + b"}" if isinstance(end.elements[-1], dict) and end.elements[-1] else b""
    return raw.startswith(opening) and raw.endswith(last + end.closing(layout))
