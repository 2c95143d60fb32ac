"""The calls of one conversation, each by a run of the inspector's command line.

    python client_inspector.py NODE INSPECTOR SERVER...

Reads what client.mjs does and prints {server, tools, answers}. Each run starts a server of its
own. The tools are listed strictly: a schema that some host could not use ends the run with status
6. Calls are made in the newest protocol that both know, as the TypeScript SDK 2 does.
"""

import json
import os
import subprocess
import sys
from typing import Any

FAILED_CALL = 5


def main() -> None:
    tools = ran(0, "tools/list", "--strict")["tools"]
    answers = []
    for call in json.load(sys.stdin):
        named = ("--tool-name", call["name"], "--tool-args-json", json.dumps(call["arguments"]))
        answers.append(ran(FAILED_CALL, "tools/call", "--protocol-era", "auto", *named))
    server = answers[0]["_meta"]["io.modelcontextprotocol/serverInfo"]
    print(json.dumps({"server": server, "tools": tools, "answers": answers}))


def ran(accepted: int, method: str, *options: str) -> dict[str, Any]:
    node, inspector, *server = sys.argv[1:]
    form = ("--cli", "--format", "json", "--method", method)
    environment = [word for each in os.environ.items() for word in ("-e", "=".join(each))]
    command = [node, inspector, *form, *options, *environment, "--", *server]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, accepted}:
        sys.exit(f"{method} {options}: {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)["result"]


main()
