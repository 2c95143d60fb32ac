"""Opaque cursors: where a page ended, bound to the query that it belongs to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import InvalidArgument

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_FULL = 10
PAGE_BYTES = 18_000
"""What a page holds of whole records: under 20,000 tokens, since no token is less than a byte."""

_VERSION = 1
_DIGEST_LENGTH = 12
_LONGEST = 16_384


def page_limit(limit: int, *, full: bool = False) -> int:
    """Return how many records a page holds; 0 means the default of 20.

    Whole records are many times as long as glances: a page holds 10 of them at most, so that an
    answer stays one that a model can read.

    Raises:
        InvalidArgument: below 0 or above 100.
    """
    if not 0 <= limit <= MAX_LIMIT:
        raise InvalidArgument(f"limit is {limit}, allowed are 1 to {MAX_LIMIT}")
    wanted = limit or DEFAULT_LIMIT
    return min(wanted, MAX_FULL) if full else wanted


@dataclass(frozen=True, slots=True)
class NamedPage:
    """One page of records that are listed by name."""

    names: tuple[str, ...]
    next_cursor: str | None = None

    @property
    def next_step(self) -> str | None:
        """What to call for the rest, None where there is none."""
        return "call again with cursor=nextCursor for the rest" if self.next_cursor else None


def named_page(names: Iterable[str], query: str, *, limit: int, cursor: str) -> NamedPage:
    """Return the page that begins after the cursor's name, whether or not that is still there.

    Args:
        names: Every matching name, in any order.
        query: As for `seal_cursor`.
        limit: Names on a page.
        cursor: Of the page before, "" for the first.

    Raises:
        InvalidArgument: the cursor is another query's.
    """
    after = str(open_cursor(query, cursor)["n"]) if cursor else ""
    rest = sorted(name for name in names if not cursor or name > after)
    page = tuple(rest[:limit])
    more = len(rest) > limit
    return NamedPage(page, seal_cursor(query, {"n": page[-1]}) if more else None)


def query_key(kind: str, *parts: object) -> str:
    """Return what identifies a query: its kind and its filters, in a fixed order."""
    return json.dumps([kind, *parts], ensure_ascii=True, sort_keys=True, default=str)


def seal_cursor(query: str, place: Mapping[str, Any]) -> str:
    """Return a cursor that `open_cursor` takes for the same query and no other.

    Args:
        query: What identifies the query, as `query_key` gives it.
        place: Where to go on, as JSON-able data.
    """
    body = json.dumps(dict(place), separators=(",", ":"), sort_keys=True)
    sealed = f"{_VERSION}.{_digest(query, body)}.{body}"
    return base64.urlsafe_b64encode(sealed.encode()).rstrip(b"=").decode("ascii")


def open_cursor(query: str, cursor: str) -> dict[str, Any]:
    """Return the place that a cursor was sealed over.

    Raises:
        InvalidArgument: it was altered or cut, or belongs to other filters.
    """
    version, digest, body = _parts(cursor)
    if version != str(_VERSION) or digest != _digest(query, body):
        raise InvalidArgument(
            "the cursor belongs to a query with other arguments, or was altered",
            hint="repeat the call with the arguments of the page before, or without cursor",
        )
    place: dict[str, Any] = json.loads(body)
    return place


def _parts(cursor: str) -> tuple[str, str, str]:
    padded = cursor[:_LONGEST] + "=" * (-len(cursor) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        version, digest, body = text.split(".", 2)
    except (ValueError, binascii.Error) as error:
        raise InvalidArgument(
            "the cursor is not one that this server gave", hint="leave cursor out"
        ) from error
    return version, digest, body


def _digest(query: str, body: str) -> str:
    return hashlib.sha256(f"{query}\n{body}".encode()).hexdigest()[:_DIGEST_LENGTH]
