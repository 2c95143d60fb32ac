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
Mlcc = Callable[..., str]


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


@pytest.fixture(scope="session")
def package(npm_packages: Path) -> Path:
    """Return MLCC's folder among the installed packages."""
    folder = npm_packages / "node_modules" / "@aws" / "ml-container-creator"
    found = json.loads((folder / "package.json").read_text("utf-8"))
    assert found["version"] == "1.5.2"
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a fresh registry home below a fresh HOME."""
    return tmp_path / "user" / ".ml-container-creator"


@pytest.fixture
def mlcc(package: Path, home: Path, tmp_path: Path) -> Mlcc:
    """Return a function that runs the registry command of MLCC and gives what it printed."""
    work = tmp_path / "work"
    work.mkdir()

    def run(*arguments: str) -> str:
        return ran([*registry_command(package), *arguments], home, work)

    return run


@pytest.fixture
def held_mlcc(package: Path, home: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the registry command of MLCC; it halts before it writes the file that it has read.

    Then it says so on its standard error, and goes on when the file `until` is there.
    """

    def start(until: Path, *arguments: str) -> subprocess.Popen[str]:
        hold = PIN.with_name("held_writer.cjs")
        return subprocess.Popen(
            [*registry_command(package, "--require", str(hold)), *arguments],
            cwd=home,
            env={**environment_of(home), "HELD_UNTIL": str(until)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def registry_command(package: Path, *options: str) -> list[str]:
    program = json.loads((package / "package.json").read_text("utf-8"))["bin"]
    script = package / (program if isinstance(program, str) else program["ml-container-creator"])
    return ["node", *options, str(script), "registry"]


@pytest.fixture
def helper(package: Path, home: Path, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs MLCC's register helper and gives what it answered."""
    script = package / "templates" / "do" / ".register_helper.py"

    def run(*arguments: str) -> Any:
        return json.loads(ran([sys.executable, str(script), *arguments], home, tmp_path))

    return run


def ran(command: list[str], home: Path, work: Path) -> str:
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command,
        cwd=work,
        env=environment_of(home),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return done.stdout


def environment_of(home: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **keep,
        "HOME": str(home.parent),
        "NO_COLOR": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
