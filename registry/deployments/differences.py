"""Where two entries differ, parameter by parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from registry.deployments.values import pointer_part, same_value
from registry.redaction import is_secret_key
from schemas.comparison import Change

IDENTITY = frozenset(
    {
        "/id",
        "/timestamp",
        "/modelPackageArn",
        "/modelPackageVersion",
        "/idempotencyKey",
        "/metadata/source",
        "/metadata/importedFrom",
    }
)
"""What every entry has for itself; it says which one it is, not what was deployed."""

_COMPONENTS = "/deployment/icList"
_DEEPEST = 32
"""Below this many levels two values are compared whole."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One place: `before` or `after` is None where that side has nothing there."""

    path: str
    change: Change
    before: Any
    after: Any

    @property
    def key(self) -> str:
        """The last step of the path, by which a secret is known."""
        return self.path.rpartition("/")[2]


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Differing]:
    """Yield what differs, in the first one's order, then what only the second one has.

    A value that is missing and one that is null say the same: nothing is known.
    """
    yield from _objects("", first, second)


def _objects(path: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Differing]:
    for key in [*one, *(key for key in other if key not in one)]:
        below = f"{path}/{pointer_part(key)}"
        if below not in IDENTITY:
            yield from _values(below, one.get(key), other.get(key))


def _values(path: str, one: Any, other: Any) -> Iterator[Differing]:  # noqa: ANN401 - any JSON
    if same_value(one, other):
        return
    if path == _COMPONENTS:
        one, other = _named(one), _named(other)
    if _goes_deeper(path, one, other):
        yield from _objects(path, one or {}, other or {})
    elif one is None:
        yield Differing(path, "added", None, other)
    elif other is None:
        yield Differing(path, "removed", one, None)
    else:
        yield Differing(path, "changed", one, other)


def _goes_deeper(path: str, one: object, other: object) -> bool:
    """Whether keys are compared one by one; a component that only one side has is shown whole."""
    if path.count("/") >= _DEEPEST or is_secret_key(path.rpartition("/")[2]):
        return False  # what a secret's name holds is one secret, whatever its shape
    if isinstance(one, dict) and isinstance(other, dict):
        return True
    either = isinstance(one, dict | None) and isinstance(other, dict | None)
    return either and not path.startswith(f"{_COMPONENTS}/")


def _named(components: object) -> object:
    """Return the components by name, since their order says nothing."""
    if not isinstance(components, list):
        return components
    named: dict[str, object] = {}
    for place, component in enumerate(components):
        name = component.get("name") if isinstance(component, Mapping) else None
        label = name if isinstance(name, str) and name else str(place)
        free = (f"{label}#{times}" for times in count(2))
        named[label if label not in named else next(n for n in free if n not in named)] = component
    return named
