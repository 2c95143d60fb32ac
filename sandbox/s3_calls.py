"""Which S3 operation an HTTP request is: S3 has no header that names it.

Source: the method, path and required parameters of each operation in botocore's model.
"""

import functools
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.loaders import Loader

from sandbox.documents import Document
from sandbox.protocol import Call, signature

_LOADER_PATH = Loader.BUILTIN_DATA_PATH


@dataclass(frozen=True, slots=True)
class _Route:
    """How an operation is recognised: its path's depth and the parameters it cannot be without.

    ``depth`` is 0 for the account, 1 for a bucket, 2 for an object.
    """

    operation: str
    depth: int
    query: frozenset[tuple[str, str]]
    headers: frozenset[str]

    def fits(self, depth: int, query: Mapping[str, str], headers: frozenset[str]) -> bool:
        """Return whether a request has all that this operation needs."""
        return (
            depth == self.depth
            and self.headers <= headers
            and all(name in query and value in {"", query[name]} for name, value in self.query)
        )


def read_s3_call(method: str, target: str, headers: Mapping[str, str]) -> Call:
    """Read a path-style S3 request.

    Raises:
        Refusal: nobody signed it.
    """
    signed = signature(headers)
    path, _, query_text = target.partition("?")
    query = dict(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    bucket, _, key = urllib.parse.unquote(path.lstrip("/")).partition("/")
    named = {"Bucket": bucket, "Key": key, "CopySource": headers.get("x-amz-copy-source", "")}
    request: Document = {name: value for name, value in named.items() if value}
    return Call(
        service="s3",
        operation=_operation(method, 2 if key else bool(bucket), query, headers),
        access_key=signed.access_key,
        region=signed.region,
        request={**request, **query},
        body=urllib.parse.unquote(target),
    )


def _operation(
    method: str, depth: int, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    names = frozenset(name.lower() for name in headers)
    fitting = [one for one in _routes().get(method, ()) if one.fits(depth, query, names)]
    # Of two that fit, the request is the one that explains more of it.
    best = max(fitting, key=lambda one: len(one.query) + len(one.headers), default=None)
    return best.operation if best else "Unknown"


@functools.cache
def _routes() -> Mapping[str, tuple[_Route, ...]]:
    loader = Loader(extra_search_paths=[_LOADER_PATH], include_default_search_paths=False)
    model = loader.load_service_model("s3", "service-2")
    routes: dict[str, list[_Route]] = {}
    for name, operation in model["operations"].items():
        route = _route(name, operation, model["shapes"])
        routes.setdefault(operation["http"]["method"], []).append(route)
    return {method: tuple(found) for method, found in routes.items()}


def _route(name: str, operation: Document, shapes: Document) -> _Route:
    path, _, query_text = operation["http"]["requestUri"].partition("?")
    shape = shapes[operation["input"]["shape"]] if "input" in operation else {}
    required = [shape["members"][one] for one in shape.get("required", ())]
    query = set(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    query |= {(one["locationName"], "") for one in required if one.get("location") == "querystring"}
    return _Route(
        operation=name,
        depth=path.strip("/").count("/") + 1 if path.strip("/") else 0,
        query=frozenset(query),
        headers=frozenset(
            one["locationName"].lower() for one in required if one.get("location") == "header"
        ),
    )
