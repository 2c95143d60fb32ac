"""Rows of real objects in S3: single, multipart, under a prefix, zipped, quoted, Parquet."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from threading import Thread

import pyarrow as pa
import pytest
from pyarrow import parquet

from registry.aws.connection import Connection
from registry.aws.objects import S3Objects
from registry.aws.sessions import FixedAccess, Sessions
from registry.calls import Call
from registry.datasets.content import dataset_content
from registry.datasets.register import register_dataset
from registry.datasets.rows import RowCount, count_rows
from registry.hub.publishing import Published
from registry.local.documents import JsonFile
from schemas.dataset import DatasetRequest, RegisterDatasetResult
from schemas.hub import HubOutcome

LINES = b'{"a":1}\n\n{"a":2}\n{"a":3}'
PART_BYTES = 8_000_000
PARTS = 25
LIMIT_KB = 64 * 1024


@pytest.fixture
def objects(sessions: Sessions, aws_env) -> S3Objects:
    return S3Objects(Connection(sessions, region="us-west-2", profile=""))


@pytest.fixture
def register(objects: S3Objects, tmp_path: Path):
    """Registers a dataset in a file of this test's own."""
    store = JsonFile(tmp_path / "datasets.json", ascii_only=True, final_newline=False)

    def made(s3_uri: str, seen: S3Objects = objects) -> RegisterDatasetResult:
        return register_dataset(
            DatasetRequest(name="d", s3_uri=s3_uri),
            store=store,
            objects=seen,
            publish=lambda *_: Published(HubOutcome(state="skipped")),
            now=lambda: datetime(2026, 5, 1, tzinfo=UTC),
            call=Call(),
        )

    return made


def rows_of(objects: S3Objects, uri: str, stated: str = "") -> RowCount:
    content = dataset_content(uri, objects, "", Call())
    assert content.hash, content.warning
    return count_rows(uri, content, stated, objects, Call())


def parquet_file(rows: int) -> bytes:
    held = io.BytesIO()
    table = pa.table({"text": [f"row {number}" for number in range(rows)]})
    parquet.write_table(table, held, row_group_size=1000)
    return held.getvalue()


def upload_in_parts(s3, bucket: str, key: str, part: bytes, count: int) -> None:
    """Make one large object of the same part over and over, sent once."""
    s3.put_object(Bucket=bucket, Key="part", Body=part)
    at = {"Bucket": bucket, "Key": key}
    upload = s3.create_multipart_upload(**at)["UploadId"]
    numbered = []
    for number in range(1, count + 1):
        copied = s3.upload_part_copy(
            **at, UploadId=upload, PartNumber=number, CopySource={"Bucket": bucket, "Key": "part"}
        )["CopyPartResult"]
        numbered.append({"PartNumber": number, "ETag": copied["ETag"]})
    s3.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": numbered})


@pytest.mark.parametrize(
    ("key", "raw", "rows"),
    [
        ("train.jsonl", LINES, 3),
        ("a b/é+%.jsonl", LINES, 3),
        ("train.jsonl.gz", gzip.compress(LINES, mtime=0) + gzip.compress(b"\n{}", mtime=0), 4),
        ("train.csv", b'q,a\n"two\nlines","say ""no"""\n1,2', 2),
        ("train.csv.gz", gzip.compress(b'q,a\n"two\nlines",1\n', mtime=0), 1),
        ("train.tsv", b'q\ta\n"two\nlines"\t1\n', 1),
        ("train.parquet", parquet_file(12_345), 12_345),
        ("empty.jsonl", b"", 0),
    ],
)
def test_a_single_object_is_counted(objects, bucket, clients, key, raw, rows):
    clients.s3.put_object(Bucket=bucket, Key=key, Body=raw)

    assert RowCount(rows) == rows_of(objects, f"s3://{bucket}/{key}")


def test_the_files_under_a_prefix_are_counted_together(objects, bucket, clients):
    stored = {
        "d/a.jsonl": LINES,
        "d/b.csv": b"h\n1\n",
        "d/c.jsonl.gz": gzip.compress(LINES, mtime=0),
        "d/d.parquet": parquet_file(2500),
        "d/_SUCCESS": b"",
        "d/sub/": b"",
        "d-other/e.jsonl": LINES,
    }
    for key, raw in stored.items():
        clients.s3.put_object(Bucket=bucket, Key=key, Body=raw)

    assert RowCount(3 + 1 + 3 + 2500) == rows_of(objects, f"s3://{bucket}/d")


def test_a_multipart_object_is_one_content_with_one_count(register, bucket, clients):
    part = (b'{"text": "' + b"x" * 90 + b'"}\n') * 60_000
    upload_in_parts(clients.s3, bucket, "train.jsonl", part, 2)
    etag = clients.s3.head_object(Bucket=bucket, Key="train.jsonl")["ETag"].strip('"')

    first = register(f"s3://{bucket}/train.jsonl")
    again = register(f"s3://{bucket}/train.jsonl")

    assert etag.endswith("-2")
    assert (etag[:16], 120_000) == (first.content_hash, first.row_count)
    assert ("unchanged", 120_000) == (again.local.state, again.row_count)


def test_what_is_missing_is_recorded_without_rows(register, bucket):
    result = register(f"s3://{bucket}/none.jsonl")

    assert ("created", None, None) == (result.local.state, result.content_hash, result.row_count)
    assert any("there is no object at" in each for each in result.warnings)
    assert any("row_count" in each for each in result.warnings)


DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code>'
    b"<Message>Access Denied</Message></Error>"
)


class Gate(ThreadingHTTPServer):
    """The sandbox's S3 behind a gate that lets some methods through: it knows no policies."""

    daemon_threads = True

    def __init__(self, s3: str, denied: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _AtTheGate)
        self.s3, self.denied = s3.removeprefix("http://"), denied
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _AtTheGate(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        if self.command in self.server.denied:
            self._send(403, {"Content-Length": str(len(DENIED))}, DENIED)
            return
        with closing(HTTPConnection(self.server.s3, timeout=10)) as s3:
            s3.request(self.command, self.path, headers=dict(self.headers.items()))
            reply = s3.getresponse()
            self._send(reply.status, dict(reply.getheaders()), reply.read())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_GET = do_HEAD = _answer  # noqa: N815 - http.server looks methods up by these names

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def gated(sandbox, aws_env):
    """S3 of somebody who is denied these methods."""
    with ExitStack() as stack:

        def made(*denied: str) -> S3Objects:
            gate = stack.enter_context(Gate(sandbox.environment()["AWS_ENDPOINT_URL_S3"], denied))
            Thread(target=gate.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
            stack.callback(gate.shutdown)
            access = FixedAccess("AKIANOBODY0000000000", "secret", {"s3": gate.url})
            sessions = Sessions(access=access, pool_size=2)
            stack.callback(sessions.close)
            return S3Objects(Connection(sessions, region="us-west-2", profile=""))

        yield made


def test_what_is_denied_is_recorded_without_hash_and_rows(gated, register, bucket, clients):
    clients.s3.put_object(Bucket=bucket, Key="t.jsonl", Body=LINES)

    result = register(f"s3://{bucket}/t.jsonl", gated("HEAD", "GET"))

    assert ("created", None, None) == (result.local.state, result.content_hash, result.row_count)
    assert any("s3:ListBucket" in each for each in result.warnings)
    assert any("row_count" in each for each in result.warnings)


def test_what_may_be_looked_at_and_not_read_has_a_hash_and_no_rows(
    gated, register, bucket, clients
):
    """As with a key that the caller may not decrypt by."""
    clients.s3.put_object(Bucket=bucket, Key="t.jsonl", Body=LINES)
    etag = clients.s3.head_object(Bucket=bucket, Key="t.jsonl")["ETag"].strip('"')

    denied = register(f"s3://{bucket}/t.jsonl", gated("GET"))
    allowed = register(f"s3://{bucket}/t.jsonl")

    assert (etag[:16], None) == (denied.content_hash, denied.row_count)
    [warning] = denied.warnings
    assert "the row count is unknown" in warning
    assert f"s3://{bucket}/t.jsonl" in warning
    assert ("updated", "1.0.0", 3) == (allowed.local.state, allowed.version, allowed.row_count)


class ReplacedMeanwhile(S3Objects):
    """S3 in which somebody replaces the object while its second part is asked for."""

    def replace(self, s3, bucket: str, key: str) -> None:
        self.replacing = lambda: s3.put_object(Bucket=bucket, Key=key, Body=LINES)

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        if start:
            self.replacing()
        return super().read_part(uri, start=start, length=length, etag=etag)


def test_what_is_replaced_while_it_is_read_has_no_count_until_it_is_registered_again(
    sessions, register, bucket, clients
):
    s3 = clients.s3
    s3.put_object(Bucket=bucket, Key="t.jsonl", Body=b'{"text": "x"}\n' * 400_000)
    before = s3.head_object(Bucket=bucket, Key="t.jsonl")["ETag"].strip('"')
    replaced = ReplacedMeanwhile(Connection(sessions, region="us-west-2", profile=""))
    replaced.replace(s3, bucket, "t.jsonl")

    first = register(f"s3://{bucket}/t.jsonl", replaced)
    second = register(f"s3://{bucket}/t.jsonl")

    assert (before[:16], None) == (first.content_hash, first.row_count)
    assert any("was replaced while it was being read" in each for each in first.warnings)
    assert ("created", "1.1.0", 3) == (second.local.state, second.version, second.row_count)
    assert before[:16] != second.content_hash


COUNT_AND_MEASURE = dedent(
    """
    import json, sys
    from pathlib import Path

    from registry.aws.connection import Connection
    from registry.aws.objects import S3Objects
    from registry.aws.sessions import Sessions
    from registry.calls import Call
    from registry.datasets.content import dataset_content
    from registry.datasets.rows import count_rows

    sessions = Sessions(access=None, pool_size=2)
    objects = S3Objects(Connection(sessions, region="us-west-2", profile=""))

    def most_kb():  # getrusage would count what the parent process had before exec as well
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def counted(uri):
        return count_rows(uri, dataset_content(uri, objects, "", Call()), "", objects, Call()).rows

    small, large = sys.argv[1:]
    counted(small)
    before = most_kb()
    rows = counted(large)
    print(json.dumps({"rows": rows, "grown_kb": most_kb() - before}))
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells how much memory there was")
@pytest.mark.parametrize(
    ("extension", "line", "rows"),
    [
        ("jsonl", b'{"text": "' + b"x" * 87 + b'"}\n', 2_000_000),
        pytest.param("csv", b'"a ""b""",' + b"x" * 89 + b"\n", 1_999_999, marks=pytest.mark.soak),
        pytest.param("jsonl", b"1\n", 100_000_000, marks=pytest.mark.soak),
        pytest.param("jsonl", b"x" * 100, 1, marks=pytest.mark.soak),
    ],
    ids=["json lines", "quoted csv", "short lines", "one line"],
)
def test_200_mb_are_counted_in_less_than_64_mb_of_memory(
    bucket, clients, aws_env, extension, line, rows
):
    part = line * (PART_BYTES // len(line))
    upload_in_parts(clients.s3, bucket, f"large.{extension}", part, PARTS)
    clients.s3.put_object(Bucket=bucket, Key=f"small.{extension}", Body=line)

    counted = subprocess.run(
        [
            *(sys.executable, "-c", COUNT_AND_MEASURE),
            *(f"s3://{bucket}/{size}.{extension}" for size in ("small", "large")),
        ],
        env={**os.environ, **aws_env, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=True,
        timeout=100,
    )

    found = json.loads(counted.stdout)
    assert rows == found["rows"]
    assert 0 < found["grown_kb"] < LIMIT_KB
