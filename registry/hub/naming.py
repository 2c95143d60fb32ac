"""What a hub content may be called and numbered.

Source: ImportHubContent (HubContentName, HubContentVersion).
"""

from __future__ import annotations

import re

from registry.datasets.versions import version_after
from registry.errors import PreconditionFailed
from registry.redaction import quoted

FIRST = "1.0.0"

_NAME = re.compile(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}")
_LONGEST = 63
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
_SHORT_VERSION = re.compile(r"v?([0-9]{1,4}(?:\.[0-9]{1,4}){0,2})")
_PARTS = 3


def fits_hub(name: str) -> bool:
    """Tell whether a hub content can have the name."""
    return len(name) <= _LONGEST and _NAME.fullmatch(name) is not None


def content_name(name: str) -> str:
    """Return the name, unaltered, when a hub content can have it.

    Raises:
        PreconditionFailed: it is not 1 to 63 letters, digits and inner hyphens.
    """
    if not fits_hub(name):
        raise PreconditionFailed(
            f"a hub content cannot be called {quoted(name, 80)}",
            hint="a name of letters, digits and inner hyphens, at most 63, goes to the hub too",
        )
    return name


def content_version(version: str) -> str:
    """Return a recorded version as a hub numbers it: `1.2` and `v1.2` are `1.2.0` there.

    Raises:
        PreconditionFailed: it is not up to three numbers of at most four digits.
    """
    if numbered := hub_version(version):
        return numbered
    raise PreconditionFailed(
        f"a hub content cannot have the version {quoted(version, 40)}",
        hint="three numbers of at most four digits each; force=true records the next version",
    )


def hub_version(version: str) -> str | None:
    """Return a recorded version as a hub numbers it, None when a hub cannot have it."""
    match = _SHORT_VERSION.fullmatch(version)
    if not match:
        return None
    numbers = match[1].split(".")
    return ".".join(numbers + ["0"] * (_PARTS - len(numbers)))


def next_version(version: str) -> str:
    """Return the version after one of a hub's: the minor number goes up, at 9999 the major one.

    Raises:
        PreconditionFailed: the hub has no number left.
    """
    following = version_after(version)
    if not _VERSION.fullmatch(following):
        following = f"{int(version.partition('.')[0]) + 1}.0.0"
    return content_version(following)


def order_of(version: str) -> tuple[int, ...]:
    """Return what a hub's versions are ordered by."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))
