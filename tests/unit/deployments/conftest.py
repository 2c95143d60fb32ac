"""Registered entries, and a registry file that holds them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.local.deployments import DeploymentFile, user_registry

Entry = dict[str, Any]


@pytest.fixture
def deployed() -> Callable[..., Entry]:
    """Make an entry as MLCC stores it; keywords are its own keys, dotted by two underscores."""

    def make(number: int, **changes: Any) -> Entry:
        entry: Entry = {
            "timestamp": f"2026-05-{number % 28 + 1:02d}T10:00:00.000Z",
            "status": "success",
            "deployment": {
                "deploymentConfig": "transformers-vllm",
                "architecture": "transformers",
                "backend": "vllm",
                "baseImage": "vllm/vllm-openai:v0.8.5",
                "deploymentTarget": "realtime-inference",
                "buildTarget": None,
                "icList": [
                    {"name": "default", "gpuCount": 1, "copyCount": 1},
                    {"name": "faq", "isAdapter": True, "baseIcName": "default"},
                ],
            },
            "model": {"modelName": "Qwen/Qwen3-4B", "modelFormat": None},
            "infrastructure": {
                "instanceType": "ml.g5.2xlarge",
                "region": "us-west-2",
                "roleArn": None,
            },
            "configuration": {"parameters": {"VLLM_MAX_MODEL_LEN": "8192"}},
            "outcome": {"notes": f"note {number}"},
            "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
            "id": f"{number:08x}",
            "projectName": "support-bot",
        }
        for path, value in changes.items():
            *sections, key = path.split("__")
            holder = entry
            for section in sections:
                holder = holder[section]
            holder[key] = value
        return entry

    return make


@pytest.fixture
def seeded(tmp_path: Path) -> Callable[..., DeploymentFile]:
    """Write a registry file with these entries and return it."""

    def seed(*entries: Entry) -> DeploymentFile:
        document = {"schemaVersion": "2026-03-20", "entries": list(entries)}
        (tmp_path / "registry.json").write_text(json.dumps(document), "utf-8")
        return user_registry(tmp_path)

    return seed
