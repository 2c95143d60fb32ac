"""What the sandbox knows, per account and region, and the files that keep it."""

import dataclasses
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.documents import Document


@dataclass
class RegionState:
    """Everything one account has in one region, as documents keyed by name or ARN.

    ``index`` is what Search sees: per package ARN its versions as (time, document or None).
    It is not kept in files, but made again from the packages.
    """

    groups: dict[str, Document] = field(default_factory=dict)
    packages: dict[str, Document] = field(default_factory=dict)
    tokens: dict[str, Document] = field(default_factory=dict)
    endpoint_configs: dict[str, Document] = field(default_factory=dict)
    endpoints: dict[str, Document] = field(default_factory=dict)
    components: dict[str, Document] = field(default_factory=dict)
    outcomes: dict[str, Document] = field(default_factory=dict)
    hubs: dict[str, Document] = field(default_factory=dict)
    hub_contents: dict[str, Document] = field(default_factory=dict)
    import_outcomes: dict[str, Document] = field(default_factory=dict)
    repositories: dict[str, Document] = field(default_factory=dict)
    index: dict[str, list[tuple[float, Document | None]]] = field(default_factory=dict)
    changed: bool = False


_KEPT = tuple(
    one.name for one in dataclasses.fields(RegionState) if one.name not in {"index", "changed"}
)


class StateStore:
    """The states of all accounts and regions; in files when a directory is given.

    A file holds one account and region and is replaced whole, so that a sandbox that was
    killed goes on from its last answered call.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._states: dict[tuple[str, str], RegionState] = {}
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def of(self, account: str, region: str) -> RegionState:
        """Return the state of ``account`` in ``region``, empty at first."""
        found = self._states.get((account, region))
        if found is None:
            found = self._states[account, region] = self._read(account, region)
        return found

    def save(self, account: str, region: str) -> None:
        """Write the state if it has changed and there is a directory to write to."""
        state = self.of(account, region)
        if not state.changed:
            return
        state.changed = False
        if self._directory is not None:
            text = json.dumps({name: getattr(state, name) for name in _KEPT}, ensure_ascii=False)
            _replace(self._path(self._directory, account, region), text)

    def clear(self) -> None:
        """Forget everything, in the files too."""
        self._states.clear()
        if self._directory is not None:
            for path in self._directory.glob("*.json"):
                path.unlink()

    def _read(self, account: str, region: str) -> RegionState:
        state = RegionState()
        if self._directory is None:
            return state
        path = self._path(self._directory, account, region)
        if path.exists():
            kept = json.loads(path.read_text("utf-8"))
            state = RegionState(**{name: kept.get(name, {}) for name in _KEPT})
            for arn, package in state.packages.items():
                state.index[arn] = [(package["LastModifiedTime"], package)]
        return state

    @staticmethod
    def _path(directory: Path, account: str, region: str) -> Path:
        return directory / f"{account}.{region}.json"


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
