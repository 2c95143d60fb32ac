"""The folder that a sandbox keeps its state in: one sandbox at a time."""

import sys
from pathlib import Path
from typing import IO


class FolderInUse(Exception):
    """Another sandbox, which is still running, keeps its state in the folder."""


class FolderLock:
    """Holds a folder until it is released or the process ends; the kernel keeps the lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the folder, or raise FolderInUse at once."""
        file = (self._folder / "sandbox.lock").open("ab")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise FolderInUse(f"another sandbox is using {self._folder}") from error
        self._file = file

    def release(self) -> None:
        """Let another sandbox take the folder; nothing to do when it was not taken."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 # only there on Windows

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 # not there on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
