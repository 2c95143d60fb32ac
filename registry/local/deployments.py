"""The deployment registry's file, MLCC's `registry.json`: an envelope around its entries.

Source: record contract, section 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any

from registry.errors import CorruptRegistry, NotFound, PreconditionFailed
from registry.identifiers import entry_id as new_id
from registry.local.documents import JsonFile
from registry.local.entries import schema_problems, validate_entry
from registry.local.json_text import fingerprint
from registry.local.list_text import Added
from registry.stores import JsonObject
from schemas.deployment import ENVELOPE_VERSION

PROJECT_FILE = Path(".ml-container-creator", "registry.json")
"""A project's own registry, in its folder."""

_DATED = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class DeploymentFile:
    """One registry file; implements `registry.stores.DeploymentLog`.

    A plain list of entries and an envelope with no or an older `schemaVersion` are older formats:
    read, and written back as today's envelope with the next change. A newer or unknown
    `schemaVersion` is read and never written. Anything else is refused and left as it is. Keys
    that we do not know survive, in the envelope and in every entry.
    """

    path: str
    document: JsonFile

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """Return every entry as stored, oldest first; none for a missing file.

        Raises:
            CorruptRegistry: the file does not parse or is no registry.
            Unavailable: it cannot be read.
        """
        return self.entries_in(self.document.read())

    def format_warning(self) -> str | None:
        """Return why the file can only be read, None when it can be written too."""
        return self._newer(self.document.read())

    def append(
        self,
        make: Callable[[Sequence[Mapping[str, Any]]], JsonObject | str],
    ) -> tuple[JsonObject, bool]:
        """Append one entry, or find the one that is already there, under one lock.

        Args:
            make: Sees the present entries and returns either a new entry's document, or the id
                of the present entry that makes a new one unnecessary. It is called again when
                MLCC changed the file meanwhile. A new entry whose id is missing or taken gets
                another by the id rule.

        Returns:
            The stored entry, and whether it was appended now.

        Raises:
            InvalidArgument: the new entry does not fit the schema; names the JSON pointers.
            NotFound: `make` returned an id that no entry has.
            PreconditionFailed: the file is of a newer format, which we only read.
            Conflict, CorruptRegistry, Unavailable: as `JsonDocument.change`.
        """
        made: tuple[JsonObject, bool] | None = None

        def edit(content: Any) -> Any:  # noqa: ANN401 - the file's own shape
            nonlocal made
            present = self.entries_in(content)
            answer = make(present)
            if isinstance(answer, str):
                made = present[self._index(present, answer)], False
                return content
            self._refuse_newer(content)
            entry = _with_own_id(answer, present)
            validate_entry(entry)
            made = entry, True
            if _is_current(content):
                return Added(entry, present, lambda: _enveloped(content, [*present, entry]))
            return _enveloped(content, [*present, entry])

        self.document.revise(edit)
        assert made is not None, "change always calls its edit"  # noqa: S101 - for the type checker
        return made

    def change(self, edit: Callable[[list[JsonObject]], list[JsonObject]]) -> list[JsonObject]:
        """Run read, edit, write on the entries under the file's lock, and return what is stored.

        Args:
            edit: Takes the entries, none for a missing file, alters none of them and returns a
                new list; it may be called more than once. Equal entries write nothing.

        Raises:
            PreconditionFailed: the file is of a newer format, which we only read.
            Conflict, CorruptRegistry, Unavailable: as `JsonDocument.change`.
        """
        stored: list[JsonObject] = []

        def edited(content: Any) -> Any:  # noqa: ANN401 - the file's own shape
            nonlocal stored
            present = self.entries_in(content)
            self._refuse_newer(content)
            stored = edit(list(present))
            unchanged = fingerprint(stored) == fingerprint(present)
            return content if unchanged else _enveloped(content, stored)

        self.document.revise(edited)
        return stored

    def patch(self, entry_id: str, changes: Mapping[str, Any]) -> JsonObject:
        """Set keys of one entry, found by its id; a nested mapping is merged, not replaced.

        Raises:
            NotFound: the file has no such entry any more.
            InvalidArgument: the changes make a valid entry invalid.
            PreconditionFailed: the file is of a newer format, which we only read.
            Conflict, CorruptRegistry, Unavailable: as `JsonDocument.change`.
        """
        patched: JsonObject = {}

        def edit(content: Any) -> Any:  # noqa: ANN401 - the file's own shape
            nonlocal patched
            present = self.entries_in(content)
            index = self._index(present, entry_id)
            self._refuse_newer(content)
            patched = _merged(present[index], changes)
            if patched == present[index]:
                return content
            if not schema_problems(present[index]):
                validate_entry(patched)
            return _enveloped(content, [*present[:index], patched, *present[index + 1 :]])

        self.document.revise(edit)
        return patched

    def entries_in(self, content: Any) -> list[JsonObject]:  # noqa: ANN401 - the file's own shape
        """Return the entries of what `document` reads, as stored; none for a missing file.

        Raises:
            CorruptRegistry: it is no registry.
        """
        if content is None:
            return []
        entries = content.get("entries") if isinstance(content, dict) else content
        if not isinstance(entries, list):
            raise self._foreign("it has no list of entries")
        if set(map(type, entries)) - {dict}:
            number = next(n for n, entry in enumerate(entries) if not isinstance(entry, dict))
            raise self._foreign(f"/entries/{number} is not an object")
        return entries

    def _index(self, present: Sequence[Mapping[str, Any]], wanted: str) -> int:
        for index, entry in enumerate(present):
            if entry.get("id") == wanted:
                return index
        raise NotFound(f"{self.path} has no entry {wanted!r}")

    def _newer(self, content: Any) -> str | None:  # noqa: ANN401 - the file's own shape
        if not isinstance(content, dict) or "schemaVersion" not in content:
            return None
        version = content["schemaVersion"]
        if isinstance(version, str) and _DATED.fullmatch(version) and version <= ENVELOPE_VERSION:
            return None
        return (
            f"{self.path} has a schemaVersion that is not known here (known: up to "
            f"{ENVELOPE_VERSION}); it is read as it is and not written"
        )

    def _refuse_newer(self, content: Any) -> None:  # noqa: ANN401 - the file's own shape
        if warning := self._newer(content):
            raise PreconditionFailed(warning, hint="a newer version of this server may write it")

    def _foreign(self, problem: str) -> CorruptRegistry:
        return CorruptRegistry(
            f"{self.path} is not a deployment registry: {problem}",
            hint="it was left as it is; repair it, or move it away to start a new one",
        )


def user_registry(home: Path) -> DeploymentFile:
    """Return the user's registry in the registry home, which need not exist yet."""
    return registry_file(home / "registry.json")


def project_registry(project_dir: Path) -> DeploymentFile:
    """Return a project's own registry; a link in it that leads out of the project is refused."""
    return registry_file(project_dir / PROJECT_FILE, within=project_dir)


def registry_file(path: Path, *, within: Path | None = None) -> DeploymentFile:
    """Return a registry in this file, which need not exist yet.

    Args:
        within: A folder that the file, links followed, must not be outside of.
    """
    document = JsonFile(path, ascii_only=False, final_newline=True, within=within, journaled=True)
    return DeploymentFile(str(path), document)


def _enveloped(content: Any, entries: list[JsonObject]) -> JsonObject:  # noqa: ANN401 - the file's own shape
    envelope: JsonObject = {"schemaVersion": ENVELOPE_VERSION, "entries": entries}
    if isinstance(content, dict):
        return {**content, **envelope}
    return envelope


def _is_current(content: Any) -> bool:  # noqa: ANN401 - the file's own shape
    return isinstance(content, dict) and content.get("schemaVersion") == ENVELOPE_VERSION


def _with_own_id(entry: JsonObject, present: Sequence[Mapping[str, Any]]) -> JsonObject:
    if entry.get("id") is not None and entry["id"] not in map(methodcaller("get", "id"), present):
        return entry
    taken = {str(other.get("id")) for other in present}
    deployment = entry.get("deployment")
    configuration = deployment.get("deploymentConfig") if isinstance(deployment, Mapping) else ""
    return {**entry, "id": new_id(str(entry.get("timestamp")), str(configuration), taken)}


def _merged(entry: Mapping[str, Any], changes: Mapping[str, Any]) -> JsonObject:
    merged = dict(entry)
    for key, value in changes.items():
        present = merged.get(key)
        if isinstance(value, Mapping) and isinstance(present, Mapping):
            merged[key] = _merged(present, value)
        else:
            merged[key] = value
    return merged
