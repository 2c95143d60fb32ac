"""The command that a host has to start: our server, as it is installed here."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from clients.hosts.errors import CannotMerge

_TEMPORARY = {"archive-v0", "builds-v0", "environments-v2", ".cache"}
"""Folders in which `uvx` and `pipx run` keep the environments that they may delete."""

_START_S = 60
"""It starts within two seconds; with `--sandbox`, or on a busy machine, it takes longer."""

_FOLDERS = {"--workspace", "--home", "--sandbox-dir"}
"""Flags of the server that name a folder."""


def installed_server() -> Path:
    """Return the absolute path of the server's command, beside this interpreter.

    Programs started from a desktop know neither the shell's PATH nor its working folder.

    Raises:
        CannotMerge: the command is not there.
    """
    for name in ("mlcc-registry-mcp", "mlcc-registry-mcp.exe"):
        found = Path(sysconfig.get_path("scripts"), name)
        if found.is_file():
            return found.absolute()
    raise CannotMerge(
        "the command mlcc-registry-mcp is not installed beside this interpreter",
        "install it again, for example with: uv tool install mlcc-registry-mcp",
    )


def refusal(command: Path, arguments: Sequence[str]) -> str:
    """Return why the server does not start with these flags, "" if it does.

    It is started without input, at whose end it ends; what is no server prints something.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own server
            [command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_START_S,
        )
    except subprocess.TimeoutExpired:
        return f"the server has not started in {_START_S} seconds"
    if done.returncode == 0 and not done.stdout:
        return ""
    said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return said.removeprefix(f"{command.stem}: ") or "these flags start no server"


def is_temporary(command: Path) -> bool:
    """Tell whether the command is in an environment that may be gone tomorrow."""
    return not _TEMPORARY.isdisjoint(command.parts)


def server_arguments(flags: Sequence[str], project: Path | None) -> list[str]:
    """Return the server's flags, folders in them as they are meant here.

    A project's entry opens that project, wherever it is started.
    """
    named = any(each.partition("=")[0] == "--workspace" for each in flags)
    opens = [] if project is None or named else ["--workspace", str(project)]
    return opens + [_absolute(flag, before) for before, flag in pairwise(["", *flags])]


def _absolute(flag: str, before: str) -> str:
    """Return a flag or its value; a folder is made absolute, since hosts start in another."""
    if before in _FOLDERS:
        return str(Path(flag).expanduser().absolute())
    name, given, value = flag.partition("=")
    return f"{name}={Path(value).expanduser().absolute()}" if given and name in _FOLDERS else flag
