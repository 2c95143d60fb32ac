"""Which folders a call may touch: no path argument leads out of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from registry.errors import InvalidArgument


def start_roots(start: Path, home: Path) -> tuple[Path, ...]:
    """Return the folders that bound path arguments where no setting names any.

    The start folder counts unless it is the root of a file system or the user's home: an
    assistant started there would be let into everything.
    """
    resolved = start.resolve()
    if resolved == Path(resolved.anchor) or resolved == home.resolve():
        return ()
    return (resolved,)


class Workspace:
    """The folders that path arguments are bound to.

    Args:
        roots: Folders; their links are resolved once, here.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(root.resolve() for root in roots)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The allowed folders, links resolved."""
        return self._roots

    def resolve(self, path: str) -> Path:
        """Return the real path that an argument means; a relative one starts at the first root.

        Raises:
            InvalidArgument: it leads, itself or by a link, out of every allowed folder.

        Source: design, rule 2.
        """
        if not self._roots:
            raise InvalidArgument(
                "no folder is open to path arguments",
                hint="start the server with --workspace DIR, or in a project folder",
            )
        if "\0" in path:
            raise InvalidArgument("a path has no NUL characters")
        try:
            real = (self._roots[0] / Path(path).expanduser()).resolve()
        except (OSError, RuntimeError) as error:
            raise InvalidArgument(f"the path {path!r} cannot be followed: {error}") from error
        if any(real == root or root in real.parents for root in self._roots):
            return real
        raise InvalidArgument(
            f"the path {path!r} is outside of the folders open to this server",
            hint=f"allowed: {', '.join(map(str, self._roots))}; "
            "the operator can add one with --workspace DIR",
        )

    def default_project(self) -> Path | None:
        """Return the single root when it is a project folder, even one that cannot be read."""
        if len(self._roots) == 1 and os.path.lexists(self._roots[0] / "do" / "config"):
            return self._roots[0]
        return None
