"""One lock per stored file, shared by every process on the machine and freed by the kernel."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from registry.errors import Conflict

_POLL_S = 0.005
_HOLDER_BYTES = 1000


@contextmanager
def locked(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the lock beside a file: `registry.json.lock` for `registry.json`.

    Whoever waits for it does so in turn, holding `registry.json.lock.turn`: else a process that
    writes again and again would take the lock back before a sleeping one looks, for as long as it
    likes. A holder that dies frees both. `registry.json.lock.holder` says who holds the lock; it
    is there for the message only, so a failure to write, read or remove it changes nothing.

    Raises:
        Conflict: somebody else held it all the time; names the holder when that is known.
        OSError: the lock file cannot be made.
    """
    lock = FileLock(f"{path}.lock", mode=0o600, poll_interval=_POLL_S)
    turn = FileLock(f"{path}.lock.turn", mode=0o600, poll_interval=_POLL_S)
    holder = Path(f"{path}.lock.holder")
    until = time.monotonic() + timeout_s
    try:
        with turn.acquire(timeout=timeout_s):
            lock.acquire(timeout=max(0, until - time.monotonic()))
    except Timeout as error:
        raise Conflict(
            f"{path} was locked for {timeout_s:g} s by {_named(holder)}",
            hint="call again when the other writer is done",
        ) from error
    try:
        _note(holder)
        try:
            yield
        finally:
            _forget(holder)
    finally:
        lock.release()


def _note(holder: Path) -> None:
    me = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
    try:
        descriptor = os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | GUARDED, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(me, file)
    except OSError:
        return  # the note is a courtesy; the lock itself is held


def _forget(holder: Path) -> None:
    try:
        holder.unlink(missing_ok=True)
    except OSError:
        return  # the next holder overwrites it


def _named(holder: Path) -> str:
    try:
        with os.fdopen(os.open(holder, os.O_RDONLY | GUARDED), encoding="utf-8") as file:
            note = json.loads(file.read(_HOLDER_BYTES))
        return f"process {int(note['pid'])} on {note['host']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


GUARDED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""A project folder may hold a link or a pipe of that name: neither followed nor waited for."""
