"""An exchange document in a file of the workspace, read whole and within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry.errors import InvalidArgument, NotFound
from registry.local.json_text import NotJson, parse
from registry.plain_files import read_plain

MAX_DOCUMENT_MIB = 64
"""Tens of thousands of entries; a larger file is no export of one registry."""


def read_document(path: Path) -> Any:  # noqa: ANN401 - the file's own shape
    """Return what the file spells.

    Args:
        path: Inside of the workspace, its links resolved.

    Raises:
        NotFound: there is no such file.
        InvalidArgument: it is no regular file, too large, cannot be read, or is not JSON; the
            message has the position.
    """
    raw = read_plain(path, path.name, most_mib=MAX_DOCUMENT_MIB)
    if raw is None:
        raise NotFound(f"there is no file {path}")
    try:
        return parse(raw).value
    except NotJson as problem:
        raise InvalidArgument(f"{path.name} is not JSON: {problem}") from problem
