"""A JSON file of the registry home, read and changed beside other processes and MLCC's scripts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.errors import CorruptRegistry, InvalidArgument, RegistryError, Unavailable
from registry.local.journal import Journal
from registry.local.json_text import Layout, NotJson, ParsedText, fingerprint, parse, render
from registry.local.list_text import Added, continued, extended
from registry.local.locking import locked
from registry.local.replacing import make_folder, remove_strays, replace_content
from registry.local.snapshots import KEPT, Identity, Snapshots, Trust, holds

_LOOKS = 4
_BETWEEN_LOOKS_S = 0.05
_ATTEMPTS = 20

Edit = Callable[[Any], Any]
"""Takes the parsed content, None when absent, and returns the new content."""


@dataclass(frozen=True)
class JsonFile:
    """One stored JSON document; implements `registry.stores.JsonDocument`.

    MLCC knows nothing of our lock and does not replace its files whole. So a file that does not
    parse is looked at again for a moment, since MLCC may be half way through writing it; and a
    file whose bytes changed between our reading and our replacing is read and edited again, which
    is why `change` and `revise` may call their `edit` more than once.

    Attributes:
        path: The file; a link is followed and its target replaced.
        ascii_only: Whether everything outside ASCII is written escaped.
        final_newline: Whether the file ends in a newline.
        lock_timeout_s: How long a change waits for another writer.
        within: A folder that the file, links followed, must not be outside of.
        journaled: Whether what `revise` stores is noted beside the file: see `journal`.
        wait: Waits that many seconds.
        snapshots: Keeps what the file said for the next reading.
    """

    path: Path
    ascii_only: bool = field(kw_only=True)
    final_newline: bool = field(kw_only=True)
    lock_timeout_s: float = field(default=10, kw_only=True)
    within: Path | None = field(default=None, kw_only=True)
    journaled: bool = field(default=False, kw_only=True)
    wait: Callable[[float], None] = field(default=time.sleep, kw_only=True)
    snapshots: Snapshots = field(default=KEPT, kw_only=True)

    def read(self) -> Any:  # noqa: ANN401 - the file's own shape
        """Return the parsed file, None when it does not exist.

        Everybody who reads the file while it stays as it is shares the answer: nobody alters it.
        A key that an object has twice counts with its last value.

        Raises:
            CorruptRegistry: it does not parse; the message has the position.
            Unavailable: it cannot be read.
        """
        text = self._text(self._target(), "settled")
        return text.value if text else None

    def change(self, edit: Edit) -> Any:  # noqa: ANN401 - the file's own shape
        """Run read, edit, write under the file's lock, and return what is stored afterwards.

        Args:
            edit: May alter what it takes. When what it returns would be stored as it is already,
                nothing is written.

        Raises:
            Conflict: the lock was not to be had in time; the holder is named where known.
            CorruptRegistry: the file does not parse, or has a key twice; it is left as it is.
            InvalidArgument: the new content is not JSON.
            Unavailable: the folder is read-only or vanishes, the disk is full; the old file is
                intact.
        """
        return self._changed(edit, lambda text: parse(text.raw).value)

    def revise(self, edit: Callable[[Any], Any]) -> None:
        """Run read, edit, write as `change`; adding to a large list takes as long as writing it.

        Args:
            edit: Alters nothing of what it takes, which is shared with readers, and returns new
                lists and objects around what stays, or what is `Added`.

        Raises:
            Conflict, CorruptRegistry, InvalidArgument, Unavailable: as `change`.
        """
        self._changed(edit, lambda text: text.value)

    def _changed(self, edit: Edit, content: Callable[[ParsedText], Any]) -> Any:  # noqa: ANN401 - the file's own shape
        target = self._target()
        with _explained(target, "written"):
            make_folder(target.parent)
            with locked(target, timeout_s=self.lock_timeout_s):
                remove_strays(target)
                for attempt in range(_ATTEMPTS):
                    text = self._text(target, "none" if attempt else "any")
                    _refuse_repeated_key(target, text)
                    try:
                        after = edit(content(text) if text else None)
                        if self._stored(target, text, after):
                            return after
                    except RegistryError:
                        if holds(target, text):
                            raise
        raise Unavailable(
            f"{target} was changed by another program each time it was to be written",
            hint="call again",
        )

    def _revised(
        self, target: Path, text: ParsedText | None, after: object
    ) -> ParsedText | bytes | None:
        """Return what to store, None when what is stored already says the same."""
        before = text.value if text else None
        if after is before:
            return None
        try:
            if isinstance(after, Added):
                longer = text and extended(text, after, self._layout)
                return longer or render(after.whole(), self._layout)
            if fingerprint(after) == _stored_fingerprint(target, before):
                return None
            return render(after, self._layout)
        except (TypeError, ValueError, RecursionError, NotJson) as error:
            raise InvalidArgument("a value is not one that JSON can hold") from error

    def _stored(self, target: Path, text: ParsedText | None, after: object) -> bool:
        """Store it, or return False when the file no longer has the bytes that were edited.

        What comes of an edit, be it a write, nothing or a refusal, counts only when it has.
        """
        revised = self._revised(target, text, after)
        if revised is None:
            return holds(target, text)
        _refuse_protected(target)
        note = Journal(target).note(text.value if text else None, after) if self.journaled else None
        if note:
            note.before_storing()
        status = replace_content(
            target,
            (revised,) if isinstance(revised, bytes) else revised.pieces,
            while_still=lambda: holds(target, text),
        )
        if status is None:
            return False
        if isinstance(revised, ParsedText):
            self.snapshots.keep(target, revised, Identity.of(status), status.st_mtime_ns)
        if note:
            note.once_stored()
        return True

    @property
    def _layout(self) -> Layout:
        return Layout(self.ascii_only, self.final_newline)

    def _target(self) -> Path:
        target = Path(os.path.realpath(self.path))
        if self.within is not None and not target.is_relative_to(os.path.realpath(self.within)):
            raise InvalidArgument(f"{self.path} is a link that leads out of {self.within}")
        return target

    def _text(self, target: Path, trust: Trust) -> ParsedText | None:
        for look in range(_LOOKS):
            try:
                with _explained(target, "read"):
                    text = self.snapshots.text(target, self._parsed, trust)
            except NotJson as problem:
                if look == _LOOKS - 1:
                    raise _corrupt(target, str(problem)) from problem
                self.wait(_BETWEEN_LOOKS_S)
                continue
            if text and text.value is None:
                raise _corrupt(target, "it holds only null")
            return text
        raise AssertionError("the last look either returns or raises")

    def _parsed(self, raw: bytes, known: ParsedText | None) -> ParsedText:
        return (known and continued(raw, known, self._layout)) or parse(raw)


def _refuse_protected(target: Path) -> None:
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError("the file is write-protected")


def _refuse_repeated_key(target: Path, text: ParsedText | None) -> None:
    if text and text.repeated_key:
        raise CorruptRegistry(
            f"{target} has the key {text.repeated_key!r} twice in one object",
            hint="writing would lose one of the two; remove one by hand",
        )


def _stored_fingerprint(target: Path, stored: object) -> bytes:
    try:
        return fingerprint(stored)
    except ValueError as error:
        raise _corrupt(target, "the nesting is too deep") from error


def _corrupt(target: Path, problem: str) -> CorruptRegistry:
    return CorruptRegistry(
        f"{target} cannot be used: {problem}",
        hint="it was left as it is; repair it, or move it away to start a new one",
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
