"""Lists of entries with a name each, as `datasets.json` and `evaluators.json` hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from registry.errors import CorruptRegistry, NotFound
from registry.local.documents import HOW_TO_REPAIR
from registry.local.entries import Kind, schema_problems
from registry.redaction import quoted
from registry.stores import JsonDocument, JsonObject

_NEAR = 5
_ALIKE = 0.5


def put_named(
    store: JsonDocument, file_name: str, name: str, make: Callable[[JsonObject | None], JsonObject]
) -> None:
    """Replace the entry of that name in place, or append it; every other entry stays as it is.

    Args:
        file_name: The file's name, for errors.
        make: Takes the present entry, None without one, and returns what is to be stored. It is
            called again when another program changed the file meanwhile.

    Raises:
        CorruptRegistry: the file is no list of objects; it is left as it is.
        Conflict, Unavailable: as `JsonDocument.change`.
    """

    def edit(content: Any) -> list[JsonObject]:  # noqa: ANN401 - the file's own shape
        entries = _checked(content, file_name)
        for index, entry in enumerate(entries):
            if entry.get("name") == name:
                return [*entries[:index], make(entry), *entries[index + 1 :]]
        return [*entries, make(None)]

    store.change(edit)


def named_entries(store: JsonDocument, file_name: str) -> list[JsonObject]:
    """Return every entry as stored; none for a missing file.

    Raises:
        CorruptRegistry: the file is no list of objects, or does not parse.
        Unavailable: it cannot be read.
    """
    return _checked(store.read(), file_name)


def change_named(
    store: JsonDocument, file_name: str, name: str, change: Callable[[JsonObject], JsonObject]
) -> None:
    """Replace the entry of that name, if it is there still, by what `change` makes of it.

    Raises:
        CorruptRegistry, Conflict, Unavailable: as `put_named`.
    """

    def edit(content: Any) -> Any:  # noqa: ANN401 - the file's own shape
        entries = _checked(content, file_name)
        for index, entry in enumerate(entries):
            if entry.get("name") == name:
                return [*entries[:index], change(entry), *entries[index + 1 :]]
        return content

    store.change(edit)


def _checked(content: Any, file_name: str) -> list[JsonObject]:  # noqa: ANN401 - the file's own shape
    entries = [] if content is None else content
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CorruptRegistry(
            f"{file_name} is not a list of objects",
            hint=HOW_TO_REPAIR,
        )
    return entries


def check_storable(entry: JsonObject, kind: Kind, file_name: str) -> None:
    """Return when the entry fits its schema; what the caller said was checked before.

    Raises:
        CorruptRegistry: what the file held of it already does not fit; names the JSON pointers.
    """
    problems = schema_problems(entry, kind)
    if problems:
        listed = "; ".join(f"{problem.path} {problem.reason}" for problem in problems)
        raise unusable(entry, file_name, listed)


def unusable(entry: JsonObject, file_name: str, problem: str) -> CorruptRegistry:
    """Return the error for an entry that cannot be built upon."""
    return CorruptRegistry(
        f"{file_name}: the entry of {entry.get('name')!r} cannot be used: {problem}",
        hint="it was left as it is; repair the entry, or register under another name",
    )


def no_such_entry(kind: Kind, name: str, names: Iterable[str], *, warning: str = "") -> NotFound:
    """Return the error for a name that is not there, with those near it.

    Args:
        warning: Why there may be more names than these.
    """
    known = sorted(set(names))
    lowered = {each.lower(): each for each in reversed(known)}
    alike = get_close_matches(name.lower(), list(lowered), n=_NEAR, cutoff=_ALIKE)
    within = [each for each in known if name.lower() in each.lower()]
    near = list(dict.fromkeys([*(lowered[each] for each in alike), *within]))[:_NEAR]
    hints = [f"list_{kind}s gives the names", f"near: {', '.join(near)}" if near else "", warning]
    return NotFound(
        f"no {kind} is called {quoted(name, 80)}",
        hint="; ".join(hint for hint in hints if hint),
        candidates=near,
    )


def microseconds(instant: datetime) -> str:
    """Return an instant as these files write it: UTC, microseconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
