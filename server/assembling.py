"""Assembles the registry that settings and environment describe, for whoever works on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.settings import Settings
from registry.workspace import Workspace, start_roots


def build_registry(settings: Settings, environment: Mapping[str, str]) -> Registry:
    """Return the registry that these settings and this environment describe."""
    named = tuple(Path(each).expanduser() for each in settings.workspace)
    return Registry(
        settings=settings,
        workspace=Workspace(named or start_roots(Path.cwd(), Path.home())),
        directory=BotoDirectory(sandbox=settings.sandbox),
        environment=environment,
        now=lambda: datetime.now(UTC),
    )


@contextmanager
def surroundings(settings: Settings) -> Iterator[Settings]:
    """Give the settings to work with: those of a private sandbox where one is asked for.

    Raises:
        RegistryError: the sandbox cannot run here.
    """
    if not settings.sandbox:
        yield settings
        return
    from server.sandboxed import private_sandbox  # noqa: PLC0415 - an extra that few start with

    with private_sandbox(settings) as sandboxed:
        yield sandboxed
