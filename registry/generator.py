"""Which version of MLCC's generator is installed on this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path("@aws", "ml-container-creator", "package.json")
_LONGEST = 1_000_000


def installed_generator(environment: Mapping[str, str]) -> str:
    """Return the version of the generator that npm installed globally, "" when there is none.

    Its package.json is looked for beside npm on PATH, where npm keeps global packages; nothing
    is run.

    Source: design, "Decided" (generator version).
    """
    npm = shutil.which("npm", path=environment.get("PATH", ""))
    if npm is None:
        return ""
    for place in _places(Path(npm)):
        try:
            if place.stat().st_size > _LONGEST:
                continue
            version = json.loads(place.read_text(encoding="utf-8")).get("version")
        except (OSError, ValueError, AttributeError):
            continue  # not there, or no package.json: another place may have it
        if isinstance(version, str):
            return version
    return ""


def _places(npm: Path) -> list[Path]:
    own = npm.resolve()
    roots = [npm.parent.parent / "lib", npm.parent]
    # npm itself is a global package: its siblings are the others.
    roots += [parent.parent for parent in own.parents if parent.name == "node_modules"]
    if os.name != "nt":
        roots.append(own.parent.parent / "lib")
    return [root / "node_modules" / _PACKAGE for root in roots]
