"""An exchange document in a file of the workspace, read whole and within bounds."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from registry.errors import InvalidArgument, NotFound
from registry.local.json_text import NotJson, parse

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Tens of thousands of entries; a larger file is no export of one registry."""

# The path was resolved before: a link or fifo put there meanwhile is neither followed nor awaited.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_document(path: Path) -> Any:  # noqa: ANN401 - the file's own shape
    """Return what the file spells.

    Args:
        path: Inside of the workspace, its links resolved.

    Raises:
        NotFound: there is no such file.
        InvalidArgument: it is no regular file, too large, cannot be read, or is not JSON; the
            message has the position.
    """
    raw = _bytes_of(path)
    try:
        return parse(raw).value
    except NotJson as problem:
        raise InvalidArgument(f"{path.name} is not JSON: {problem}") from problem


def _bytes_of(path: Path) -> bytes:
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidArgument(f"{path.name} is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise InvalidArgument(f"{path.name} is larger than {MAX_DOCUMENT_BYTES} bytes")
    return raw


def _unreadable(path: Path, error: OSError) -> InvalidArgument:
    return InvalidArgument(f"{path.name} cannot be read: {error.strerror or error}")
