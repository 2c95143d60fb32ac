"""Holds the engine for the sandbox: when the sandbox is gone, however it went, so is the engine.

Run as a file by an isolated Python, so that it starts fast and needs nothing but the standard
library::

    python -I -S supervisor.py LOG FOLDER_TO_REMOVE COMMAND...

It starts COMMAND with its output in LOG and waits for the end of its own input, which the
kernel closes when the sandbox dies, even by SIGKILL. Then it ends the engine, removes the
folder (unless that is ""), and ends.
"""

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

_GRACE_S = 2.0


def main(arguments: list[str]) -> int:
    """Hold one engine until the input ends; return the engine's status."""
    log_path, folder, *command = arguments
    # A terminal's Ctrl-C reaches us too; the sandbox decides when the engine stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(log_path).open("ab") as log:
        engine = subprocess.Popen(  # noqa: S603 # the sandbox's own engine
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 # one thread yet
        )
    ended = threading.Event()
    watch = threading.Thread(target=_stop_at_end_of_input, args=(engine, ended), daemon=True)
    watch.start()
    status = engine.wait()
    # An engine that failed by itself leaves the folder to the sandbox, which is still there.
    if folder and ended.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _stop_at_end_of_input(engine: "subprocess.Popen[bytes]", ended: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    ended.set()
    engine.terminate()
    try:
        engine.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        engine.kill()


def _die_with_parent() -> None:
    """Ask Linux to kill the engine when this supervisor is killed."""
    import ctypes  # noqa: PLC0415 # only on Linux, only in the engine's process

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
