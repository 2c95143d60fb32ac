"""One call from its bytes to its answer: read, pass the gate, check, do, check again, log."""

import threading
from collections.abc import Mapping
from pathlib import Path

from sandbox import constraints, ecr, sts
from sandbox.clock import MovableClock
from sandbox.context import Context, Handler
from sandbox.documents import Document
from sandbox.errors import code_of, refused
from sandbox.faults import Fault
from sandbox.gate import Gate
from sandbox.model import Operation, load
from sandbox.protocol import Answer, Call, Refusal, answered, parse, service_of
from sandbox.sagemaker import (
    components,
    endpoints,
    groups,
    hub_contents,
    hubs,
    packages,
    search,
)
from sandbox.settings import Settings
from sandbox.state import StateStore

OPERATIONS: Mapping[str, Mapping[str, Handler]] = {
    "sagemaker": {
        **groups.OPERATIONS,
        **packages.OPERATIONS,
        **search.OPERATIONS,
        **endpoints.OPERATIONS,
        **components.OPERATIONS,
        **hubs.OPERATIONS,
        **hub_contents.OPERATIONS,
    },
    "sts": sts.OPERATIONS,
    "ecr": ecr.OPERATIONS,
}
# ECR calls a breach of a constraint by another name than the rest.
_BREACH_CODES = {"ecr": "InvalidParameterException"}


class Dispatcher:
    """The AWS side of the sandbox. Calls are carried out one at a time, so none races another."""

    def __init__(self, directory: Path | None = None, settings: Settings | None = None) -> None:
        self.clock = MovableClock()
        self.gate = Gate()
        self.first_settings = settings or Settings()
        self.settings = self.first_settings
        self.states = StateStore(directory)
        self.lock = threading.RLock()

    def reset(self) -> None:
        """Forget all that happened and go by the first settings and the machine's clock."""
        self.states.clear()
        self.gate.reset()
        self.clock.reset()
        self.settings = self.first_settings

    def context(self, access_key: str, region: str) -> Context:
        """Return what a call signed with this key for this region works with."""
        caller = self.gate.identities.of(access_key)
        state = self.states.of(caller.account, region)
        return Context(caller.account, region, state, self.clock, self.settings, caller.user)

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one HTTP request to AWS; a refusal is an answer too."""
        with self.lock:
            try:
                call = parse(headers, body)
            except Refusal as refusal:
                return refused(service_of(headers), refusal)
            context = self.context(call.access_key, call.region)
            fault = self.gate.faults.take(call)
            if fault is not None and fault.kind == "reset":
                return self.gate.hung_up(context, call, fault)
            try:
                result = self._result(context, call, fault)
                done = answered(call.service, call.operation, result)
            except Refusal as refusal:
                done = refused(call.service, refusal)
            finally:
                self.states.save(context.account, context.region)
            self.gate.note(context, call, done.status, code_of(done))
            return done if fault is None else fault.applied(done)

    def _result(self, context: Context, call: Call, fault: Fault | None) -> Document:
        self.gate.check(context, call, fault)
        handler = OPERATIONS[call.service].get(call.operation)
        if handler is None:
            raise Refusal(
                "UnknownOperationException",
                f"the sandbox has no operation {call.service}:{call.operation}",
            )
        operation = load(call.service).operation(call.operation)
        _refuse_breaches(call, operation)
        request = {name: value for name, value in call.request.items() if value is not None}
        result = handler(context, request)
        _refuse_own_breaches(call, operation, result)
        return result


def _refuse_breaches(call: Call, operation: Operation) -> None:
    found = constraints.breaches(load(call.service), operation.input, call.request)
    if not found:
        return
    wrong_type = [one for one in found if one.kind is constraints.Kind.TYPE]
    if wrong_type:
        first = wrong_type[0]
        raise Refusal("SerializationException", f"{first.path}: {first.rule}, not {first.value}")
    raise Refusal(
        _BREACH_CODES.get(call.service, "ValidationException"), constraints.sentence(found)
    )


def _refuse_own_breaches(call: Call, operation: Operation, result: Document) -> None:
    found = constraints.breaches(load(call.service), operation.output, result)
    if found:
        raise Refusal(
            "InternalFailure",
            f"the sandbox's own answer to {call.operation} breaks the service model: "
            f"{constraints.sentence(found)}",
            500,
        )
