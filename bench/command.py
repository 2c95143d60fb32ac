"""How long `mlcc-registry registry list` takes: beside a client that starts its server as usual.

    .venv/bin/python bench/command.py [ROUNDS]

The floor is a program with nothing in it but the protocol library: it imports the library, starts
our server through it, lists deployments and prints them. Ours starts the server before it imports
anything. Rounds alternate, since the machine's own speed changes from minute to minute.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
FLOOR = """
import anyio, json, os, sys
from mcp import Client, StdioServerParameters
async def main():
    quiet = ["--log-level", "ERROR"]
    server = StdioServerParameters(command=sys.argv[1], args=quiet, env=dict(os.environ))
    async with Client(server) as client:
        print(json.dumps((await client.call_tool("list_deployments", {})).structured_content))
anyio.run(main)
"""


def seconds(command: list[str], home: str) -> float:
    """Return how long a command takes in an empty home."""
    began = time.perf_counter()
    subprocess.run(
        command,
        env={**os.environ, "HOME": home},
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def main(rounds: int = 10) -> None:
    """Measure, and print medians and their ratio to the floor."""
    floor = [sys.executable, "-I", "-c", FLOOR, str(PROGRAMS / "mlcc-registry-mcp")]
    ours = [str(PROGRAMS / "mlcc-registry"), "registry", "list", "--json"]
    taken: dict[str, list[float]] = {"floor": [], "mlcc-registry": []}
    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds):
            taken["floor"].append(seconds(floor, home))
            taken["mlcc-registry"].append(seconds(ours, home))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, value in medians.items():
        print(f"{name:14} {value:6.2f} s  {value / medians['floor']:5.2f} of the floor")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
