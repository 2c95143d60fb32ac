"""Writes `do/adapters/<name>.conf` for an adapter from the registry, and can take it back.

Source: record contract, section 4 (do/adapters/NAME.conf); design (deploy_adapter_from_registry).
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from registry.errors import Conflict, InvalidArgument, Unavailable
from registry.identifiers import check_adapter_name
from registry.project.assignments import Assignments, read_assignments
from registry.project.files import read_text, real_path
from registry.project.folder import BASE_CONF_VARIABLE, DEFAULT_COMPONENT
from registry.redaction import redact_text, refuse_secret

FOLDER = "do/adapters"

_UNSAFE = re.compile(r"[\"$`\\\x00-\x1f\x7f]")
_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_ORIGIN = frozenset(
    {
        "ADAPTER_HF_REPO",
        "ADAPTER_TUNE_TECHNIQUE",
        "ADAPTER_TUNE_DATASET",
        "ADAPTER_TECHNIQUE",
        "ADAPTER_TRAIN_JOB",
        "ADAPTER_PARENT_MODEL_ARN",
        "ADAPTER_PARENT_MODEL_SLUG",
        BASE_CONF_VARIABLE,
    }
)
"""Variables that tell where other weights came from, false once the weights are others."""


@dataclass(frozen=True, slots=True)
class RegistryAdapter:
    """What a conf says about an adapter that was rolled out from the registry.

    Attributes:
        created_at: `YYYY-MM-DDThh:mm:ssZ`.
        parent_model_arn: "" when the version does not tell.
        technique: How it was tuned; without it, registering the folder would take the project's
            last technique for the adapter's.
        base_conf: The base component's conf; written only when it is not `default`.
    """

    name: str
    ic_name: str
    weights_uri: str
    created_at: str
    registry_arn: str
    parent_model_arn: str = ""
    parent_model_slug: str = ""
    technique: str = ""
    base_conf: str = DEFAULT_COMPONENT

    def variables(self) -> dict[str, str]:
        """Return the conf's variables in MLCC's order, what MLCC does not write last.

        Raises:
            InvalidArgument: a value would end the double quotes around it, or holds a secret.
        """
        variables = {
            "ADAPTER_NAME": check_adapter_name(self.name),
            "ADAPTER_IC_NAME": self.ic_name,
            "ADAPTER_WEIGHTS_URI": self.weights_uri,
            "ADAPTER_CREATED_AT": self.created_at,
            "ADAPTER_SOURCE": "registry",
            "ADAPTER_REGISTRY_ARN": self.registry_arn,
        }
        if self.parent_model_arn or self.parent_model_slug:
            variables["ADAPTER_PARENT_MODEL_ARN"] = self.parent_model_arn
            variables["ADAPTER_PARENT_MODEL_SLUG"] = self.parent_model_slug
        if self.technique:
            variables["ADAPTER_TECHNIQUE"] = self.technique
        if self.base_conf != DEFAULT_COMPONENT:
            variables[BASE_CONF_VARIABLE] = self.base_conf
        for name, value in variables.items():
            refuse_secret(name, value)
            if _UNSAFE.search(value):
                raise InvalidArgument(
                    f"{name} cannot be written to a conf: it holds a quote, a dollar, "
                    "a backquote, a backslash or a control character"
                )
        return variables


@dataclass(frozen=True, slots=True)
class ConfRemoval:
    """One adapter's conf that is to go.

    Attributes:
        relative: Its path in the project, for messages.
        former: Its bytes as they were planned with.
    """

    path: Path
    relative: str
    former: bytes

    @classmethod
    def plan(cls, root: Path, relative: str) -> ConfRemoval | None:
        """Return the removal of a conf, None when it is gone already; nothing is removed.

        Raises:
            InvalidArgument: it is a link, or leads out of the folder.
        """
        path = real_path(root.resolve(), FOLDER) / Path(relative).name
        if path.is_symlink():
            raise InvalidArgument(f"{relative} is a link and is not removed")
        former = _bytes_of(path, relative)
        return None if former is None else cls(path, relative, former)

    def remove(self) -> bool:
        """Remove the conf, gone already or not; False when somebody changed it since the plan.

        Raises:
            Unavailable: the folder cannot be written.
        """
        current = _bytes_of(self.path, self.relative)
        if current is None:
            return True
        if current != self.former:
            return False
        try:
            self.path.unlink(missing_ok=True)
            _flush_folder(self.path.parent)
        except OSError as error:
            raise _unwritable(self.relative, error) from error
        return True


@dataclass(slots=True)
class AdapterConfFile:
    """One adapter's conf as it is and as it will be.

    Attributes:
        path: The file.
        relative: Its path in the project, for messages.
        former: Its bytes before, None when it did not exist.
        text: Its text afterwards.
        variables: What it will say, by name.
    """

    path: Path
    relative: str
    former: bytes | None
    text: str
    variables: Mapping[str, str]
    _made_folder: bool = field(default=False, repr=False)
    _found_written: bool = field(default=False, repr=False)

    @classmethod
    def plan(cls, root: Path, adapter: RegistryAdapter, *, present: str = "") -> AdapterConfFile:
        """Return what writing the conf would do; nothing is written.

        Lines that say something else than the adapter's origin are kept. Nothing changes when
        the conf already says the same, whenever it was created.

        Args:
            root: The project folder.
            present: Path in the project of the conf that has the adapter, whatever its file name.

        Raises:
            InvalidArgument: a value is not safe to write, or the conf that is there leads out
                of the folder or holds what we cannot take apart.
        """
        variables = adapter.variables()
        relative = present or f"{FOLDER}/{adapter.name}.conf"
        root = root.resolve()
        path = real_path(root, FOLDER) / Path(relative).name
        if path.is_symlink():
            raise InvalidArgument(f"{relative} is a link and is not replaced")
        former = read_text(root, relative)
        text = _new_text(variables) if former is None else _changed(former, variables, relative)
        before = None if former is None else former.encode()
        return cls(path, relative, before, text, variables)

    @property
    def state(self) -> Literal["created", "updated", "unchanged"]:
        """What writing does to the file."""
        if self.former is None:
            return "created"
        return "unchanged" if self.former == self.text.encode() else "updated"

    def preview(self) -> list[str]:
        """Return the change as lines of a unified difference, none when nothing changes.

        Secrets that other lines of the conf hold are taken out; the file keeps them.
        """
        before = [] if self.former is None else self.former.decode().splitlines()
        source = "/dev/null" if self.former is None else self.relative
        lines = difflib.unified_diff(
            before, self.text.splitlines(), source, self.relative, lineterm="", n=1
        )
        return [redact_text(line) for line in lines]

    def write(self) -> None:
        """Put the conf in place, whole or not at all; one that an equal call wrote stays.

        Raises:
            Conflict: somebody changed the file since the plan.
            Unavailable: the folder cannot be written.
        """
        current = self._current()
        if current != self.former:
            if current is None or not self._agrees(current):
                raise Conflict(f"{self.relative} was changed meanwhile", hint="plan again")
            self._found_written = True
            return
        if self.state == "unchanged":
            return
        try:
            if not self.path.parent.is_dir():
                self.path.parent.mkdir()
                self._made_folder = True
            _replace(self.path, self.text.encode())
        except OSError as error:
            raise _unwritable(self.relative, error) from error

    def put_back(self) -> bool:
        """Restore what was there before; False when somebody changed the file since.

        Raises:
            Unavailable: the folder cannot be written.
        """
        current = self._current()
        if current == self.former or self._found_written:
            return True
        if current != self.text.encode():
            return False
        try:
            if self.former is not None:
                _replace(self.path, self.former)
                return True
            self.path.unlink()
            _flush_folder(self.path.parent)
            if self._made_folder:
                with contextlib.suppress(OSError):  # somebody else's conf is in it by now
                    self.path.parent.rmdir()
        except OSError as error:
            raise _unwritable(self.relative, error) from error
        return True

    def _agrees(self, current: bytes) -> bool:
        try:
            said = read_assignments(current.decode(), file=self.relative)
        except (InvalidArgument, UnicodeDecodeError):
            return False  # whatever it says, it is not what we would have written
        return _says_the_same(said, self.variables)

    def _current(self) -> bytes | None:
        return _bytes_of(self.path, self.relative)


def _bytes_of(path: Path, relative: str) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(relative, error) from error


def _line(name: str, value: str) -> str:
    return f'export {name}="{value}"'


def _new_text(variables: Mapping[str, str]) -> str:
    return "".join(f"{_line(name, value)}\n" for name, value in variables.items())


def _changed(former: str, variables: Mapping[str, str], relative: str) -> str:
    """Return the conf with our variables set, its other lines as they were."""
    before = read_assignments(former, file=relative)
    _refuse_unreadable(before, variables, relative)
    if _says_the_same(before, variables):
        return former
    kept = [line for line in former.split("\n") if _keeps(line, variables)]
    text = "\n".join(_placed(kept, former, variables))
    text = text if text.endswith("\n") else text + "\n"
    after = read_assignments(text, file=relative)
    others = {n: v for n, v in before.values.items() if n not in variables and n not in _ORIGIN}
    if dict(after.values) != {**others, **variables} or after.notices:
        raise InvalidArgument(
            f"{relative} cannot be changed line by line",
            hint="its variables span lines; tidy the file, or remove it",
        )
    return text


def _refuse_unreadable(before: Assignments, names: Mapping[str, str], relative: str) -> None:
    problem = next(iter(before.notices), "")
    for entry in before.unresolved:
        if entry.name in names or not problem:
            problem = f"line {entry.line}: {entry.name}: {entry.reason}"
    if problem:
        raise InvalidArgument(
            f"{relative} holds what cannot be told without running it, and is not overwritten "
            f"({problem})",
            hint="write its values out, or remove the file",
        )


def _says_the_same(before: Assignments, variables: Mapping[str, str]) -> bool:
    """Whether only the instant of creation differs."""
    said = {name: before.get(name) for name in (*variables, *_ORIGIN)}
    wanted: dict[str, str | None] = {**dict.fromkeys(_ORIGIN), **variables}
    said.pop("ADAPTER_CREATED_AT")
    wanted.pop("ADAPTER_CREATED_AT")
    return said == wanted and before.get("ADAPTER_CREATED_AT") is not None


def _keeps(line: str, variables: Mapping[str, str]) -> bool:
    found = _LINE.match(line)
    return not found or found.group("name") not in {*variables, *_ORIGIN}


def _placed(kept: list[str], former: str, variables: Mapping[str, str]) -> list[str]:
    """Return the kept lines with ours where the conf's first own line stood."""
    position = 0
    for line in former.split("\n"):
        if not _keeps(line, variables):
            break
        position += 1
    position = min(position, len(kept))
    if position == len(kept) and kept and kept[-1] == "":
        position -= 1
    ours = [_line(name, value) for name, value in variables.items()]
    return kept[:position] + ours + kept[position:]


def _replace(path: Path, data: bytes) -> None:
    """Write beside, flush, and move into place."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no descriptor for a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(relative: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"{relative} cannot be read or written: {error.strerror or error}",
        hint="let the server write to the project folder; or name project_name, endpoint_name and "
        "base_component, which needs no folder and keeps no conf",
    )
