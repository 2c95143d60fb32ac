"""A few calls at a time, for what services only tell one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from registry.calls import Call

S = TypeVar("S")
T = TypeVar("T")

AT_ONCE = 8
"""More invites throttling: describe rates are shared by the whole account."""


def each_of(ask: Callable[[S], T], subjects: Sequence[S], *, call: Call) -> list[T]:
    """Return one answer per subject, in their order; the first failure is raised.

    Raises:
        DeadlineExceeded, Cancelled: between two batches.
    """
    answers: list[T] = []
    if not subjects:
        return answers
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(subjects))) as pool:
        for start in range(0, len(subjects), AT_ONCE):
            call.check("the next details")
            answers += pool.map(ask, subjects[start : start + AT_ONCE])
    return answers
