"""Whether a plan may be carried out for a client that nobody can be asked through.

Source: design (deploy_adapter_from_registry, consent).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.errors import NeedsConfirmation, PreconditionFailed
from registry.rollout.plan import Planned
from registry.rollout.request import ConsentPolicy, RolloutRequest


def check_consent(planned: Planned, request: RolloutRequest, policy: ConsentPolicy) -> None:
    """Return when the plan may be carried out.

    A plan that changes nothing live needs nobody's consent. One that creates a component goes
    ahead when the call names the version, as every call that gets here does, and forces nothing.

    Raises:
        NeedsConfirmation: the plan's digest has to come back in `confirm`.
        PreconditionFailed: the server demands a person's answer.
    """
    if planned.plan.action == "none":
        return
    details: Mapping[str, Any] = {"plan": planned.plan.wire(), "digest": planned.digest}
    if policy.require_human:
        raise PreconditionFailed(
            "this server changes what is live only after a person has answered its question, "
            "and through this client nobody can be asked",
            hint="use a client that can show questions (elicitation), or start the server "
            "without --require-human",
            **details,
        )
    if request.confirm:
        _check_digest(planned, request.confirm, details)
        return
    if policy.auto_approve:
        return
    if policy.require_confirm or planned.plan.forced:
        why = "it forces " + ", ".join(planned.plan.forced) if planned.plan.forced else "policy"
        raise NeedsConfirmation(
            f"the plan for {planned.plan.ic_name!r} has to be agreed to ({why})",
            hint=f"show the plan, then repeat the call with confirm={planned.digest}",
            **details,
        )


def _check_digest(planned: Planned, confirm: str, details: Mapping[str, Any]) -> None:
    if confirm != planned.digest:
        raise NeedsConfirmation(
            "the plan has changed since it was agreed to, or the digest is another plan's",
            hint=f"look at the plan again, then repeat the call with confirm={planned.digest}",
            **details,
        )
