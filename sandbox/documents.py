"""The plain JSON objects that requests, answers and records are made of."""

from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


def only(document: Document, names: frozenset[str] | tuple[str, ...]) -> Document:
    """Return the members of ``document`` that are in ``names`` and present."""
    return {name: document[name] for name in names if document.get(name) is not None}
