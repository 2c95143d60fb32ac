"""Who has to agree to a plan, and how: the design's rule, case by case."""

from dataclasses import replace

import pytest

from registry.errors import NeedsConfirmation, PreconditionFailed, RegistryError
from registry.questions import NOBODY, Person
from registry.rollout.consent import ConsentPolicy, Proposal, check_consent

PLAIN = Proposal("create it", {"p": 1}, core={"p": 1}, live={"action": "create"}, harmless=True)
REPLACING = replace(
    PLAIN, live={"action": "replace"}, reasons=("it replaces s3://old",), harmless=False
)
DEFAULT = ConsentPolicy()
CONFIRM = ConsentPolicy(require_confirm=True)
HUMAN = ConsentPolicy(require_human=True)
APPROVE = ConsentPolicy(auto_approve=True)

ASKED = Person(can_be_asked=True)
DECLINED = replace(ASKED, silence="declined")
SILENT = replace(ASKED, silence="unanswered")

GO = "goes ahead"
NEEDS, FAILED = "needs_confirmation", "precondition_failed"


def agreed(proposal: Proposal) -> Person:
    return replace(ASKED, agreed=proposal.digest)


def outcome(proposal: Proposal, confirm: str, policy: ConsentPolicy, person: Person) -> str:
    try:
        check_consent(proposal, confirm=confirm, policy=policy, person=person)
    except RegistryError as error:
        assert proposal.digest == error.details["digest"]
        assert proposal.plan == error.details["plan"]
        assert error.hint
        return error.code
    return GO


@pytest.mark.parametrize("proposal", [PLAIN, REPLACING], ids=["plain", "replacing"])
@pytest.mark.parametrize(
    ("policy", "person", "without", "with_digest"),
    [
        pytest.param(DEFAULT, NOBODY, "by plan", GO, id="nobody can be asked"),
        pytest.param(DEFAULT, ASKED, NEEDS, GO, id="somebody could have been asked"),
        pytest.param(DEFAULT, DECLINED, NEEDS, GO, id="declined"),
        pytest.param(DEFAULT, SILENT, NEEDS, GO, id="no answer"),
        pytest.param(DEFAULT, "agreed", GO, GO, id="agreed"),
        pytest.param(CONFIRM, NOBODY, NEEDS, GO, id="confirm: nobody"),
        pytest.param(CONFIRM, DECLINED, NEEDS, GO, id="confirm: declined"),
        pytest.param(CONFIRM, "agreed", GO, GO, id="confirm: agreed"),
        pytest.param(HUMAN, NOBODY, FAILED, FAILED, id="human: nobody"),
        pytest.param(HUMAN, DECLINED, NEEDS, NEEDS, id="human: declined"),
        pytest.param(HUMAN, SILENT, NEEDS, NEEDS, id="human: no answer"),
        pytest.param(HUMAN, "agreed", GO, GO, id="human: agreed"),
        pytest.param(APPROVE, NOBODY, GO, GO, id="approve: nobody"),
        pytest.param(APPROVE, ASKED, GO, GO, id="approve: not asked"),
        pytest.param(
            replace(CONFIRM, auto_approve=True), NOBODY, NEEDS, GO, id="confirm beats approve"
        ),
        pytest.param(
            replace(HUMAN, auto_approve=True), NOBODY, FAILED, FAILED, id="human beats approve"
        ),
        pytest.param(
            replace(HUMAN, require_confirm=True), DECLINED, NEEDS, NEEDS, id="human beats confirm"
        ),
    ],
)
def test_a_plan_goes_ahead_only_as_the_design_has_it(
    proposal: Proposal,
    policy: ConsentPolicy,
    person: Person | str,
    without: str,
    with_digest: str,
) -> None:
    somebody = agreed(proposal) if isinstance(person, str) else person
    if without == "by plan":
        without = NEEDS if proposal.reasons else GO

    found = [outcome(proposal, each, policy, somebody) for each in ("", proposal.digest)]

    assert [without, with_digest] == found


@pytest.mark.parametrize("policy", [DEFAULT, CONFIRM, APPROVE, HUMAN])
@pytest.mark.parametrize("way", ["answer", "digest"])
def test_agreeing_to_another_plan_is_no_agreement(policy: ConsentPolicy, way: str) -> None:
    other = replace(REPLACING, core={"p": 2})
    person = agreed(other) if way == "answer" else NOBODY
    confirm = other.digest if way == "digest" else ""

    assert GO != outcome(REPLACING, confirm, policy, person)


def test_agreeing_to_a_replacement_covers_what_an_interruption_left_of_it() -> None:
    """Once the old component is deleted, creating the new one is what was agreed to."""
    assert GO == outcome(PLAIN, REPLACING.digest, CONFIRM, NOBODY)


def test_agreeing_to_a_creation_covers_no_replacement() -> None:
    assert NEEDS == outcome(REPLACING, PLAIN.digest, DEFAULT, NOBODY)


@pytest.mark.parametrize(
    ("person", "said"),
    [(DECLINED, "declined, or the client did not show it"), (SILENT, "not answered in time")],
)
def test_what_became_of_the_question_is_said_and_the_next_step_names_the_digest(
    person: Person, said: str
) -> None:
    with pytest.raises(NeedsConfirmation, match=said) as told:
        check_consent(PLAIN, confirm="", policy=DEFAULT, person=person)

    assert f"repeat the call with confirm={PLAIN.digest}" == told.value.details["nextStep"]


def test_where_a_person_is_demanded_no_hint_offers_the_digest() -> None:
    changed = agreed(replace(PLAIN, core={"p": 2}))
    with pytest.raises(NeedsConfirmation, match="has changed") as asked:
        check_consent(PLAIN, confirm="", policy=HUMAN, person=changed)
    with pytest.raises(PreconditionFailed) as nobody:
        check_consent(PLAIN, confirm="", policy=HUMAN, person=NOBODY)

    assert "confirm=" not in asked.value.hint + nobody.value.hint
    assert "nextStep" not in {**asked.value.details, **nobody.value.details}
