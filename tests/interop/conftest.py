"""Programs of other people, installed by npm once into a cache folder outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PIN = Path(__file__).with_name("package.json")
SERVER = Path(sys.executable).parent / "mlcc-registry-mcp"

Script = Callable[..., Any]


@pytest.fixture(scope="session")
def npm_packages(npm_install: Callable[[Path], Path]) -> Path:
    """The folder whose `node_modules` holds everything that package.json pins."""
    return npm_install(PIN)


@pytest.fixture(scope="session")
def script(npm_packages: Path) -> Script:
    """Run one of our small scripts on those packages: JSON in, JSON out."""

    def run(name: str, given: Any, *arguments: str, **options: Any) -> Any:
        done = subprocess.run(
            ["node", str(PIN.with_name(name)), str(npm_packages), *arguments],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            **options,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture
def converse(script: Script, tmp_path: Path) -> Script:
    """Hold one conversation of the TypeScript SDK's client with a new server process.

    Takes calls as (tool, arguments) and returns what the client was given.
    """
    user = tmp_path / "user"
    user.mkdir()

    def run(calls: list[tuple[str, dict[str, Any]]], folder: Path) -> Any:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(user),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        given = [{"name": name, "arguments": arguments} for name, arguments in calls]
        return script("client.mjs", given, str(SERVER), cwd=folder, env=environment)

    return run
