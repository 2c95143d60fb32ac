"""What a host's file becomes with our entry in it, checked to say all that it said before."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from clients.hosts import jsonc
from clients.hosts.errors import CannotMerge, Differs
from clients.hosts.host import Entry, Host

Change = tuple[tuple[str, ...], object]
"""Where something is set, and to what."""

_BY_HAND = "put the printed entry in by hand"


class Format(Protocol):
    """How a file is written; a module for each."""

    def read(self, text: str) -> dict[str, Any]:
        """Return what a text says, or raise ValueError."""
        ...

    def with_value(self, text: str, path: Sequence[str], value: object) -> str:
        """Return the text with the value at a path of keys set."""
        ...


@dataclass(frozen=True, slots=True)
class Merged:
    """A file's new text.

    Attributes:
        state: `unchanged` when it is the old text.
        replaced: What stood under the name, where that was changed.
    """

    text: str
    state: Literal["created", "updated", "unchanged"]
    replaced: object = None


def snippet(host: Host, name: str, entry: Entry) -> str:
    """Return a whole file of the host that holds nothing but our entry."""
    return _format(host).with_value("", (host.servers, name), entry)


def read(host: Host, text: str) -> dict[str, Any]:
    """Return what a host's file says.

    Raises:
        CannotMerge: it cannot be parsed.
    """
    try:
        return _format(host).read(text)
    except (ValueError, RecursionError) as error:
        raise CannotMerge(
            f"it cannot be parsed as {host.format.upper()}: {_reason(error)}",
            "mend it; nothing is written over a file that cannot be read",
        ) from error


def merge(host: Host, text: str, name: str, entry: Entry, *, force: bool = False) -> Merged:
    """Return a host's file with our entry among its servers.

    The same entry counts as equal whatever else the person put into it, such as tools that need
    no approval. Forced, our keys are set in an entry that starts a command, and another kind of
    entry is replaced.

    Raises:
        CannotMerge: the file cannot be parsed, or not be changed without changing more.
        Differs: another entry has the name, and `force` is not set.
    """
    before = read(host, text)
    servers = before.get(host.servers, {})
    if not isinstance(servers, Mapping):
        raise CannotMerge(f"its {host.servers!r} is not a table of servers", _BY_HAND)
    place = (host.servers, name)
    if name not in servers:
        state: Literal["created", "updated"] = "updated" if before else "created"
        return Merged(_changed(host, text, before, [(place, entry)]), state)
    existing = servers[name]
    wrong = _wrong(existing, entry)
    if not wrong:
        return Merged(text, "unchanged")
    if not force:
        raise Differs(existing, entry)
    starts_a_command = isinstance(existing, Mapping) and "command" in existing
    changes: list[Change] = [(place, entry)]
    if starts_a_command:
        changes = [((*place, key), entry[key]) for key in wrong]
    return Merged(_changed(host, text, before, changes), "updated", existing)


def _wrong(existing: object, entry: Entry) -> list[str]:
    """Return the keys of ours that an entry does not have as we do."""
    held = existing if isinstance(existing, Mapping) else {}
    return [key for key, value in entry.items() if held.get(key) != value]


def _changed(host: Host, text: str, before: dict[str, Any], changes: Sequence[Change]) -> str:
    wanted = copy.deepcopy(before)
    try:
        for path, value in changes:
            text = _format(host).with_value(text, path, value)
            held = wanted
            for key in path[:-1]:
                held = held.setdefault(key, {})
            held[path[-1]] = value
        same = read(host, text) == wanted
    except (ValueError, CannotMerge) as error:
        raise CannotMerge(f"it is not understood: {error}", _BY_HAND) from error
    if not same:
        raise CannotMerge("it cannot be changed without changing more than our entry", _BY_HAND)
    return text


def _format(host: Host) -> Format:
    if host.format == "json":
        return jsonc
    from clients.hosts import toml  # noqa: PLC0415 - its library loads as long as all of ours

    return toml


def _reason(error: Exception) -> str:
    """Return why a text is not read; neither reader's message quotes the text."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
