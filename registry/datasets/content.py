"""What a dataset is made of in S3, and what that hashes to by S3's own checksums.

Nothing is downloaded here. Source: record contract, section 2 (Content hash).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from registry.calls import Call
from registry.datasets.names import key_of
from registry.errors import Cancelled, DeadlineExceeded, NotFound, PermissionDenied, RegistryError
from registry.stores import Objects, StoredObject

MOST_FILES = 10_000
"""Files of a prefix that are remembered; of more only the hash is made."""

_DIGITS = 16
_RESERVE_S = 5.0
"""Kept of the call's time for writing the record that the hash is for."""


@dataclass(frozen=True, slots=True)
class Content:
    """The objects that a dataset consists of, as they were at one moment.

    Attributes:
        hash: 16 characters that change with the content, None when it could not be read.
        files: Empty without a hash; None when there are more than `MOST_FILES`.
        warning: Why there is no hash; "" when there is one.
        passing: The reason passes: the next call may read it.
    """

    hash: str | None
    files: tuple[StoredObject, ...] | None = ()
    warning: str = ""
    passing: bool = False


def dataset_content(s3_uri: str, objects: Objects | None, reason: str, call: Call) -> Content:
    """Return what is at a URI; whatever keeps it from being looked at is a warning.

    A key that ends in `/`, or whose last part has no dot, is a prefix: the hash covers the keys
    and ETags of everything under it. Any other key is one object's: its ETag.

    Args:
        objects: S3, None when it cannot be asked.
        reason: Why it cannot be asked.

    Raises:
        Cancelled: the caller withdrew.
    """
    if objects is None:
        return _unknown(f"the content was not checked: {reason}", passing=True)
    key = key_of(s3_uri)
    if not key:
        return _unknown("the content was not checked: a whole bucket has no hash")
    try:
        return (_under(s3_uri, objects, call) if is_prefix(key) else None) or _one(s3_uri, objects)
    except Cancelled:
        raise
    except NotFound:
        return _unknown(
            f"there is no object at {s3_uri}, so the record has no content hash; if the URI "
            "is mistyped, register again with the right one"
        )
    except PermissionDenied as error:
        return _unknown(
            f"the content was not checked: {error.message}; without s3:ListBucket, S3 says so of "
            "an absent object too"
        )
    except RegistryError as error:
        return _unknown(f"the content was not checked: {error.message}", passing=error.retryable)


def is_prefix(key: str) -> bool:
    """Tell whether a key names many objects rather than one."""
    return not key or key.endswith("/") or "." not in key.rpartition("/")[2]


def _unknown(warning: str, *, passing: bool = False) -> Content:
    return Content(None, warning=warning, passing=passing)


def _one(s3_uri: str, objects: Objects) -> Content:
    found = objects.head(s3_uri)
    return Content(found.etag.strip('"')[:_DIGITS], (found,))


def _under(s3_uri: str, objects: Objects, call: Call) -> Content | None:
    lines = []
    files: list[StoredObject] = []
    for found in objects.under(f"{s3_uri.rstrip('/')}/"):
        call.check("reading the dataset's list of objects")
        if call.remaining_s < _RESERVE_S:
            raise DeadlineExceeded(f"{s3_uri} has too many objects to list in one call")
        lines.append(f"{found.key}:{found.etag.strip(chr(34))}")
        if len(files) <= MOST_FILES:
            files.append(found)
    if not lines:
        return None
    digits = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:_DIGITS]
    return Content(digits, tuple(files) if len(files) <= MOST_FILES else None)
