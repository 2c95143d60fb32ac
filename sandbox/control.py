"""The client of the control calls, as tests and demos use it."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from sandbox.documents import Document

_TIMEOUT_S = 10.0


class ControlRefused(Exception):
    """The sandbox did not understand a control call; the message says why."""


@dataclass(frozen=True, slots=True)
class Control:
    """Reads and turns a running sandbox at ``url``, in this process or another."""

    url: str

    def calls(self, operation: str = "") -> list[Document]:
        """Return the logged calls, oldest first, of one operation if given.

        Each has ``at``, ``service``, ``operation``, ``account``, ``region``, ``request``,
        ``status`` and ``code`` ("" for success).
        """
        query = f"?operation={operation}" if operation else ""
        calls: list[Document] = self._send("GET", f"log{query}")["calls"]
        return calls

    def clear_log(self) -> None:
        """Start counting calls anew."""
        self._send("DELETE", "log")

    def fail(
        self,
        operation: str,
        kind: str,
        *,
        times: int = 1,
        match: str = "",
        service: str = "sagemaker",
    ) -> None:
        """Let the next calls of an operation fail.

        Args:
            operation: such as ``Search``, or ``*`` for all of the service.
            kind: ``throttle``, ``deny``, ``server_error``, ``expired_token`` or ``lost_answer``
                (the work is done, then the connection is closed).
            times: how many calls fail; -1: all until ``clear_faults``.
            match: text that the request's body must contain.
            service: ``sagemaker``, ``sts`` or ``ecr``.
        """
        rule = {"service": service, "operation": operation, "kind": kind}
        self._send("POST", "faults", {**rule, "times": times, "match": match})

    def clear_faults(self) -> None:
        """Let every call go through again."""
        self._send("DELETE", "faults")

    def advance(self, seconds: float) -> float:
        """Move the sandbox's clock and return its new time in epoch seconds."""
        return float(self._send("POST", "clock", {"advance_s": seconds})["now"])

    def freeze(self) -> float:
        """Let the clock stand still until a reset and return its time in epoch seconds."""
        return float(self._send("POST", "clock", {"freeze": True})["now"])

    def plan_component(
        self, name: str, outcome: str, *, reason: str = "", region: str = ""
    ) -> None:
        """Decide how a component ends, whether it exists already or not.

        Args:
            name: the component's name.
            outcome: ``InService``, ``Failed``, ``Vanish``, ``Hang`` or ``Rollback``.
            reason: the FailureReason it has then.
            region: of the component; the sandbox's own unless given.
        """
        self._plan("components", name, outcome, reason, region)

    def plan_import(self, name: str, outcome: str, *, reason: str = "", region: str = "") -> None:
        """Decide how imports of a hub content end, those under way and those yet to come.

        Args:
            name: the content's name, in whatever hub.
            outcome: ``Available``, ``ImportFailed`` or ``Hang``.
            reason: the FailureReason it has then.
            region: of the hub; the sandbox's own unless given.
        """
        self._plan("imports", name, outcome, reason, region)

    def _plan(self, what: str, name: str, outcome: str, reason: str, region: str) -> None:
        where = {"region": region} if region else {}
        self._send("POST", what, {"name": name, "outcome": outcome, "reason": reason, **where})

    def change_settings(self, **changes: bool | float | str | list[str]) -> Document:
        """Change settings (see ``sandbox.settings.Settings``) and return them all."""
        return self._send("POST", "settings", dict(changes))

    def reset(self) -> None:
        """Forget all of SageMaker, ECR, faults and log; settings and clock as at the start."""
        self._send("POST", "reset")

    def _send(self, method: str, path: str, body: Document | None = None) -> Document:
        request = urllib.request.Request(  # noqa: S310 # the sandbox's own http address
            f"{self.url}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _EveryStatus())
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            answer: Document = json.load(response)
        if "error" in answer:
            raise ControlRefused(answer["error"])
        return answer


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """Hands on answers of every status: what is wrong is in their body."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:  # noqa: ANN401, ARG002 # the base's types
        return response
