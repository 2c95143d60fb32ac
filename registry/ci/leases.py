"""Leases on configurations: one worker at a time tests one, and gives it back or loses it.

A lease's id begins with its configuration's, so that it is all a worker has to keep.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

from registry.errors import InvalidArgument

SHORTEST_S, LONGEST_S = 1, 24 * 3600

_LEASE = re.compile(r"(?P<config>[0-9a-zA-Z._-]{1,200})\.(?P<tail>[0-9a-f]{16})")
_WORKER = re.compile(r"[\w.:/@ -]{1,128}")


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's right to test one configuration until an instant.

    Attributes:
        expires_at: UTC, whole seconds, `Z`.
        request: The claim that it was taken by, as `claim_request` names it; "" for any.
    """

    id: str
    config_id: str
    worker: str
    expires_at: str
    request: str = ""


def new_lease(config_id: str, worker: str, expires_at: str, request: str = "") -> Lease:
    """Return a lease that nobody else has."""
    return Lease(f"{config_id}.{secrets.token_hex(8)}", config_id, worker, expires_at, request)


def claim_request(worker: str, key: str) -> str:
    """Return what names one claim of one worker, "" without a key; the key cannot be read of it."""
    return sha256(f"{worker}\n{key}".encode()).hexdigest()[:32] if key else ""


def leased_configuration(lease_id: str) -> str:
    """Return the configuration that a lease is of.

    Raises:
        InvalidArgument: it is no lease's id.
    """
    found = _LEASE.fullmatch(lease_id)
    if not found:
        raise InvalidArgument(
            f"{lease_id[:60]!r} is no lease's id", hint="claim_ci_untested answers leaseId"
        )
    return found["config"]


def checked_worker(worker: str) -> str:
    """Return a worker's name.

    Raises:
        InvalidArgument: it is missing, too long, or has odd characters.
    """
    if not _WORKER.fullmatch(worker):
        raise InvalidArgument(
            "worker names who tests: 1 to 128 letters, digits, spaces or . _ : / @ -",
            hint="for example the CI job's id",
        )
    return worker


def checked_lease_s(lease_s: int) -> int:
    """Return how long a lease lasts, in seconds. Raises InvalidArgument out of bounds."""
    if not SHORTEST_S <= lease_s <= LONGEST_S:
        raise InvalidArgument(f"lease_s is {lease_s}, allowed are {SHORTEST_S} to {LONGEST_S}")
    return lease_s
