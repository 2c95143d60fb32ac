"""The engines for S3 and DynamoDB: a roto process per account, each held by a supervisor."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

from sandbox import supervisor
from sandbox.identities import DEFAULT_ACCOUNT

_HOST = "127.0.0.1"
_TRIES = 5
_START_S = 15.0
_POLL_S = 0.01
_STOP_S = 10.0


class EngineUnavailable(Exception):
    """The engine cannot run here: its program is missing or does not start."""


class Engine:
    """A running roto that answers one account's S3 and DynamoDB on a port of its own.

    Args:
        folder: where it writes its log, its temporary files and, if kept, its data.
        account: whose ARNs it answers with.
        keep: whether data outlives the process; otherwise it is in memory.
        remove: a folder to remove when the engine ends, even if the sandbox was killed.
    """

    def __init__(self, folder: Path, *, account: str, keep: bool, remove: Path | None) -> None:
        self._folder = folder
        self._account = account
        self._keep = keep
        self._remove = remove
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start the engine on a free port, on another when somebody was faster.

        Raises:
            EngineUnavailable: no program for this platform, or it does not start.
        """
        program = find_program()
        for attempt in range(_TRIES):
            port = _free_port()
            log = self._folder / f"engine-{self._account}-{os.getpid()}-{attempt}.log"
            self._process = self._launch(program, port, log)
            if _listens(self._process, log):
                self.url = f"http://{_HOST}:{port}"
                return
            said = log.read_text("utf-8", "replace").strip()
            self.stop()
            if "in use" not in said:
                break
        raise EngineUnavailable(f"roto-server did not start: {said or 'it said nothing'}")

    def stop(self) -> None:
        """End the engine and wait for its supervisor to be gone."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _launch(self, program: str, port: int, log: Path) -> "subprocess.Popen[bytes]":
        temporary = self._folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        log.touch()
        name = "roto" if self._account == DEFAULT_ACCOUNT else f"roto-{self._account}"
        data = ["--data-dir", str(self._folder / name)] if self._keep else ["--ephemeral"]
        address = ["--host", _HOST, "--port", str(port), "--account-id", self._account]
        held = [str(log), str(self._remove or ""), program, *address, *data]
        return subprocess.Popen(  # noqa: S603 # our own program and arguments
            [sys.executable, "-I", "-S", supervisor.__file__, *held],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env={**_plain_environment(), "TMPDIR": str(temporary), "NO_COLOR": "1"},
        )


class Engines:
    """The engines of all accounts; one is started when its account is first asked for.

    Args:
        folder: of them all.
        keep: as for ``Engine``.
        remove: as for ``Engine``.
    """

    def __init__(self, folder: Path, *, keep: bool, remove: Path | None) -> None:
        self._folder = folder
        self._keep = keep
        self._remove = remove
        self._lock = threading.Lock()
        self._started: dict[str, Engine] = {}

    def url(self, account: str) -> str:
        """Return where the account's engine is.

        Raises:
            EngineUnavailable: it has to be started and does not start.
        """
        with self._lock:
            engine = self._started.get(account)
            if engine is None:
                folder, keep, remove = self._folder, self._keep, self._remove
                engine = Engine(folder, account=account, keep=keep, remove=remove)
                engine.start()
                self._started[account] = engine
            return engine.url

    def stop(self) -> None:
        """End every engine that was started."""
        with self._lock:
            for engine in self._started.values():
                engine.stop()
            self._started.clear()


def find_program() -> str:
    """Return the path of ``roto-server``: beside this Python, else on the PATH.

    Raises:
        EngineUnavailable: it is not installed, or has no build for this platform.
    """
    beside = shutil.which("roto-server", path=sysconfig.get_path("scripts"))
    found = beside or shutil.which("roto-server")
    if found is None:
        raise EngineUnavailable(
            "roto-server is not installed: the sandbox's S3 and DynamoDB need the package "
            "roto-aws (pip install 'mlcc-registry-mcp[sandbox]'); it has no build for every "
            f"platform (this one is {sysconfig.get_platform()})"
        )
    return found


def _listens(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    """Wait until the engine itself says that it listens; False when it ended instead.

    A connection would not do: on a port that was taken meanwhile, somebody else answers.
    """
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if b"roto listening on" in log.read_bytes():
            return True
        if process.poll() is not None:
            return False
        time.sleep(_POLL_S)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _plain_environment() -> dict[str, str]:
    """Return the environment without the engine's own variables, which would steer it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ROTO_")}
