"""What the sandbox's own tests share: raw HTTP, without a client that checks anything itself."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.service import Sandbox

TARGETS = {"sagemaker": "SageMaker", "ecr": "AmazonEC2ContainerRegistry_V20150921"}
CONSTRAINTS = "constraints broken and refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer: its status, its error code ("" for none), its message or its members."""

    status: int
    code: str
    message: str
    members: dict[str, Any]


class RawCaller:
    """Sends whatever it is given to the sandbox, over one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)

    def call(
        self,
        service: str,
        operation: str,
        request: object,
        *,
        key: str = "AKIASANDBOX000000000",
        region: str = "us-west-2",
    ) -> Reply:
        """Send one request as JSON 1.1, well or badly made."""
        credential = f"Credential={key}/20260101/{region}/{service}/aws4_request"
        headers = {
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        }
        self._connection.request("POST", "/", json.dumps(request), headers)
        response = self._connection.getresponse()
        members = json.loads(response.read())
        code, message = members.get("__type", ""), members.get("message", "")
        return Reply(response.status, code, message, members)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[RawCaller]:
    """A caller that checks nothing, on an emptied sandbox."""
    sandbox.control.reset()
    caller = RawCaller(sandbox.urls.app)
    yield caller
    caller.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many constraints were broken and refused in this run, on all workers."""
    counted = [
        int(value)
        for report in terminalreporter.stats.get("passed", ())
        for name, value in report.user_properties
        if name == CONSTRAINTS
    ]
    if counted:
        terminalreporter.write_line(f"sandbox: {sum(counted)} {CONSTRAINTS}")
