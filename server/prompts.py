"""Prompts: the workflows that a person may pick, as far as their tools are published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import anyio
from anyio import to_thread
from mcp.types import GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from registry.calls import Call
from registry.core import Registry
from registry.errors import NotFound, RegistryError
from registry.redaction import quoted, redact_text
from server.answers import bug, failure, protocol_error
from server.arguments import tidy
from tools.context import ToolContext
from tools.workflows import WORKFLOWS, WorkflowSpec, instructions


def offered(published: Collection[str]) -> tuple[WorkflowSpec, ...]:
    """Return the workflows that can be carried out with these tools."""
    return tuple(spec for spec in WORKFLOWS if set(spec.tools) <= set(published))


@dataclass(frozen=True, slots=True)
class Prompts:
    """Lists and gives prompts.

    Attributes:
        limiter: Our own bound on worker threads.
    """

    registry: Registry
    limiter: anyio.CapacityLimiter
    specs: tuple[WorkflowSpec, ...]

    def listed(self) -> list[Prompt]:
        """Return the prompts as the protocol describes them."""
        return [
            Prompt(
                name=spec.name,
                title=spec.title,
                description=_description(spec),
                arguments=[
                    PromptArgument(name=each.name, description=each.description, required=False)
                    for each in spec.arguments
                ],
            )
            for spec in self.specs
        ]

    async def get(self, name: str, arguments: Mapping[str, str]) -> GetPromptResult:
        """Return one prompt with what its person chose.

        Raises:
            MCPError: there is no such prompt, or an argument does not do.
        """
        try:
            spec = named(name, self.specs)
            given = tidy(arguments, _schema(spec))
            tool = ToolContext(self.registry, Call())
            work: Callable[[], str] = partial(instructions, tool, spec, given)
            text = await to_thread.run_sync(work, limiter=self.limiter)
        except RegistryError as error:
            raise protocol_error(failure(error)) from error
        except Exception as error:  # told apart from explained failures, logged whole
            raise protocol_error(bug(f"prompt {name}", error)) from error
        message = PromptMessage(
            role="user", content=TextContent(type="text", text=redact_text(text))
        )
        return GetPromptResult(description=_description(spec), messages=[message])


def named(name: str, specs: tuple[WorkflowSpec, ...]) -> WorkflowSpec:
    """Return the workflow of that name. Raises NotFound."""
    for spec in specs:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in specs)
    raise NotFound(
        f"there is no prompt {quoted(name, 80)}",
        hint=f"prompts: {known}" if known else "the tools that prompts use are not published",
    )


def _description(spec: WorkflowSpec) -> str:
    return spec.function.__doc__ or ""


def _schema(spec: WorkflowSpec) -> dict[str, dict[str, dict[str, str]]]:
    return {"properties": {each.name: {"type": "string"} for each in spec.arguments}}
