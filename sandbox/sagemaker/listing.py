"""What every List operation does alike: filter, sort, cut into pages."""

import math
from collections.abc import Mapping, Sequence

from sandbox.documents import Document
from sandbox.protocol import page_position, page_token

DEFAULT_PAGE = 10


def within_times(document: Document, request: Document) -> bool:
    """Return whether the document's times are inside those that the request gives, if any."""
    created: float = document["CreationTime"]
    modified: float = document.get("LastModifiedTime", created)
    return _between(created, request, "CreationTime") and _between(
        modified, request, "LastModifiedTime"
    )


def _between(moment: float, request: Document, member: str) -> bool:
    after: float = request.get(f"{member}After", -math.inf)
    before: float = request.get(f"{member}Before", math.inf)
    return after < moment < before


def sorted_by(
    documents: list[Document], request: Document, members: Mapping[str, tuple[str, ...]], order: str
) -> list[Document]:
    """Return ``documents`` in the order that the request asks for.

    Args:
        documents: what is sorted.
        request: may have SortBy and SortOrder.
        members: per SortBy value the members to sort by; the first one is the default.
        order: the default of SortOrder, "Ascending" or "Descending".
    """
    names = members[request.get("SortBy", next(iter(members)))]
    return sorted(
        documents,
        key=lambda document: tuple(document[name] for name in names),
        reverse=request.get("SortOrder", order) == "Descending",
    )


def page(
    operation: str, request: Document, documents: Sequence[Document]
) -> tuple[list[Document], Document]:
    """Return one page of ``documents`` and the answer's NextToken, if another page follows."""
    start = page_position(operation, request)
    end = start + request.get("MaxResults", DEFAULT_PAGE)
    token = {"NextToken": page_token(operation, request, end)} if end < len(documents) else {}
    return list(documents[start:end]), token
