"""How long a client waits for the tool list: our server beside an empty one, in the same minutes.

    .venv/bin/python bench/startup.py [ROUNDS]

The empty server has one tool and the same protocol library: what it takes is the floor. Rounds
alternate, since the machine's own speed changes from minute to minute.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

FLOOR = """
from mcp.server import MCPServer
server = MCPServer("floor")
@server.tool()
async def echo(text: str) -> str:
    "Return the text."
    return text
server.run()
"""

OURS = StdioServerParameters(command=str(Path(sys.executable).parent / "mlcc-registry-mcp"))
EMPTY = StdioServerParameters(command=sys.executable, args=["-I", "-c", FLOOR])


async def first_list_s(server: StdioServerParameters) -> float:
    """Return the seconds from starting the process to its answered tool list."""
    began = time.perf_counter()
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            await client.list_tools()
            return time.perf_counter() - began


async def measure(rounds: int) -> None:
    """Measure both in turn and print medians and their ratio."""
    taken: dict[str, list[float]] = {"empty": [], "ours": []}
    for _ in range(rounds):
        taken["empty"].append(await first_list_s(EMPTY))
        taken["ours"].append(await first_list_s(OURS))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, value in medians.items():
        print(f"{name:6} {value:.2f} s to the tool list, median of {rounds}")
    print(f"ratio  {medians['ours'] / medians['empty']:.2f}")
    print(f"--help {_help_s():.2f} s, without the protocol library")


def _help_s() -> float:
    began = time.perf_counter()
    subprocess.run([OURS.command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    anyio.run(measure, int(sys.argv[1]) if len(sys.argv) > 1 else 7)
