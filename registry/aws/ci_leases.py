"""Leases on items of the CI table: each is taken, renewed and given back by one conditional write.

Attributes of ours on a leased item, which MLCC's readers pass over: `leaseId`, `leaseOwner`,
`leaseExpiresAt`, `leaseRequest`, the claim that it was taken by, and `leasedFrom`, the status that
a release puts back.

Source: DynamoDB UpdateItem; record contract, section 7 (Statuses).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.aws.ci_items import configuration, text
from registry.aws.ci_writes import CiWrites
from registry.aws.translation import ConditionFailed
from registry.ci.leases import Lease
from schemas.ci import RUNNING, CiConfiguration

LEASE_ATTRIBUTES = ("leaseId", "leaseOwner", "leaseExpiresAt", "leaseRequest", "leasedFrom")


class CiLeases:
    """The leases of one CI table."""

    def __init__(self, writes: CiWrites) -> None:
        self._writes = writes

    def take(self, seen: CiConfiguration, lease: Lease, *, now: str) -> CiConfiguration | None:
        """Lease a configuration as it was seen; None when somebody was faster.

        Args:
            seen: Not running, or running under a lease that has expired.

        Returns:
            The configuration as it is under the lease: the index may have shown an older one.
        """
        values = {
            "testStatus": RUNNING,
            "leaseId": lease.id,
            "leaseOwner": lease.worker,
            "leaseExpiresAt": lease.expires_at,
            "leaseRequest": lease.request,
            "updatedAt": now,
        }
        try:
            item = self._writes.update(
                seen.config_id,
                set_values={name: {"S": value} for name, value in values.items() if value},
                remove=() if lease.request else ("leaseRequest",),
                **_as_seen(seen),
                doing="claim a configuration",
            )
        except ConditionFailed:
            # The client may have sent a write again whose answer was lost.
            item = self._writes.item(lease.config_id) or {}
            if text(item, "leaseId") != lease.id:
                return None
        return configuration(item)

    def renew(self, lease: Lease, *, now: str) -> CiConfiguration | None:
        """Let a lease last until its new instant, and return its item; None when it was lost."""
        try:
            item = self._writes.update(
                lease.config_id,
                set_values={"leaseExpiresAt": {"S": lease.expires_at}, "updatedAt": {"S": now}},
                condition="#leaseId = :lease AND #testStatus = :running",
                values={":lease": {"S": lease.id}, ":running": {"S": RUNNING}},
                doing="renew a lease",
            )
        except ConditionFailed:
            return None
        return configuration(item)

    def release(self, config_id: str, lease_id: str, *, now: str) -> bool:
        """Put a leased configuration back as it was; False when the lease was lost."""
        item = self._writes.item(config_id) or {}
        if text(item, "leaseId") != lease_id:
            return False
        try:
            self._writes.update(
                config_id,
                set_values={
                    "testStatus": {"S": text(item, "leasedFrom") or "untested"},
                    "updatedAt": {"S": now},
                },
                remove=LEASE_ATTRIBUTES,
                condition="#leaseId = :lease AND #testStatus = :running",
                values={":lease": {"S": lease_id}, ":running": {"S": RUNNING}},
                doing="release a lease",
            )
        except ConditionFailed:
            return self._is_free(config_id, lease_id)
        return True

    def _is_free(self, config_id: str, lease_id: str) -> bool:
        """Whether our own release stands there, whose answer was lost."""
        item: Mapping[str, Any] = self._writes.item(config_id) or {}
        return bool(item) and text(item, "leaseId") != lease_id and "leaseId" not in item


def _as_seen(seen: CiConfiguration) -> dict[str, Any]:
    """Return the condition that nobody has changed what was seen, and what is kept of it."""
    if seen.test_status == RUNNING:
        # A lease that its worker renewed meanwhile has another end. The status from before the
        # first lease stays the one to put back.
        return {
            "condition": "#testStatus = :seen AND #leaseId = :lease AND #leaseExpiresAt = :end",
            "values": {
                ":seen": {"S": RUNNING},
                ":lease": {"S": seen.lease_id or ""},
                ":end": {"S": seen.lease_expires_at or ""},
            },
        }
    return {
        "also": "#leasedFrom = :seen",
        "condition": "#testStatus = :seen AND #lastTestTimestamp = :tested",
        "values": {":seen": {"S": seen.test_status}, ":tested": {"S": seen.last_test_timestamp}},
    }
