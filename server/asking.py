"""Puts a tool's questions to the person behind the client, in both eras of the protocol.

In the older era the call waits for the answer, for a while. In the modern one it ends with the
question and a sealed state; the client calls again with the answer, and nothing is held here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import anyio
from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import ValidationError

from registry.calls import Call
from registry.questions import Choice, Person, Question
from registry.redaction import redact_text
from tools.context import AskedOf, ToolSpec

_log = logging.getLogger("mlcc_registry.calls")

_MODERN = "2026-07-28"

_CARRYING_OUT_S = 10.0
"""What a question leaves of the call's time, so that what is agreed to can be carried out."""

Silence = Literal["declined", "unanswered"]


@dataclass(frozen=True, slots=True)
class Settled:
    """A tool's arguments and its person, once every question is answered or one was declined."""

    given: Mapping[str, Any]
    person: Person


@dataclass(frozen=True, slots=True)
class Form:
    """A question as clients show it: one field, and what each of its values stands for.

    Attributes:
        fills: The argument that the answer stands for; "" for agreeing to a plan.
        meaning: By the field's value as text: the argument's value, or the plan's digest.
    """

    message: str
    fills: str
    meaning: dict[str, str]

    @classmethod
    def of(cls, question: Question) -> Form:
        """Return the form for a question, without what looks like a secret."""
        message = redact_text(question.message)
        if isinstance(question, Choice):
            options = {redact_text(label): value for label, value in question.options.items()}
            return cls(message, question.fills, options)
        return cls(message, "", {"true": question.digest})

    @property
    def name(self) -> str:
        """The field's name."""
        return self.fills or "agree"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the answer: flat, as the protocol wants it."""
        shape: dict[str, Any] = {"type": "boolean", "title": "Carry this plan out"}
        if self.fills:
            shape = {"type": "string", "title": "Choose one", "enum": list(self.meaning)}
        return {"type": "object", "properties": {self.name: shape}, "required": [self.name]}

    def read(self, result: object) -> str | None:
        """Return what an answer stands for, None unless it is one of those that were offered."""
        if not isinstance(result, ElicitResult) or result.action != "accept":
            return None
        value = (result.content or {}).get(self.name)
        text = str(value).lower() if isinstance(value, bool) else value
        return self.meaning.get(text) if isinstance(text, str) else None


@dataclass(slots=True)
class _Standing:
    """How far the questions of one call have come; the modern era's client carries it sealed.

    Attributes:
        answers: By question: the argument that it fills, and the value.
        asked: The question that is open, "" for none; `form` is how it was put.
        waited_s: Seconds that the person has had so far, where the call waits.
    """

    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: str = ""
    form: Form | None = None
    waited_s: float = 0.0

    @classmethod
    def of(cls, state: str | None) -> _Standing:
        """Return what a state says; the protocol library has checked that we wrote it."""
        if not state:
            return cls()
        said = json.loads(state)
        answers = {key: (fills, value) for key, (fills, value) in said["answers"].items()}
        return cls(answers, said["asked"], Form(**said["form"]))

    def open(self, key: str, form: Form) -> InputRequiredResult:
        """Return the answer of a call that ends with a question."""
        params = ElicitRequestFormParams(message=form.message, requested_schema=form.schema())
        state = {"answers": self.answers, "asked": key, "form": asdict(form)}
        return InputRequiredResult(
            input_requests={key: ElicitRequest(params=params)},
            request_state=json.dumps(state, separators=(",", ":")),
        )


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks what one tool has to know from a person.

    Attributes:
        context: Of the protocol, for the call that is being answered.
        call: The same call, for the time that is left.
        ask_s: Seconds that a person has for all its questions, where the call waits.
        run: Calls one of the tool's questions in a worker thread.
    """

    context: Context[Any, Any]
    call: Call
    ask_s: float
    run: Callable[[AskedOf, Mapping[str, Any], Person], Awaitable[Question | None]]

    async def settle(
        self, spec: ToolSpec, given: Mapping[str, Any]
    ) -> Settled | InputRequiredResult:
        """Return the arguments with what was answered, or the question that is open.

        Raises:
            RegistryError: a question cannot be put, because the call would fail.
        """
        person = Person(can_be_asked=True)
        standing = _Standing.of(self.context.request_state)
        for question in spec.questions:
            key = question.__name__
            if key not in standing.answers:
                form = standing.form if self._is_answered(key, standing) else None
                if form is None:
                    asked = await self.run(question, given, person)
                    if asked is None:
                        continue
                    form = Form.of(asked)
                    if self._is_modern:
                        return standing.open(key, form)
                answer = self._carried(key) if self._is_modern else await self._wait(form, standing)
                value = form.read(answer)
                if value is None:
                    silence: Silence = "unanswered" if answer is None else "declined"
                    return Settled(given, replace(person, silence=silence))
                standing.answers[key] = (form.fills, value)
            given, person = _with(standing.answers[key], given, person)
        return Settled(given, person)

    @property
    def _is_modern(self) -> bool:
        return self.context.protocol_version == _MODERN

    def _is_answered(self, key: str, standing: _Standing) -> bool:
        return standing.asked == key and self._carried(key) is not None

    def _carried(self, key: str) -> object | None:
        return (self.context.input_responses or {}).get(key)

    async def _wait(self, form: Form, standing: _Standing) -> ElicitResult | None:
        """Return the person's answer, None when there is none in time or the client fails."""
        began = anyio.current_time()
        left_s = min(self.ask_s - standing.waited_s, self.call.remaining_s - _CARRYING_OUT_S)
        with anyio.move_on_after(left_s):
            result: ElicitResult
            try:
                result = await self.context.session.elicit_form(
                    message=form.message,
                    requested_schema=form.schema(),
                    related_request_id=self.context.request_id,
                )
            except (MCPError, ValidationError) as error:
                _log.warning("question not answered", extra={"cause": type(error).__name__})
            else:
                standing.waited_s += anyio.current_time() - began
                return result
        return None


def can_ask(context: Context[Any, Any]) -> bool:
    """Tell whether the client of a call shows forms, and can be reached with one."""
    capabilities = context.client_capabilities
    offered = capabilities.elicitation if capabilities else None
    if offered is None or (offered.form is None and offered.url is not None):
        return False
    return context.protocol_version == _MODERN or context.session.can_send_request


def _with(
    answer: tuple[str, str], given: Mapping[str, Any], person: Person
) -> tuple[Mapping[str, Any], Person]:
    """Return arguments and person with an answer: an argument's value, or a plan agreed to."""
    fills, value = answer
    if fills:
        return {**given, fills: value}, person
    return given, replace(person, agreed=value)
