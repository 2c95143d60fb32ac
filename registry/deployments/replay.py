"""The generator's flags that would make a deployment again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.deployments.filters import value_at

_FLAGS = (
    ("--deployment-config", ("deployment", "deploymentConfig")),
    ("--model-name", ("model", "modelName")),
    ("--instance-type", ("infrastructure", "instanceType")),
    ("--region", ("infrastructure", "region")),
    ("--model-format", ("model", "modelFormat")),
)


def replay_flags(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return flag, value, flag, value... for MLCC's generator.

    A list, never a command: a shell would run what an entry's fields say (D10).

    Source: record contract, section 1 (replay flags).
    """
    transformers = value_at(entry, "deployment", "architecture") == "transformers"
    flags: list[str] = []
    for flag, path in _FLAGS:
        value = value_at(entry, *path)
        if value is None or (flag == "--model-format" and transformers):
            continue
        flags += [flag, str(value)]
    return tuple(flags)
