"""How long a person has, in the era in which the call waits."""

import time
from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from registry.calls import Call
from registry.questions import Consent, Person, Question
from server.asking import Asking, Settled
from tools.context import AskedOf, ToolContext, ToolSpec

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class NobodyAnswers:
    """A connection of the older era whose client shows a question and hangs."""

    protocol_version = "2025-11-25"
    request_state = None
    request_id = 1

    @property
    def session(self) -> "NobodyAnswers":
        return self

    async def elicit_form(self, **_question: object) -> None:
        await anyio.sleep_forever()


def whether(_context: ToolContext, _arguments: Mapping[str, Any]) -> Question | None:
    return Consent("Carry this out?", "0123456789ab")


async def test_a_question_leaves_the_call_time_to_carry_out_what_is_agreed_to() -> None:
    async def run(asked: AskedOf, given: Mapping[str, Any], _person: Person) -> Question | None:
        return asked(None, given)  # type: ignore[arg-type] # this one looks at nothing

    call = Call(deadline=time.monotonic() + 10.2)
    asking = Asking(NobodyAnswers(), call, 40.0, run)  # type: ignore[arg-type] # all it uses

    with anyio.fail_after(5):
        settled = await asking.settle(ToolSpec(whether, "Ask", questions=(whether,)), {})  # type: ignore[arg-type] # never called

    assert Settled({}, Person(can_be_asked=True, silence="unanswered")) == settled
