"""S3, for reading: datasets and adapter weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from registry.aws.checks import s3_parts
from registry.aws.connection import Connection
from registry.aws.translation import EmptyRange
from registry.errors import Conflict, InvalidArgument, Unavailable
from registry.stores import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

LARGEST_PAGE = 1000


class S3Objects:
    """Objects of any bucket that the caller may read.

    Args:
        page_size: How many objects one listing call returns.
    """

    def __init__(self, connection: Connection, *, page_size: int = LARGEST_PAGE) -> None:
        self._connection = connection
        self._page_size = page_size

    def head(self, uri: str) -> StoredObject:
        """Return one object's facts.

        Raises:
            NotFound: bucket or object do not exist.
            PermissionDenied: it is not ours to read, or absent without permission to list.
            InvalidArgument: the URI names no object.

        Source: S3 HeadObject.
        """
        bucket, key = _object_parts(uri)
        answer = self._connection.s3(
            lambda s3: s3.head_object(Bucket=bucket, Key=key),
            doing=f"look at {uri}",
            action="s3:GetObject",
            resource=self._arn(f"{bucket}/{key}"),
        )
        return StoredObject(key, _bare(answer["ETag"]), answer["ContentLength"])

    def under(self, uri: str) -> Iterator[StoredObject]:
        """Yield every object under a prefix, in S3's order; nothing for an empty prefix.

        Pages are asked for as they are needed: the first object costs one call.

        Raises:
            NotFound: there is no such bucket.
            PermissionDenied: listing is not allowed.

        Source: S3 ListObjectsV2.
        """
        bucket, prefix = s3_parts(uri)
        token = ""
        while True:
            answer = self._page(uri, bucket, prefix, token)
            for item in answer.get("Contents", []):
                yield StoredObject(item["Key"], _bare(item["ETag"]), item["Size"])
            token = answer.get("NextContinuationToken", "")
            if not token:
                return

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        """Return at most that many bytes from an object's beginning.

        Raises:
            NotFound, PermissionDenied, InvalidArgument: as `head`.

        Source: S3 GetObject with a range.
        """
        return self._part(uri, 0, limit_bytes, {})

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        """Return that many bytes from a place on, fewer only where the object ends.

        Raises:
            Conflict: the object's ETag is another one by now.
            Unavailable: the storage ignored the range.
            NotFound, PermissionDenied, InvalidArgument: as `head`.

        Source: S3 GetObject with a range and If-Match.
        """
        return self._part(uri, start, length, {"IfMatch": f'"{etag}"'})

    def region(self, uri: str) -> str:
        """Return the region of the URI's bucket.

        Raises:
            NotFound: there is no such bucket.
            PermissionDenied: it is not ours to look at.

        Source: S3 HeadBucket, which answers for buckets of every region.
        """
        bucket, _ = s3_parts(uri)
        answer = self._connection.s3(
            lambda s3: s3.head_bucket(Bucket=bucket),
            doing=f"look where bucket {bucket} is",
            action="s3:ListBucket",
            resource=self._arn(bucket),
        )
        return answer.get("BucketRegion") or self._connection.region

    def _part(self, uri: str, start: int, length: int, more: dict[str, Any]) -> bytes:
        bucket, key = _object_parts(uri)
        if length <= 0:
            return b""  # S3 answers a reversed range with the whole object
        try:
            return self._connection.s3(
                lambda s3: _ranged(s3, uri, start, length, {"Bucket": bucket, "Key": key, **more}),
                doing=f"read {uri}",
                action="s3:GetObject",
                resource=self._arn(f"{bucket}/{key}"),
            )
        except EmptyRange:
            return b""

    def _page(self, uri: str, bucket: str, prefix: str, token: str) -> ListObjectsV2OutputTypeDef:
        after: dict[str, Any] = {"ContinuationToken": token} if token else {}
        return self._connection.s3(
            lambda s3: s3.list_objects_v2(
                Bucket=bucket, Prefix=prefix, MaxKeys=self._page_size, **after
            ),
            doing=f"list {uri}",
            action="s3:ListBucket",
            resource=self._arn(bucket),
        )

    def _arn(self, path: str) -> str:
        return f"arn:{self._connection.partition}:s3:::{path}"


def _ranged(s3: S3Client, uri: str, start: int, length: int, wanted: dict[str, Any]) -> bytes:
    try:
        answer = s3.get_object(Range=f"bytes={start}-{start + length - 1}", **wanted)
    except s3.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.PRECONDITION_FAILED:
            raise Conflict(f"{uri} was replaced while it was being read") from error
        raise
    with closing(answer["Body"]) as body:
        # Storage that knows no ranges sends the whole object, and says nothing of a range.
        if not answer.get("ContentRange", "bytes 0-").startswith(f"bytes {start}-"):
            raise Unavailable(f"the storage sent another part of {uri} than was asked for")
        part = body.read(length)
        if len(part) < length:
            body.read(1)  # only reading on tells whether the answer broke off
        return part


def _object_parts(uri: str) -> tuple[str, str]:
    bucket, key = s3_parts(uri)
    if not key:
        raise InvalidArgument(f"{uri!r} names a bucket, not an object")
    return bucket, key


def _bare(etag: str) -> str:
    return etag.strip('"')
