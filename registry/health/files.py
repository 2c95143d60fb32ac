"""Says what is wrong with the registry home and its files, and what to do about it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from registry.health.inspection import Inspected
from registry.health.places import Place
from registry.local.acknowledged import Discrepancy
from schemas.doctor import Finding, Level, StoredFile, Subject

REPAIR = "run `mlcc-registry-mcp doctor --repair`"
_OPEN_TO_OTHERS = 0 if os.name == "nt" else 0o077
"""Windows tells nothing of others in a mode."""


def check_home(home: Path) -> list[Finding]:
    """Return what there is to say about the registry home's folder."""
    about = str(home)
    try:
        status = home.stat()
    except FileNotFoundError:
        return [_found("home", about, "ok", "it is not there yet; the first record makes it")]
    except OSError as error:
        hint = "check the folders above it, or name another with --home"
        return [_found("home", about, "problem", f"it cannot be read: {error.strerror}", hint)]
    if not stat.S_ISDIR(status.st_mode):
        return [_found("home", about, "problem", "it is no folder", "name another with --home")]
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        hint = f"give it back to its user: chmod u+rwx {shlex.quote(about)}"
        return [_found("home", about, "problem", "we may not write in it", hint)]
    if others := _open_to_others(status):
        return [_found("home", about, "warning", others, f"chmod 700 {shlex.quote(about)}")]
    return [_found("home", about, "ok", "only its owner may enter it")]


def check_file(place: Place, seen: Inspected) -> list[Finding]:
    """Return what there is to say about one file: that it is sound, or each thing that is not."""
    facts = seen.facts
    complaints = [
        *_content(place, facts),
        *_permissions(place, facts),
        *_surroundings(facts),
        *(_differing(facts.path, each) for each in seen.discrepancies),
    ]
    return complaints or [_found("file", facts.path, "ok", _summary(facts))]


def _content(place: Place, facts: StoredFile) -> Iterator[Finding]:
    about = facts.path
    if facts.unreadable:
        message = f"it cannot be read: {facts.unreadable}"
        yield _found("file", about, "problem", message, "nothing is recorded until it can be")
    if facts.damage:
        yield _damaged(place, facts.damage)
    if facts.newer:
        message = "it is of a format that is not known here; it is read and not written"
        yield _found("file", about, "warning", message, "update this server to write it")


def _permissions(place: Place, facts: StoredFile) -> Iterator[Finding]:
    about = facts.path
    if facts.mode and (int(facts.mode, 8) & _OPEN_TO_OTHERS):
        message = f"others on this machine may read or change it (mode {facts.mode})"
        yield _found("file", about, "warning", message, f"chmod 600 {shlex.quote(about)}")
    if place.shape and facts.mode and not os.access(place.file.path, os.W_OK):
        message = "it is write-protected; nothing can be recorded in it"
        yield _found("file", about, "problem", message, f"chmod u+w {shlex.quote(about)}")


def _surroundings(facts: StoredFile) -> Iterator[Finding]:
    about = facts.path
    if facts.locked_by:
        message = f"its lock is held by {facts.locked_by}"
        hint = "normal for a moment; if it is still held when you look again, end that process"
        yield _found("file", about, "warning", message, hint)
    if facts.stray_files:
        message = f"writers that were killed left {_counted(len(facts.stray_files), 'file')} beside"
        hint = "the next record removes them; the file itself is whole"
        yield _found("file", about, "warning", message, hint)


def _damaged(place: Place, damage: str) -> Finding:
    about = str(place.file.path)
    if place.shape is None:
        hint = "repair it by hand, or let ml-container-creator's bootstrap write it anew"
        return _found("file", about, "problem", damage, hint)
    hint = f"{REPAIR}: it puts the file aside and saves what can be read"
    return _found("file", about, "problem", f"it cannot be used: {damage}", hint)


def _differing(about: str, found: Discrepancy) -> Finding:
    meant = f"if that was meant, delete {shlex.quote(about + '.journal')} and the one ending in .1"
    if found.problem == "missing":
        return _found("file", about, "problem", found.says, f"{REPAIR} to put it back; {meant}")
    if found.problem == "duplicate_id":
        return _found("file", about, "warning", found.says, "give one of them another id by hand")
    return _found("file", about, "warning", found.says, f"compare it by hand; {meant}")


def _summary(facts: StoredFile) -> str:
    if not facts.exists and facts.kind == "bootstrap":
        return "it is not there: no bootstrap profile gives settings"
    if not facts.exists:
        return "it is not there yet; the first record makes it"
    noun = "profile" if facts.kind == "bootstrap" else "entry"
    said = f"{_counted(facts.entries or 0, noun)}, {facts.size_bytes} bytes"
    if facts.set_aside:
        said += f"; {_counted(len(facts.set_aside), 'damaged file')} put aside earlier"
    return said


def _counted(number: int, noun: str) -> str:
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def _open_to_others(status: os.stat_result) -> str:
    mode = stat.S_IMODE(status.st_mode)
    if not mode & _OPEN_TO_OTHERS:
        return ""
    return f"others on this machine may look into it (mode {mode:04o})"


def _found(subject: Subject, about: str, level: Level, message: str, hint: str = "") -> Finding:
    return Finding(
        subject=subject, about=about, level=level, message=message, next_step=hint or None
    )
