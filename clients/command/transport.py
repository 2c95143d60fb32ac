"""Carries the protocol over the pipes of a server that runs already.

The protocol library starts the servers that it talks to; ours was started before it was loaded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from clients.command.starting import Server

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def over_pipes(server: Server) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    """Connect to a server that was started; it is stopped with the block.

    Pipes are read and written in worker threads, which every platform has.
    """
    stdin, stdout = server.process.stdin, server.process.stdout
    if stdin is None or stdout is None:
        raise ValueError("the server was started without pipes")
    to_us, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outgoing, from_us = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as group:
        group.start_soon(_receive, stdout, to_us)
        group.start_soon(_send, stdin, from_us)
        try:
            yield incoming, outgoing
        finally:
            with anyio.CancelScope(shield=True):
                incoming.close()
                outgoing.close()
                await run_sync(server.stop)
            group.cancel_scope.cancel()


async def _receive(
    pipe: IO[bytes], to_us: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    async with to_us:
        while line := await run_sync(_next_line, pipe, abandon_on_cancel=True):
            try:
                message: SessionMessage | Exception = SessionMessage(
                    jsonrpc_message_adapter.validate_json(line, by_name=False)
                )
            except ValueError as error:
                message = error
            try:
                await to_us.send(message)
            except anyio.BrokenResourceError:
                return  # nobody waits for answers any more


def _next_line(pipe: IO[bytes]) -> bytes:
    """Return the next line, b"" at the end, which closing the pipe is too."""
    try:
        return pipe.readline()
    except ValueError:
        return b""


async def _send(pipe: IO[bytes], from_us: MemoryObjectReceiveStream[SessionMessage]) -> None:
    async with from_us:
        async for each in from_us:
            text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
            if not await run_sync(_write, pipe, text.encode() + b"\n"):
                return


def _write(pipe: IO[bytes], line: bytes) -> bool:
    try:
        pipe.write(line)
        pipe.flush()
    except (BrokenPipeError, ValueError):
        return False  # the server ended; its closed output tells whoever waits for an answer
    return True
