"""The rows of a whole dataset in S3: all of them or unknown, never a part."""

from __future__ import annotations

import base64
import gzip
import json
import time
from pathlib import Path

import pytest

from registry.calls import Call
from registry.datasets.content import MOST_FILES, dataset_content
from registry.datasets.rows import RowCount, count_rows
from registry.errors import Cancelled, Unavailable

LINES = b"{}\n{}\n{}"
VECTORS = Path(__file__).parents[2] / "data" / "contract" / "datasets_evaluators.json"


def counted(s3, uri: str, stated: str = "", call: Call | None = None, **options) -> RowCount:
    call = call or Call()
    content = dataset_content(uri, s3, "", call)
    assert content.hash, content.warning
    return count_rows(uri, content, stated, s3, call, **options)


def parquet_of_the_vectors() -> bytes:
    cases = json.loads(VECTORS.read_text("utf-8"))["cases"]
    (given,) = (
        each for case in cases for each in case["s3_objects"] if each["key"] == "r/a.parquet"
    )
    return base64.b64decode(given["base64"])


@pytest.mark.parametrize(
    ("key", "raw", "stated", "rows"),
    [
        ("a.jsonl", LINES, "", 3),
        ("A.JSONL", LINES, "", 3),
        ("a.ndjson", LINES, "", 3),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0), "", 3),
        ("a.csv", b'h\n"1\n2"\n3\n', "", 2),
        ("a.csv.gz", gzip.compress(b"h\n1\n", mtime=0), "", 1),
        ("a.tsv", b'h\tk\n"1\n2"\t3\n', "", 1),
        ("a.txt", b"h\n1\n2\n", "csv", 2),
        ("a.txt", b"h\n1\n2\n", "jsonl", 3),
        ("a.gz", gzip.compress(b"h\n1\n", mtime=0), "csv", 1),
        ("a.csv", b"h\n1\n", "jsonl", 1),
        ("dotless", b"h\n1\n", "csv", 1),
        ("empty.jsonl", b"", "", 0),
        ("empty.csv", b"", "", 0),
        ("_hidden.jsonl", LINES, "", 3),
        ("a.parquet", parquet_of_the_vectors(), "", 7),
        ("a.bin", parquet_of_the_vectors(), "parquet", 7),
    ],
)
def test_one_object_is_counted_by_its_extension_then_by_the_format(s3, key, raw, stated, rows):
    s3.content = {f"s3://b/p/{key}": raw}

    assert RowCount(rows) == counted(s3, f"s3://b/p/{key}", stated)


@pytest.mark.parametrize(
    ("key", "raw", "stated", "reason"),
    [
        ("a.txt", b"1\n", "", "neither the key a.txt nor format tells"),
        ("a.parquet", b"PAR1nope", "", "no Parquet file"),
        ("a.parquet", b"", "", "no Parquet file"),
        ("a.parquet.gz", b"x", "", "Parquet within gzip"),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)[:-3], "", "cut short"),
        ("a.jsonl.gz", b"", "", "cut short"),
        ("a.jsonl", gzip.compress(LINES, mtime=0), "", "no UTF-8 text"),
        ("a.csv", b'h\n"1\n', "", "quoting is broken"),
    ],
)
def test_what_cannot_be_counted_is_unknown_and_says_what_to_pass(s3, key, raw, stated, reason):
    s3.content = {f"s3://b/p/{key}": raw}

    found = counted(s3, f"s3://b/p/{key}", stated)

    assert found.rows is None
    assert reason in found.warning
    assert key in found.warning
    assert "pass row_count" in found.warning


def test_a_prefix_has_the_rows_of_its_data_files_each_by_its_own_extension(s3):
    s3.content = {
        "s3://b/p/": b"",
        "s3://b/p/_SUCCESS": b"",
        "s3://b/p/_temporary/0/a.jsonl": LINES,
        "s3://b/p/.part.crc": b"12",
        "s3://b/p/marker": b"",
        "s3://b/p/lang=en/a.jsonl": LINES,
        "s3://b/p/lang=de/b.csv": b"h\n1\n",
        "s3://b/p/c.jsonl.gz": gzip.compress(LINES, mtime=0),
        "s3://b/p/d.parquet": parquet_of_the_vectors(),
        "s3://b/p-other/e.jsonl": LINES,
    }

    assert RowCount(14) == counted(s3, "s3://b/p") == counted(s3, "s3://b/p/")


def test_parts_without_an_extension_are_of_the_format_that_was_given(s3):
    s3.content = {"s3://b/p/part-0": b"h\n1\n", "s3://b/p/part-1": b"h\n1\n2\n"}

    assert RowCount(3) == counted(s3, "s3://b/p/", "csv")
    assert counted(s3, "s3://b/p/").rows is None


def test_one_file_that_cannot_be_counted_leaves_the_whole_unknown(s3):
    s3.content = {"s3://b/p/a.jsonl": LINES, "s3://b/p/b.jsonl": b"\xff\n"}

    found = counted(s3, "s3://b/p/")

    assert found.rows is None
    assert "p/b.jsonl: it is no UTF-8 text" in found.warning


def test_a_prefix_that_holds_only_markers_has_no_count(s3):
    s3.content = {"s3://b/p/_SUCCESS": b"", "s3://b/p/_metadata": b"x"}

    assert "no data file" in counted(s3, "s3://b/p/").warning


def test_more_files_than_are_remembered_have_no_count(s3):
    s3.content = {f"s3://b/p/{number}.jsonl": b"" for number in range(MOST_FILES + 1)}

    assert f"more than {MOST_FILES} files" in counted(s3, "s3://b/p/").warning


def test_what_is_larger_than_the_budget_is_not_begun(s3):
    s3.content = {"s3://b/p/a.jsonl": LINES, "s3://b/p/b.jsonl": LINES}

    assert RowCount(6) == counted(s3, "s3://b/p/", budget_bytes=2 * len(LINES))
    s3.reads.clear()
    found = counted(s3, "s3://b/p/", budget_bytes=2 * len(LINES) - 1)

    assert (None, []) == (found.rows, s3.reads)
    assert f"more than the {2 * len(LINES) - 1} bytes" in found.warning


def test_what_gzip_grows_to_counts_against_the_budget(s3):
    raw = gzip.compress(b"\n" * 3_000_000, mtime=0)
    s3.content = {"s3://b/a.jsonl.gz": raw}

    assert RowCount(0) == counted(s3, "s3://b/a.jsonl.gz", budget_bytes=len(raw) + 3_000_000)
    found = counted(s3, "s3://b/a.jsonl.gz", budget_bytes=len(raw) + 2_999_999)
    assert "more than the" in found.warning


def test_parquet_is_never_too_large_as_only_its_footer_is_read(s3):
    raw = parquet_of_the_vectors()
    s3.content = {"s3://b/a.parquet": b"PAR1" + b"\0" * 1_000_000 + raw[4:]}

    assert RowCount(7) == counted(s3, "s3://b/a.parquet", budget_bytes=200_000)


def test_a_large_object_is_read_in_parts(s3):
    s3.content = {"s3://b/a.jsonl": b'{"a": 1}\n' * 1_000_000}

    assert RowCount(1_000_000) == counted(s3, "s3://b/a.jsonl")
    assert [0, 4_194_304, 8_388_608] == [start for _, start, _ in s3.reads]
    assert 9_000_000 == sum(length for _, _, length in s3.reads)


def test_content_that_is_replaced_meanwhile_has_no_count(s3):
    uri = "s3://b/a.jsonl"
    s3.content = {uri: b'{"a": 1}\n' * 1_000_000}
    s3.before_read = lambda: s3.content.update({uri: LINES}) if len(s3.reads) == 2 else None

    found = counted(s3, uri)

    assert found.rows is None
    assert "was replaced while it was being read" in found.warning


def test_content_that_went_away_meanwhile_has_no_count(s3):
    s3.content = {"s3://b/a.jsonl": LINES}
    s3.before_read = s3.content.clear

    assert "no object at s3://b/a.jsonl" in counted(s3, "s3://b/a.jsonl").warning


def test_a_storage_that_sends_less_than_there_is_is_not_believed(s3):
    s3.content = {"s3://b/a.jsonl": LINES}
    s3.read_part = lambda *_, **__: LINES[:4]

    assert "sent less" in counted(s3, "s3://b/a.jsonl").warning


def test_a_storage_that_fails_meanwhile_is_a_warning(s3):
    s3.content = {"s3://b/a.jsonl": LINES}
    call = Call()
    content = dataset_content("s3://b/a.jsonl", s3, "", call)
    s3.failure = Unavailable("the answer broke off")

    found = count_rows("s3://b/a.jsonl", content, "", s3, call)

    assert "the row count is unknown: the answer broke off; pass row_count" in found.warning


def test_counting_stops_while_time_is_left_for_the_record(s3):
    s3.content = {"s3://b/a.jsonl": LINES}

    found = counted(s3, "s3://b/a.jsonl", call=Call(deadline=time.monotonic() + 10))

    assert found.rows is None
    assert "takes longer than one call has" in found.warning


def test_a_caller_who_withdraws_ends_the_counting(s3):
    s3.content = {"s3://b/a.jsonl": b"{}\n" * 2_000_000}

    with pytest.raises(Cancelled):
        counted(s3, "s3://b/a.jsonl", call=Call(cancelled=lambda: len(s3.reads) == 1))
    assert 1 == len(s3.reads)


def test_progress_is_told_in_bytes_file_by_file(s3):
    told = []
    s3.content = {"s3://b/p/a.jsonl": LINES * 1_000_000, "s3://b/p/b.jsonl": LINES}

    counted(s3, "s3://b/p/", call=Call(report=lambda *step: told.append(step)))

    assert [
        (0, 8_000_008, "counting the rows of p/a.jsonl"),
        (4_194_304, 8_000_008, "counting the rows of p/a.jsonl"),
        (8_000_000, 8_000_008, "counting the rows of p/b.jsonl"),
    ] == told
