"""What can still be read of a damaged file: its entries, one by one.

Entries before the damage are kept whatever they hold. Behind it an object counts as an entry when
it has the keys that every entry of its file has, since the damage hides what it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.local.json_text import NotJson, decode_at, parse
from schemas.deployment import ENVELOPE_VERSION


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file holds its entries.

    Attributes:
        enveloped: The list is the `entries` of an object; a bare list is an older format of it.
        marks: Keys that every entry has, and no object inside of an entry.
    """

    enveloped: bool
    marks: frozenset[str]


DEPLOYMENTS = Shape(True, frozenset({"timestamp", "status", "deployment"}))
DATASETS = Shape(False, frozenset({"name", "s3_uri"}))
EVALUATORS = Shape(False, frozenset({"name", "arn_or_uri"}))


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a damaged file gives.

    Attributes:
        document: What to store in its place; fits the shape.
        kept: How many entries are in it.
        lost: What is not in it, place by place.
    """

    document: Any
    kept: int
    lost: tuple[str, ...]


def damage_of(raw: bytes, shape: Shape) -> str | None:
    """Return why these bytes are not a file of that shape, with the position; None if they are."""
    try:
        parsed = parse(raw)
    except NotJson as problem:
        return str(problem)
    if parsed.repeated_key:
        return f"it has the key {parsed.repeated_key!r} twice in one object"
    entries = _listed(parsed.value, shape)
    if entries is None:
        return "it has no list of entries" if shape.enveloped else "it is not a list"
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            return f"entry {number} of its list is not an object"
    return None


def salvage(raw: bytes, shape: Shape) -> Salvage:
    """Return what can be read of bytes that `damage_of` finds damaged."""
    try:
        parsed = parse(raw)
    except NotJson:
        return _Reader(raw.decode("utf-8", "surrogateescape"), shape).read()
    listed = _listed(parsed.value, shape)
    if listed is None:
        entries = list(_marked(parsed.value, shape))
        return _salvaged({}, entries, ["everything that is no entry"], shape)
    if parsed.repeated_key:
        note = f"all but the last value of {parsed.repeated_key!r}, which is the one readers take"
        return _Reader(raw.decode("utf-8"), shape, lost=[note]).read()
    lost = [
        f"entry {number} of the list, which is no object"
        for number, entry in enumerate(listed)
        if not isinstance(entry, dict)
    ]
    envelope = parsed.value if isinstance(parsed.value, dict) else {}
    return _salvaged(envelope, [each for each in listed if isinstance(each, dict)], lost, shape)


def _listed(value: Any, shape: Shape) -> list[Any] | None:  # noqa: ANN401 - the file's own shape
    if shape.enveloped and isinstance(value, dict):
        value = value.get("entries")
    return value if isinstance(value, list) else None


def _marked(value: Any, shape: Shape) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - the file's own shape
    """Yield every entry in a document that holds them where none belong."""
    if isinstance(value, dict) and shape.marks <= value.keys():
        yield value
        return
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _marked(each, shape)


_SHOWN = 20


def _salvaged(
    envelope: Mapping[str, Any], entries: list[dict[str, Any]], lost: list[str], shape: Shape
) -> Salvage:
    more = len(lost) - _SHOWN
    shown = (*lost[:_SHOWN], f"{more} more places") if more > 0 else tuple(lost)
    if not shape.enveloped:
        return Salvage(entries, len(entries), shown)
    document = {"schemaVersion": ENVELOPE_VERSION, **envelope, "entries": entries}
    return Salvage(document, len(entries), shown)


_BLANK = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_OBJECT = re.compile(r"\{[ \t\r\n]*[\"}]")
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")
"""Bytes that are not UTF-8, as Python's error handler `surrogateescape` decodes them."""

_FRUITLESS = 10_000
"""So many objects that are no entries, one after the other, and the search ends."""


@dataclass(slots=True)
class _Reader:
    """Reads a text as far as it goes, then goes on at the next entry."""

    text: str
    shape: Shape
    entries: list[dict[str, Any]] = field(default_factory=list)
    envelope: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    in_envelope: bool = False

    def read(self) -> Salvage:
        at = self._blank(1 if self.text.startswith("\ufeff") else 0)
        self.in_envelope = self.shape.enveloped and not self.text.startswith("[", at)
        try:
            self._whole(at)
        except _Stuck as stuck:
            self._search(stuck)
        return _salvaged(self.envelope, self.entries, self.lost, self.shape)

    def _whole(self, at: int) -> None:
        opening = "{" if self.in_envelope else "["
        if not self.text.startswith(opening, at):
            raise _Stuck(at, f"it does not begin with {opening}")
        if self.in_envelope:
            self._members(at + 1)
        else:
            self._end(self._list(at + 1))

    def _members(self, at: int) -> None:
        """Read the members of the envelope, its list of entries among them."""
        while not self.text.startswith("}", at := self._between(at)):
            key, at = self._value(at)
            at = self._blank(at)
            if not isinstance(key, str) or not self.text.startswith(":", at):
                raise _Stuck(at, "a member of the envelope does not read")
            at = self._blank(at + 1)
            if key == "entries" and self.text.startswith("[", at):
                at = self._list(at + 1)
            else:
                self.envelope[key], at = self._value(at)
        self._end(at + 1)

    def _list(self, at: int) -> int:
        """Read entries from a place in their list on; return where the list ends."""
        while not self.text.startswith("]", at := self._between(at)):
            begin = at
            entry, at = self._value(begin)
            if not isinstance(entry, dict):
                raise _Stuck(begin, "an entry is no object")
            self.entries.append(entry)
        return at + 1

    def _end(self, at: int) -> None:
        if (at := self._blank(at)) < len(self.text):
            raise _Stuck(at, "there is more after the end")

    def _search(self, stuck: _Stuck) -> None:
        """Go on behind the damage, at each entry that is found there."""
        while True:
            found = self._next_entry(stuck.at)
            self._note(stuck, found)
            if found < 0:
                return
            try:
                at = self._list(found)
                self._members(at) if self.in_envelope else self._end(at)
            except _Stuck as again:
                stuck = again
            else:
                return

    def _next_entry(self, at: int) -> int:
        """Return where the next whole entry begins, -1 for none."""
        for _ in range(_FRUITLESS):
            candidate = _OBJECT.search(self.text, at)
            if candidate is None:
                return -1
            try:
                value, end = self._value(candidate.start())
            except _Stuck:
                at = candidate.start() + 1
                continue
            if self.shape.marks <= value.keys():
                if value not in self.entries:
                    return candidate.start()
                at = end
            else:
                at = candidate.start() + 1
        return -1

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            value, end = decode_at(self.text, at)
        except NotJson as problem:
            raise _Stuck(at, str(problem)) from problem
        if broken := _NOT_UTF8.search(self.text, at, end):
            raise _Stuck(at, f"{self._place(broken.start())}: a byte is not UTF-8")
        return value, end

    def _note(self, stuck: _Stuck, found: int) -> None:
        end = self._place(found) if found >= 0 else "the end"
        self.lost.append(f"{self._place(stuck.at)} to {end} ({stuck.reason})")

    def _place(self, at: int) -> str:
        line = self.text.count("\n", 0, at) + 1
        return f"line {line}, column {at - self.text.rfind(chr(10), 0, at)}"

    def _blank(self, at: int) -> int:
        return _skipped(_BLANK, self.text, at)

    def _between(self, at: int) -> int:
        return _skipped(_BETWEEN, self.text, at)


class _Stuck(Exception):
    """The text cannot be read on from a place."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


def _skipped(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
