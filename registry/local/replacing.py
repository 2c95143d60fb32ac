"""Replacing a file's whole content so that a reader, or a crash, sees the old or the new one."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each for the owner only.

    Raises:
        OSError: something of that name is no folder, or the place is read-only.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)


def replace_content(
    path: Path, pieces: Sequence[bytes], *, while_still: Callable[[], bool]
) -> os.stat_result | None:
    """Give a file this content, in pieces, flushed to the disk together with its folder's entry.

    A new file is for its owner only; an existing one keeps mode and, where we may, owner. The
    caller holds the file's lock.

    Args:
        while_still: Asked at the last moment, when the content is on the disk beside the file:
            whether the file is still the one that is to be replaced.

    Returns:
        The new file's status, None when it was not the one any more and nothing was replaced.

    Raises:
        OSError: the disk is full, the place is read-only; the old content is still there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        status = _write(beside, pieces, like=path)
        if not while_still():
            beside.unlink()
            return None
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)
    return status


def remove_strays(path: Path) -> None:
    """Remove what writers that died before replacing left beside the file.

    Whoever holds the lock is the only writer, so every temporary file of this name is stray.
    """
    with os.scandir(path.parent) as found:
        strays = [
            entry.path
            for entry in found
            if entry.name.startswith(f".{path.name}.") and entry.name.endswith(".tmp")
        ]
    for stray in strays:
        Path(stray).unlink(missing_ok=True)


def _write(path: Path, pieces: Sequence[bytes], *, like: Path) -> os.stat_result:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        _take_over_attributes(path, like)
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
        return os.fstat(file.fileno())


def _take_over_attributes(new: Path, old: Path) -> None:
    try:
        was = old.stat()
    except FileNotFoundError:
        return
    mode = stat.S_IMODE(was.st_mode)
    if not _keeps_group(new, was):
        mode &= ~stat.S_IRWXG  # what one group might read, another may not
    if mode != _FILE_MODE:
        new.chmod(mode)


def _keeps_group(new: Path, was: os.stat_result) -> bool:
    """Give the new file the old owner and group, or at least the group, as far as we may."""
    now = new.stat()
    if (was.st_uid, was.st_gid) == (now.st_uid, now.st_gid):
        return True
    for owner in (was.st_uid, -1):
        try:
            os.chown(new, owner, was.st_gid)
        except PermissionError:
            continue
        return True
    return was.st_gid == now.st_gid


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle on a folder to flush
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
