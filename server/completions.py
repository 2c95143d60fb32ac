"""Completions: values for an argument while somebody types it, at once or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
from anyio import to_thread
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from registry.calls import Call
from registry.core import Registry
from registry.errors import InvalidArgument, NotFound, RegistryError, Unavailable
from registry.redaction import quoted, redact_text
from server.answers import failure, protocol_error
from server.prompts import named
from server.resources import SCHEMAS, addresses, schema_models
from tools.context import ToolContext
from tools.resources import RESOURCES
from tools.suggestions import Suggestions, suggested
from tools.workflows import WorkflowSpec

_log = logging.getLogger("mlcc_registry.calls")

PATIENCE_S = 2.0
"""Whoever types has typed on by then."""

LOOKING = 2
"""Completions that ask AWS at once. One that is given up goes on in its thread: typing on while
AWS does not answer takes no more threads than these from the tools."""

MOST = 100
"""Values of one completion (MCP, completion)."""


@dataclass(frozen=True, slots=True)
class Completions:
    """Completes the arguments of resources and prompts.

    Attributes:
        limiter: Our own bound on worker threads.
        workflows: The prompts that are offered.
        patience_s: Seconds that one may take.
    """

    registry: Registry
    limiter: anyio.CapacityLimiter
    workflows: tuple[WorkflowSpec, ...]
    patience_s: float = PATIENCE_S
    _free: threading.Semaphore = field(
        init=False, default_factory=lambda: threading.Semaphore(LOOKING)
    )

    async def complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        """Return values for an argument, none where they cannot be had in time.

        Raises:
            MCPError: there is no such resource or prompt, or it has no such argument.
        """
        try:
            known = self._arguments(ref)
            if argument.name not in known:
                raise _no_argument(argument.name, known)
        except RegistryError as error:
            raise protocol_error(failure(error)) from error
        chosen = (context.arguments if context else None) or {}
        found = await self._found(argument, known[argument.name], chosen)
        return Completion(values=found[:MOST], total=len(found), has_more=len(found) > MOST)

    def _arguments(
        self, ref: PromptReference | ResourceTemplateReference
    ) -> Mapping[str, Suggestions]:
        if isinstance(ref, PromptReference):
            workflow = named(ref.name, self.workflows)
            return {each.name: each.suggests for each in workflow.arguments}
        if ref.uri == SCHEMAS:
            return {"record": Suggestions(lambda _ctx, _chosen: schema_models())}
        for resource in RESOURCES:
            if resource.address == ref.uri:
                return resource.suggests
        raise NotFound(
            f"there is no resource template {quoted(ref.uri, 200)}",
            hint=f"templates: {', '.join(addresses())}",
        )

    async def _found(
        self, argument: CompletionArgument, places: Suggestions, chosen: Mapping[str, str]
    ) -> list[str]:
        withdrawn = threading.Event()
        # A page is not begun with little time left: it is the patience that ends this call.
        call = Call(cancelled=withdrawn.is_set)
        tool = ToolContext(self.registry, call)
        look = partial(self._look, tool, places, argument.value, chosen)
        outcome = "timeout"
        try:
            with anyio.move_on_after(self.patience_s):
                return await to_thread.run_sync(look, limiter=self.limiter, abandon_on_cancel=True)
        except RegistryError as error:
            outcome = error.code
        except Exception as error:  # noqa: BLE001 - who types sees nothing; the log has it whole
            _log.error("internal error", exc_info=error, extra={"completed": argument.name})
            outcome = "internal"
        finally:
            # The thread goes on to the end of the look it is in, and looks no further.
            withdrawn.set()
        _log.info("nothing completed", extra={"completed": argument.name, "outcome": outcome})
        return []

    def _look(
        self, tool: ToolContext, places: Suggestions, typed: str, chosen: Mapping[str, str]
    ) -> list[str]:
        """Return what is suggested, without what looks like a secret: it names nothing."""
        found = suggested(tool, places, typed, chosen, looking_far=self._looking_far)
        return [each for each in found if redact_text(each) == each]

    @contextmanager
    def _looking_far(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise Unavailable("earlier completions still wait for AWS")
        try:
            yield
        finally:
            self._free.release()


def _no_argument(name: str, known: Mapping[str, Suggestions]) -> InvalidArgument:
    return InvalidArgument(
        f"there is no argument {quoted(name, 80)}", hint=f"arguments: {', '.join(known)}"
    )
