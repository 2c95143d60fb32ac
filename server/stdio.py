"""Serves one client over standard input and output until the input ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

from registry.settings import Settings
from server.app import build_server
from server.assembling import build_registry, surroundings
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
    with surroundings(settings) as actual:
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


def _leave(number: int, _: FrameType | None) -> None:
    """End at once, as SIGTERM does: a thread that waits for input would hold the process up.

    Every write is whole or not there, and a sandbox of ours ends when its input closes.
    """
    _log.info("interrupted")
    os._exit(128 + number)
