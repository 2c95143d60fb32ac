"""What a rollout has come to, as its caller is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.adapters import same_weights
from registry.errors import PreconditionFailed
from registry.project.folder import ProjectFolder
from registry.rollout.carry_out import restore_conf
from registry.rollout.plan import Planned
from registry.rollout.remedies import remedy
from registry.rollout.request import RolloutRequest
from registry.rollout.steps import StepLog
from registry.rollout.watch import log_group, read_logs
from schemas.base import Identity
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutResult, RolloutState


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call's plan and steps, put into words."""

    planned: Planned
    identity: Identity
    log: StepLog
    request: RolloutRequest
    folder: ProjectFolder | None

    def planned_only(self) -> RolloutResult:
        """Return the answer of a dry run."""
        again = (
            f"repeat the call without dry_run; confirm={self.planned.digest} holds it to this plan"
        )
        result = self.result("planned", self.planned.existing)
        return result.model_copy(update={"dry_run": True, "next_step": again})

    def result(
        self,
        state: RolloutState,
        component: InferenceComponent | None,
        warnings: tuple[str, ...] = (),
    ) -> RolloutResult:
        """Return the answer for a state, with the last look at the component."""
        plan, conf = self.planned.plan, self.planned.conf
        going = state in ("creating", "updating")
        return RolloutResult(
            message=_message(state, self.planned),
            next_step=self._next_step(state),
            aws=self.identity,
            state=state,
            adapter_name=plan.adapter_name,
            ic_name=plan.ic_name,
            endpoint_name=plan.endpoint_name,
            base_component_name=plan.base_component_name,
            version_arn=plan.version_arn,
            weights_uri=plan.weights_uri,
            compatibility=plan.compatibility,
            plan=plan,
            digest=self.planned.digest,
            conf_diff=tuple(conf.preview()) if conf else None,
            conf_path=conf.relative if conf else None,
            failure_reason=component.failure_reason if component else None,
            log_group=log_group(plan.ic_name) if component or going else None,
            elapsed_seconds=self.log.elapsed_s,
            steps=tuple(self.log.steps),
            warnings=(*self.planned.warnings, *warnings),
        )

    def is_rolled_back(self, component: InferenceComponent) -> bool:
        """Tell whether a component in service serves other weights than it was asked to."""
        return not same_weights(component.artifact_url, self.planned.plan.weights_uri)

    def rolled_back(self, component: InferenceComponent) -> PreconditionFailed:
        """Return the error for an update that SageMaker took back; the conf is taken back too."""
        reason = component.failure_reason or "SageMaker gives no reason"
        why = restore_conf(self.planned)
        conf = self.planned.conf
        if conf and conf.state == "unchanged":  # an interrupted call wrote it; before is not known
            why = f"{conf.relative} names the new weights: deploy the former version again"
        self.log.done("wait", "rolled_back")
        return self._error(
            component,
            f"inference component {component.name!r} was not updated and serves "
            f"{component.artifact_url} as before: {reason}",
            f"{remedy(reason)}; {read_logs(component)}" + (f"; {why}" if why else ""),
        )

    def failed(self, component: InferenceComponent) -> PreconditionFailed:
        """Return the error for a component that ended Failed."""
        reason = component.failure_reason or "SageMaker gives no reason"
        return self._error(
            component,
            f"inference component {component.name!r} Failed: {reason}",
            f"{remedy(reason)}; {read_logs(component)}; then repeat the "
            "call with replace=true, which deletes and creates the component again, or "
            "remove_adapter takes it off",
        )

    def _error(self, component: InferenceComponent, message: str, hint: str) -> PreconditionFailed:
        details: dict[str, Any] = {
            "state": "failed",
            "failureReason": component.failure_reason or "SageMaker gives no reason",
            "logGroup": log_group(component.name),
            "existing": component.wire(),
            "plan": self.planned.plan.wire(),
            "done": self.log.wire(),
        }
        return PreconditionFailed(message, hint=hint, **details)

    def _next_step(self, state: RolloutState) -> str | None:
        if state in ("creating", "updating"):
            return watch_step(self.planned, self.folder)
        if state == "deleting":
            return f"repeat the same call with confirm={self.planned.digest}: it goes on from there"
        return None


def watch_step(planned: Planned, folder: ProjectFolder | None) -> str:
    """Return the call that follows a rollout."""
    arguments = f"ic_name={planned.plan.ic_name}, region={planned.plan.region}, wait_s=50"
    if folder is None:
        return f"get_adapter_rollout with {arguments}"
    return f"get_adapter_rollout with {arguments}, project_dir={folder.root}"


def _message(state: RolloutState, planned: Planned) -> str:
    plan = planned.plan
    where = f"{plan.ic_name} on endpoint {plan.endpoint_name}"
    if state == "planned":
        outage = f"; {plan.outage}" if plan.outage else ""
        return f"plan {planned.digest}: {planned.proposal.summary}{outage}"
    if state == "unchanged":
        return f"{where} serves these weights already"
    if state == "in_service":
        return f"{where} is in service with {plan.weights_uri}"
    if state == "deleting":
        return f"{where} is being deleted, and is not created again yet"
    return f"{where} is {state}; it goes on without this call"
