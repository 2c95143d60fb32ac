"""Whether a plan may be carried out: a person's answer, a digest, or neither where none is due.

Source: design (deploy_adapter_from_registry, consent).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import NeedsConfirmation, PreconditionFailed
from registry.questions import Person

_CORE_LENGTH = 8
_LIVE_LENGTH = 4


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """What the server was told at its start.

    Attributes:
        require_confirm: Nothing live changes without the plan's digest or a person's answer.
        require_human: Nothing live changes without a person's answer to a question.
        auto_approve: Nothing is asked for, neither digest nor answer, unless one of the others
            demands it.
    """

    require_confirm: bool = False
    require_human: bool = False
    auto_approve: bool = False

    @property
    def approves(self) -> bool:
        """Whether every plan counts as agreed to."""
        return self.auto_approve and not (self.require_confirm or self.require_human)

    def asks(self, *, confirm: str) -> bool:
        """Tell whether a person is to be asked about a plan, where one can be asked."""
        return self.require_human or not (confirm or self.approves)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as it is put to whoever has to agree to it.

    Attributes:
        summary: What would be done, in a sentence.
        plan: The plan as answers show it.
        core: What is to be brought about; the first 8 hex digits of the digest.
        live: What that does to what is live now; the last 4.
        reasons: Why it has to be agreed to even where nobody can be asked.
        harmless: It changes less than any plan with the same core: an agreement to one of
            those, made before an interrupted call had done a part of it, covers this one.
        notes: What whoever agrees should know.
    """

    summary: str
    plan: Mapping[str, Any]
    core: Mapping[str, Any]
    live: Mapping[str, Any]
    reasons: tuple[str, ...] = ()
    harmless: bool = False
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """12 hex digits that stand for the plan in `confirm`."""
        return _hex(self.core, _CORE_LENGTH) + _hex(self.live, _LIVE_LENGTH)

    def is_covered_by(self, digest: str) -> bool:
        """Tell whether agreeing to that digest was agreeing to this plan."""
        if self.harmless:
            return digest[:_CORE_LENGTH] == self.digest[:_CORE_LENGTH]
        return digest == self.digest

    def details(self) -> dict[str, Any]:
        """Return what an error shows of it."""
        return {"plan": dict(self.plan), "digest": self.digest}


def check_consent(
    proposal: Proposal, *, confirm: str, policy: ConsentPolicy, person: Person
) -> None:
    """Return when the plan may be carried out.

    Args:
        confirm: The digest that the call brings; "" for none.

    Raises:
        NeedsConfirmation: somebody has to agree first; the details hold plan and digest.
        PreconditionFailed: the server demands a person's answer, and nobody can be asked.
    """
    if policy.require_human and not (person.agreed and proposal.is_covered_by(person.agreed)):
        raise _nobody_agreed(proposal, person)
    if agreed := person.agreed or confirm:
        return _check_same(proposal, agreed)
    if policy.approves:
        return None
    if person.silence:
        raise _declined(proposal, person)
    if proposal.reasons or policy.require_confirm or person.can_be_asked:
        why = ", ".join(proposal.reasons) or "the server demands it"
        raise NeedsConfirmation(
            f"the plan has to be agreed to ({why}): {proposal.summary}",
            hint=f"show the plan, then repeat the call with confirm={proposal.digest}",
            **proposal.details(),
        )
    return None


def _check_same(proposal: Proposal, digest: str) -> None:
    if not proposal.is_covered_by(digest):
        raise NeedsConfirmation(
            "the plan has changed since it was agreed to, or the digest is another plan's: "
            f"{proposal.summary}",
            hint=f"look at the plan again, then repeat the call with confirm={proposal.digest}",
            **proposal.details(),
        )


def _declined(proposal: Proposal, person: Person) -> NeedsConfirmation:
    again = f"repeat the call with confirm={proposal.digest}"
    return NeedsConfirmation(
        f"nothing was done, {person.why_silent}: {proposal.summary}",
        hint=f"some clients decline unseen: show the plan, and once it is agreed to, {again}",
        nextStep=again,
        **proposal.details(),
    )


def _nobody_agreed(proposal: Proposal, person: Person) -> NeedsConfirmation | PreconditionFailed:
    if person.can_be_asked:
        why = person.why_silent or "the plan has changed meanwhile"
        return NeedsConfirmation(
            f"nothing was done, {why}: {proposal.summary}",
            hint="repeat the call, and a person is asked again; this server takes no digest "
            "instead (--require-human)",
            **proposal.details(),
        )
    return PreconditionFailed(
        "this server changes what is live only after a person has answered its question, "
        "and through this client nobody can be asked",
        hint="use a client that can show questions (elicitation), or start the server "
        "without --require-human, and without --ask never",
        **proposal.details(),
    )


def _hex(what: Mapping[str, Any], length: int) -> str:
    canonical = json.dumps(what, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]
