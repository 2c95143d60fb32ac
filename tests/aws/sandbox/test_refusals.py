"""The sandbox refuses: each constraint of each operation, broken alone, over HTTP.

The cases are made from botocore's own reading of the service models, not from the sandbox's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import regex
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from sandbox.dispatch import OPERATIONS

BREACH_CODES = {"sagemaker": "ValidationException", "ecr": "InvalidParameterException"}
CASES = [(service, name) for service in BREACH_CODES for name in sorted(OPERATIONS[service])]
# Text that some pattern of the models accepts; the first that fits a shape is its valid value.
VALID = (
    "a",
    "abcdefghijklmnopqrstuvwxyz",
    "1",
    "123456789012",
    "s3://bucket/key",
    "https://host.example/key",
    "arn:aws:iam::123456789012:role/execution",
    "arn:aws:sagemaker:us-west-2:123456789012:model-package/group/1",
    "arn:aws:sagemaker:us-west-2:123456789012:model-package-group/group",
    "arn:aws:sagemaker:us-west-2:123456789012:algorithm/name",
    "arn:aws:sagemaker:us-west-2:123456789012:hub-content/hub/Model/name/1.0.0",
    "arn:aws:sagemaker:us-west-2:123456789012:mlflow-app/app-ABCDEFGHIJKL",
    "arn:aws:sns:us-west-2:123456789012:topic",
    "arn:aws:kms:us-west-2:123456789012:key/00000000-0000-0000-0000-000000000000",
    "arn:aws:sagemaker:us-west-2:123456789012:ai-benchmark-job/name",
    "cr-0123456789abcdef0",
    "application/json",
    "sha256:" + "0" * 64,
    "1.0.0",
    "mig-1g.10gb",
    "/metrics",
)
# Text that breaks patterns, the mildest first.
BROKEN = ("!", "a b", "é", "\n", "\t", "a\n", "\x00", "💥", "-", "", "§" * 6, "§" * 30, "A")


@dataclass(frozen=True)
class Place:
    """Where a value is in a request: the steps to it, and how a refusal names it."""

    steps: tuple[str, ...]
    shape: Shape
    path: str

    def then(self, step: str, shape: Shape, path: str) -> "Place":
        return Place((*self.steps, step), shape, path)


@dataclass(frozen=True)
class Case:
    """One broken request, and what its refusal has to say."""

    request: dict[str, Any]
    path: str
    rule: str


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def pattern_of(shape: Shape) -> str:
    # The model's metadata patterns end in a length that is no part of the pattern.
    return regex.sub(r"\$\{\d+,\d+\}$", "", shape.metadata.get("pattern", ""))


def fits(shape: Shape, text: str) -> bool:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10**9)
    pattern = pattern_of(shape)
    return low <= len(text) <= high and (not pattern or bool(regex.fullmatch(pattern, text)))


def valid(shape: Shape) -> Any:
    """Return the smallest valid value of a shape."""
    kind = shape.type_name
    if kind == "structure":
        return {name: valid(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [valid(shape.member)] * shape.metadata.get("min", 0)
    if kind == "map":
        return dict([(valid(shape.key), valid(shape.value))][: shape.metadata.get("min", 0)])
    return valid_text(shape) if kind == "string" else valid_number(shape)


def valid_number(shape: Shape) -> Any:
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return 1_700_000_000
    return shape.metadata.get("min", shape.metadata.get("max", 1))


def valid_text(shape: Shape) -> str:
    if enum := shape.metadata.get("enum"):
        return enum[0]
    found = [text for text in VALID if fits(shape, text)]
    if not found and not pattern_of(shape):
        found = ["a" * shape.metadata.get("min", 1)]
    assert found, f"no valid text for {shape.name}: {shape.metadata}"
    return found[0]


def put(shape: Shape, steps: tuple[str, ...], value: Any) -> Any:
    """Return a valid value of ``shape`` with ``value`` at the place that ``steps`` lead to."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    whole = valid(shape)
    if step == "[]":
        return [put(shape.member, rest, value), *whole[1:]]
    if step == "{}":
        return {valid(shape.key): put(shape.value, rest, value)}
    return {**whole, step: put(shape.members[step], rest, value)}


def joined(path: str, member: str) -> str:
    name = member[0].lower() + member[1:]
    return f"{path}.{name}" if path else name


def places(place: Place, above: tuple[str, ...] = ()) -> Iterator[Place]:
    """Yield every place of a request, each shape once on its way down."""
    shape = place.shape
    if shape.name in above:
        return
    yield place
    inside = (*above, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from places(place.then(name, member, joined(place.path, name)), inside)
    elif shape.type_name == "list":
        yield from places(place.then("[]", shape.member, f"{place.path}.1.member"), inside)
    elif shape.type_name == "map" and shape.value.type_name != "string":
        path = f"{place.path}.{valid(shape.key)}"
        yield from places(place.then("{}", shape.value, path), inside)


def broken(root: Shape, place: Place) -> Iterator[Case]:
    """Yield a request for every constraint at one place, made to break just that one."""
    shape = place.shape
    for value, rule in broken_values(shape):
        yield Case(put(root, place.steps, value), place.path, rule)
    if shape.type_name == "structure":
        for name in shape.required_members:
            value = {other: one for other, one in valid(shape).items() if other != name}
            path = joined(place.path, name)
            yield Case(put(root, place.steps, value), path, "Member must not be null")
        value = {**valid(shape), "NoSuchMember": 1}
        yield Case(put(root, place.steps, value), joined(place.path, "NoSuchMember"), "no such")


def broken_values(shape: Shape) -> Iterator[tuple[Any, str]]:
    kind = shape.type_name
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if kind == "string":
        yield from broken_texts(shape, "Member must")
    elif kind in {"integer", "long", "float", "double"}:
        if low is not None:
            yield low - 1, f"value greater than or equal to {low}"
        if high is not None:
            yield high + 1, f"value less than or equal to {high}"
    elif kind == "list":
        if low:
            yield [valid(shape.member)] * (low - 1), f"length greater than or equal to {low}"
        if high is not None:
            yield [valid(shape.member)] * (high + 1), f"length less than or equal to {high}"
    elif kind == "map":
        yield from broken_maps(shape, low, high)


def broken_texts(shape: Shape, who: str) -> Iterator[tuple[str, str]]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    good, pattern = valid(shape), pattern_of(shape)
    if enum := shape.metadata.get("enum"):
        yield "Bogus", f"{who} satisfy enum value set: [{enum[0]}"
        return
    if low:
        yield good[: low - 1], f"length greater than or equal to {low}"
    if high is not None:
        yield good + good[-1] * (high + 1 - len(good)), f"length less than or equal to {high}"
    if pattern:
        wrong = [
            text
            for text in BROKEN
            if low <= len(text) <= (high or 10**9) and not regex.fullmatch(pattern, text)
        ]
        if wrong:
            yield wrong[0], f"pattern: {pattern}"
        else:
            assert pattern in UNBREAKABLE, f"nothing breaks {pattern!r}"


# Patterns that every text of legal length fits.
UNBREAKABLE = frozenset({r"[\S\s]+", r"[\s\S]+", r"[\S\s]*"})


def broken_maps(shape: Shape, low: int | None, high: int | None) -> Iterator[tuple[Any, str]]:
    key, value = valid(shape.key), valid(shape.value)
    if low:
        yield {}, f"length greater than or equal to {low}"
    if high is not None:
        many = {f"{key}{number}": value for number in range(high + 1)}
        yield many, f"length less than or equal to {high}"
    for text, rule in broken_texts(shape.key, "Member must"):
        yield {text: value}, f"Map keys must satisfy constraint|{rule}"
    if shape.value.type_name == "string":
        for text, rule in broken_texts(shape.value, "Member must"):
            yield {key: text}, f"Map value must satisfy constraint|{rule}"


def all_places(service: str, operation: str) -> tuple[Shape | None, list[Place]]:
    root = service_model(service).operation_model(operation).input_shape
    return root, [] if root is None else list(places(Place((), root, "")))


@pytest.mark.parametrize(("service", "operation"), CASES)
def test_each_broken_constraint_is_refused_by_name(raw, service, operation, record_property):
    """The service model is the authority on what is legal, its wording on how it is said."""
    root, found = all_places(service, operation)
    cases = [case for place in found for case in broken(root, place)]
    wrong = []
    for case in cases:
        reply = raw.call(service, operation, case.request)
        said = reply.message
        named = f"at '{case.path}' failed" in said
        ruled = all(part in said for part in case.rule.split("|"))
        if (reply.status, reply.code) != (400, BREACH_CODES[service]) or not (named and ruled):
            wrong.append((case.path, case.rule, reply.status, said[-300:]))

    assert wrong == []
    assert len(cases) > 0
    record_property("constraints broken and refused", len(cases))


@pytest.mark.parametrize(("service", "operation"), CASES)
def test_no_valid_request_is_refused_for_its_constraints(raw, service, operation):
    """Every member, present and valid: whatever else is said, it is not a validation error.

    Nor is it a 500, with which the sandbox would report an answer against the model.
    """
    root, found = all_places(service, operation)
    wrong = []
    for place in found:
        request = put(root, place.steps, valid(place.shape))
        reply = raw.call(service, operation, request)
        if reply.status >= 500 or "validation error" in reply.message:
            wrong.append((place.path, reply.status, reply.message[-300:]))

    assert wrong == []


@pytest.mark.parametrize(("service", "operation"), CASES)
def test_each_value_of_another_type_is_refused(raw, service, operation):
    """A number for text, text for a number, a list for an object: the service cannot read it."""
    root, found = all_places(service, operation)
    wrong = []
    for place in found:
        value = "text" if place.shape.type_name not in {"string", "blob"} else 7
        reply = raw.call(service, operation, put(root, place.steps, value))
        if (reply.status, reply.code) != (400, "SerializationException"):
            wrong.append((place.path, reply.status, reply.code))

    assert wrong == []


def test_several_breaches_are_counted_and_told_together(raw):
    request = {"ModelPackageGroupName": "bad name!", "ModelPackageGroupDescription": "a\nb"}

    reply = raw.call("sagemaker", "CreateModelPackageGroup", request)

    assert reply.message.startswith("2 validation errors detected: Value 'bad name!' at ")


def test_length_is_counted_in_utf_16_units(raw):
    """The service counts as Java does (63 letters outside the basic plane are 126 units)."""
    one = "\U00020000"
    metadata = {"key": one * 129}
    raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": "g"})
    request = {"ModelPackageGroupName": "g", "CustomerMetadataProperties": metadata}

    assert (
        "length less than or equal to 256"
        in raw.call("sagemaker", "CreateModelPackage", request).message
    )
    request["CustomerMetadataProperties"] = {"key": one * 128}
    assert raw.call("sagemaker", "CreateModelPackage", request).status == 200


@pytest.mark.parametrize("text", [*",;|#%&*()[]{}<>!?~^$'\"\\`", "\t", "\n", "🙂", "…", "e\u0301"])
def test_metadata_refuses_each_character_outside_its_alphabet(raw, text):
    """One value a character: what the pattern's classes leave out."""
    raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": "g"})
    request = {"ModelPackageGroupName": "g", "CustomerMetadataProperties": {"key": f"a{text}b"}}

    assert raw.call("sagemaker", "CreateModelPackage", request).code == "ValidationException"


@pytest.mark.parametrize("text", [*" /:=+-@._", "é", "字", "٣", "e\u0301".encode().decode()[0]])
def test_metadata_takes_each_character_of_its_alphabet(raw, text):
    raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": "g"})
    request = {"ModelPackageGroupName": "g", "CustomerMetadataProperties": {"key": f"a{text}b"}}

    assert raw.call("sagemaker", "CreateModelPackage", request).status == 200


def test_a_body_that_is_no_json_object_is_refused(raw):
    assert raw.call("sagemaker", "Search", ["Resource"]).code == "SerializationException"


def test_an_unknown_operation_is_refused_and_never_a_server_fault(raw):
    """A server fault would make clients try again (boto3 retries 500)."""
    for service, operation in [("sagemaker", "CreateTrainingJob"), ("ecr", "Bogus")]:
        reply = raw.call(service, operation, {})
        assert (reply.status, reply.code) == (400, "UnknownOperationException")


def test_the_constraints_are_counted_in_hundreds():
    """Few cases would mean that the walk over the service model missed most of it."""
    counts = {}
    for service, operation in CASES:
        root, found = all_places(service, operation)
        counts[service, operation] = sum(1 for place in found for _ in broken(root, place))

    assert sum(counts.values()) > 1000
    assert counts["sagemaker", "CreateModelPackage"] > 300
    assert min(counts.values()) > 0
