"""How long a person has, in the era in which the call waits."""

import time
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from mcp.types import ElicitResult

from registry.calls import Call
from registry.questions import Choice, Consent, Person, Question
from server.asking import Asking, Settled
from tools.context import AskedOf, ToolContext, ToolSpec

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class SlowPerson:
    """A connection of the older era: a person takes their time to choose, and then goes away.

    Attributes:
        had_s: Seconds that each question was open for at most.
    """

    protocol_version = "2025-11-25"
    request_state = None
    request_id = 1

    def __init__(self, choosing_s: float = 0.0) -> None:
        self.had_s: list[float] = []
        self._choosing_s = choosing_s

    @property
    def session(self) -> "SlowPerson":
        return self

    async def elicit_form(self, *, requested_schema: dict[str, Any], **_more: object) -> Any:
        self.had_s.append(anyio.current_effective_deadline() - anyio.current_time())
        if "which" not in requested_schema["properties"]:
            raise TimeoutError
        await anyio.sleep(self._choosing_s)
        return ElicitResult(action="accept", content={"which": "one"})


def which(_context: ToolContext, _arguments: Mapping[str, Any]) -> Question | None:
    return Choice("Which one?", "which", {"one": "1"})


def whether(_context: ToolContext, _arguments: Mapping[str, Any]) -> Question | None:
    return Consent("Carry this out?", "0123456789ab")


async def settle(person: SlowPerson, left_s: float, *questions: AskedOf) -> Any:
    async def run(asked: AskedOf, given: Mapping[str, Any], _person: Person) -> Question | None:
        return asked(None, given)  # type: ignore[arg-type] # these look at nothing

    call = Call(deadline=time.monotonic() + left_s)
    asking = Asking(person, call, 40.0, run)  # type: ignore[arg-type] # it has all that is used
    spec = ToolSpec(whether, "Ask", questions=questions)  # type: ignore[arg-type] # not called
    with pytest.raises(TimeoutError):
        await asking.settle(spec, {})


async def test_the_questions_of_a_call_share_the_persons_time() -> None:
    person = SlowPerson(choosing_s=0.2)
    await settle(person, 55, which, whether)

    first, second = person.had_s
    assert 39 < first <= 40
    assert second <= 40 - 0.2


async def test_a_question_leaves_the_call_time_to_carry_out_what_is_agreed_to() -> None:
    person = SlowPerson()
    await settle(person, 30, whether)

    assert person.had_s[0] <= 20


async def test_a_question_that_has_no_time_left_is_unanswered() -> None:
    class Hangs(SlowPerson):
        async def elicit_form(self, **_question: object) -> Any:
            await anyio.sleep_forever()

    async def run(asked: AskedOf, given: Mapping[str, Any], _person: Person) -> Question | None:
        return asked(None, given)  # type: ignore[arg-type] # it looks at nothing

    call = Call(deadline=time.monotonic() + 10.1)
    asking = Asking(Hangs(), call, 40.0, run)  # type: ignore[arg-type] # it has all that is used
    spec = ToolSpec(whether, "Ask", questions=(whether,))  # type: ignore[arg-type] # not called

    with anyio.fail_after(5):
        settled = await asking.settle(spec, {})

    assert Settled({}, Person(can_be_asked=True, silence="unanswered")) == settled
