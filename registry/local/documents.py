"""A JSON file of the registry home, read and changed beside other processes and MLCC's scripts."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.errors import CorruptRegistry, InvalidArgument, Unavailable
from registry.local.json_text import NotJson, ParsedText, fingerprint, parse, render
from registry.local.locking import locked
from registry.local.replacing import make_folder, remove_strays, replace_content

MAX_BYTES = 256 * 1024 * 1024
"""A larger file is refused: no registry is, and a hostile one would fill the memory."""

HOW_TO_REPAIR = (
    "it was left as it is; run `mlcc-registry-mcp doctor --repair` (for a project's own file in "
    "the project's folder), which puts it aside and saves what can be read"
)
"""The hint of every error about a file that does not parse or has a foreign shape."""

ASIDE = ".corrupt-"
"""Between a damaged file's name and the instant at which it was put aside."""

_LOOKS = 4
_BETWEEN_LOOKS_S = 0.05
_ATTEMPTS = 20

Stamp = tuple[int, int, int] | None
"""What tells one content of a file from the next: file number, size, time; None when absent."""


@dataclass(frozen=True)
class JsonFile:
    """One stored JSON document; implements `registry.stores.JsonDocument`.

    MLCC knows nothing of our lock and does not replace its files whole. So a file that does not
    parse is looked at again for a moment, since MLCC may be half way through writing it; and a
    file that changed between our reading and our replacing is read and edited again, which is
    why `change` may call its `edit` more than once.

    Attributes:
        path: The file; a link is followed and its target replaced.
        ascii_only: Whether everything outside ASCII is written escaped.
        final_newline: Whether the file ends in a newline.
        lock_timeout_s: How long `change` waits for another writer.
        within: A folder that the file, links followed, must not be outside of.
        wait: Waits that many seconds.
    """

    path: Path
    ascii_only: bool = field(kw_only=True)
    final_newline: bool = field(kw_only=True)
    lock_timeout_s: float = field(default=10, kw_only=True)
    within: Path | None = field(default=None, kw_only=True)
    wait: Callable[[float], None] = field(default=time.sleep, kw_only=True)

    def read(self) -> Any:  # noqa: ANN401 - the file's own shape
        """Return the parsed file, None when it does not exist.

        A key that an object has twice counts with its last value.

        Raises:
            CorruptRegistry: it does not parse; the message has the position.
            Unavailable: it cannot be read.
        """
        parsed, _ = self._load(self._target())
        return parsed.value if parsed else None

    def change(self, edit: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - the file's own shape
        """Run read, edit, write under the file's lock, and return what is stored afterwards.

        Args:
            edit: Takes the parsed content, None when absent, and returns the new content. When
                it would be stored as it is already, nothing is written.

        Raises:
            Conflict: the lock was not to be had in time; the holder is named where known.
            CorruptRegistry: the file does not parse, or has a key twice; it is left as it is.
            InvalidArgument: the new content is not JSON.
            Unavailable: the folder is read-only, the disk is full; the old file is intact.
        """
        target = self._target()
        with _explained(target, "written"):
            make_folder(target.parent)
            with locked(target, timeout_s=self.lock_timeout_s):
                return self._change_locked(target, edit)

    def raw(self) -> bytes | None:
        """Return the file as it is stored, None when it does not exist. Raises Unavailable."""
        target = self._target()
        with _explained(target, "read"):
            raw, _ = _content(target)
        return raw

    def mend(self, aside: Callable[[Path], Path], mended: Callable[[bytes], Any]) -> Path | None:
        """Put a damaged file aside, and what can be read of it in its place, under its lock.

        Wherever this is interrupted, the damaged file is still there, under its own name or the
        other one.

        Args:
            aside: Takes the real path and returns a free name beside it.
            mended: Takes the stored bytes and returns what to store, None when they are sound.
                It may be called more than once.

        Returns:
            Where the damaged file is now; None when the file is sound, or absent.

        Raises:
            Conflict, Unavailable: as `change`.
        """
        target = self._target()
        with _explained(target, "written"):
            if not target.exists():
                return None
            with locked(target, timeout_s=self.lock_timeout_s):
                return self._mend_locked(target, aside, mended)

    def _mend_locked(
        self, target: Path, aside: Callable[[Path], Path], mended: Callable[[bytes], Any]
    ) -> Path | None:
        remove_strays(target)
        for _ in range(_ATTEMPTS):
            raw, stamp = _content(target)
            document = None if raw is None else mended(raw)
            if raw is None or document is None:
                return None
            self.wait(_LOOKS * _BETWEEN_LOOKS_S)  # MLCC may be half way through writing it
            if _stamp(target) != stamp:
                continue
            _refuse_protected(target)
            content = render(document, ascii_only=self.ascii_only, final_newline=self.final_newline)
            kept = _same_beside(target, raw)
            if kept is None:
                kept = aside(target)
                replace_content(kept, raw, like=target)
            if _stamp(target) == stamp:
                replace_content(target, content)
                return kept
        raise _restless(target)

    def _change_locked(self, target: Path, edit: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - the file's own shape
        remove_strays(target)
        for _ in range(_ATTEMPTS):
            parsed, stamp = self._load(target)
            if parsed and parsed.repeated_key:
                raise CorruptRegistry(
                    f"{target} has the key {parsed.repeated_key!r} twice in one object",
                    hint=f"writing would lose one of the two; {HOW_TO_REPAIR}",
                )
            before = parsed.value if parsed else None
            was = _stored_fingerprint(target, before)
            after = edit(before)
            content = self._rendered(after, was)
            if content is None:
                return after
            if _stamp(target) == stamp:
                _refuse_protected(target)
                replace_content(target, content)
                return after
        raise _restless(target)

    def _rendered(self, after: object, was: bytes) -> bytes | None:
        """Return the bytes to store, None when what is stored already says the same."""
        try:
            if fingerprint(after) == was:
                return None
            return render(after, ascii_only=self.ascii_only, final_newline=self.final_newline)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgument("a value is not one that JSON can hold") from error

    def _target(self) -> Path:
        target = Path(os.path.realpath(self.path))
        if self.within is not None and not target.is_relative_to(os.path.realpath(self.within)):
            raise InvalidArgument(f"{self.path} is a link that leads out of {self.within}")
        return target

    def _load(self, target: Path) -> tuple[ParsedText | None, Stamp]:
        for look in range(_LOOKS):
            with _explained(target, "read"):
                raw, stamp = _content(target)
            if raw is None:
                return None, stamp
            try:
                parsed = parse(raw)
            except NotJson as problem:
                if look == _LOOKS - 1:
                    raise _corrupt(target, str(problem)) from problem
                self.wait(_BETWEEN_LOOKS_S)
                continue
            if parsed.value is None:
                raise _corrupt(target, "it holds only null")
            return parsed, stamp
        raise AssertionError("the last look either returns or raises")


def _content(target: Path) -> tuple[bytes | None, Stamp]:
    stamp = _stamp(target)
    if stamp is None:
        return None, None
    status = target.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unavailable(f"{target} is not a regular file")
    if status.st_size > MAX_BYTES:
        raise Unavailable(f"{target} is larger than {MAX_BYTES} bytes")
    with target.open("rb") as file:
        return file.read(MAX_BYTES), stamp


def _stamp(target: Path) -> Stamp:
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _same_beside(target: Path, raw: bytes) -> Path | None:
    """Return where an interrupted repair has put these bytes aside already."""
    for each in sorted(target.parent.glob(f"{glob.escape(target.name)}{ASIDE}*")):
        if each.is_file() and each.stat().st_size == len(raw) and each.read_bytes() == raw:
            return each
    return None


def _restless(target: Path) -> Unavailable:
    return Unavailable(
        f"{target} was changed by another program each time it was to be written",
        hint="call again",
    )


def _refuse_protected(target: Path) -> None:
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("the file is write-protected")


def _stored_fingerprint(target: Path, stored: object) -> bytes:
    try:
        return fingerprint(stored)
    except ValueError as error:
        raise _corrupt(target, "the nesting is too deep") from error


def _corrupt(target: Path, problem: str) -> CorruptRegistry:
    return CorruptRegistry(
        f"{target} cannot be used: {problem}",
        hint=HOW_TO_REPAIR,
    )


@contextmanager
def _explained(target: Path, done: str) -> Iterator[None]:
    """Raise what the file system refuses as Unavailable, with the path that it refused."""
    try:
        yield
    except OSError as error:
        where = error.filename or target
        raise Unavailable(
            f"{target} cannot be {done}: {where}: {error.strerror or error}",
            hint="what was stored before is still there",
        ) from error
