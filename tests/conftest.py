"""No test sees the AWS configuration of whoever runs it; secrets to plant are made up here.

Programs of other people are installed by npm and pip, once, into a cache folder outside the
checkout.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
import shutil
import socket
import string
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from sandbox import environment, supervisor

environment.isolate(os.environ)
for name in [each for each in os.environ if each.startswith(("AWS_", "MLCC_", "CI_TABLE"))]:
    if name not in {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}:
        del os.environ[name]

FIGURE = "figure: "
WORDS = string.ascii_letters + string.digits


def _made(seed: int) -> dict[str, str]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, and no secret of anybody's

    def some(count: int, letters: str = WORDS) -> str:
        return "".join(chance.choices(letters, k=count - 1)) + chance.choice(string.digits)

    identity = uuid.UUID(int=chance.getrandbits(128))
    legacy = f"{some(26, string.ascii_lowercase + string.digits)}:{identity}"
    pem = f"\n{some(64)}\n{some(64)}\n"
    return {
        "hugging face": "hf_" + some(34),
        "github": f"gh{chance.choice('pousr')}_" + some(36),
        "github, fine": "github_pat_" + some(22) + "_" + some(59),
        "aws id": chance.choice(["AKIA", "ASIA"]) + some(16, string.ascii_uppercase + "234567"),
        "slack": f"xox{chance.choice('abprs')}-{some(12, string.digits)}-{some(24)}",
        "openai": chance.choice(["sk-", "sk-proj-", "sk-svcacct-"]) + some(48),
        "anthropic": "sk-ant-" + "api03-" + some(90, WORDS + "-_"),
        "nvidia": "nvapi-" + some(64, WORDS + "-_"),
        "ngc, older": base64.b64encode(legacy.encode()).decode(),
        "jwt": f"eyJ{some(30)}.eyJ{some(60)}.{some(43, WORDS + '-_')}",
        "pem": f"-----BEGIN RSA PRIVATE KEY-----{pem}-----END RSA PRIVATE KEY-----",
    }


@pytest.fixture(scope="session")
def secrets_of() -> Callable[[int], dict[str, str]]:
    """Make a secret of every kind that is known by its shape; the same for the same seed."""
    return _made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say the figures that tests have recorded, each added up, whatever process they ran in."""
    figures: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for each in reports:
            if getattr(each, "when", "") == "call":
                told = dict(each.user_properties).items()
                figures.update({name: count for name, count in told if name.startswith(FIGURE)})
    for name, count in sorted(figures.items()):
        terminalreporter.write_line(f"{name.removeprefix(FIGURE)}: {count}")


def unavailable(reason: str) -> None:
    """Skip for want of a program, but never where a missing one would hide a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI has to run this: {reason}")
    pytest.skip(reason)


def _installed_once(pin: Path, wanted: bytes, *command: str) -> Path:
    """Return a cache folder in which the command has run beside a copy of the pin, once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "mlcc-registry-mcp-tests" / hashlib.sha256(wanted).hexdigest()[:12]
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "install.lock"):
        if not (home / "installed").exists():
            (home / pin.name).write_bytes(pin.read_bytes())
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
            if done.returncode:
                unavailable(f"what {pin.name} pins could not be installed: {done.stderr[-500:]}")
            (home / "installed").touch()
    return home


@pytest.fixture(scope="session")
def npm_install() -> Callable[[Path], Path]:
    """Install what a package.json pins; the folder returned has it in `node_modules`."""

    def install(pin: Path) -> Path:
        if not shutil.which("node") or not shutil.which("npm"):
            unavailable("node and npm are not installed")
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        return _installed_once(pin, pin.read_bytes(), "npm", "install", *options)

    return install


@pytest.fixture(scope="session")
def pip_install() -> Callable[[Path], Path]:
    """Install exactly what a requirements file pins, apart from our own packages.

    The folder returned goes on the path of a Python that has ours, and wins over them.
    """

    def install(pin: Path) -> Path:
        python = f"{sys.implementation.cache_tag}\n".encode()
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-deps", "--target", "packages", "--requirement", pin.name]
        return _installed_once(pin, python + pin.read_bytes(), *command) / "packages"

    return install


@pytest.fixture(scope="session")
def pip_download() -> Callable[[Path, Path], Path]:
    """Fetch what a requirements file asks for, at the releases of a constraints file.

    The folder returned has one wheel for each, to install from without any index.
    """

    def download(wanted: Path, constraints: Path) -> Path:
        python = f"{sys.implementation.cache_tag}\n".encode()
        content = python + wanted.read_bytes() + constraints.read_bytes()
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
        command += ["--only-binary", ":all:", "--dest", "wheels"]
        command += ["--constraint", str(constraints), "--requirement", wanted.name]
        return _installed_once(wanted, content, *command) / "wheels"

    return download


@pytest.fixture(scope="session")
def dynalite(
    npm_install: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a second engine for DynamoDB, closer to the service in paging and messages."""
    program = npm_install(Path(__file__).parent / "engines" / "package.json")
    folder = tmp_path_factory.mktemp("dynalite")
    log = folder / "log"
    command = ["node", str(program / "node_modules" / "dynalite" / "cli.js"), "--host", "127.0.0.1"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command += ["--port", port, "--path", str(folder / "data"), "--createTableMs", "1"]
    held = [sys.executable, "-I", "-S", supervisor.__file__, str(log), "", *command]
    with subprocess.Popen(held, stdin=subprocess.PIPE) as process:
        ends = time.monotonic() + 30
        while not (log.exists() and b"istening at" in log.read_bytes()):
            said = log.read_text("utf-8") if log.exists() else ""
            assert process.poll() is None and time.monotonic() < ends, f"no dynalite: {said}"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
