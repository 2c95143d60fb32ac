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


def _blank_as_absent(value: object) -> object:
    return None if value == "" else value


Blankable = Annotated[str | None, BeforeValidator(_blank_as_absent)]
"""Text that is stored as null when it is empty."""
