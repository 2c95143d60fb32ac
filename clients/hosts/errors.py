"""Why a configuration is not written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CannotMerge(Exception):
    """The file stays as it is: it cannot be read, or not be changed without losing something.

    Attributes:
        hint: What the person can do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Differs(Exception):
    """Another entry has the name already.

    Attributes:
        existing: That entry.
        wanted: Ours.
    """

    def __init__(self, existing: object, wanted: Mapping[str, Any]) -> None:
        super().__init__("another entry has this name")
        self.existing = existing
        self.wanted = wanted
