"""S3 as the core sees it, with real bytes in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from registry.errors import Conflict, NotFound, RegistryError
from registry.stores import StoredObject


class Bucket:
    """Objects by URI; an ETag is the content's MD5.

    Attributes:
        reads: (URI, start, length) of every part that was read.
        before_read: Called before each part is read, to change things meanwhile.
        failure: What every call raises, if anything.
    """

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = dict(content)
        self.reads: list[tuple[str, int, int]] = []
        self.before_read: Callable[[], None] = lambda: None
        self.failure: RegistryError | None = None

    def head(self, uri: str) -> StoredObject:
        return self._stored(uri)

    def under(self, uri: str) -> Iterator[StoredObject]:
        for found in sorted(self.content):
            if found.startswith(uri):
                yield self._stored(found)

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        return self.content[uri][:limit_bytes]

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        self.before_read()
        self.reads.append((uri, start, length))
        if self._stored(uri).etag != etag:
            raise Conflict(f"{uri} was replaced while it was being read")
        return self.content[uri][start : start + length]

    def _stored(self, uri: str) -> StoredObject:
        if self.failure:
            raise self.failure
        if uri not in self.content:
            raise NotFound(f"no object at {uri}")
        raw = self.content[uri]
        etag = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        return StoredObject(uri.split("/", 3)[3], etag, len(raw))


@pytest.fixture
def s3() -> Bucket:
    """An empty S3."""
    return Bucket({})
