"""One conversation of the Python SDK's 1.x client with a server over stdio.

    python client_sdk_1.py SERVER...

Reads what client.mjs does and prints {server, tools, answers, progress}.
"""

import asyncio
import json
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main() -> None:
    command, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    answers, progress = [], []
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        began = await session.initialize()
        tools = (await session.list_tools()).tools
        for call in json.load(sys.stdin):
            seen = []

            async def see(done, total, message, seen=seen):
                seen.append(done)

            given = await session.call_tool(call["name"], call["arguments"], progress_callback=see)
            answers.append(given.model_dump(mode="json", by_alias=True, exclude_none=True))
            progress.append(seen)
    said = {
        "server": began.serverInfo.model_dump(),
        "tools": [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in tools],
        "answers": answers,
        "progress": progress,
    }
    print(json.dumps(said))


asyncio.run(main())
