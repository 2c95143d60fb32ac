"""Looking at something now and again until it has settled, or the waiting ends."""

from __future__ import annotations

from collections.abc import Callable

from registry.calls import Call

_GROWTH = 1.5
_SLOWEST = 5
"""Looks are at most so many times the first interval apart: 2 s grow to 10 s."""

_RESERVE_S = 3.0


def look_until_settled(
    look: Callable[[], bool],
    status: Callable[[], str],
    what: str,
    *,
    wait_s: float,
    poll_s: float,
    call: Call,
) -> bool:
    """Look at once and then now and again; return whether a look was the last one.

    Args:
        look: Looks once and tells whether that settled it.
        status: What the last look showed, for the progress report.
        wait_s: Seconds to wait at most; the call's deadline, less a reserve, comes first.
        poll_s: Seconds to the second look; later ones are further apart, up to five times.

    Raises:
        Cancelled: the caller withdrew.
    """
    waited, interval = 0.0, poll_s
    while not (last := look()):
        nap = min(interval, wait_s - waited, call.remaining_s - _RESERVE_S)
        if nap <= 0:
            break
        call.report(waited, wait_s, f"{what} is {status()}")
        call.pause(nap)
        waited += nap
        interval = min(interval * _GROWTH, poll_s * _SLOWEST)
    call.report(wait_s or 1, wait_s or 1, f"{what} is {status()}")
    return last
