"""The client of the control calls, as tests and demos use it."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
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

    def calls(
        self, operation: str = "", *, service: str = "", access_key: str = ""
    ) -> list[Document]:
        """Return the logged calls, oldest first; of one operation, service or key if given.

        Each has ``at``, ``service``, ``operation``, ``access_key``, ``account``, ``region``,
        ``request``, ``status`` (0: hung up before the work) and ``code`` ("" for success).
        Calls of S3 and DynamoDB are logged while they come through the front.
        """
        wanted = {"operation": operation, "service": service, "access_key": access_key}
        query = urllib.parse.urlencode({name: value for name, value in wanted.items() if value})
        calls: list[Document] = self._send("GET", f"log?{query}")["calls"]
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
        skip: int = 0,
        match: str = "",
        service: str = "sagemaker",
        delay_s: float = 0.0,
    ) -> None:
        """Let the next calls of an operation fail.

        Args:
            operation: such as ``Search``, or ``*`` for all of the service.
            kind: ``throttle``, ``deny``, ``server_error`` (500), ``unavailable`` (503), ``quota``,
                ``conflict``, ``expired_token``, ``clock_skew``, ``reset`` (hung up before the
                work), ``slow`` (done at once,
                answered after ``delay_s``) or ``lost_answer`` (done, then hung up).
            times: how many calls fail; -1: all until ``clear_faults``.
            skip: how many calls go through before that.
            match: text that the request's body must contain; of S3, ``/bucket/key?query``.
            service: ``sagemaker``, ``sts``, ``ecr``, ``s3``, ``dynamodb``, or ``*``; the last
                three meet only clients that are led through the front.
            delay_s: how long the answer, whatever it is, is held back, in seconds.

        Raises:
            ControlRefused: there is no such kind, or the front is closed.
        """
        rule = {"service": service, "operation": operation, "kind": kind, "times": times}
        self._send("POST", "faults", {**rule, "skip": skip, "match": match, "delay_s": delay_s})

    def clear_faults(self) -> None:
        """Let every call go through again."""
        self._send("DELETE", "faults")

    def faults(self) -> list[Document]:
        """Return the rules in force; ``used`` counts the calls that each has failed."""
        rules: list[Document] = self._send("GET", "faults")["faults"]
        return rules

    def open_front(self, *, tables: str = "") -> str:
        """Let the front stand before S3 and DynamoDB and return its address.

        Whoever is to meet faults and policies there, or to be logged, has to be led to that
        address: ``Sandbox.environment(through_front=True)`` does.

        Args:
            tables: address of another engine for DynamoDB, which is asked until the front closes.
        """
        return str(self._send("POST", "front", {"tables": tables})["url"])

    def close_front(self) -> None:
        """Take the front away; those who were led through it find nobody there."""
        self._send("DELETE", "front")

    def add_key(self, access_key: str, *, account: str = "", user: str = "") -> None:
        """Know an access key as a user of an account; what is not given stays as it is."""
        given = {"access_key": access_key, "account": account, "user": user}
        self._send("POST", "keys", given)

    def allow(self, access_key: str, policy: Mapping[str, Any]) -> None:
        """Allow the key what the policy says, in every service, and nothing else.

        Args:
            access_key: known already or not.
            policy: an IAM policy document: ``Statement`` holds ``Allow`` with ``Action`` and
                ``Resource``, texts or lists of texts in which ``*`` and ``?`` are wildcards.

        Raises:
            ControlRefused: the policy has more than that, or the front is closed.
        """
        self._send("POST", "keys", {"access_key": access_key, "policy": dict(policy)})

    def advance(self, seconds: float) -> float:
        """Move the sandbox's clock and return its new time in epoch seconds."""
        return float(self._send("POST", "clock", {"advance_s": seconds})["now"])

    def freeze(self) -> float:
        """Let the clock stand still until a reset and return its time in epoch seconds."""
        return float(self._send("POST", "clock", {"freeze": True})["now"])

    def plan_component(
        self, name: str, outcome: str, *, reason: str = "", region: str = "", access_key: str = ""
    ) -> None:
        """Decide how a component ends, whether it exists already or not.

        Args:
            name: the component's name.
            outcome: ``InService``, ``Failed``, ``Vanish``, ``Hang`` or ``Rollback``.
            reason: the FailureReason it has then.
            region: of the component; the sandbox's own unless given.
            access_key: of its account; the first account's unless given.
        """
        where = {"region": region, "access_key": access_key}
        self._turn("components", {"name": name, "outcome": outcome, "reason": reason}, where)

    def plan_import(self, name: str, outcome: str, *, reason: str = "", region: str = "") -> None:
        """Decide how imports of a hub content end, those under way and those yet to come.

        Args:
            name: the content's name, in whatever hub.
            outcome: ``Available``, ``ImportFailed`` or ``Hang``.
            reason: the FailureReason it has then.
            region: of the hub; the sandbox's own unless given.
        """
        where = {"region": region}
        self._turn("imports", {"name": name, "outcome": outcome, "reason": reason}, where)

    def put_endpoint_into(
        self, name: str, status: str, *, reason: str = "", region: str = "", access_key: str = ""
    ) -> None:
        """Let an endpoint be in a status, such as ``RollingBack`` or ``Failed``, from now on.

        Args:
            name: of an endpoint that exists.
            status: any EndpointStatus.
            reason: the FailureReason it has then.
            region: of the endpoint; the sandbox's own unless given.
            access_key: of its account; the first account's unless given.
        """
        where = {"region": region, "access_key": access_key}
        self._turn("endpoints", {"name": name, "status": status, "reason": reason}, where)

    def _turn(self, what: str, wanted: Document, where: dict[str, str]) -> None:
        given = {name: value for name, value in where.items() if value}
        self._send("POST", what, {**wanted, **given})

    def change_settings(self, **changes: bool | float | str | list[str]) -> Document:
        """Change settings (see ``sandbox.settings.Settings``) and return them all."""
        return self._send("POST", "settings", dict(changes))

    def reset(self) -> None:
        """Forget all of SageMaker, ECR, faults, policies and log; the rest as at the start.

        S3 and DynamoDB keep what they hold, and the front stays as it is.
        """
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
