"""Serves one client over standard input and output until the input ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.settings import Settings
from registry.workspace import Workspace
from server.app import build_server
from server.logs import configure_logs

_log = logging.getLogger("mlcc_registry.server")


def serve(settings: Settings) -> None:
    """Serve until the client closes our input.

    Raises:
        RegistryError: the sandbox was asked for and cannot run here.
    """
    configure_logs(settings.log_level)
    signal.signal(signal.SIGINT, _leave)
    # A buffered print of some library would reach the protocol's pipe at exit.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # a text stream at start
    with _surroundings(settings) as actual:
        registry = build_registry(actual, os.environ)
        _log.info(
            "serving",
            extra={
                "home": str(actual.home),
                "workspace": [str(root) for root in registry.workspace.roots],
                "sandbox": actual.sandbox,
            },
        )
        build_server(registry).run("stdio")


def build_registry(settings: Settings, environment: Mapping[str, str]) -> Registry:
    """Return the registry that these settings and this environment describe."""
    return Registry(
        settings=settings,
        workspace=Workspace(workspace_roots(settings, Path.cwd())),
        directory=BotoDirectory(sandbox=settings.sandbox),
        environment=environment,
        now=lambda: datetime.now(UTC),
    )


def workspace_roots(settings: Settings, start: Path) -> tuple[Path, ...]:
    """Return the folders that bound every path argument.

    The start folder counts unless it is the root of a file system or the user's home: an
    assistant started there would be let into everything.
    """
    if settings.workspace:
        return tuple(Path(each).expanduser() for each in settings.workspace)
    resolved = start.resolve()
    if resolved == Path(resolved.anchor) or resolved == Path.home().resolve():
        return ()
    return (resolved,)


def _leave(number: int, _: FrameType | None) -> None:
    """End at once, as SIGTERM does: a thread that waits for input would hold the process up.

    Every write is whole or not there, and a sandbox of ours ends when its input closes.
    """
    _log.info("interrupted")
    os._exit(128 + number)


@contextmanager
def _surroundings(settings: Settings) -> Iterator[Settings]:
    if not settings.sandbox:
        yield settings
        return
    from server.sandboxed import private_sandbox  # noqa: PLC0415 - an extra that few start with

    with private_sandbox(settings) as sandboxed:
        yield sandboxed
