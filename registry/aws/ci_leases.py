"""Leases on items of the CI table: each is taken, renewed and given back by one conditional write.

Attributes of ours on a leased item, which MLCC's readers pass over: `leaseId`, `leaseOwner`,
`leaseExpiresAt`, and `leasedFrom`, the status that a release puts back.

Source: DynamoDB UpdateItem; record contract, section 7 (Statuses).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.aws.ci_items import text
from registry.aws.ci_writes import CiWrites
from registry.aws.translation import ConditionFailed
from registry.ci.leases import Lease
from schemas.ci import RUNNING, CiConfiguration

LEASE_ATTRIBUTES = ("leaseId", "leaseOwner", "leaseExpiresAt", "leasedFrom")


class CiLeases:
    """The leases of one CI table."""

    def __init__(self, writes: CiWrites) -> None:
        self._writes = writes

    def take(self, seen: CiConfiguration, lease: Lease, *, now: str) -> bool:
        """Lease a configuration as it was seen; False when somebody was faster.

        Args:
            seen: Not running, or running under a lease that has expired.
        """
        values = {
            "testStatus": RUNNING,
            "leaseId": lease.id,
            "leaseOwner": lease.worker,
            "leaseExpiresAt": lease.expires_at,
            "updatedAt": now,
        }
        if seen.test_status == RUNNING:
            unchanged, before = "#leaseId = :seen", seen.lease_id or ""
            keeps = ""  # the status from before the first lease is the one to put back
        else:
            unchanged = "#testStatus = :seen AND #lastTestTimestamp = :tested"
            before, keeps = seen.test_status, "#leasedFrom = :seen"
        try:
            self._writes.update(
                seen.config_id,
                set_values={name: {"S": value} for name, value in values.items()},
                also=keeps,
                condition=unchanged,
                values={":seen": {"S": before}, ":tested": {"S": seen.last_test_timestamp}},
                doing="claim a configuration",
            )
        except ConditionFailed:
            # The client may have sent a write again whose answer was lost.
            return self._is_held(lease)
        return True

    def renew(self, lease: Lease, *, now: str) -> bool:
        """Let a lease last until its new instant; False when it was lost."""
        try:
            self._writes.update(
                lease.config_id,
                set_values={"leaseExpiresAt": {"S": lease.expires_at}, "updatedAt": {"S": now}},
                condition="#leaseId = :lease AND #testStatus = :running",
                values={":lease": {"S": lease.id}, ":running": {"S": RUNNING}},
                doing="renew a lease",
            )
        except ConditionFailed:
            return False
        return True

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

    def _is_held(self, lease: Lease) -> bool:
        item: Mapping[str, Any] = self._writes.item(lease.config_id) or {}
        return text(item, "leaseId") == lease.id

    def _is_free(self, config_id: str, lease_id: str) -> bool:
        """Whether our own release stands there, whose answer was lost."""
        item: Mapping[str, Any] = self._writes.item(config_id) or {}
        return bool(item) and text(item, "leaseId") != lease_id and "leaseId" not in item
