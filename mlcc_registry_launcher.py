"""Starts the commands in an isolated interpreter.

A project folder may hold Python packages named like ours, and may be the working folder or on
PYTHONPATH. Isolated mode (`-I`) puts neither on the import path, so they neither shadow ours
nor run. This module has a name of its own and imports only what the interpreter has already.
"""

import os
import sys


def serve() -> None:
    """Run the MCP server: `mlcc-registry-mcp`."""
    _run_isolated("server.cli")


def client() -> None:
    """Run the command line: `mlcc-registry`."""
    _run_isolated("clients.command.main")


def sandbox() -> None:
    """Run the local AWS: `mlcc-registry-sandbox`."""
    _run_isolated("sandbox.cli")


def _run_isolated(module: str) -> None:
    command = [sys.executable, "-I", "-X", "utf8", "-m", module, *sys.argv[1:]]
    if os.name == "nt":
        import subprocess  # noqa: PLC0415 - exec on Windows detaches from the caller's pipes

        sys.exit(subprocess.call(command))  # noqa: S603 - our own interpreter and module
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and module
