"""TOML, changed where it stands: a new table at the end, a value in its place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable


def read(text: str) -> dict[str, Any]:
    """Return what a text says; floats as they are written, so that `nan` equals itself.

    Raises:
        ValueError: it is not TOML.
    """
    return tomllib.loads(text, parse_float=str)


def with_value(text: str, path: Sequence[str], value: object) -> str:
    """Return a text that `read` accepts with the value at a path of keys set, tables made.

    A new table goes to the end of the file: before it, somebody's comment on the next table would
    come to stand over ours.

    Raises:
        ValueError: the library that changes it does not understand what the standard one reads.
    """
    if isinstance(value, Mapping) and not _has(text, path):
        newline = "\r\n" if "\r\n" in text else "\n"
        lead = newline if text and not text.endswith("\n") else ""
        gap = newline if text.strip() else ""
        table: object = value
        for key in reversed(path):
            table = {key: table}
        written = tomlkit.dumps(table)  # type: ignore[arg-type]  # path is never empty
        return text + lead + gap + written.replace("\n", newline)
    try:
        document = tomlkit.parse(text)
        held: Any = document
        for key in path[:-1]:
            held = held[key]
        held[path[-1]] = value
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ValueError(str(error)) from error


def _has(text: str, path: Sequence[str]) -> bool:
    """Tell whether the value is there, or the table it belongs to is closed by its braces."""
    try:
        held: Any = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from error
    for key in path:
        if isinstance(held, InlineTable):
            return True
        if key not in held:
            return False
        held = held[key]
    return True
