"""The command line in this process, on a server in this process: the same code, started once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.command.answers import Refused
from clients.command.app import run
from clients.command.front import Front
from registry.settings import load_settings
from server.app import build_server
from server.assembling import build_registry

from ...e2e.commands import Done

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "support-bot"
ALL = ("core", "registry", "adapters", "ci")


Command = Callable[..., Done]


class InMemory:
    """Reaches a server that is an object of this process."""

    def transport(self):
        return build_server(build_registry(load_settings({"toolsets": ALL}), os.environ))

    def ended(self):
        return Refused.because("unavailable", "the server ended")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, no AWS, and nothing of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MLCC_", "VLLM_", "HF_", "CI_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return folder / ".ml-container-creator"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example project, the working folder."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "support-bot"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(home: Path, project: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command line: nobody is at the terminal."""

    def ran(*words: str) -> Done:
        capfd.readouterr()
        status = run(words, Front(InMemory, person=False))
        printed = capfd.readouterr()
        return Done(int(status), printed.out, printed.err)

    return ran
