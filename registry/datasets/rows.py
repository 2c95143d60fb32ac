"""How many rows a dataset in S3 has: all of them, or not known; never a part.

Source: record contract, section 2 (Rows) and D35; S3 GetObject with Range and If-Match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry.calls import Call
from registry.datasets.content import MOST_FILES, Content
from registry.datasets.counting import (
    PIECE_BYTES,
    Uncountable,
    count_lines,
    count_records,
    parquet_rows,
    unzipped,
)
from registry.datasets.names import key_of
from registry.errors import Cancelled, RegistryError
from registry.stores import Objects, StoredObject

BUDGET_BYTES = 1024 * 1024 * 1024
"""Bytes that one call reads, compressed ones counted again as what they grow to."""

_PART_BYTES = 4 * 1024 * 1024
_RESERVE_S = 15.0
"""Kept of the call's time for the record and the hub."""

_SHOWN_KEY = 120

_LAYOUTS: dict[str, Callable[[Iterator[bytes]], int]] = {
    "jsonl": count_lines,
    "ndjson": count_lines,
    "csv": lambda pieces: count_records(pieces, ","),
    "tsv": lambda pieces: count_records(pieces, "\t"),
}


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number of rows, or None and the reason.

    Attributes:
        passing: The reason passes: the next call may count them.
    """

    rows: int | None
    warning: str = ""
    passing: bool = False


@dataclass(slots=True)
class _Budget:
    """What one call may read, and what it has.

    Attributes:
        whole: Bytes of all the files, for the progress.
        spent: Bytes read, and compressed ones again as what they grew to.
    """

    call: Call
    bytes_allowed: int
    whole: int = 0
    read: int = 0
    spent: int = 0

    def take(self, size_bytes: int, key: str) -> None:
        """Return when that much more may be read of a file, and tell the caller so."""
        self.spend(size_bytes)
        shown = key[-_SHOWN_KEY:]
        self.call.report(self.read, self.whole, f"counting the rows of {shown}")
        self.read += size_bytes

    def spend(self, size_bytes: int) -> None:
        self.call.check("counting the dataset's rows")
        self.spent += size_bytes
        if self.spent > self.bytes_allowed:
            raise self.exceeded()
        if self.call.remaining_s < _RESERVE_S:
            raise Uncountable("reading it takes longer than one call has")

    def exceeded(self) -> Uncountable:
        return Uncountable(f"it is more than the {self.bytes_allowed} bytes that one call reads")


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file, as it was when its ETag was seen."""

    uri: str
    file: StoredObject
    objects: Objects
    budget: _Budget

    def read(self, start: int, length: int) -> bytes:
        self.budget.take(length, self.file.key)
        etag = self.file.etag.strip('"')
        part = self.objects.read_part(self.uri, start=start, length=length, etag=etag)
        if len(part) != length:
            raise Uncountable("the storage sent less of it than it has")
        return part

    def pieces(self) -> Iterator[bytes]:
        size = self.file.size_bytes
        for start in range(0, size, _PART_BYTES):
            part = self.read(start, min(_PART_BYTES, size - start))
            for at in range(0, len(part), PIECE_BYTES):
                yield part[at : at + PIECE_BYTES]

    def grown(self) -> Iterator[bytes]:
        for piece in unzipped(self.pieces()):
            self.budget.spend(len(piece))
            yield piece


def count_rows(
    s3_uri: str,
    content: Content,
    stated: str,
    objects: Objects,
    call: Call,
    *,
    budget_bytes: int = BUDGET_BYTES,
) -> RowCount:
    """Return the number of rows of everything that a dataset consists of.

    Each file is read as it was when the content was hashed, or not at all.

    Args:
        stated: The format that the caller gave, for keys whose extension tells none; "" for none.

    Raises:
        Cancelled: the caller withdrew.
    """
    bucket = s3_uri.removeprefix("s3://").partition("/")[0]
    budget = _Budget(call, budget_bytes)
    rows = 0
    counted = ""
    try:
        files = _data_files(s3_uri, content)
        _check_size(files, stated, budget)
        budget.whole = sum(file.size_bytes for file in files)
        for file in files:
            counted = file.key
            rows += _rows_of(_Reader(f"s3://{bucket}/{file.key}", file, objects, budget), stated)
    except Cancelled:
        raise
    except Uncountable as problem:
        where = f"{counted[-_SHOWN_KEY:]}: " if counted else ""
        return _unknown(where + problem.message)
    except RegistryError as problem:
        return _unknown(problem.message, passing=problem.retryable)
    return RowCount(rows)


def _unknown(reason: str, *, passing: bool = False) -> RowCount:
    warning = f"the row count is unknown: {reason}; pass row_count to record it"
    return RowCount(None, warning, passing)


def _rows_of(reader: _Reader, stated: str) -> int:
    layout, zipped = _layout(reader.file.key, stated)
    if layout == "parquet":
        if zipped:
            raise Uncountable("Parquet within gzip has no footer that can be read alone")
        return parquet_rows(reader.read, reader.file.size_bytes)
    return _LAYOUTS[layout](reader.grown() if zipped else reader.pieces())


def _layout(key: str, stated: str) -> tuple[str, bool]:
    """Return how a file's rows are laid out, and whether it is compressed."""
    name = key.rpartition("/")[2].lower()
    plain = name.removesuffix(".gz")
    extension = plain.rpartition(".")[2] if "." in plain else ""
    layout = extension if extension in _LAYOUTS or extension == "parquet" else stated
    if not layout:
        raise Uncountable(
            f"neither the key {name[-_SHOWN_KEY:]} nor format tells how rows lie in it"
        )
    return layout, plain != name


def _data_files(s3_uri: str, content: Content) -> list[StoredObject]:
    """Return the files that hold rows; markers beside them are empty, or begin with `_` or `.`."""
    if content.files is None:
        raise Uncountable(f"it has more than {MOST_FILES} files")
    key = key_of(s3_uri)
    if [key] == [file.key for file in content.files]:
        return list(content.files)
    found = []
    for file in content.files:
        parts = file.key.removeprefix(f"{key.rstrip('/')}/").split("/")
        if file.size_bytes and not any(part.startswith(("_", ".")) for part in parts):
            found.append(file)
    if not found:
        raise Uncountable("there is no data file under it")
    return found


def _check_size(files: list[StoredObject], stated: str, budget: _Budget) -> None:
    """Refuse before reading what could not be read to its end."""
    whole = sum(file.size_bytes for file in files if _layout(file.key, stated)[0] != "parquet")
    if whole > budget.bytes_allowed:
        raise budget.exceeded()
