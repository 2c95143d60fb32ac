"""Names of datasets: the one derived from where the data came from, and which a caller may give.

Source: record contract, section 2.
"""

from __future__ import annotations

import hashlib
import re

from registry.errors import InvalidArgument
from registry.redaction import quoted

MAX_NAME = 63
"""Longest name; hub content takes no longer one."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_S3_URI = re.compile(
    r"s3://([A-Za-z0-9][A-Za-z0-9._-]{0,254})(?:/([^\x00-\x1f\x7f\ud800-\udfff]*))?"
)
_MAX_KEY_BYTES = 1024
_SALT_DIGITS = 4


def derived_name(source: str, s3_uri: str) -> str:
    """Return the name of a dataset that was given none: what it is called, and a salt.

    Args:
        source: `hf://...` or `s3://...`; anything else, or nothing, is called `dataset`.
        s3_uri: Where the data is; the salt follows from it.
    """
    room = MAX_NAME - 1 - _SALT_DIGITS
    slug = slug_of(_called(source))[:room].rstrip("-") or "dataset"
    salt = hashlib.sha1(f"{s3_uri}\n".encode(), usedforsecurity=False).hexdigest()[:_SALT_DIGITS]
    return f"{slug}-{salt}"


def slug_of(text: str) -> str:
    """Return the text in lower-case ASCII letters and digits, runs of the rest as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", _ascii_lower(text)).strip("-")


def checked_name(name: str, kind: str) -> str:
    """Return the name when it may be stored.

    Args:
        kind: What is named, for the error.

    Raises:
        InvalidArgument: it is not 1 to 63 letters, digits, inner dots, hyphens or underscores.
            `@` and `/` in particular would make `name@version` ambiguous.
    """
    if not name:
        raise InvalidArgument(f"name is missing: every {kind} has one")
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"name {quoted(name, 80)} is not one that a {kind} can have",
            hint="1 to 63 of a-z A-Z 0-9 . _ -, the first and the last a letter or digit",
        )
    return name


def checked_s3_uri(uri: str, argument: str) -> str:
    """Return the S3 URI when it has the form of one.

    Args:
        argument: The argument's name, for the error.

    Raises:
        InvalidArgument: it is not `s3://bucket/key`.
    """
    match = _S3_URI.fullmatch(uri)
    if not match or len((match[2] or "").encode("utf-8", "replace")) > _MAX_KEY_BYTES:
        raise InvalidArgument(
            f"{argument} is not an S3 URI", hint="s3://bucket/key, or s3://bucket/prefix/"
        )
    return uri


def key_of(s3_uri: str) -> str:
    """Return the key in an S3 URI, "" for a whole bucket."""
    return s3_uri.removeprefix("s3://").partition("/")[2]


def _called(source: str) -> str:
    if source.startswith("hf://"):
        owner, _, name = source.removeprefix("hf://").partition("?")[0].partition("/")
        return name.partition("/")[0] or owner
    if source.startswith("s3://"):
        last = source.rstrip("/").rpartition("/")[2]
        return last.removesuffix(".jsonl") or last
    return ""


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in text)
