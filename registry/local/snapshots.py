"""Files as they were last read, so that one that stayed as it is need not be parsed again."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from registry.errors import Unavailable
from registry.local.json_text import ParsedText

MAX_BYTES = 256 * 1024 * 1024
"""A larger file is refused: no registry is, and a hostile one would fill the memory."""

_KEPT_BYTES = 32 * 1024 * 1024
"""The parsed values take some five times as much."""

_READ_BYTES = 256 * 1024
_SETTLED_NS = 2_000_000_000
"""The coarsest clock of a file system: within it two contents can carry the same time."""

Trust = Literal["settled", "any", "none"]

Parse = Callable[[bytes, ParsedText | None], ParsedText]
"""Parses a file's bytes, given what the file said before where that is known."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one content of a file from the next; times in nanoseconds."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Return a file's identity from its status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file's content with the identity that it was found under.

    Attributes:
        settled: Whether a later content would show in the identity. A file that was modified
            just before it was read can be modified again, in place, within one tick of the file
            system's clock; until that tick is over only its bytes can tell.
    """

    text: ParsedText
    identity: Identity
    settled: bool

    def tells(self, identity: Identity, trust: Trust) -> bool:
        """Return whether a file of that identity has this content, as far as that is trusted."""
        trusted = trust == "any" or (trust == "settled" and self.settled)
        return trusted and self.identity == identity


class Snapshots:
    """The last content of each file, up to a number of bytes; for any number of threads.

    What is kept is shared by everybody who reads it and altered by nobody.
    """

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._room = kept_bytes
        self._kept: OrderedDict[Path, Snapshot] = OrderedDict()
        self._guard = threading.Lock()

    def text(self, path: Path, parse: Parse, trust: Trust) -> ParsedText | None:
        """Return what the file says, None when it does not exist.

        Args:
            trust: When the file's identity is enough to know its content: `settled` identities
                only, for an answer; `any`, when `holds` is asked before anything comes of it;
                `none`, when the bytes are to be compared.

        Raises:
            NotJson: whatever `parse` raises; nothing is kept then.
            OSError: it cannot be read.
            Unavailable: it is no regular file, or too large.
        """
        known = self._find(path)
        try:
            status = path.stat()
            if known and known.tells(Identity.of(status), trust):
                return known.text
            _refuse_unfit(path, status)
            before = known.text if known else None
            began_ns = time.time_ns()
            with path.open("rb") as file:
                identity = Identity.of(os.fstat(file.fileno()))
                if before and _says(file, before):
                    text = before
                else:
                    file.seek(0)
                    text = parse(file.read(MAX_BYTES), before)
        except FileNotFoundError:
            return None
        self.keep(path, text, identity, began_ns)
        return text

    def keep(self, path: Path, text: ParsedText, identity: Identity, seen_ns: int) -> None:
        """Keep a content that a file had at an instant, and forget the longest unused ones."""
        settled = identity.modified_ns < seen_ns - _SETTLED_NS
        with self._guard:
            self._kept.pop(path, None)
            if text.size_bytes > self._room:
                return
            self._kept[path] = Snapshot(text, identity, settled)
            while sum(each.text.size_bytes for each in self._kept.values()) > self._room:
                self._kept.popitem(last=False)

    def _find(self, path: Path) -> Snapshot | None:
        with self._guard:
            found = self._kept.get(path)
            if found:
                self._kept.move_to_end(path)
            return found


KEPT = Snapshots()
"""Those of this process."""


def content_of(path: Path) -> bytes | None:
    """Return a file's bytes, whatever they say; None when it does not exist.

    Raises:
        OSError: it cannot be read.
        Unavailable: it is no regular file, or too large.
    """
    try:
        _refuse_unfit(path, path.stat())
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except FileNotFoundError:
        return None


def holds(path: Path, text: ParsedText | None) -> bool:
    """Return whether the file has exactly these bytes, or for None whether there is no file.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return text is not None and _says(file, text)
    except FileNotFoundError:
        return text is None


def _says(file: BinaryIO, text: ParsedText) -> bool:
    """Compare bit by bit: room for a second copy takes longer to get than to fill."""
    for piece in text.pieces:
        for at in range(0, len(piece), _READ_BYTES):
            wanted = min(_READ_BYTES, len(piece) - at)
            found = file.read(wanted)
            if len(found) != wanted or not piece.startswith(found, at):
                return False
    return not file.read(1)


def _refuse_unfit(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unavailable(f"{path} is not a regular file")
    if status.st_size > MAX_BYTES:
        raise Unavailable(f"{path} is larger than {MAX_BYTES} bytes")
