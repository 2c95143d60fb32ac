"""Ranged reads of S3, and of storage that answers in ways that S3 does only rarely."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.objects import S3Objects
from registry.aws.sessions import FixedAccess, Sessions
from registry.calls import Call
from registry.datasets.content import dataset_content
from registry.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unavailable,
)


@pytest.fixture
def stored(aws: BotoAws, bucket: str, clients) -> tuple[str, str]:
    """The URI and the ETag of an object of nine bytes."""
    clients.s3.put_object(Bucket=bucket, Key="k é", Body=b"123456789")
    uri = f"s3://{bucket}/k é"
    return uri, aws.objects.head(uri).etag


@pytest.mark.parametrize(
    ("start", "length", "part"),
    [(0, 9, b"123456789"), (2, 3, b"345"), (7, 100, b"89"), (9, 5, b""), (50, 5, b""), (3, 0, b"")],
)
def test_a_part_is_what_the_object_has_there(aws: BotoAws, stored, start, length, part) -> None:
    uri, etag = stored

    assert part == aws.objects.read_part(uri, start=start, length=length, etag=etag)


def test_a_part_of_content_that_was_replaced_is_refused(
    aws: BotoAws, stored, bucket: str, clients
) -> None:
    uri, etag = stored
    clients.s3.put_object(Bucket=bucket, Key="k é", Body=b"987654321")

    with pytest.raises(Conflict, match="was replaced while it was being read"):
        aws.objects.read_part(uri, start=2, length=3, etag=etag)


def test_a_part_of_what_is_gone_is_not_found(aws: BotoAws, stored, bucket: str, clients) -> None:
    uri, etag = stored
    clients.s3.delete_object(Bucket=bucket, Key="k é")

    with pytest.raises(NotFound):
        aws.objects.read_part(uri, start=2, length=3, etag=etag)


Answer = tuple[int, dict[str, str], bytes]


class Storage(ThreadingHTTPServer):
    """Answers every request alike, whatever it asks for."""

    daemon_threads = True
    answer: Answer = (200, {}, b"")

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        self.close_connection = True

    do_GET = do_HEAD = _reply  # noqa: N815 - http.server looks methods up by these names

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def storage() -> Iterator[Storage]:
    with Storage() as server:
        Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


@pytest.fixture
def objects(storage: Storage, aws_env: dict[str, str]) -> Iterator[S3Objects]:
    sessions = Sessions(
        access=FixedAccess("AKIAODDSTORAGE000000", "secret", {"s3": storage.url}), pool_size=2
    )
    yield S3Objects(Connection(sessions, region="us-west-2", profile=""))
    sessions.close()


def refusal(code: str, message: str = "no") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


def test_storage_that_ignores_ranges_is_believed_only_about_the_beginning(storage, objects) -> None:
    storage.answer = (200, {}, b"123456789")

    assert b"123" == objects.read("s3://b/k", limit_bytes=3)
    assert b"123" == objects.read_part("s3://b/k", start=0, length=3, etag="e")
    with pytest.raises(Unavailable, match="another part"):
        objects.read_part("s3://b/k", start=3, length=3, etag="e")


def test_another_part_than_was_asked_for_is_refused(storage, objects) -> None:
    storage.answer = (206, {"Content-Range": "bytes 4-6/9"}, b"567")

    with pytest.raises(Unavailable, match="another part"):
        objects.read_part("s3://b/k", start=3, length=3, etag="e")


def test_no_more_is_read_than_was_asked_for(storage, objects) -> None:
    storage.answer = (206, {"Content-Range": "bytes 3-8/9"}, b"456789")

    assert b"45" == objects.read_part("s3://b/k", start=3, length=2, etag="e")


def test_an_answer_that_breaks_off_is_a_failure(storage, objects) -> None:
    storage.answer = (206, {"Content-Range": "bytes 0-8/9", "Content-Length": "9"}, b"123")

    with pytest.raises(Unavailable):
        objects.read_part("s3://b/k", start=0, length=9, etag="e")


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [
        (403, "AccessDenied", PermissionDenied),
        (404, "NoSuchKey", NotFound),
        (404, "NoSuchBucket", NotFound),
        (412, "PreconditionFailed", Conflict),
        (400, "AuthorizationHeaderMalformed", PreconditionFailed),
        (500, "InternalError", Unavailable),
    ],
)
def test_each_refusal_is_the_registrys_own(storage, objects, status, code, raised) -> None:
    storage.answer = (status, {}, refusal(code))

    with pytest.raises(raised) as failure:
        objects.read_part("s3://b/k", start=0, length=9, etag="e")
    assert type(failure.value) is raised
    assert "s3://b/k" in failure.value.message


def test_an_empty_range_is_empty(storage, objects) -> None:
    storage.answer = (416, {}, refusal("InvalidRange"))

    assert b"" == objects.read_part("s3://b/k", start=9, length=9, etag="e")


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (403, {}, "without s3:ListBucket, S3 says so of an absent object too"),
        (301, {"x-amz-bucket-region": "us-west-2"}, "another region"),
        (404, {}, "there is no object at s3://b/k.jsonl"),
        (503, {}, "the content was not checked"),
    ],
)
def test_a_dataset_whose_content_is_refused_has_no_hash_and_a_reason(
    storage, objects, status, headers, told
) -> None:
    storage.answer = (status, headers, b"")

    content = dataset_content("s3://b/k.jsonl", objects, "", Call())

    assert (None, ()) == (content.hash, content.files)
    assert told in content.warning
