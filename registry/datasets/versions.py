"""Versions of a stored dataset: `1.0.0` at first, the minor number counting changes of content.

Source: record contract, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from registry.stores import JsonObject

FIRST = "1.0.0"
_THREE_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def version_after(version: object) -> str:
    """Return the next version: the minor number goes up, the patch number stays.

    A version that is not three numbers is followed by `1.1.0`.
    """
    match = _THREE_NUMBERS.fullmatch(version) if isinstance(version, str) else None
    if not match:
        return "1.1.0"
    return f"{match[1]}.{int(match[2]) + 1}.{match[3]}"


def with_versions(entry: Mapping[str, Any]) -> JsonObject:
    """Return the entry with its list of versions.

    One from before versions were kept gets its own values as version `1.0.0`, with no hash. What
    is no object among the versions, as people's edits leave it, is left out.
    """
    stored = entry.get("versions")
    versions = (
        [each for each in stored if isinstance(each, dict)] if isinstance(stored, list) else []
    )
    if versions:
        return {**entry, "versions": versions}
    first = {
        "version": FIRST,
        "s3_uri": entry.get("s3_uri"),
        "hash": None,
        "technique": entry.get("technique"),
        "rows": entry.get("row_count"),
        "registered_at": entry.get("registered_at"),
    }
    return {**entry, "versions": [first]}
