"""One conversation of fastmcp's client with a server over stdio.

    python client_fastmcp.py SERVER...

Reads what client.mjs does and prints {server, tools, answers, progress}. A failed call raises by
default, so its answer is what the exception says.
"""

import asyncio
import json
import os
import sys

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError


async def main() -> None:
    command, *arguments = sys.argv[1:]
    transport = StdioTransport(command, arguments, env=dict(os.environ), cwd=".")
    answers, progress = [], []
    async with Client(transport) as client:
        tools = await client.list_tools()
        for call in json.load(sys.stdin):
            seen = []

            async def see(done, total, message, seen=seen):
                seen.append(done)

            try:
                given = await client.call_tool(
                    call["name"], call["arguments"], progress_handler=see
                )
                texts = [each.text for each in given.content]
                answers.append(answer(texts, False, given.structured_content))
            except ToolError as refused:
                answers.append(answer([str(refused)], True, None))
            progress.append(seen)
        said = {
            "server": client.server_info.model_dump(by_alias=True),
            "tools": [each.model_dump(by_alias=True, exclude_none=True) for each in tools],
            "answers": answers,
            "progress": progress,
        }
    print(json.dumps(said))


def answer(texts: list[str], failed: bool, structured: object) -> dict[str, object]:
    content = [{"type": "text", "text": each} for each in texts]
    made = {"content": content, "isError": failed}
    return made if structured is None else {**made, "structuredContent": structured}


asyncio.run(main())
