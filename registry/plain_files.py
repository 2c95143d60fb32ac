"""Reads a file that anybody may have put there: itself, whole, within bounds, and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from registry.errors import InvalidArgument

# Opening a fifo must not wait for a writer, and a link put there meanwhile is not followed.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_plain(path: Path, name: str, *, most_mib: int) -> bytes | None:
    """Return a file's bytes, None when there is no such file.

    Args:
        path: Its links resolved.
        name: What messages call it.
        most_mib: A larger file is refused.

    Raises:
        InvalidArgument: it is a link by now, no regular file, too large, or cannot be read.
    """
    most_bytes = most_mib * 1024 * 1024
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(name, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidArgument(f"{name} is not a regular file and is not read")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise unreadable(name, error) from error
    finally:
        os.close(descriptor)
    if len(data) > most_bytes:
        raise InvalidArgument(f"{name} is larger than {most_mib} MiB and is not read")
    return data


def unreadable(name: str, error: OSError) -> InvalidArgument:
    """Return the error for what the file system does not let us read."""
    return InvalidArgument(f"{name} cannot be read: {error.strerror or error}")
