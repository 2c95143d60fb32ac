"""Reading adapter_config.json out of the beginning of a `.tar.gz`, without the whole of it."""

from __future__ import annotations

import io
import tarfile
import zlib

BEGINNING_BYTES = 262_144
"""How much of an archive is asked for: the configuration mostly stands before the weights."""

_GZIP = 31
"""zlib's number for a gzip header."""

_LARGEST_INFLATED = 4 * 1024 * 1024
_LARGEST_CONFIG = 65_536


class NotAnArchive(ValueError):
    """The bytes are not the beginning of a gzip-compressed tar."""


def config_in_archive(beginning: bytes, name: str) -> bytes | None:
    """Return a file at the archive's root, None when it is not within the beginning.

    Raises:
        NotAnArchive: it is no gzip-compressed tar.

    Source: SageMaker takes adapters as one .tar.gz with the files at its root.
    """
    try:
        inflated = zlib.decompressobj(_GZIP).decompress(beginning, _LARGEST_INFLATED)
    except zlib.error as error:
        raise NotAnArchive(f"no gzip: {error}") from error
    try:
        with tarfile.open(fileobj=io.BytesIO(inflated), mode="r:") as archive:
            return _found(archive, name)
    except tarfile.TarError as error:
        raise NotAnArchive(f"no tar: {error}") from error


def _found(archive: tarfile.TarFile, name: str) -> bytes | None:
    try:
        while member := archive.next():
            if member.isreg() and member.name.removeprefix("./") == name:
                held = archive.extractfile(member) if member.size <= _LARGEST_CONFIG else None
                text = held.read() if held else b""
                return text if len(text) == member.size else None
    except (tarfile.TarError, ValueError, OverflowError):
        return None  # the beginning ends within a member, or its header is odd
    return None
