"""Rows counted from bytes, whatever pieces they come in (record contract, section 2; D35)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from registry.datasets.counting import (
    LARGEST_FOOTER,
    LONGEST_RECORD,
    PIECE_BYTES,
    Uncountable,
    count_lines,
    count_records,
    parquet_rows,
    unzipped,
)


def cut(raw: bytes, size: int = 7) -> Iterator[bytes]:
    for at in range(0, len(raw), size):
        yield raw[at : at + size]


def lines_in(raw: bytes) -> int:
    return count_lines(cut(raw))


def records_in(raw: bytes, delimiter: str = ",") -> int:
    return count_records(cut(raw), delimiter)


def footer_of(raw: bytes) -> tuple[Callable[[int, int], bytes], int]:
    return (lambda start, length: raw[start : start + length]), len(raw)


def parquet_file(rows: int, columns: int = 1) -> bytes:
    table = pa.table({f"column {number}": list(range(rows)) for number in range(columns)})
    held = io.BytesIO()
    parquet.write_table(table, held)
    return held.getvalue()


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (b"", 0),
        (b"\n", 0),
        (b"{}", 1),
        (b"{}\n", 1),
        (b"{}\n{}", 2),
        (b'{"a":1}\n\n{"a":2}\n \t\r\n\n', 2),
        (b'{"a":1}\r\n{"a":2}\r\n', 2),
        (b"\n\n\n{}", 1),
        ('{"a":"é\u2028\u0085x"}\n'.encode(), 1),
        (b"\xef\xbb\xbf{}\n{}\n", 2),
        (b"\xef\xbb\xbf\n", 0),
        (b"  {}  \n" * 5000, 5000),
        (b"x" * 100_000, 1),
    ],
)
def test_lines_that_are_not_blank_are_rows(raw, rows):
    assert [rows] * 4 == [count_lines(cut(raw, size)) for size in (1, 7, 64, len(raw) + 1)]


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (b"", 0),
        (b"h1,h2\n", 0),
        (b"h1,h2\n1,2\n3,4\n", 2),
        (b"h1,h2\n1,2\n3,4", 2),
        (b'h1,h2\n"a\nb",2\n', 1),
        (b'h1,h2\n"a\r\n\r\nb",2\r\n3,4\r\n', 2),
        (b'h1,h2\n"say ""\n"" now",2\n', 1),
        (b'h\n5" pipe\n6" pipe\n', 2),
        (b"h\n\n1\n\n\n2\n", 2),
        (b'h\n""\n""\n', 2),
        (b'\xef\xbb\xbf"h\n1",h2\n1,2\n', 1),
        (("h\n" + "é\n" * 100).encode(), 100),
    ],
)
def test_csv_records_after_the_header_are_rows(raw, rows):
    assert [rows] * 4 == [count_records(cut(raw, size), ",") for size in (1, 7, 64, len(raw) + 1)]


def test_a_tab_separates_where_the_extension_says_so():
    raw = b'h\tk\n"a\nb"\tc\n1,"\t2\n'

    assert 2 == records_in(raw, "\t")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'h\n"never closed\n1\n2\n', "quoting is broken"),
        (b'h\n"a"b\n', "quoting is broken"),
        (b"h\n1\r2\n", "quoting is broken"),
        ("h\n1\n".encode("utf-16"), "no UTF-8 text"),
        ("h\n1\n".encode("utf-16-le"), "no text"),
        (b"\xe9\n", "no UTF-8 text"),
        (b"h\n\xc3", "no UTF-8 text"),
        (gzip.compress(b"h\n1\n", mtime=0), "text"),
    ],
)
def test_what_cannot_be_read_has_no_count(raw, reason):
    with pytest.raises(Uncountable, match=reason):
        records_in(raw)
    if "quoting" not in reason:
        with pytest.raises(Uncountable, match=reason):
            lines_in(raw)


@pytest.mark.parametrize(
    "record",
    [
        b"x" * LONGEST_RECORD + b"\n",
        b'"\n",' * (LONGEST_RECORD // 2),
        b'"\n' + b"x\n" * LONGEST_RECORD,
    ],
)
def test_a_record_without_end_is_not_collected(record):
    with pytest.raises(Uncountable, match="a record of more than"):
        count_records(cut(b"h\n" + record, PIECE_BYTES), ",")


def test_a_long_field_is_still_one_of_a_record():
    assert 1 == count_records(cut(b'h\n"' + b"x" * 1_000_000 + b'"\n', PIECE_BYTES), ",")


def test_gzip_is_unzipped_member_by_member():
    members = gzip.compress(b"{}\n{}\n", mtime=0) + gzip.compress(b"{}", mtime=0) + b"\0" * 512

    for size in (1, 7, len(members)):
        assert 3 == count_lines(unzipped(cut(members, size)))


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_nothing_is_lost_where_a_piece_is_full(size):
    raw = b"a\n" * (size // 2) + b"b" * (size % 2)

    assert raw == b"".join(unzipped(cut(gzip.compress(raw, mtime=0), 10_000)))


def test_what_gzip_grows_to_comes_in_bounded_pieces():
    bomb = gzip.compress(b"\n" * 50_000_000, mtime=0)

    assert PIECE_BYTES == max(len(piece) for piece in unzipped(cut(bomb, 4096)))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "cut short"),
        (gzip.compress(b"{}\n" * 1000, mtime=0)[:-4], "cut short"),
        (gzip.compress(b"{}\n" * 1000, mtime=0)[:20], "cut short"),
        (b"{}\n", "gzip is broken"),
        (gzip.compress(b"{}\n", mtime=0) + b"{}\n", "gzip is broken"),
        (gzip.compress(b"{}\n", mtime=0)[:-8] + b"12345678", "gzip is broken"),
    ],
)
def test_broken_gzip_has_no_count(raw, reason):
    with pytest.raises(Uncountable, match=reason):
        count_lines(unzipped(cut(raw)))


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 1), (12_345, 3), (10, 2000)])
def test_the_rows_of_parquet_are_in_its_footer(rows, columns):
    assert rows == parquet_rows(*footer_of(parquet_file(rows, columns)))


def test_only_the_end_of_parquet_is_read():
    raw = parquet_file(300_000)
    asked: list[tuple[int, int]] = []

    def read(start: int, length: int) -> bytes:
        asked.append((start, length))
        return raw[start : start + length]

    assert 300_000 == parquet_rows(read, len(raw))
    assert [(len(raw) - 65_536, 65_536)] == asked


def footer_claiming(length: int) -> bytes:
    return b"PAR1" + b"\0" * 40 + length.to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no Parquet file"),
        (b"PAR1nope", "no Parquet file"),
        (b"{}\n" * 100, "no Parquet file"),
        (footer_claiming(4000), "no Parquet file"),
        (footer_claiming(36), "footer is broken"),
        (footer_claiming(0), "footer is broken"),
        (parquet_file(5)[:-4] + b"PARE", "encrypted"),
    ],
)
def test_what_is_no_parquet_has_no_count(raw, reason):
    with pytest.raises(Uncountable, match=reason):
        parquet_rows(*footer_of(raw))


def test_a_footer_is_not_read_however_large_it_says_it_is():
    end = (LARGEST_FOOTER + 1).to_bytes(4, "little") + b"PAR1"
    asked = []

    def read(start: int, length: int) -> bytes:
        asked.append(length)
        return end.rjust(length, b"\0")

    with pytest.raises(Uncountable, match="too large"):
        parquet_rows(read, 2 * LARGEST_FOOTER)
    assert [65_536] == asked


def test_without_the_extra_that_reads_parquet_the_warning_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(Uncountable, match=r"install mlcc-registry-mcp\[parquet\]"):
        parquet_rows(*footer_of(parquet_file(1)))


def test_nothing_of_parquet_is_imported_before_a_footer_is_read():
    code = "import sys, tools.catalog; print([n for n in sys.modules if n.startswith('pyarrow')])"

    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )

    assert "[]" == found.stdout.strip()


texts = st.text(st.sampled_from('ab,"\n é'), max_size=6)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    rows=st.lists(st.lists(texts, min_size=1, max_size=3), max_size=6),
    size=st.integers(1, 40),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_csv_writer_writes_is_counted(rows, size, quoting, end):
    held = io.StringIO(newline="")
    csv.writer(held, quoting=quoting, lineterminator=end).writerows([["h"], *rows])

    assert len(rows) == count_records(cut(held.getvalue().encode(), size), ",")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5)), max_size=8),
    blank=st.sampled_from(["", "\n", " \r\n"]),
    size=st.integers(1, 40),
    last=st.booleans(),
)
def test_whatever_json_lines_are_written_are_counted(rows, blank, size, last):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" + blank for row in rows)
    raw = (text if last else text.rstrip("\r\n ")).encode("utf-8", "replace")

    assert len(rows) == count_lines(cut(raw, size))
    assert len(rows) == count_lines(unzipped(cut(gzip.compress(raw, mtime=0), size)))
