"""Resources: the answers of reading tools under addresses, and the schemas of what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from anyio import to_thread
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.shared.uri_template import UriTemplate
from mcp.types import CallToolResult, Resource, ResourceTemplate
from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from registry.errors import NotFound
from registry.redaction import quoted
from server.answers import (
    JSON,
    SCHEMA_JSON,
    contents,
    failure,
    marked_as_sandbox,
    protocol_error,
    schema_contents,
)
from server.binding import Binder
from server.publishing import description
from tools.catalog import CATALOG
from tools.resources import RESOURCES

SCHEMAS = "registry://schemas/{record}"
_SCHEMAS_DESCRIPTION = (
    "The JSON Schema of a stored record or, by a tool's name, of that tool's whole answer."
)


@cache
def schema_models() -> Mapping[str, type[BaseModel]]:
    """Return what a schema can be had of: the stored records, then each tool's answer."""
    return {**_stored(), **{spec.name: spec.result for spec in CATALOG}}


def _stored() -> Mapping[str, type[BaseModel]]:
    from schemas.export import RECORDS  # noqa: PLC0415 - the doctor's models, which start-up spares

    return RECORDS


def _schema_of(record: str) -> str:
    from schemas.export import model_schema_text  # noqa: PLC0415 - as above

    return model_schema_text(schema_models()[record])


@dataclass(frozen=True, slots=True)
class Resources:
    """Lists and reads resources.

    Attributes:
        sandbox: Every answer says that it comes from one.
    """

    binder: Binder
    sandbox: bool

    def listed(self) -> list[Resource]:
        """Return the resources that are always there: the schemas of the stored records."""
        return [
            Resource(
                uri=SCHEMAS.format(record=name),
                name=f"{name}-schema",
                title=f"JSON Schema: {name}",
                description=(model.__doc__ or "").partition("\n")[0],
                mime_type=SCHEMA_JSON,
            )
            for name, model in _stored().items()
        ]

    def templates(self) -> list[ResourceTemplate]:
        """Return the kinds of address that can be read."""
        records = [
            ResourceTemplate(
                uri_template=spec.address,
                name=spec.function.__name__,
                title=spec.title,
                description=description(spec),
                mime_type=JSON,
            )
            for spec in RESOURCES
        ]
        schemas = ResourceTemplate(
            uri_template=SCHEMAS,
            name="schema",
            title="Schema",
            description=_SCHEMAS_DESCRIPTION,
            mime_type=SCHEMA_JSON,
        )
        return [*records, schemas]

    async def read(self, uri: str, context: Context[Any, Any]) -> ReadResourceContents:
        """Return what stands under an address.

        Raises:
            MCPError: the answer's failure; the data have `error` as a failed tool's answer does.
        """
        if (given := _variables(SCHEMAS, uri)) is not None:
            return await self._schema(given["record"], uri)
        for spec in RESOURCES:
            if (given := _variables(spec.address, uri)) is not None:
                if not all(given.values()):
                    break
                reply = await self.binder.answered(spec, given, context)
                return self._contents(reply, uri)
        raise protocol_error(failure(_unknown(uri)), uri=uri)

    def _contents(self, reply: object, uri: str) -> ReadResourceContents:
        if not isinstance(reply, CallToolResult):
            raise TypeError("a resource asks nobody anything")
        if reply.is_error:
            raise protocol_error(reply, uri=uri)
        return contents(marked_as_sandbox(reply) if self.sandbox else reply)

    async def _schema(self, record: str, uri: str) -> ReadResourceContents:
        models = schema_models()
        if record not in models:
            raise protocol_error(failure(_no_schema(record, models)), uri=uri)
        text = await to_thread.run_sync(_schema_of, record, limiter=self.binder.limiter)
        return schema_contents(text)


def addresses() -> Iterator[str]:
    """Yield every kind of address, as templates."""
    yield from (spec.address for spec in RESOURCES)
    yield SCHEMAS


def _variables(address: str, uri: str) -> dict[str, str] | None:
    """Return an address's variables, decoded, by the names of arguments; None for another's."""
    found = UriTemplate.parse(address).match(uri)
    if found is None:
        return None
    return {to_snake(name): str(value) for name, value in found.items()}


def _unknown(uri: str) -> NotFound:
    return NotFound(
        f"there is no resource {quoted(uri, 200)}",
        hint=f"there are {', '.join(addresses())}; special characters are percent-encoded, "
        "such as %2F for a slash",
    )


def _no_schema(record: str, models: Mapping[str, object]) -> NotFound:
    near = get_close_matches(record, models, n=3, cutoff=0.5)
    known = f"near: {', '.join(near)}" if near else f"there are {', '.join(models)}"
    return NotFound(f"there is no schema of {quoted(record, 80)}", hint=known, candidates=near)
