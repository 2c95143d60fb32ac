"""What a dataset's content hashes to, from S3's own checksums; the content is never downloaded.

Source: record contract, section 2.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from registry.calls import Call
from registry.dataset_names import key_of
from registry.errors import Cancelled, DeadlineExceeded, NotFound, RegistryError
from registry.stores import Objects

_DIGITS = 16
_RESERVE_S = 5.0
"""Kept of the call's time for writing the record that the hash is for."""


@dataclass(frozen=True, slots=True)
class ContentHash:
    """16 characters that change with the content, or None and the reason.

    Attributes:
        warning: Why there is no hash; "" when there is one.
    """

    value: str | None
    warning: str = ""


def content_hash(s3_uri: str, objects: Objects | None, reason: str, call: Call) -> ContentHash:
    """Return what the content hashes to; whatever keeps it from being read is a warning.

    A key that ends in `/`, or whose last part has no dot, is a prefix: the hash covers the keys
    and ETags of everything under it. Any other key is one object's: its ETag.

    Args:
        objects: S3, None when it cannot be asked.
        reason: Why it cannot be asked.

    Raises:
        Cancelled: the caller withdrew.
    """
    if objects is None:
        return ContentHash(None, f"the content was not checked: {reason}")
    key = key_of(s3_uri)
    if not key:
        return ContentHash(None, "the content was not checked: a whole bucket has no hash")
    try:
        under = _hash_under(s3_uri, objects, call) if is_prefix(key) else None
        return ContentHash(under or objects.head(s3_uri).etag.strip('"')[:_DIGITS])
    except Cancelled:
        raise
    except NotFound:
        return ContentHash(
            None,
            f"there is no object at {s3_uri}, so the record has no content hash; if the URI "
            "is mistyped, register again with the right one",
        )
    except RegistryError as error:
        return ContentHash(None, f"the content was not checked: {error.message}")


def is_prefix(key: str) -> bool:
    """Tell whether a key names many objects rather than one."""
    return not key or key.endswith("/") or "." not in key.rpartition("/")[2]


def _hash_under(s3_uri: str, objects: Objects, call: Call) -> str | None:
    lines = []
    for found in objects.under(f"{s3_uri.rstrip('/')}/"):
        call.check("reading the dataset's list of objects")
        if call.remaining_s < _RESERVE_S:
            raise DeadlineExceeded(f"{s3_uri} has too many objects to list in one call")
        lines.append(f"{found.key}:{found.etag.strip(chr(34))}")
    if not lines:
        return None
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:_DIGITS]
