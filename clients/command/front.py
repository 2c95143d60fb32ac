"""What every command is given: the server to talk to, and the person or script to answer."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from clients.command.answers import Answer

if TYPE_CHECKING:  # loaded by the first conversation
    from clients.command.session import Conversation, Registry, Way
    from clients.command.starting import Server


@dataclass(frozen=True, slots=True)
class Front:
    """One run of the command line.

    Attributes:
        way: Reaches the server; None for a command that needs none.
        person: Somebody can be asked: standard input and error are a terminal.
    """

    way: Callable[[], Way] | None
    person: bool

    @classmethod
    def of(cls, server: Server | None) -> Front:
        """Return the front for this process's own streams, and a server that was started."""
        person = sys.stdin.isatty() and sys.stderr.isatty()
        return cls(None if server is None else partial(_pipes, server), person)

    def converse(self, talk: Conversation, *, asking: bool = False) -> Answer:
        """Hold a conversation with the server and return what it came to.

        Args:
            asking: The server's questions are put to the person, where there is one.

        Raises:
            Refused: a call of the conversation failed.
        """
        import anyio  # noqa: PLC0415 - as below

        from clients.command.asking import at_the_terminal  # noqa: PLC0415 - as below
        from clients.command.session import converse  # noqa: PLC0415 - loads the protocol library

        gc.enable()
        if self.way is None:
            raise RuntimeError("no server was started for this command")
        ask = at_the_terminal if asking and self.person else None
        return anyio.run(partial(converse, self.way(), ask, talk))

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        """Call one tool and return its answer.

        Raises:
            Refused: the call failed.
        """

        async def talk(registry: Registry) -> Answer:
            return await registry.call(tool, arguments)

        return self.converse(talk)

    def whole_list(
        self, tool: str, key: str, arguments: Mapping[str, Any], most: int = 0
    ) -> Answer:
        """Return a list with all its pages joined, or its first so many records.

        Raises:
            Refused: a page was refused.
        """

        async def talk(registry: Registry) -> Answer:
            whole: Answer = {}
            records: list[Any] = []
            warnings: list[str] = []
            async for page in registry.pages(tool, {**arguments, "limit": min(most or 100, 100)}):
                records += page[key]
                warnings += [each for each in page.get("warnings", []) if each not in warnings]
                whole = page
                if most and len(records) >= most:
                    break
            kept = records[:most] if most else records
            whole = {**whole, key: kept, "count": len(kept), "warnings": warnings}
            if not whole.get("nextCursor") and len(kept) == len(records):
                return whole
            return {**whole, "complete": False}

        return self.converse(talk)


def _pipes(server: Server) -> Way:
    from clients.command.session import Pipes  # noqa: PLC0415 - loads the protocol library

    return Pipes(server)
