"""A host's file: read with its mark and mode, replaced at once or not at all."""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from clients.hosts.errors import CannotMerge

_SOMEWHERE_ELSE = "put the printed entry into the right file by hand"


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file as it was when it was read.

    Attributes:
        target: The file itself, behind all links.
        content: Its bytes; None while there is none.
        text: What they say, without a byte order mark.
    """

    target: Path
    content: bytes | None
    text: str

    @classmethod
    def read(cls, path: Path, within: Path | None = None) -> ConfigurationFile:
        """Read a file, or learn that there is none yet.

        Args:
            within: The folder that the file's links may not lead out of; None where they may.

        Raises:
            CannotMerge: it is no file of UTF-8 text, cannot be read, or leads out of the folder.
        """
        try:
            target = path.resolve()
            if within is not None and not target.is_relative_to(within.resolve()):
                raise CannotMerge(f"it leads out of the project, to {target}", _SOMEWHERE_ELSE)
            if target.exists() and not target.is_file():
                raise CannotMerge("it is not a file")
            content = target.read_bytes()
        except FileNotFoundError:
            return cls(target, None, "")
        except (OSError, RuntimeError) as error:  # a circle of links is the latter before 3.13
            raise CannotMerge(f"it cannot be read: {error}") from error
        try:
            return cls(target, content, content.removeprefix(codecs.BOM_UTF8).decode("utf-8"))
        except UnicodeDecodeError as error:
            raise CannotMerge("it is not UTF-8 text", "save it as UTF-8") from error

    def replace(self, text: str) -> None:
        """Put a text in the file's place; owner, mode and byte order mark stay.

        Raises:
            CannotMerge: it may not be written, or somebody wrote it since it was read.
        """
        try:
            content = self._encoded(text)
            self.target.parent.mkdir(parents=True, exist_ok=True)
            if self.content is not None and not os.access(self.target, os.W_OK):
                raise CannotMerge("it is read-only")
            beside = self.target.with_name(f".{self.target.name}.{os.urandom(8).hex()}")
            try:
                self._write(beside, content)
                self._check_unchanged()
                beside.replace(self.target)
            finally:
                beside.unlink(missing_ok=True)
            _flush_folder(self.target.parent)
        except OSError as error:
            raise CannotMerge(f"it cannot be written: {error}") from error

    def _encoded(self, text: str) -> bytes:
        try:
            content = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise CannotMerge("a path or flag of the entry is not UTF-8 text") from error
        marked = self.content is not None and self.content.startswith(codecs.BOM_UTF8)
        return codecs.BOM_UTF8 + content if marked else content

    def _write(self, beside: Path, content: bytes) -> None:
        with beside.open("xb") as file:
            if self.content is not None:
                _keep_owner_and_mode(beside, self.target.stat())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _check_unchanged(self) -> None:
        """Hosts write these files too, some of them often."""
        now = self.target.read_bytes() if self.target.exists() else None
        if now != self.content:
            raise CannotMerge("somebody wrote it meanwhile", "repeat the command")


def _keep_owner_and_mode(path: Path, kept: os.stat_result) -> None:
    made = path.stat()
    if os.name == "posix" and (made.st_uid, made.st_gid) != (kept.st_uid, kept.st_gid):
        os.chown(path, kept.st_uid, kept.st_gid)
    path.chmod(stat.S_IMODE(kept.st_mode))


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # folders cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
