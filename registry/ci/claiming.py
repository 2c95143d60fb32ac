"""Handing configurations to workers: each to one at a time, for as long as its lease lasts.

What a worker left behind whose lease has expired comes first: it has waited longest, and a queue
that never empties would keep it waiting. Then comes what was never tested, and what is stale where
that is asked for. Within the oldest hundred the choice is random, so that many workers do not all
try for the same one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.calls import Call
from registry.ci.leases import (
    Lease,
    checked_lease_s,
    checked_worker,
    claim_request,
    leased_configuration,
    new_lease,
)
from registry.ci.untested import UntestedQuery, shown
from registry.errors import Cancelled, DeadlineExceeded, InvalidArgument, RegistryError, TooLarge
from registry.instants import parse_instant, whole_seconds
from registry.paging import query_key
from registry.stores import CiTable
from schemas.ci import RUNNING, CiConfiguration, ClaimResult

MOST = 25
"""Configurations that one call claims."""

_WINDOW = 100
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker asks for.

    Attributes:
        wanted: Which configurations it takes.
        count: How many, at most.
        lease_s: How long it may take over each, in seconds.
        renew, release: Ids of leases that it has.
        key: Names this one claim: made again with it, the claim answers what it got before, and
            takes no more than is missing.
    """

    worker: str
    wanted: UntestedQuery
    count: int
    lease_s: int
    renew: Sequence[str] = ()
    release: Sequence[str] = ()
    key: str = ""

    def check(self) -> None:
        """Return when all of it can be done.

        Raises:
            InvalidArgument: worker, count, lease time or a lease's id is not usable.
        """
        checked_worker(self.worker)
        checked_lease_s(self.lease_s)
        if not 0 <= self.count <= MOST:
            raise InvalidArgument(f"n is {self.count}, allowed are 0 to {MOST}")
        if len(self.key) > _LONGEST_KEY:
            raise InvalidArgument(f"idempotency_key is longer than {_LONGEST_KEY} characters")
        for lease in (*self.renew, *self.release):
            leased_configuration(lease)


@dataclass(frozen=True, slots=True)
class Claiming:
    """Carries a claim out.

    Attributes:
        now: The present instant. Leases are compared by this machine's clock: by as much as
            clocks differ, a lease is shorter or longer for somebody else.
    """

    table: CiTable
    now: Callable[[], datetime]
    call: Call

    def carry_out(self, claim: Claim, *, full: bool) -> ClaimResult:
        """Release, renew, then claim; what was lost meanwhile is named and is no error.

        With a key, what an earlier claim with it got comes first, its leases prolonged.

        Args:
            full: Add each configuration's parsed record.

        Raises:
            InvalidArgument: as `Claim.check`.
            NotFound: there is no such table, or it lacks the status index.
            RegistryError: the table refused or could not be reached; the details hold in `done`
                which leases were released and renewed before.
        """
        claim.check()
        done: dict[str, list[str]] = {"released": [], "renewed": []}
        claimed: list[CiConfiguration] = []
        warnings: tuple[str, ...] = ()
        try:
            lost = self._release_all(claim, done["released"])
            gone = self._renew_all(claim, done["renewed"])
            if claim.count or claim.key:
                claimed, warnings = self._claimed(claim)
        except RegistryError as error:
            if any(done.values()):
                error.details["done"] = done
            raise
        return ClaimResult(
            message=_message(claim, claimed, len(lost) + len(gone)),
            next_step=_NEXT if claimed else None,
            configurations=tuple(shown(one, full=full, leased=True) for one in claimed),
            count=len(claimed),
            renewed=tuple(done["renewed"]),
            released=tuple(done["released"]),
            lost=(*lost, *gone),
            warnings=warnings,
        )

    def _release_all(self, claim: Claim, done: list[str]) -> list[str]:
        """Release the leases, adding to those that are done; return those that were lost."""
        lost: list[str] = []
        for lease in claim.release:
            (done if self._release(lease) else lost).append(lease)
        return lost

    def _release(self, lease: str) -> bool:
        return self.table.leases.release(
            leased_configuration(lease), lease, now=whole_seconds(self.now())
        )

    def _renew_all(self, claim: Claim, done: list[str]) -> list[str]:
        """Renew the leases, adding to those that are done; return those that were lost."""
        lost: list[str] = []
        for held in claim.renew:
            lease = Lease(held, leased_configuration(held), claim.worker, self._end(claim))
            there = self.table.leases.renew(lease, now=whole_seconds(self.now()))
            (done if there else lost).append(held)
        return lost

    def _claimed(self, claim: Claim) -> tuple[list[CiConfiguration], tuple[str, ...]]:
        """Return what was claimed, and why it is less than it could be.

        What is claimed must not be lost to an error that comes after: it would be nobody's until
        its lease runs out.
        """
        claimed: list[CiConfiguration] = []
        skipped: list[str] = []
        try:
            for one in self._obtained(claim, skipped):
                claimed.append(one)
                self._check_wanted()
        except Cancelled:
            for one in claimed:
                with suppress(RegistryError):  # that one's lease runs out instead
                    self._release(str(one.lease_id))
            raise
        except RegistryError as error:
            if not claimed:
                raise
            return claimed, (*skipped, f"not all could be claimed: {error.message}")
        return claimed, tuple(skipped)

    def _check_wanted(self) -> None:
        if self.call.cancelled():
            raise Cancelled("the call was cancelled: what it claimed is given back")

    def _obtained(self, claim: Claim, skipped: list[str]) -> Iterator[CiConfiguration]:
        """Yield what is the claim's: at first what it got when it was made before.

        Args:
            skipped: Gets what is to be said of configurations that cannot be claimed.
        """
        request = claim_request(claim.worker, claim.key)
        missing = claim.count
        for one in self._got_before(claim, request):
            missing -= 1
            yield one
        if missing <= 0:
            return
        for seen in self._candidates(claim):
            self.call.check("claiming another configuration")
            lease = new_lease(seen.config_id, claim.worker, self._end(claim), request)
            taken = self._taken(seen, lease, skipped)
            if taken:
                missing -= 1
                yield taken
            if not missing:
                return

    def _taken(
        self, seen: CiConfiguration, lease: Lease, skipped: list[str]
    ) -> CiConfiguration | None:
        try:
            return self.table.leases.take(seen, lease, now=whole_seconds(self.now()))
        except TooLarge:
            # Others are not to wait for one that has no room for a lease.
            skipped.append(f"{seen.config_id} has no room for a lease; register it smaller")
            return None

    def _got_before(self, claim: Claim, request: str) -> Iterator[CiConfiguration]:
        if not request:
            return
        for seen in self._in(claim, (RUNNING,), lambda one: one.lease_request == request):
            lease = Lease(str(seen.lease_id), seen.config_id, claim.worker, self._end(claim))
            held = self.table.leases.renew(lease, now=whole_seconds(self.now()))
            if held:
                yield held

    def _candidates(self, claim: Claim) -> Iterator[CiConfiguration]:
        yield from self._in(claim, (RUNNING,), self._abandoned(claim.wanted))
        yield from self._in(claim, claim.wanted.statuses, claim.wanted.matches)

    def _in(
        self, claim: Claim, statuses: Sequence[str], matches: Callable[[CiConfiguration], bool]
    ) -> Iterator[CiConfiguration]:
        cursor: str | None = None
        while True:
            page = self.table.in_status(
                statuses,
                tested_before=claim.wanted.tested_before(self.now()),
                matches=matches,
                limit=_WINDOW,
                cursor=cursor,
                query=query_key("claim", *statuses),
                call=self.call,
            )
            yield from random.sample(page.items, len(page.items))
            if page.note:
                raise DeadlineExceeded(page.note, hint="claim again, or with fewer filters")
            cursor = page.cursor
            if not cursor:
                return

    def _abandoned(self, wanted: UntestedQuery) -> Callable[[CiConfiguration], bool]:
        def matches(one: CiConfiguration) -> bool:
            end = parse_instant(one.lease_expires_at)
            return end is not None and end < self.now() and wanted.matches(one)

        return matches

    def _end(self, claim: Claim) -> str:
        return whole_seconds(self.now() + timedelta(seconds=claim.lease_s))


_NEXT = "record_ci_result with config_id and lease_id, for each of them"


def _message(claim: Claim, claimed: Sequence[CiConfiguration], lost: int) -> str:
    parts: list[str] = []
    until = f" until {claimed[0].lease_expires_at}" if claimed else ""
    if claim.count:
        parts.append(f"{len(claimed)} of {claim.count} claimed for {claim.worker}{until}")
        if not claimed:
            parts.append("nothing is left to test")
    elif claim.key:
        parts.append(f"{len(claimed)} held by {claim.worker} under that key{until}")
    if claim.renew:
        parts.append(f"{len(claim.renew)} to renew")
    if claim.release:
        parts.append(f"{len(claim.release)} to release")
    if lost:
        parts.append(f"{lost} of them lost already: expired and taken, or registered again")
    return "; ".join(parts) or "nothing was asked for"
