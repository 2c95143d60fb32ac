"""What all records and results share: frozen, camelCase on the wire, snake_case in code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

State = Literal["created", "updated", "unchanged", "skipped", "failed"]
"""What a write did to one place; a dry run gives the state that would be."""


class Record(BaseModel):
    """A value of the registry: immutable, named as the stored documents name it."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )

    def wire(self) -> dict[str, Any]:
        """Return the record as JSON-able data in its stored spelling, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Outcome(Record):
    """What happened to one place that a write touches.

    Attributes:
        warning: Why it was skipped or failed, and what completes it.
    """

    state: State
    warning: str | None = None
    dry_run: bool | None = None


class Identity(Record):
    """Who a call acted as, in every answer that touched AWS.

    Attributes:
        sandbox: True when the endpoints are a local sandbox's and nothing reached AWS.
    """

    account: str
    region: str
    profile: str | None = None
    sandbox: bool | None = None


class Result(Record):
    """A tool's answer: its message says what happened, next_step the call that would go on."""

    message: str
    next_step: str | None = None
    aws: Identity | None = None


DEEPEST = 100
"""Levels of a stored document that an answer shows: JSON parsers of clients give up near 200."""

TOO_DEEP = "(nested too deeply to be shown)"


def readable(value: object, depth: int = 0) -> object:
    """Return a stored value as an answer can show it: cut where no client could parse it."""
    if isinstance(value, dict):
        return (
            TOO_DEEP if depth > DEEPEST else {k: readable(v, depth + 1) for k, v in value.items()}
        )
    if isinstance(value, list):
        return TOO_DEEP if depth > DEEPEST else [readable(each, depth + 1) for each in value]
    return value


ShownDocument = Annotated[dict[str, Any], BeforeValidator(readable)]
"""A document as some file or table holds it, cut where no client could parse it."""


def _blank_as_absent(value: object) -> object:
    return None if value == "" else value


Blankable = Annotated[str | None, BeforeValidator(_blank_as_absent)]
"""Text that is stored as null when it is empty."""
