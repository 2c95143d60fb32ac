"""One conversation in plain lines of protocol 2024-11-05 with a server over stdio.

    python client_raw.py SERVER...

Reads what client.mjs does and prints {server, tools, answers, progress, unasked}; `unasked` is what
the server said that was neither an answer to a request nor the progress of one.
"""

import json
import subprocess
import sys
from itertools import count

VERSION = "2024-11-05"
UNANSWERED = (
    '{"jsonrpc": "2.0", "id": 901, "method": ',
    '[{"jsonrpc": "2.0", "id": 902, "method": "ping"}]',
    "no JSON at all",
    "",
    '{"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}',
    '{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 903}}',
)


class Lines:
    """Speaks to a process in lines, and keeps what it says unasked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.ids = count(1)
        self.unasked = []

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def notify(self, method):
        self.send(json.dumps({"jsonrpc": "2.0", "method": method}))

    def ask(self, method, **params):
        """Return the result of a request, and the progress that was reported meanwhile."""
        number, progress = next(self.ids), []
        self.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        token = params.get("_meta", {}).get("progressToken")
        while line := self.process.stdout.readline():
            message = json.loads(line)
            if message.get("id") == number:
                return message["result"], progress
            said = message.get("params", {})
            if message.get("method") == "notifications/progress" and said["progressToken"] == token:
                progress.append(said["progress"])
            else:
                self.unasked.append(message)
        raise EOFError(f"the server ended instead of answering {method}")


def main() -> None:
    with subprocess.Popen(
        sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        lines = Lines(process)
        whoami = {"name": "raw", "version": "1"}
        began, _ = lines.ask(
            "initialize", protocolVersion=VERSION, capabilities={}, clientInfo=whoami
        )
        assert began["protocolVersion"] == VERSION, began
        lines.notify("notifications/initialized")
        for line in UNANSWERED:
            lines.send(line)
        assert lines.ask("ping") == ({}, [])
        listed, _ = lines.ask("tools/list")
        done = [
            lines.ask("tools/call", **call, _meta={"progressToken": f"call-{number}"})
            for number, call in enumerate(json.load(sys.stdin))
        ]
        said = {
            "server": began["serverInfo"],
            "tools": listed["tools"],
            "answers": [answer for answer, _ in done],
            "progress": [progress for _, progress in done],
            "unasked": lines.unasked,
        }
        process.stdin.close()
    assert process.returncode == 0, process.returncode
    print(json.dumps(said))


main()
