"""What of the caller's shell a registration may need: the values that the deploy saw there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_ENGINES = ("VLLM_", "SGLANG_", "TRTLLM_", "LMI_", "DJL_")
_ALWAYS = {"HF_MODEL_ID"}
_LONGEST = 1_000_000
"""Bytes of a file that are looked at; a conf is a few hundred."""


def shell_values(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the folder's files refer to, and those of the engines.

    Nothing else of the shell is passed on. The server takes out what is secret before it stores
    or sends anything, as it does with the folder's own values.
    """
    wanted = _ALWAYS.union(*map(_references, _files(folder / "do")))
    return {
        name: value
        for name, value in environment.items()
        if name in wanted or name.startswith(_ENGINES)
    }


def _files(do: Path) -> Iterator[Path]:
    for each in (do / "config", *sorted(do.glob("ic/*.conf")), *sorted(do.glob("adapters/*.conf"))):
        if each.is_file() and each.stat().st_size <= _LONGEST:
            yield each


def _references(file: Path) -> set[str]:
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:
        return set()  # the server reads it too, and says what is wrong with it
    return set(_REFERENCE.findall(text))
