"""The server as the commands see it: tools to call, and why a call failed.

Everything that knows how the server is reached is here and in the transport.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mcp import Client, MCPError
from mcp.client import Transport
from mcp.client.session import ElicitationFnT
from mcp.server import MCPServer
from mcp.types import Implementation, Tool

from clients.command.answers import Answer, Progress, Refused
from clients.command.exits import Exit
from clients.command.starting import Server
from clients.command.transport import over_pipes
from clients.command.version import version

Conversation = Callable[["Registry"], Awaitable[Answer]]

_CALL_S = 70.0
"""The server answers within 55 seconds; a question to a person does not count, it ends a call."""


class Way(Protocol):
    """How the server is reached: over the pipes of a process; over HTTP one day."""

    def transport(self) -> Transport | MCPServer:
        """Return what the protocol library connects to."""

    def ended(self) -> Refused:
        """Return why there is no connection, when there is none."""


@dataclass(frozen=True, slots=True)
class Pipes:
    """A server process of ours that was started already."""

    server: Server

    def transport(self) -> Transport:
        """Return the process's pipes."""
        return over_pipes(self.server)

    def ended(self) -> Refused:
        """Return the server's last words, such as which setting it cannot use."""
        said = self.server.last_words().removeprefix("mlcc-registry-mcp: ")
        if self.server.process.returncode == Exit.INVALID_ARGUMENT:
            return Refused.because("not_configured", said or "the server was started wrongly")
        return Refused.because("unavailable", f"the server ended: {said or 'it gave no reason'}")


@dataclass(frozen=True, slots=True)
class Registry:
    """The server's tools, over one connection."""

    client: Client

    async def call(
        self, tool: str, arguments: Mapping[str, Any], progress: Progress | None = None
    ) -> Answer:
        """Return a tool's answer.

        Raises:
            Refused: the tool failed, or the server is gone.
        """
        try:
            result = await self.client.call_tool(
                tool, dict(arguments), read_timeout_seconds=_CALL_S, progress_callback=progress
            )
        except MCPError as error:
            raise Refused.because("unavailable", f"{tool} was not answered: {error}") from error
        answer: Answer = result.structured_content or {}
        if result.is_error:
            raise Refused(answer or _plain(result.content))
        return answer

    async def tools(self) -> list[dict[str, Any]]:
        """Return every tool as it is published, with the first sentence of what it does."""
        listed = (await self.client.list_tools()).tools
        return [
            {**each.model_dump(by_alias=True, exclude_none=True), "does": _first_line(each)}
            for each in listed
        ]

    async def pages(self, tool: str, arguments: Mapping[str, Any]) -> AsyncIterator[Answer]:
        """Yield each page of a list, to its end."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.call(tool, {**arguments, **cursor})
            yield page
            if not page.get("nextCursor"):
                return
            cursor = {"cursor": page["nextCursor"]}


def _first_line(tool: Tool) -> str:
    return (tool.description or "").split("\n")[0]


def _plain(content: list[Any]) -> Answer:
    text = " ".join(str(getattr(each, "text", "")) for each in content)
    return Refused.because("internal", text or "the server gave no reason").answer


async def converse(way: Way, ask: ElicitationFnT | None, talk: Conversation) -> Answer:
    """Hold a conversation with the server, and end the connection.

    Args:
        ask: Puts the server's questions to the person at the terminal; None where nobody is there.

    Raises:
        Refused: a call failed, or the server ended instead of answering, such as for a setting
            that it cannot use.
    """
    whoami = Implementation(name="mlcc-registry", version=version())
    client = Client(way.transport(), elicitation_callback=ask, client_info=whoami)
    answer, refusal = Answer(), None
    try:
        async with client:
            try:
                answer = await talk(Registry(client))
            except Refused as refused:  # raised outside, where no group of tasks wraps it
                refusal = refused
    except* MCPError as failed:
        raise way.ended() from failed
    if refusal is not None:
        raise refusal
    return answer
