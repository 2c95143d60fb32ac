"""Every setting as the server would use it, and which place gave it its value."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from registry.core import Registry
from registry.precedence import Given
from registry.settings import Settings, who_set
from schemas.doctor import EffectiveSetting, Finding


def effective_settings(
    registry: Registry, loaded: Settings, flags: Collection[str]
) -> tuple[EffectiveSetting, ...]:
    """Return every setting, in their one order.

    Args:
        loaded: What flags and environment gave, before a private sandbox replaced some of it.
        flags: The settings that the command line named.
    """
    elsewhere = {
        "region": registry.given_region(""),
        "profile": registry.given_profile(""),
        "hub": registry.given_hub(),
        "ci_table": registry.given_ci_table(""),
        "workspace": _workspace(registry),
    }
    shown = []
    for name in Settings.model_fields:
        own = who_set(name, flags, registry.environment)
        value: Any = getattr(registry.settings, name)
        if value != getattr(loaded, name):
            own = Given("", "sandbox")
        elif name in elsewhere and own.source == "default":
            own = elsewhere[name]
            value = value or own.value
        if name == "workspace":
            value = tuple(str(root) for root in registry.workspace.roots)
        shown.append(_setting(name, value, own))
    return tuple(shown)


def check_settings(registry: Registry) -> list[Finding]:
    """Return what the settings, taken together, keep from working."""
    settings = registry.settings
    found = []
    if not registry.workspace.roots:
        found.append(
            _warning(
                "workspace",
                "no folder is open to path arguments",
                "start the server in a project's folder, or name folders with --workspace",
            )
        )
    if settings.require_human and settings.ask == "never":
        found.append(
            _warning(
                "require_human",
                "every rollout is refused: a person has to answer, and nobody may be asked",
                "leave out --require-human, or set --ask auto",
            )
        )
    return found


def _workspace(registry: Registry) -> Given:
    roots = registry.workspace.roots
    return Given("", "start_folder" if roots else "nowhere")


def _setting(name: str, value: Any, given: Given) -> EffectiveSetting:  # noqa: ANN401 - of any setting
    if isinstance(value, Path):
        value = str(value)
    return EffectiveSetting(
        name=name, value=value, source=given.source, source_name=given.name or None
    )


def _warning(name: str, message: str, hint: str) -> Finding:
    return Finding(subject="setting", about=name, level="warning", message=message, next_step=hint)
