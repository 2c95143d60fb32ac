"""Which entries a listing wants.

Source: record contract, section 1 (list, search); design, `list_deployments`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import bracex
import regex
from wcmatch import glob

from registry.errors import InvalidArgument

_GLOB = glob.GLOBSTAR | glob.EXTGLOB | glob.FORCEUNIX | glob.CASE
_GLOB_ALTERNATIVES = 512
_GLOB_PATIENCE_S = 0.05
_LONGEST_GLOB = 1024

_DATE_ONLY = re.compile(r"\d{4}-?(?:\d\d-?\d\d|W\d\d(?:-?\d)?)")

_EXACT = {
    "project_name": ("projectName",),
    "deployment_config": ("deployment", "deploymentConfig"),
    "architecture": ("deployment", "architecture"),
    "backend": ("deployment", "backend"),
    "instance_type": ("infrastructure", "instanceType"),
    "region": ("infrastructure", "region"),
    "status": ("status",),
}


@dataclass(frozen=True, slots=True)
class DeploymentFilter:
    """Conditions that all have to hold; "" is no condition.

    Attributes:
        model: Part of the model's name, in any case.
        model_glob: A glob over the whole name, in minimatch's dialect: `*` stays within `/`.
        since: ISO 8601 instant or date; entries at or after it.
        until: ISO 8601 instant or date; entries before or at it, a date meaning its whole day.
        text: Found anywhere in the entry's values, in any case.
    """

    project_name: str = ""
    deployment_config: str = ""
    architecture: str = ""
    backend: str = ""
    model: str = ""
    model_glob: str = ""
    instance_type: str = ""
    region: str = ""
    status: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    def check(self) -> None:
        """Return when every condition can be used.

        Raises:
            InvalidArgument: `since` or `until` is no instant, or the glob is not one.
        """
        _bound(self.since, "since", end=False)
        _bound(self.until, "until", end=True)
        if self.model_glob:
            _globbed("", self.model_glob)

    def admits(self, entry: Mapping[str, Any], made: datetime | None) -> bool:
        """Tell whether an entry meets every condition; `made` is its timestamp, if it has one."""
        for name, path in _EXACT.items():
            wanted = getattr(self, name)
            if wanted and value_at(entry, *path) != wanted:
                return False
        return self._admits_model(entry) and self._admits_time(made) and self._admits_text(entry)

    def _admits_model(self, entry: Mapping[str, Any]) -> bool:
        if not self.model and not self.model_glob:
            return True
        name = value_at(entry, "model", "modelName")
        if not isinstance(name, str):
            return False
        if self.model and self.model.lower() not in name.lower():
            return False
        return not self.model_glob or _globbed(name, self.model_glob)

    def _admits_time(self, made: datetime | None) -> bool:
        since = _bound(self.since, "since", end=False)
        until = _bound(self.until, "until", end=True)
        if since is None and until is None:
            return True
        if made is None:
            return False
        return (since is None or made >= since) and (until is None or made <= until)

    def _admits_text(self, entry: Mapping[str, Any]) -> bool:
        if not self.text:
            return True
        wanted = self.text.lower()
        return any(wanted in text.lower() for text in _texts(entry))


def value_at(entry: Mapping[str, Any], *path: str) -> Any:  # noqa: ANN401 - whatever was stored
    """Return the stored value at a path, None where any step is missing."""
    value: Any = entry
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


@lru_cache(maxsize=4096)
def _globbed(name: str, pattern: str) -> bool:
    if pattern.startswith("#"):
        return False  # minimatch takes such a pattern for a comment
    plain = pattern.lstrip("!")
    negated = (len(pattern) - len(plain)) % 2 == 1
    try:
        found = any(each.fullmatch(name, timeout=_GLOB_PATIENCE_S) for each in _compiled(plain))
    except TimeoutError as error:
        raise InvalidArgument(
            "model_glob can match in too many ways", hint="use fewer repeated groups"
        ) from error
    return found != negated


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> tuple[regex.Pattern[str], ...]:
    if len(pattern) > _LONGEST_GLOB:
        raise InvalidArgument(
            f"model_glob is longer than {_LONGEST_GLOB} characters", hint="use a shorter pattern"
        )
    try:
        plain = bracex.expand(pattern, keep_escapes=True, limit=_GLOB_ALTERNATIVES)
        wanted, _ = glob.translate(plain, flags=_GLOB)
        return tuple(regex.compile(each) for each in wanted)
    except bracex.ExpansionLimitException as error:
        raise InvalidArgument(
            f"model_glob stands for more than {_GLOB_ALTERNATIVES} patterns",
            hint="use fewer or shorter {...}",
        ) from error
    except RecursionError as error:
        raise InvalidArgument(
            "model_glob nests its groups too deeply", hint="use fewer {...} and @(...)"
        ) from error


def _bound(text: str, name: str, *, end: bool) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidArgument(
            f"{name} is not an ISO 8601 date or instant",
            hint="for example 2026-05-01 or 2026-05-01T10:00:00Z",
        ) from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    if end and _DATE_ONLY.fullmatch(text):
        instant += timedelta(days=1, microseconds=-1)
    return instant


def _texts(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield every value of an entry as text, however deep it is; keys are none."""
    waiting: list[Any] = [entry]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            yield value
        elif value is not None:
            yield json.dumps(value)
