"""What MLCC's scripts run: programs of their names, answered on the sandbox."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import aws_command

if TYPE_CHECKING:
    from .side_by_side import Side

Helper = Callable[[list[str], dict[str, str]], tuple[int, str]]
"""Arguments and variables in, exit status and standard output back."""

STAND_IN = Path(__file__).with_name("stand_in.py")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The JSON document that it printed, whatever was printed around it."""
        start, end = self.out.index("{\n"), self.out.rindex("\n}")
        return json.loads(self.out[start : end + 2])


@dataclass(slots=True)
class Programs:
    """What MLCC's scripts find on PATH: `aws` and the register helper are answered from here.

    Attributes:
        account: Clients of the account that the running script works on.
        variables: What the helper's process has of the script's.
    """

    folder: Path
    helper: Helper
    account: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @contextmanager
    def opened(self) -> Iterator[Programs]:
        """Write the programs, and answer them as long as this lasts."""
        address = self.folder / "line"
        asks = f"exec {sys.executable} -I -S {STAND_IN} {address}"
        self.bin.mkdir()
        self.write("aws", f'{asks} aws "$@"')
        self.write("sleep", "exit 0")
        self.write(
            "python3",
            f'case "$1" in */.register_helper.py) shift; {asks} helper "$@";; esac\n'
            f'exec {sys.executable} -I -S "$@"',
        )
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address))
            listening.listen()
            answering = threading.Thread(target=self._answer, args=(listening,), daemon=True)
            answering.start()
            yield self
            with socket.socket(socket.AF_UNIX) as last:  # an empty line ends it
                last.connect(str(address))
            answering.join()

    def write(self, name: str, text: str) -> None:
        """Put a program of that name on the scripts' PATH."""
        program = self.bin / name
        program.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        program.chmod(0o755)

    def _answer(self, listening: socket.socket) -> None:
        while True:
            line, _ = listening.accept()
            with line, line.makefile("rb") as asked:
                if not (words := asked.read()):
                    return
                program, *arguments = json.loads(words)
                line.sendall(json.dumps(self._answered(program, arguments)).encode())

    def _answered(self, program: str, arguments: list[str]) -> aws_command.Answer:
        if program == "aws":
            return aws_command.answered(self.account, arguments)
        status, out = self.helper(arguments, self.variables)
        return status, out, ""

    def run(self, side: Side, script: str, *words: str, **shell: str) -> Ran:
        """Run one of the project's `do/` scripts on a side."""
        self.account, self.variables = side.clients, {"HOME": str(side.user)}
        done = subprocess.run(
            ["bash", str(side.project / "do" / script), *words],
            cwd=side.project,
            env={
                **side.environment,
                "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(side.user),
                "LANG": "C.UTF-8",
                "MLCC_SKIP_SECRET_DISCOVERY": "1",
                **shell,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
