"""Which version of ours is installed."""

from __future__ import annotations


def version() -> str:
    """Return the distribution's version, as its own metadata has it."""
    from importlib.metadata import version as installed  # noqa: PLC0415 - --version alone needs it

    return installed("mlcc-registry-mcp")
