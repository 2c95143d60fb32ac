"""The whole sandbox: started, led to, and stopped; in this process or as a child."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox import environment
from sandbox.app import App
from sandbox.control import Control
from sandbox.dispatch import Dispatcher
from sandbox.engine import Engines
from sandbox.folder import FolderLock
from sandbox.front import Front
from sandbox.identities import DEFAULT_ACCOUNT, DEFAULT_KEY
from sandbox.settings import Settings

_CHILD_START_S = 30.0
_CHILD_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the sandbox's services are: ``app`` has SageMaker, STS and ECR.

    ``engine`` has S3 and DynamoDB of the first account.
    """

    app: str
    engine: str


class Sandbox:
    """A local AWS in this process, with its engine as a child; a context manager.

    Args:
        directory: keeps everything for the next sandbox there; None: a private temporary
            folder, removed at the end, even if this process is killed.
        region: the region that ``environment`` names.
        sample: fill the sample account (see ``sandbox.sample``).
        port: of the app; 0 for a free one.
        settings: how it behaves at the start.
    """

    def __init__(
        self,
        directory: Path | None = None,
        region: str = "us-west-2",
        *,
        sample: bool = False,
        port: int = 0,
        settings: Settings | None = None,
    ) -> None:
        self._directory = directory
        self._region = region
        self._sample = sample
        self._port = port
        self._settings = settings
        self._folder: Path | None = None
        self._lock: FolderLock | None = None
        self._dispatcher: Dispatcher | None = None
        self._app: App | None = None
        self._front: Front | None = None
        self._engines: Engines | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything; what was started is stopped again when something fails.

        Raises:
            EngineUnavailable: the engine for S3 and DynamoDB is missing or does not start.
            FolderInUse: another sandbox keeps its state in ``directory`` now.
        """
        private = self._directory is None
        folder = self._directory or Path(tempfile.mkdtemp(prefix="mlcc-sandbox-"))
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        remove = folder if private else None
        try:
            self._lock = FolderLock(folder)
            self._lock.take()
            self._engines = Engines(folder, keep=not private, remove=remove)
            self._engines.url(DEFAULT_ACCOUNT)
            self._dispatcher = Dispatcher(None if private else folder / "state", self._settings)
            self._front = Front(self._dispatcher, self._engines.url)
            self._app = App(self._dispatcher, self._front, port=self._port, region=self._region)
            self._app.start()
            if self._sample:
                from sandbox.sample import fill  # noqa: PLC0415 # needs boto3, which is slow

                fill(self.environment())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything that was started and remove the private folder."""
        if self._app is not None:
            self._app.stop()
            self._app = None
        if self._front is not None:
            self._front.close()
            self._front = None
        if self._engines is not None:
            self._engines.stop()
            self._engines = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._directory is None and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None

    @property
    def urls(self) -> Urls:
        """Where the services are; only while the sandbox runs."""
        if self._app is None or self._engines is None:
            raise RuntimeError("the sandbox is not running")
        return Urls(app=self._app.url, engine=self._engines.url(DEFAULT_ACCOUNT))

    @property
    def control(self) -> Control:
        """The control calls; only while the sandbox runs."""
        return Control(self.urls.app)

    def environment(
        self, access_key: str = DEFAULT_KEY, *, region: str = "", through_front: bool = False
    ) -> dict[str, str]:
        """Return the variables that lead an AWS client here.

        Args:
            access_key: another key, another user or account.
            region: of the calls; the sandbox's own unless given.
            through_front: lead S3 and DynamoDB through the front, which is opened, so that
                faults, permissions and the log hold there too; otherwise they are asked
                themselves, at their own speed.
        """
        if self._folder is None or self._engines is None or self._dispatcher is None:
            raise RuntimeError("the sandbox is not running")
        account = self._dispatcher.gate.identities.of(access_key).account
        opened = self._front.open() if through_front and self._front is not None else ""
        return environment.variables(
            app_url=self.urls.app,
            engine_url=opened or self._engines.url(account),
            region=region or self._region,
            access_key=access_key,
            folder=self._folder,
        )


@dataclass(frozen=True, slots=True)
class ChildSandbox:
    """A sandbox in a process of its own; it ends when this process does, however that ends."""

    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    control: Control

    @property
    def folder(self) -> Path:
        """The sandbox's own folder; a private one goes with the sandbox, however that ends."""
        return Path(self.environment["AWS_CONFIG_FILE"]).parent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the child by closing its input, and wait for it."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(_CHILD_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ChildFailed(Exception):
    """The child ended, or said nothing, instead of starting a sandbox."""


def start_child(
    *,
    directory: Path | None = None,
    region: str = "us-west-2",
    sample: bool = False,
    more_arguments: Sequence[str] = (),
) -> ChildSandbox:
    """Start a sandbox as a child process and return it with the environment to use.

    The child's stderr is this process's. ``environment.FOREIGN_VARIABLES`` must be removed
    from whatever environment the result is applied to.

    Raises:
        ChildFailed: it did not start within 30 seconds; its stderr says why.
    """
    arguments = ["--json", "--region", region, *more_arguments]
    if directory is not None:
        arguments += ["--dir", str(directory)]
    if sample:
        arguments.append("--sample")
    process = subprocess.Popen(  # noqa: S603 # our own program
        [*child_command(), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    line = _first_line(process)
    if not line:
        process.kill()
        process.communicate()
        raise ChildFailed("the sandbox did not start; its messages are on stderr")
    wanted: dict[str, str] = json.loads(line)
    return ChildSandbox(process, wanted, Control(wanted["AWS_ENDPOINT_URL_SAGEMAKER"]))


def child_command() -> list[str]:
    """Return the command that runs this very package, isolated from folders and variables."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sandbox.cli import main; "
    root = str(Path(__file__).resolve().parent.parent)
    return [sys.executable, "-I", "-c", f"{code}sys.exit(main())", root]


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    """Return the child's first line, or nothing when it takes too long or ends."""
    if process.stdout is None:
        return b""
    timer = threading.Timer(_CHILD_START_S, process.kill)
    timer.daemon = True
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()
