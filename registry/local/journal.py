"""What was acknowledged last, noted beside a registry file so that its loss can be told.

MLCC 1.5.2 reads the registry, adds an entry and writes the whole file in place, without a lock:
what was stored between its reading and its writing is gone, and nobody is told. The journal says
what ought to be there: `registry.json.journal` for `registry.json`, one line of JSON for each
entry that was stored (`put`) or taken out (`gone`), and `.journal.1` with the lines before those.
It is a help and never a need: one that is missing, torn, full or refused changes nothing but what
can be told. Deleting it forgets.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from operator import is_
from pathlib import Path
from typing import Any

from registry.local.list_text import Added
from registry.local.locking import GUARDED

_FILE_BYTES = 4 * 1024 * 1024
_FRAME_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What ought to be in the file.

    Attributes:
        entries: By id, the longest standing first.
        frame: Keys of the envelope that are not its own, with their values.
    """

    entries: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    frame: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """The change of one file: what left and what came, as entries with an id.

    Noted in this order, a writer that dies in between leaves entries that are not watched, never
    ones that are called lost without being so.
    """

    journal: Journal
    gone: Sequence[Mapping[str, Any]]
    new: Sequence[Mapping[str, Any]]
    frame: Mapping[str, Any]

    def before_storing(self) -> None:
        """Note which entries are meant to go or to change, before the file is replaced."""
        self.journal.add([{"gone": entry["id"]} for entry in self.gone])

    def once_stored(self) -> None:
        """Note which entries are new or changed, once the file is replaced."""
        notes: list[dict[str, Any]] = [{"put": entry} for entry in self.new]
        if notes and self.frame and len(json.dumps(self.frame)) <= _FRAME_BYTES:
            notes[-1]["frame"] = self.frame
        self.journal.add(notes)


@dataclass(frozen=True, slots=True)
class Journal:
    """The notes beside one file, written under its lock; no failure of theirs is raised.

    Attributes:
        registry: The registry file, links followed.
        file_bytes: How large one of the two files becomes.
    """

    registry: Path
    file_bytes: int = _FILE_BYTES

    def note(self, before: object, after: object) -> Note:
        """Return what changes between two contents that share what stays, as `revise` has them."""
        if isinstance(after, Added):
            new = [after.element] if isinstance(after.element.get("id"), str) else []
            return Note(self, [], new, _frame(before))
        was, now = _elements(before), _elements(after)
        same = sum(takewhile(bool, map(is_, was, now)))
        old, new = was[same:], now[same:]
        stay = {id(each) for each in old} & {id(each) for each in new}
        gone, came = (
            [each for each in part if id(each) not in stay and isinstance(each.get("id"), str)]
            for part in (old, new)
        )
        return Note(self, gone, came, _frame(after))

    def acknowledged(self) -> Acknowledged:
        """Return what ought to be in the file; nothing where there is no journal."""
        found = Acknowledged()
        for path in (self._older, self._path):
            for note in _notes(path, self.file_bytes):
                put, gone, frame = note.get("put"), note.get("gone"), note.get("frame")
                if isinstance(put, dict):
                    found.entries.pop(str(put.get("id")), None)
                    found.entries[str(put.get("id"))] = put
                if gone is not None:
                    found.entries.pop(str(gone), None)
                if isinstance(frame, dict):
                    found.frame.clear()
                    found.frame.update(frame)
        return found

    @property
    def _path(self) -> Path:
        return self.registry.with_name(f"{self.registry.name}.journal")

    @property
    def _older(self) -> Path:
        return self.registry.with_name(f"{self.registry.name}.journal.1")

    def add(self, notes: Sequence[Mapping[str, Any]]) -> None:
        """Add notes, or do without: never raises, never waits."""
        text = _newest(notes, self.file_bytes)
        if not text:
            return
        try:
            if _size(self._path) + len(text) > self.file_bytes:
                self._path.replace(self._older)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | GUARDED
            with os.fdopen(os.open(self._path, flags, 0o600), "wb", buffering=0) as file:
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    file.write(text)
        except OSError:
            return  # the entry itself is stored; only its loss could not be told


def _elements(content: object) -> list[Mapping[str, Any]]:
    entries = content.get("entries") if isinstance(content, dict) else content
    return entries if isinstance(entries, list) else []


def _frame(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if key not in ("schemaVersion", "entries")}


def _newest(notes: Sequence[Mapping[str, Any]], limit_bytes: int) -> bytes:
    """Return the last of the notes that fit, each on a new line: a torn one spoils only itself."""
    lines: list[bytes] = []
    room = limit_bytes
    for note in reversed(notes):
        lines.append(b"\n" + json.dumps(note).encode())
        room -= len(lines[-1])
        if room < 0:
            lines.pop()
            break
    return b"".join(reversed(lines))


def _notes(path: Path, limit_bytes: int) -> Iterator[dict[str, Any]]:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | GUARDED), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return
            raw = file.read(limit_bytes)
    except OSError:
        return
    for line in raw.split(b"\n"):
        try:
            note = json.loads(line)
        except (ValueError, RecursionError):
            continue  # blank, or torn by a writer that died
        if isinstance(note, dict):
            yield note


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
