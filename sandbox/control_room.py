"""The paths under ``/_sandbox/``: what a test reads and turns, as JSON."""

import dataclasses
import json
import urllib.parse
from collections.abc import Callable

from sandbox.context import Context
from sandbox.dispatch import Dispatcher
from sandbox.documents import Document
from sandbox.faults import Fault
from sandbox.front import Front
from sandbox.identities import DEFAULT_KEY
from sandbox.permissions import Policy
from sandbox.protocol import Answer
from sandbox.sagemaker.components import plan_outcome
from sandbox.sagemaker.endpoints import put_into
from sandbox.sagemaker.hub_contents import plan_import

PREFIX = "/_sandbox/"
_BEHIND_THE_FRONT = frozenset({"s3", "dynamodb"})
_OUTCOMES = ("InService", "Failed", "Vanish", "Hang", "Rollback")
_IMPORT_OUTCOMES = ("Available", "ImportFailed", "Hang")


class ControlRoom:
    """Answers the control calls of one sandbox."""

    def __init__(self, dispatcher: Dispatcher, front: Front, region: str) -> None:
        self._sandbox = dispatcher
        self._gate = dispatcher.gate
        self._front = front
        self._region = region
        self._calls: dict[tuple[str, str], Callable[[Document], Document]] = {
            ("GET", "log"): self._log,
            ("DELETE", "log"): self._clear_log,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "keys"): self._add_key,
            ("POST", "front"): self._open_front,
            ("DELETE", "front"): self._close_front,
            ("POST", "clock"): self._clock,
            ("POST", "components"): self._plan_component,
            ("POST", "imports"): self._plan_import,
            ("POST", "endpoints"): self._put_endpoint_into,
            ("GET", "settings"): self._settings,
            ("POST", "settings"): self._change_settings,
            ("POST", "reset"): self._reset,
        }

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Answer one control call; what is wrong with it is said in ``error``, HTTP 400."""
        url = urllib.parse.urlsplit(target)
        call = self._calls.get((method, url.path.removeprefix(PREFIX)))
        if call is None:
            return _json(404, {"error": f"no control call {method} {url.path}"})
        try:
            arguments = json.loads(body or b"{}")
            if not isinstance(arguments, dict):
                return _json(400, {"error": "the body must be a JSON object"})
            arguments.update(urllib.parse.parse_qsl(url.query))
            with self._sandbox.lock:
                return _json(200, call(arguments))
        except (KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _log(self, arguments: Document) -> Document:
        named = {name: arguments.get(name, "") for name in ("service", "operation", "access_key")}
        return {"calls": self._gate.log.as_documents(**named)}

    def _clear_log(self, _arguments: Document) -> Document:
        self._gate.log.clear()
        return {}

    def _faults(self, _arguments: Document) -> Document:
        return {"faults": self._gate.faults.as_documents()}

    def _add_fault(self, arguments: Document) -> Document:
        fault = Fault(**arguments)
        if fault.service in _BEHIND_THE_FRONT:
            self._refuse_closed_front(f"a fault of {fault.service}")
        self._gate.faults.add([fault])
        return {}

    def _clear_faults(self, _arguments: Document) -> Document:
        self._gate.faults.clear()
        return {}

    def _add_key(self, arguments: Document) -> Document:
        policy = arguments.pop("policy", None)
        if policy is not None:
            self._refuse_closed_front("a policy")
            arguments["policy"] = Policy.read(policy)
        self._gate.identities.add(**arguments)
        return {}

    def _open_front(self, arguments: Document) -> Document:
        return {"url": self._front.open(str(arguments.get("tables", "")))}

    def _close_front(self, _arguments: Document) -> Document:
        self._front.close()
        return {}

    def _refuse_closed_front(self, what: str) -> None:
        # Nobody would meet the rule, and a test would believe that it was met.
        if not self._front.is_open:
            raise ValueError(f"{what} needs the front: open it, and lead the clients through it")

    def _clock(self, arguments: Document) -> Document:
        if arguments.get("freeze"):
            self._sandbox.clock.freeze()
        self._sandbox.clock.advance(float(arguments.get("advance_s", 0)))
        return {"now": self._sandbox.clock.now()}

    def _plan_component(self, arguments: Document) -> Document:
        return self._plan(arguments, _OUTCOMES, plan_outcome)

    def _plan_import(self, arguments: Document) -> Document:
        return self._plan(arguments, _IMPORT_OUTCOMES, plan_import)

    def _plan(
        self,
        arguments: Document,
        outcomes: tuple[str, ...],
        plan: Callable[[Context, str, str, str], None],
    ) -> Document:
        outcome = arguments["outcome"]
        if outcome not in outcomes:
            raise ValueError(f"no outcome {outcome!r}; the outcomes are {list(outcomes)}")
        return self._turn(arguments, outcome, plan)

    def _put_endpoint_into(self, arguments: Document) -> Document:
        return self._turn(arguments, arguments["status"], put_into)

    def _turn(
        self, arguments: Document, to: str, turn: Callable[[Context, str, str, str], None]
    ) -> Document:
        """Turn what is named, in the account and region that the arguments say."""
        region = arguments.get("region", self._region)
        context = self._sandbox.context(arguments.get("access_key", DEFAULT_KEY), region)
        turn(context, arguments["name"], to, arguments.get("reason", ""))
        self._sandbox.states.save(context.account, region)
        return {}

    def _settings(self, _arguments: Document) -> Document:
        return dataclasses.asdict(self._sandbox.settings)

    def _change_settings(self, arguments: Document) -> Document:
        self._sandbox.settings = self._sandbox.settings.changed(arguments)
        return dataclasses.asdict(self._sandbox.settings)

    def _reset(self, _arguments: Document) -> Document:
        self._sandbox.reset()
        return {}


def _json(status: int, document: Document) -> Answer:
    return Answer(status, "application/json", json.dumps(document).encode())
