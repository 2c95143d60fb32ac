"""Starts the server for a command line, before anything else is loaded: the standard library only.

What the command needs is read from its first words. A word that means nothing starts nothing, and
the command's own reader says what is wrong with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

COMPLETION = "_MLCC_REGISTRY_COMPLETE"
"""Set by a shell that asks for completions; those come from the command's own reader."""

LOG_LEVEL = "MLCC_REGISTRY_LOG_LEVEL"
"""Set by somebody who wants to see the server's log; it is kept from the terminal otherwise."""

_TOOLSETS = {
    "register": "core,ci",
    "registry": "core,registry",
    "adapters": "core,adapters",
    "adapter": "core,adapters",
    "ci": "core,ci",
    "call": "core,registry,adapters,ci",
    "tools": "core,registry,adapters,ci",
}
"""The toolsets that each command calls tools of; other commands need no server."""

_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server process of ours that speaks the protocol over its pipes.

    Attributes:
        log: What it wrote to its standard error; None where that is the terminal's.
    """

    process: subprocess.Popen[bytes]
    log: IO[bytes] | None

    def stop(self) -> None:
        """End its input, and the process if that does not end it."""
        _close(self.process.stdin)
        try:
            self.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _close(self.process.stdout)  # not before: a thread may be reading from it

    def close(self) -> None:
        """End it, and forget what it logged."""
        self.stop()
        _close(self.log)

    def last_words(self) -> str:
        """Return the last line that it logged, "" without any."""
        if self.log is None:
            return ""
        self.log.seek(0)
        lines = self.log.read().decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


def early_server(arguments: Sequence[str], environment: Mapping[str, str]) -> Server | None:
    """Return the server that a command line needs, already started; None if it needs none."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    toolsets = _TOOLSETS.get(command)
    if toolsets is None or COMPLETION in environment or {"--help", "-h"} & set(arguments):
        return None
    flags = ["--toolsets", toolsets]
    folder = _project_dir(arguments)
    if folder:
        flags += ["--workspace", folder]
    log = None if environment.get(LOG_LEVEL) else tempfile.TemporaryFile()  # noqa: SIM115 - the server's, for as long as it runs
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-I", "-X", "utf8", "-m", "server.cli", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,  # Ctrl-C is the client's, which ends the call and then the server
    )
    return Server(process, log)


def _project_dir(arguments: Sequence[str]) -> str:
    """Return the folder that `--project-dir` names: the server has to be told what it may read."""
    named = ""
    for word, after in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, given, value = word.partition("=")
        if flag == "--project-dir":
            named = value if given else after
    return os.path.abspath(named) if named else ""  # noqa: PTH100 - pathlib costs a load here


def _close(pipe: IO[bytes] | None) -> None:
    with suppress(BrokenPipeError):  # what was left to send has nobody to read it
        if pipe is not None:
            pipe.close()
