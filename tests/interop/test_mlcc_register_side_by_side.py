"""Every flag and form of MLCC's `do/register`, beside ours: what each recorded, as a whole.

MLCC's own script runs in a copy of the example project, its `aws` and its register helper on an
account of the sandbox; our command line reads the same words in another copy, on another account.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients.command.app import run
from clients.command.front import Front
from sandbox.identities import DEFAULT_ACCOUNT, SECOND_ACCOUNT
from sandbox.service import Sandbox

from ..unit.command.conftest import InMemory
from .conftest import PIN, registry_command
from .differences import unexplained
from .side_by_side import Accounts, Programs, Ran, Side

pytestmark = pytest.mark.timeout(300)  # the first test may wait for what npm and pip install

GENERATED = {
    "framework": "transformers",
    "deploymentTarget": "realtime-inference",
    "modelFormat": "safetensors",
    "endpointInitialInstanceCount": 1,
    "endpointDataCapturePercent": None,
    "endpointVariantName": "AllTraffic",
    "endpointVolumeSize": None,
    "icCpuCount": None,
    "icMemorySize": None,
    "icGpuCount": None,
    "icCopyCount": 1,
    "icModelWeight": None,
    "modelEnvVars": {},
    "serverEnvVars": {},
}
"""What the generator knew when it wrote the example project's scripts."""


@pytest.fixture(scope="module")
def box():
    with Sandbox(region="us-west-2") as opened:
        yield opened


@pytest.fixture(scope="module")
def accounts(box: Sandbox):
    made = Accounts.of(box)
    yield made
    for each in made.clients.values():
        for client in each.values():
            client.close()


@pytest.fixture(scope="module")
def helper(pip_install, npm_packages: Path, accounts: Accounts):
    """MLCC's register helper: arguments and variables in, exit status and answer out."""
    sagemaker = pip_install(PIN.with_name("sagemaker_core.txt"))
    script = npm_packages / "node_modules/ml-container-creator-1-6/templates/do/.register_helper.py"
    with subprocess.Popen(
        [sys.executable, str(PIN.with_name("register_helper.py")), str(script)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "PYTHONPATH": str(sagemaker),
            **accounts.environments[DEFAULT_ACCOUNT],
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def answered(arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps([arguments, variables]) + "\n")
            process.stdin.flush()
            status, said = json.loads(process.stdout.readline())
            return status, said

        yield answered
        process.communicate()


@pytest.fixture(scope="module")
def programs(accounts: Accounts, helper, package: Path, tmp_path_factory):
    """The scripts' PATH: our stand-ins, and MLCC 1.5.2 as npm installs it globally."""
    opened = Programs(tmp_path_factory.mktemp("programs"), accounts, helper)
    with opened.opened():
        installed = opened.folder / "lib/node_modules/@aws"
        installed.mkdir(parents=True)
        (installed / "ml-container-creator").symlink_to(package)
        opened.write("npm", f"echo {installed.parent}")
        generator = " ".join(registry_command(package)[:-1])
        opened.write("ml-container-creator", f'exec {generator} "$@"')
        yield opened


@pytest.fixture(scope="module")
def scripts(script, npm_packages: Path):
    """The `do/` scripts of both versions, as the generator writes them for the project."""

    def rendered(package: str, *names: str) -> dict[str, str]:
        do = npm_packages / "node_modules" / package / "templates/do"
        given = {"templates": [str(do / name) for name in names], "variables": GENERATED}
        return dict(zip(names, script("render.mjs", given), strict=True))

    return {
        "1.6.0": rendered("ml-container-creator-1-6", "register", "adapter"),
        "1.5.2": rendered("@aws/ml-container-creator", "register"),
    }


class Both:
    """The two sides, and what each recorded so far."""

    def __init__(self, theirs: Side, ours: Side, programs: Programs, shell: Shell) -> None:
        self.theirs, self.ours = theirs, ours
        self._programs, self._shell = programs, shell

    def run(self, *words: str, version: str = "1.6.0", **variables: str) -> tuple[Ran, Ran]:
        """Give both the same words in the same shell; returns how each ended."""
        theirs = self._programs.run(self.theirs, f"register-{version}", *words, **variables)
        return theirs, self._shell(self.ours, ["register", *words], variables)

    def recorded(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.theirs.recorded(), self.ours.recorded()

    def append(self, file: str, line: str) -> None:
        for side in (self.theirs, self.ours):
            with (side.project / "do" / file).open("a", encoding="utf-8") as conf:
                conf.write(line + "\n")


Shell = Callable[[Side, list[str], dict[str, str]], Ran]


@pytest.fixture
def shell(programs: Programs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run our command line in a side's folder, with its own home, account and shell."""

    def ran(side: Side, words: list[str], variables: dict[str, str]) -> Ran:
        path = f"{programs.bin}{os.pathsep}{os.environ['PATH']}"
        with monkeypatch.context() as there:
            there.chdir(side.project)
            own = {**side.environment, "HOME": str(side.user), "PATH": path, **variables}
            for name, value in own.items():
                there.setenv(name, value)
            capfd.readouterr()
            status = run(words, Front(InMemory, person=False))
        printed = capfd.readouterr()
        return Ran(int(status), printed.out, printed.err)

    return ran


@pytest.fixture
def both(accounts: Accounts, programs: Programs, scripts, shell: Shell, npm_packages, tmp_path):
    """The example project on either side, MLCC's scripts in theirs; nothing is recorded yet."""
    accounts.emptied()
    theirs = accounts.side(DEFAULT_ACCOUNT, tmp_path / "theirs")
    ours = accounts.side(SECOND_ACCOUNT, tmp_path / "ours")
    do = theirs.project / "do"
    for version, texts in scripts.items():
        for name, text in texts.items():
            (do / f"{name}-{version}").write_text(text, "utf-8")
    lib = npm_packages / "node_modules/ml-container-creator-1-6/templates/do/lib"
    (do / "lib").symlink_to(lib)
    venv = theirs.project / ".mlcc/hey-venv/bin"
    venv.mkdir(parents=True)
    (venv / "activate").touch()
    return Both(theirs, ours, programs, shell)


def test_try(both):
    import time
    t=time.monotonic()
    theirs, ours = both.run("--json", "--status=partial")
    print(time.monotonic()-t)
    print(theirs.out, theirs.err, theirs.status)
    print(ours.out, ours.err, ours.status)
    import pprint
    from .differences import apart
    a,b=both.recorded()
    t=time.monotonic()
    theirs, ours = both.run("--notes", "x", GENERATOR_VERSION="1.5.2")
    print(time.monotonic()-t)
    print(theirs.out, theirs.err, theirs.status)
    print(ours.out, ours.err, ours.status)
    a,b=both.recorded()
    pprint.pprint(list(apart(a,b)))
    assert 0
