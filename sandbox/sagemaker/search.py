"""Search over model packages and groups.

Choices where AWS says nothing: text is compared exactly; NotEquals holds for a record that
lacks the property; Exists and NotExists take no value; the default page is 10 records.
"""

import datetime
from collections.abc import Callable, Iterator

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.model import ServiceModel, load
from sandbox.protocol import invalid
from sandbox.sagemaker import index, listing

_MAX_FILTERS = 50
_NUMBERS = frozenset({"integer", "long", "float", "double"})
_ORDERED = frozenset({*_NUMBERS, "timestamp"})
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThan": lambda have, value: have > value,
    "GreaterThanOrEqualTo": lambda have, value: have >= value,
    "LessThan": lambda have, value: have < value,
    "LessThanOrEqualTo": lambda have, value: have <= value,
}


def search(context: Context, request: Document) -> Document:
    """Find records by an expression, the last modified first unless asked otherwise."""
    resource = request["Resource"]
    if resource == "ModelPackage":
        records = index.visible(context)
    elif resource == "ModelPackageGroup":
        records = iter(context.state.groups.values())
    else:
        raise invalid(f"The sandbox cannot search {resource}, only packages and their groups")
    question = _Question(context, resource)
    expression = request.get("SearchExpression", {})
    question.check(expression)
    found = [record for record in records if question.holds(expression, record)]
    ordered = question.ordered(found, request)
    shown, token = listing.page("Search", request, ordered)
    members = tuple(load("sagemaker").shape(resource).members)
    return {
        "Results": [{resource: only(record, members)} for record in shown],
        "TotalHits": _total(len(ordered), context.settings.search_counts_up_to),
        **token,
    }


def _total(hits: int, counted_up_to: int) -> Document:
    if hits > counted_up_to:
        return {"Value": counted_up_to, "Relation": "GreaterThanOrEqualTo"}
    return {"Value": hits, "Relation": "EqualTo"}


class _Question:
    """A search of one kind of resource: which properties there are, and what they are."""

    def __init__(self, context: Context, resource: str) -> None:
        self._nested_names = context.settings.search_nested_names
        self._unknown = context.settings.unknown_property_words
        self._resource = resource
        self._model: ServiceModel = load("sagemaker")
        self._kinds: dict[str, str] = {}

    def check(self, expression: Document) -> None:
        """Refuse what the service would: wrong names, values and numbers of filters."""
        if len(list(_filters(expression))) > _MAX_FILTERS:
            raise invalid(f"A search may have at most {_MAX_FILTERS} filters in all")
        for one in _filters(expression):
            self._check_filter(one)
        for level in _expressions(expression):
            if "NestedFilters" in level:
                raise invalid("The sandbox's Search has no NestedFilters")
            contains = [
                one for one in level.get("Filters", ()) if one.get("Operator") == "Contains"
            ]
            if len(contains) > 1:
                raise invalid("An expression may have at most one filter with Contains")

    def _check_filter(self, one: Document) -> None:
        kind, operator, value = (
            self.kind(one["Name"]),
            one.get("Operator", "Equals"),
            one.get("Value"),
        )
        if operator in {"Exists", "NotExists"}:
            if value is not None:
                raise invalid(f"Operator {operator} takes no Value")
            return
        if value is None:
            raise invalid(f"Operator {operator} needs a Value")
        if operator in _COMPARISONS and kind not in _ORDERED:
            raise invalid(f"Operator {operator} is for numbers and times, not for {one['Name']}")
        if operator in {"Contains", "In"} and kind != "string":
            raise invalid(f"Operator {operator} is for text, not for {one['Name']}")
        if kind in _ORDERED:
            _number(value)

    def kind(self, name: str) -> str:
        """Return the type of a property: "string", "timestamp", ..., or refuse the name."""
        known = self._kinds.get(name)
        if known is None:
            known = self._kinds[name] = self._find_kind(name)
        return known

    def _find_kind(self, name: str) -> str:
        first, *keys = name.split(".", maxsplit=1)
        if first == "CustomerMetadataProperties" and keys and not self._nested_names:
            raise invalid(f"{self._unknown}: {name}")
        shape = self._model.shape(self._resource)
        for part in name.split("."):
            if shape.kind == "map" or (shape.kind == "list" and shape.name == "TagList"):
                return "string"
            if part not in shape.members:
                raise invalid(f"{self._unknown}: {name}")
            shape = self._model.shape(shape.members[part])
        if shape.kind in {"structure", "list", "map"}:
            raise invalid(f"{self._unknown}: {name}")
        return shape.kind

    def holds(self, expression: Document, record: Document) -> bool:
        """Return whether ``record`` fits; an empty expression fits everything."""
        answers = [self._filter_holds(one, record) for one in expression.get("Filters", ())]
        answers += [self.holds(one, record) for one in expression.get("SubExpressions", ())]
        if not answers:
            return True
        return any(answers) if expression.get("Operator") == "Or" else all(answers)

    def _filter_holds(self, one: Document, record: Document) -> bool:
        name, operator = one["Name"], one.get("Operator", "Equals")
        have, value = _property(record, name), one.get("Value", "")
        if operator in {"Exists", "NotExists"}:
            return bool((have is not None) == (operator == "Exists"))
        if have is None:
            return bool(operator == "NotEquals")
        if self.kind(name) in _ORDERED:
            return _number_fits(float(str(have)), operator, _number(value))
        return _text_fits(_text(have), operator, value)

    def ordered(self, records: list[Document], request: Document) -> list[Document]:
        """Return the records in the asked order; those without the property come last."""
        default = "LastModifiedTime" if self._resource == "ModelPackage" else "CreationTime"
        name = request.get("SortBy", default)
        numeric = self.kind(name) in _ORDERED
        having = [one for one in records if _property(one, name) is not None]
        lacking = [one for one in records if _property(one, name) is None]

        def place(record: Document) -> tuple[float, str, int]:
            have = _property(record, name)
            version = record.get("ModelPackageVersion", 0)
            return (float(str(have)), "", version) if numeric else (0.0, _text(have), version)

        descending = request.get("SortOrder", "Descending") == "Descending"
        return sorted(having, key=place, reverse=descending) + lacking


def _property(record: Document, name: str) -> object:
    if "." not in name:
        return record.get(name)
    value: object = record
    parts = name.split(".")
    for position, part in enumerate(parts):
        if isinstance(value, list):
            tags = {tag.get("Key"): tag.get("Value") for tag in value}
            return tags.get(".".join(parts[position:]))
        if not isinstance(value, dict):
            return None
        rest = ".".join(parts[position:])
        if rest in value:
            return value[rest]
        value = value.get(part)
    return value


def _number_fits(have: float, operator: str, value: float) -> bool:
    if operator in _COMPARISONS:
        return _COMPARISONS[operator](have, value)
    return (have == value) == (operator == "Equals")


def _text_fits(have: str, operator: str, value: str) -> bool:
    if operator == "Contains":
        return value in have
    if operator == "In":
        return have in {part.strip() for part in value.split(",")}
    return (have == value) == (operator == "Equals")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: str) -> float:
    """Return a filter's value as a number; a time may be ISO 8601 or epoch seconds."""
    try:
        return float(value)
    except ValueError:
        pass  # not a plain number: it may still be a time
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(f"{value!r} is neither a number nor a time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()


def _expressions(expression: Document) -> Iterator[Document]:
    yield expression
    for one in expression.get("SubExpressions", ()):
        yield from _expressions(one)


def _filters(expression: Document) -> Iterator[Document]:
    for level in _expressions(expression):
        yield from level.get("Filters", ())


OPERATIONS: dict[str, Handler] = {"Search": search}
