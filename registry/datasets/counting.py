"""Counting the rows of a file from its bytes, in bounded memory however large it is.

Source: record contract, section 2 (Rows) and D35; RFC 4180 and Python's csv for quoting; RFC 1952
for gzip; the Parquet format for its footer.
"""

from __future__ import annotations

import csv
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator

from registry.errors import RegistryError

PIECE_BYTES = 256 * 1024
"""Text is looked at, and compressed data grows, by this much at a time."""

LONGEST_RECORD = 2 * 1024 * 1024
"""Characters of a CSV record; a quote that is never closed would collect the whole file."""

LARGEST_FOOTER = 16 * 1024 * 1024
_FOOTER_GUESS = 64 * 1024
_TRAILER = 8
_GZIP = 31


class Uncountable(RegistryError):
    """The rows cannot be counted; the message says why, as a clause."""


def count_lines(pieces: Iterator[bytes]) -> int:
    """Return the number of lines that are not blank; the last one needs no newline.

    Raises:
        Uncountable: it is no UTF-8 text.
    """
    rows, filled = 0, False
    for text in _decoded(pieces):
        lines = text.split("\n")
        filled = filled or bool(lines[0].strip())
        if len(lines) > 1:
            rows += filled + sum(map(bool, map(str.strip, lines[1:-1])))
            filled = bool(lines[-1].strip())
    return rows + filled


def count_records(pieces: Iterator[bytes], delimiter: str) -> int:
    """Return the number of CSV records after the header; a quoted newline ends none.

    Raises:
        Uncountable: it is no UTF-8 text, its quoting is broken, or a record is too long.
    """
    csv.field_size_limit(LONGEST_RECORD)
    lines = _Lines(_decoded(pieces))
    records = 0
    try:
        for record in csv.reader(lines, delimiter=delimiter, strict=True):
            lines.begin_record()
            records += bool(record)
    except csv.Error as error:
        raise Uncountable(f"its quoting is broken ({error})") from error
    return max(0, records - 1)


def unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip holds, in pieces of bounded size, all of its members one after the other.

    Raises:
        Uncountable: it is no gzip, or is cut short.
    """
    inflater = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            left, grown = piece, b""
            while left or len(grown) == PIECE_BYTES:
                if inflater.eof:
                    left = left.lstrip(b"\0")  # padding after a member
                    if not left:
                        break
                    inflater = zlib.decompressobj(_GZIP)
                grown = inflater.decompress(left, PIECE_BYTES)
                yield grown
                left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    except zlib.error as error:
        raise Uncountable(f"its gzip is broken ({error})") from error
    if not inflater.eof:
        raise Uncountable("its gzip is cut short")


def parquet_rows(read: Callable[[int, int], bytes], size_bytes: int) -> int:
    """Return the number of rows that a Parquet file's footer states; no data is read.

    Args:
        read: Takes a start and a length in bytes and returns that part of the file.

    Raises:
        Uncountable: it is no Parquet file, or the extra that reads such files is not installed.
    """
    metadata = _parquet_reader()
    if size_bytes < _TRAILER + 4:
        raise Uncountable("it is no Parquet file")
    guess = min(size_bytes, _FOOTER_GUESS)
    end = read(size_bytes - guess, guess)
    if end[-4:] == b"PARE":
        raise Uncountable("its Parquet footer is encrypted")
    length = int.from_bytes(end[-_TRAILER:-4], "little")
    if end[-4:] != b"PAR1" or length + _TRAILER + 4 > size_bytes:
        raise Uncountable("it is no Parquet file")
    if length > LARGEST_FOOTER:
        raise Uncountable("its Parquet footer is too large")
    if length + _TRAILER > guess:
        end = read(size_bytes - _TRAILER - length, length + _TRAILER)
    return metadata(b"PAR1" + end[-_TRAILER - length :])


def _parquet_reader() -> Callable[[bytes], int]:
    try:
        import pyarrow  # noqa: PLC0415 - an extra, half a second that only Parquet needs
        from pyarrow import parquet  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise Uncountable(
            "counting the rows of Parquet needs pyarrow: install mlcc-registry-mcp[parquet]"
        ) from error

    def rows(footer: bytes) -> int:
        try:
            return int(parquet.read_metadata(pyarrow.BufferReader(footer)).num_rows)
        except (pyarrow.ArrowException, OSError) as error:
            raise Uncountable("its Parquet footer is broken") from error

    return rows


def _decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    decoder = getincrementaldecoder("utf-8-sig")()
    try:
        for piece in pieces:
            text = decoder.decode(piece)
            if "\0" in text:
                raise Uncountable("it is no text")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Uncountable("it is no UTF-8 text") from error


class _Lines:
    """The lines of a text, for a csv reader; bounded between one record and the next."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self._length = 0

    def begin_record(self) -> None:
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        begun = ""
        for text in self._texts:
            *lines, begun = (begun + text).split("\n")
            for line in lines:
                yield self._bounded(f"{line}\n")
            if len(begun) > LONGEST_RECORD:
                raise Uncountable(_TOO_LONG)
        if begun:
            yield self._bounded(begun)

    def _bounded(self, line: str) -> str:
        self._length += len(line)
        if self._length > LONGEST_RECORD:
            raise Uncountable(_TOO_LONG)
        return line


_TOO_LONG = f"it has a record of more than {LONGEST_RECORD} characters, or an unclosed quote"
