"""The command ``mlcc-registry-sandbox``: a local AWS until its input ends."""

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from sandbox import environment
from sandbox.engine import EngineUnavailable
from sandbox.folder import FolderInUse
from sandbox.service import Sandbox
from sandbox.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the input ends or SIGTERM or SIGINT comes; 0, or 1 when it cannot start."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # what the sandbox keeps is for its user only
    # The sample is filled by clients of this process, which must not follow its user's settings.
    environment.isolate(os.environ)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    threading.Thread(target=_wait_for_end_of_input, args=(ended,), daemon=True).start()
    box = Sandbox(
        options.dir,
        options.region,
        sample=options.sample,
        port=options.port,
        settings=Settings(component_polls=options.component_polls),
    )
    try:
        with box:
            _announce(box.environment(through_front=options.front), as_json=options.json)
            ended.wait()
    except (EngineUnavailable, FolderInUse) as error:
        sys.stderr.write(f"mlcc-registry-sandbox: {error}\n")
        return 1
    return 0


def _announce(wanted: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        text = json.dumps(wanted)
    else:
        text = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in wanted.items())
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _wait_for_end_of_input(ended: threading.Event) -> None:
    # Started without any input, there is nothing that could keep it.
    while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
        pass
    ended.set()


class _Version(argparse.Action):
    """Prints the distribution's version, which costs a search that no other run needs."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - as said

        sys.stdout.write(f"{version('mlcc-registry-mcp')}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlcc-registry-sandbox",
        description="A local AWS (SageMaker, STS, ECR, S3, DynamoDB) until its input ends. "
        "Prints the variables that lead AWS clients to it.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    parser.add_argument("--dir", type=Path, help="keep everything in this folder")
    parser.add_argument("--region", default="us-west-2", help="default: %(default)s")
    parser.add_argument("--sample", action="store_true", help="fill a sample account")
    parser.add_argument(
        "--front",
        action="store_true",
        help="lead S3 and DynamoDB through the front: faults, permissions and the log hold there",
    )
    parser.add_argument("--json", action="store_true", help="print the variables as one JSON line")
    parser.add_argument("--port", type=int, default=0, help="of SageMaker, STS, ECR; default: free")
    parser.add_argument(
        "--component-polls",
        type=int,
        default=3,
        help="which look at a new component finds it InService; default: %(default)s",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
