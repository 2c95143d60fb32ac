"""Binds a plain tool function to the protocol: worker thread, deadline, progress, cancellation."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import from_thread, to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult

from registry.calls import CALL_BUDGET_S, Call
from registry.core import Registry
from registry.errors import DeadlineExceeded, RegistryError
from registry.questions import NOBODY, Person, Question
from registry.redaction import redact_text
from schemas.base import Result
from server.answers import answer, bug, failure
from server.asking import Asking, Settled, can_ask
from server.audit import audit
from server.publishing import description, input_schema, marks, output_schema
from tools.context import AskedOf, ToolContext, ToolSpec

_log = logging.getLogger("mlcc_registry.calls")

SENT: ContextVar[frozenset[str]] = ContextVar("sent", default=frozenset())
"""Names of the arguments that the present call's client really sent."""

_GRACE_S = 2.0
_CONTEXT = "mcp_context"


@dataclass(frozen=True, slots=True)
class Binder:
    """Makes protocol tools of tool functions, and calls them.

    Attributes:
        limiter: Our own bound on worker threads: the SDK's transport needs the default one's.
    """

    registry: Registry
    limiter: anyio.CapacityLimiter

    def tool(self, spec: ToolSpec) -> Tool:
        """Return one tool, its schemas in their published form."""
        tool = Tool.from_function(
            self._handler(spec),
            name=spec.name,
            title=spec.title,
            description=description(spec),
            annotations=marks(spec),
            structured_output=False,
        )
        tool.parameters = input_schema(tool.parameters)
        tool.fn_metadata.output_schema = output_schema(spec)
        return tool

    def _handler(self, spec: ToolSpec) -> Callable[..., Any]:
        signature = inspect.signature(spec.function, eval_str=True)
        published = list(signature.parameters.values())[1:]

        async def handle(**given: Any) -> CallToolResult | InputRequiredResult:  # noqa: ANN401 - checked by the SDK
            context: Context[Any, Any] = given.pop(_CONTEXT)
            return await self.answered(spec, given, context)

        own = inspect.Parameter(
            _CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=Context[Any, Any]
        )
        keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in published]
        handle.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # read by the SDK
            [*keyword_only, own], return_annotation=CallToolResult
        )
        handle.__annotations__ = {each.name: each.annotation for each in [*keyword_only, own]}
        handle.__annotations__["return"] = CallToolResult
        return handle

    async def answered(
        self, spec: ToolSpec, given: dict[str, Any], context: Context[Any, Any]
    ) -> CallToolResult | InputRequiredResult:
        """Return what a function answers or fails with, or what a person has to answer first."""
        withdrawn = threading.Event()
        call = Call(
            deadline=time.monotonic() + CALL_BUDGET_S - _GRACE_S,
            report=_progress(context, withdrawn),
            cancelled=withdrawn.is_set,
            sent=SENT.get(),
        )
        try:
            with anyio.fail_after(CALL_BUDGET_S):
                settled = await self._settled(spec, given, context, call)
                if not isinstance(settled, Settled):
                    return settled
                tool = ToolContext(self.registry, call, settled.person)
                work = functools.partial(_run, spec, tool, dict(settled.given))
                return await to_thread.run_sync(work, limiter=self.limiter, abandon_on_cancel=True)
        except TimeoutError:
            return failure(_overdue(spec))
        finally:
            # The thread goes on to the end of the write it is in, and waits for nothing more.
            withdrawn.set()

    async def _settled(
        self, spec: ToolSpec, given: dict[str, Any], context: Context[Any, Any], call: Call
    ) -> Settled | InputRequiredResult | CallToolResult:
        """Return what the tool is to be called with, once a person has answered its questions."""
        if not spec.questions or self.registry.settings.ask == "never" or not can_ask(context):
            return Settled(given, NOBODY)

        async def run(asked: AskedOf, now: Mapping[str, Any], person: Person) -> Question | None:
            work = functools.partial(asked, ToolContext(self.registry, call, person), now)
            return await to_thread.run_sync(work, limiter=self.limiter, abandon_on_cancel=True)

        began = time.monotonic()
        asking = Asking(context, call, self.registry.settings.ask_s, run)
        try:
            return await asking.settle(spec, given)
        except RegistryError as error:
            reply, outcome = failure(error), error.code
        except Exception as error:  # noqa: BLE001 - told apart from explained failures, logged whole
            reply, outcome = bug(spec.name, error), "internal"
        audit(spec, reply, outcome, elapsed_s=time.monotonic() - began)
        return reply


def _run(spec: ToolSpec, context: ToolContext, given: dict[str, Any]) -> CallToolResult:
    began = time.monotonic()
    try:
        result: Result = spec.function(context, **given)
        reply = answer(result)
        outcome = "ok"
    except RegistryError as error:
        reply, outcome = failure(error), error.code
    except Exception as error:  # noqa: BLE001 - told apart from explained failures, logged whole
        reply, outcome = bug(spec.name, error), "internal"
    audit(spec, reply, outcome, elapsed_s=time.monotonic() - began)
    return reply


def _overdue(spec: ToolSpec) -> DeadlineExceeded:
    if spec.read_only:
        return DeadlineExceeded(
            f"{spec.name} took longer than {CALL_BUDGET_S:.0f} s", hint="narrow it, or try again"
        )
    return DeadlineExceeded(
        f"{spec.name} took longer than {CALL_BUDGET_S:.0f} s; whether its last write took "
        "effect is unknown",
        hint="call it again with the same arguments: it finds what was done and completes it",
    )


def _progress(
    context: Context[Any, Any], withdrawn: threading.Event
) -> Callable[[float, float | None, str], None]:
    last = 0.0

    def report(done: float, total: float | None, text: str) -> None:
        nonlocal last
        if withdrawn.is_set():
            return
        last = max(last + 0.001, done)  # the protocol wants every value above the one before
        try:
            from_thread.run(context.report_progress, last, total, redact_text(text))
        except Exception as error:  # noqa: BLE001 - a lost reader must not stop a write
            _log.warning("progress not delivered", extra={"cause": type(error).__name__})

    return report
