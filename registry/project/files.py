"""Opens files of a project folder, and nothing that a file there only points to."""

from __future__ import annotations

import os
from pathlib import Path

from registry.errors import InvalidArgument
from registry.plain_files import read_plain, unreadable

MAX_FILE_MIB = 1
"""A larger file is not one that a generator or a person wrote here."""

MAX_FOLDER_FILES = 1000


def real_path(root: Path, relative: str) -> Path:
    """Return where a path of the folder really leads.

    Raises:
        InvalidArgument: out of the folder, or in a circle.
    """
    try:
        real = (root / relative).resolve()
    except (OSError, RuntimeError) as error:
        raise InvalidArgument(f"{relative} cannot be followed: {error}") from error
    if real != root and root not in real.parents:
        raise InvalidArgument(
            f"{relative} leads out of the project folder and is not read",
            hint="put the file itself there, in place of a link",
        )
    return real


def read_text(root: Path, relative: str) -> str | None:
    """Return the text of a file of the folder, None when there is no such file.

    Args:
        root: The project folder, its own links resolved.

    Raises:
        InvalidArgument: it leads out of the folder, is no regular file, is larger than 1 MiB,
            cannot be read, or is not UTF-8. The message names the file.

    Source: design, rule 2.
    """
    data = read_plain(real_path(root, relative), relative, most_mib=MAX_FILE_MIB)
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidArgument(
            f"{relative} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
        ) from error


def conf_names(root: Path, relative: str) -> list[str] | None:
    """Return the `*.conf` names in a subfolder, in byte order; None when there is no folder.

    Raises:
        InvalidArgument: the subfolder leads out of the project, cannot be listed, or holds
            more than a thousand of them.
    """
    path = real_path(root, relative)
    if not path.is_dir():
        return None
    try:
        names = [name for name in os.listdir(path) if _is_conf(name)]  # noqa: PTH208 - names only
    except OSError as error:
        raise unreadable(relative, error) from error
    if len(names) > MAX_FOLDER_FILES:
        raise InvalidArgument(f"{relative} holds more than {MAX_FOLDER_FILES} conf files")
    for name in names:
        if not name.isprintable():
            raise InvalidArgument(f"{relative} holds a file whose name is no text: {name!a}")
    return sorted(names, key=os.fsencode)


def _is_conf(name: str) -> bool:
    """Whether a shell's `*.conf` matches the name: not a hidden one."""
    return name.endswith(".conf") and not name.startswith(".")
