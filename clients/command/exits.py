"""Exit statuses: one for each kind of error, so that a script can tell them apart."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the command ends with; 2 is also what a wrong command line ends with."""

    DONE = 0
    FAILED = 1
    INVALID_ARGUMENT = 2
    NOT_FOUND = 3
    CONFLICT = 4
    PRECONDITION_FAILED = 5
    NEEDS_CONFIRMATION = 6
    NOT_CONFIGURED = 7
    CREDENTIALS = 8
    PERMISSION_DENIED = 9
    THROTTLED = 10
    UNAVAILABLE = 11
    TIMEOUT = 12
    CORRUPT_REGISTRY = 13
    CANCELLED = 14
    INTERNAL = 70
    INTERRUPTED = 130

    @classmethod
    def of(cls, code: str) -> Exit:
        """Return the status for an error's code; a code of a newer server is `internal`."""
        return cls.__members__.get(code.upper(), cls.INTERNAL)
