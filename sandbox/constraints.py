"""What is wrong with a document by its shape in the service model, in the service's words.

Source: the constraints are the service model's; the wording of a refusal is the one the
service uses ("1 validation error detected: Value ... at ... failed to satisfy constraint").
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.model import ServiceModel, Shape

_SHOWN_LENGTH = 1000
_NUMBERS = frozenset({"integer", "long", "float", "double"})


class Kind(Enum):
    """Which sort of rule a value breaks."""

    CONSTRAINT = "constraint"
    UNKNOWN = "unknown member"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that one value breaks; ``path`` names the member as the service writes it."""

    kind: Kind
    path: str
    value: str
    rule: str

    def __str__(self) -> str:
        """Return the sentence that the service says about this breach."""
        return f"Value {self.value} at '{self.path}' failed to satisfy constraint: {self.rule}"


def breaches(model: ServiceModel, shape_name: str, document: object) -> list[Breach]:
    """Return every rule of the shape that ``document`` breaks; none for an empty shape name."""
    if not shape_name:
        return []
    return list(_walk(model, model.shape(shape_name), document, ""))


def sentence(found: list[Breach]) -> str:
    """Return the message of a refusal for these breaches."""
    noun = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {noun} detected: " + "; ".join(str(one) for one in found)


def _walk(model: ServiceModel, shape: Shape, value: object, path: str) -> Iterator[Breach]:
    if not _HAS_TYPE[shape.kind](value):
        yield Breach(Kind.TYPE, path or shape.name, _shown(shape, value), f"Must be {shape.kind}")
        return
    for rule in _rules_broken(shape, value):
        yield Breach(Kind.CONSTRAINT, path, _shown(shape, value), f"Member must {rule}")
    if isinstance(value, dict):
        walk = _walk_map if shape.kind == "map" else _walk_structure
        yield from walk(model, shape, value, path)
    elif isinstance(value, list):
        element = model.shape(shape.element)
        for position, item in enumerate(value, start=1):
            yield from _walk(model, element, item, f"{path}.{position}.member")


def _walk_structure(
    model: ServiceModel, shape: Shape, value: dict[str, Any], path: str
) -> Iterator[Breach]:
    for name in shape.required:
        if value.get(name) is None:
            yield Breach(Kind.CONSTRAINT, _join(path, name), "null", "Member must not be null")
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            shown = _shown(shape, item)
            yield Breach(Kind.UNKNOWN, _join(path, name), shown, f"{shape.name} has no such member")
        elif item is not None:
            yield from _walk(model, model.shape(member), item, _join(path, name))


def _walk_map(
    model: ServiceModel, shape: Shape, value: dict[str, Any], path: str
) -> Iterator[Breach]:
    key_shape, item_shape = model.shape(shape.key), model.shape(shape.element)
    # The service says once per map, not per entry, what its keys and plain values have to be.
    if any(_breaks_a_rule(key_shape, key) for key in value):
        rule = f"Map keys must satisfy constraint: [{_all_rules(key_shape)}]"
        yield Breach(Kind.CONSTRAINT, path, _shown(shape, value), rule)
    if item_shape.kind == "string" and any(_breaks_a_rule(item_shape, v) for v in value.values()):
        rule = f"Map value must satisfy constraint: [{_all_rules(item_shape)}]"
        yield Breach(Kind.CONSTRAINT, path, _shown(shape, value), rule)
    for key, item in value.items():
        if item_shape.kind != "string" or not isinstance(item, str):
            yield from _walk(model, item_shape, item, f"{path}.{key}")


def _breaks_a_rule(shape: Shape, value: object) -> bool:
    return any(True for _ in _rules_broken(shape, value))


def _rules_broken(shape: Shape, value: object) -> Iterator[str]:
    size, measure = _size(shape, value)
    if shape.maximum is not None and size is not None and size > shape.maximum:
        yield f"have {measure} less than or equal to {_plain(shape.maximum)}"
    if shape.minimum is not None and size is not None and size < shape.minimum:
        yield f"have {measure} greater than or equal to {_plain(shape.minimum)}"
    if isinstance(value, str):
        if shape.compiled is not None and not shape.compiled.fullmatch(value):
            yield f"satisfy regular expression pattern: {shape.pattern}"
        if shape.enum and value not in shape.enum:
            yield f"satisfy enum value set: [{', '.join(shape.enum)}]"


def _all_rules(shape: Shape) -> str:
    rules = []
    if shape.maximum is not None:
        rules.append(f"Member must have length less than or equal to {_plain(shape.maximum)}")
    if shape.minimum is not None:
        rules.append(f"Member must have length greater than or equal to {_plain(shape.minimum)}")
    if shape.pattern:
        rules.append(f"Member must satisfy regular expression pattern: {shape.pattern}")
    if shape.enum:
        rules.append(f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    return ", ".join(rules)


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _size(shape: Shape, value: object) -> tuple[float | None, str]:
    if isinstance(value, str):
        # The service counts as Java does: in UTF-16 units.
        return len(value.encode("utf-16-le", "surrogatepass")) // 2, "length"
    if isinstance(value, dict | list):
        return len(value), "length"
    if shape.kind in _NUMBERS and isinstance(value, int | float):
        return value, "value"
    return None, ""


def _shown(shape: Shape, value: object) -> str:
    if shape.sensitive:
        return "'***'"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text[:_SHOWN_LENGTH]}'"


def _join(path: str, member: str) -> str:
    name = member[:1].lower() + member[1:]
    return f"{path}.{name}" if path else name


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_HAS_TYPE: dict[str, Callable[[object], bool]] = {
    "string": _is_text,
    "blob": _is_text,
    "integer": _is_whole,
    "long": _is_whole,
    "float": _is_number,
    "double": _is_number,
    "timestamp": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "map": _is_object,
    "structure": _is_object,
}
