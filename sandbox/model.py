"""The service models that every request and answer is checked against, read from botocore."""

import functools
import re as textual
from collections.abc import Mapping
from dataclasses import dataclass, field

import regex
from botocore.loaders import Loader

from sandbox.documents import Document

# The metadata patterns end in "${1,128}", a slip in the model: a length, not a part of the
# pattern. Java and Python read such a tail differently, so it goes.
_BOGUS_TAIL = textual.compile(r"\$\{\d+,\d+\}$")
# The patterns are Java's, whose dot stops at every line terminator, not only at "\n". What is
# escaped or in a class is stepped over.
_TOKEN = textual.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.")
_JAVA_DOT = r"[^\n\r\u0085\u2028\u2029]"


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a service model with the constraints it carries.

    ``minimum`` and ``maximum`` bound a number's value and the length of everything else.
    """

    name: str
    kind: str
    members: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    element: str = ""
    key: str = ""
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    compiled: "regex.Pattern[str] | None" = None
    enum: tuple[str, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service: the names of its input and output shapes, if any."""

    name: str
    input: str
    output: str


class ServiceModel:
    """The operations and shapes of one service; a shape is built when it is first asked for."""

    def __init__(self, service: str, description: Document) -> None:
        self.service = service
        self.target_prefix = str(description["metadata"].get("targetPrefix", ""))
        self._operations: Document = description["operations"]
        self._shapes: Document = description["shapes"]
        self._built: dict[str, Shape] = {}

    def operation(self, name: str) -> Operation:
        """Return the operation called ``name``, or raise KeyError."""
        found = self._operations[name]
        return Operation(
            name=name,
            input=found.get("input", {}).get("shape", ""),
            output=found.get("output", {}).get("shape", ""),
        )

    def shape(self, name: str) -> Shape:
        """Return the shape called ``name``, or raise KeyError."""
        built = self._built.get(name)
        if built is None:
            built = self._built[name] = _build(name, self._shapes[name])
        return built


def _build(name: str, raw: Document) -> Shape:
    pattern = _BOGUS_TAIL.sub("", raw.get("pattern", ""))
    return Shape(
        name=name,
        kind=raw["type"],
        members={member: ref["shape"] for member, ref in raw.get("members", {}).items()},
        required=tuple(raw.get("required", ())),
        element=_target(raw, "member") or _target(raw, "value"),
        key=_target(raw, "key"),
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=pattern,
        compiled=regex.compile(_as_java_reads(pattern)) if pattern else None,
        enum=tuple(raw.get("enum", ())),
        sensitive=bool(raw.get("sensitive", False)),
    )


def _as_java_reads(pattern: str) -> str:
    return _TOKEN.sub(lambda token: _JAVA_DOT if token[0] == "." else token[0], pattern)


def _target(raw: Document, part: str) -> str:
    return str(raw.get(part, {}).get("shape", ""))


@functools.cache
def load(service: str) -> ServiceModel:
    """Return the newest model of ``service`` ("sagemaker", "sts", "ecr") in botocore.

    Models that a user keeps under the home folder are not looked at: the sandbox answers
    by the published one.
    """
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False
    )
    return ServiceModel(service, loader.load_service_model(service, "service-2"))
