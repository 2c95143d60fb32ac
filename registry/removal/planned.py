"""A removal that is planned, and the digest that holds its carrying out to the plan."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.deployments.values import shown
from registry.errors import NeedsConfirmation, PreconditionFailed
from registry.local.json_text import fingerprint
from registry.stores import JsonObject
from schemas.removal import RemovalPlan, RemoveRecordResult

_DIGEST_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Planned:
    """One removal.

    Attributes:
        record: What goes.
        rest: The file's entries without it.
    """

    plan: RemovalPlan
    record: Mapping[str, Any]
    rest: list[JsonObject]

    @property
    def digest(self) -> str:
        """What has to come back in `confirm`: it changes with plan and record.

        Raises:
            PreconditionFailed: the record is nested so deeply that no digest can be had.
        """
        try:
            whole = fingerprint([self.plan.wire(), dict(self.record)])
        except ValueError as error:
            raise PreconditionFailed(
                f"{self.plan.kind} {self.plan.name} is nested too deeply to be removed here",
                hint=f"edit {self.plan.path} by hand",
            ) from error
        return hashlib.sha256(whole).hexdigest()[:_DIGEST_LENGTH]

    def check(self, confirm: str) -> None:
        """Return when exactly this was agreed to.

        Raises:
            NeedsConfirmation: the plan's digest has to come back in `confirm`.
        """
        if confirm == self.digest:
            return
        why = "the plan has to be agreed to"
        if confirm:
            why = "the plan has changed since it was agreed to, or the digest is another plan's"
        raise NeedsConfirmation(
            f"{why}: {self.plan.kind} {self.plan.name} goes from {self.plan.path}",
            hint=f"show the plan, then repeat the call with confirm={self.digest}",
            plan=self.plan.wire(),
            digest=self.digest,
        )


Planning = Callable[[Sequence[JsonObject]], Planned]
"""Plans the removal from a file's entries as they are; raises NotFound."""


def result(planned: Planned) -> RemoveRecordResult:
    """Return the answer for a removal that was carried out."""
    plan = planned.plan
    message = f"Removed {plan.kind} {plan.name} ({plan.says}) from {plan.path}."
    if plan.stays:
        message += " What it names stays: see stays."
    return RemoveRecordResult(
        plan=plan, record=shown(planned.record), stays=plan.stays, message=message
    )
