"""Roll one adapter version out to an endpoint: plan, consent, carry out, watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.calls import Call
from registry.errors import Cancelled, NotFound, PreconditionFailed
from registry.project.folder import ProjectFolder
from registry.rollout.carry_out import StepLog, carry_out
from registry.rollout.consent import check_consent
from registry.rollout.plan import Planned, make_plan
from registry.rollout.request import ConsentPolicy, RolloutRequest, check_wait
from registry.rollout.target import Target, resolve_target
from registry.rollout.watch import log_group, rollout_state, watch
from registry.stores import Aws
from schemas.inference_component import InferenceComponent
from schemas.rollout import RolloutResult, RolloutState

DEFAULT_POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class Rollout:
    """Rolls adapters out, given the account and the server's rules.

    Attributes:
        policy: What is demanded before something live changes.
        poll_s: Seconds between the first looks at a component that is being created.
    """

    aws: Aws
    policy: ConsentPolicy
    now: Callable[[], datetime]
    poll_s: float = DEFAULT_POLL_S

    def deploy(
        self, request: RolloutRequest, folder: ProjectFolder | None, call: Call
    ) -> RolloutResult:
        """Roll out the version that the call names; a repeat finds what is there.

        Args:
            folder: The project that is deployed to, which gets a conf; None for a target that
                the request names.

        Raises:
            InvalidArgument: no version is named (`candidates`), or an argument is not usable.
            NotFound: version, endpoint or base do not exist, or the component vanished.
            PreconditionFailed: something is not fit or not approved, or the component Failed:
                then the details hold `failureReason` and `logGroup`.
            Conflict: a component of that name serves something else.
            NeedsConfirmation: the plan has to be agreed to.
            Cancelled: the caller withdrew; what was begun goes on.
        """
        wait_s = check_wait(request.wait_s)
        log = StepLog()
        call.report(0, None, "planning the rollout")
        target = resolve_target(request, folder)
        planned = make_plan(request, target, aws=self.aws, now=self.now, call=call)
        if request.dry_run:
            return self._planned(planned, target, log)
        check_consent(planned, request, self.policy)
        found = carry_out(planned, self.aws.components, log, call)
        if found and found.status == "InService":
            return self._result("unchanged", planned, target, log, found)
        return self._watched(planned, target, log, found, wait_s, call)

    def _watched(
        self,
        planned: Planned,
        target: Target,
        log: StepLog,
        found: InferenceComponent | None,
        wait_s: int,
        call: Call,
    ) -> RolloutResult:
        ic_name = planned.plan.ic_name
        try:
            watched = watch(
                self.aws.components,
                ic_name,
                wait_s=wait_s,
                poll_s=self.poll_s,
                known=found,
                call=call,
            )
        except Cancelled as error:
            raise Cancelled(
                f"the waiting was cancelled; inference component {ic_name!r} goes on",
                hint=_watch_step(planned, target),
                done=log.wire(),
            ) from error
        except NotFound as error:
            error.details["done"] = log.wire()
            raise
        last = watched.component
        state: RolloutState = rollout_state(last) if last else "creating"
        log.done("wait", state)
        if state == "failed" and last:
            raise self._failed(planned, last, log)
        return self._result(state, planned, target, log, last, watched.warnings)

    def _planned(self, planned: Planned, target: Target, log: StepLog) -> RolloutResult:
        result = self._result("planned", planned, target, log, planned.existing)
        return result.model_copy(
            update={
                "dry_run": True,
                "next_step": "repeat the call without dry_run; confirm="
                f"{planned.digest} holds it to this plan",
            }
        )

    def _result(
        self,
        state: RolloutState,
        planned: Planned,
        target: Target,
        log: StepLog,
        component: InferenceComponent | None,
        warnings: tuple[str, ...] = (),
    ) -> RolloutResult:
        plan, conf = planned.plan, planned.conf
        going = state in ("creating", "updating")
        return RolloutResult(
            message=_message(state, planned),
            next_step=_watch_step(planned, target) if going else None,
            aws=self.aws.identity,
            state=state,
            adapter_name=plan.adapter_name,
            ic_name=plan.ic_name,
            endpoint_name=plan.endpoint_name,
            base_component_name=plan.base_component_name,
            version_arn=plan.version_arn,
            weights_uri=plan.weights_uri,
            compatibility=plan.compatibility,
            plan=plan,
            digest=planned.digest,
            conf_diff=tuple(conf.preview()) if conf else None,
            conf_path=conf.relative if conf else None,
            failure_reason=component.failure_reason if component else None,
            log_group=log_group(plan.ic_name) if component or going else None,
            elapsed_seconds=log.elapsed_s,
            steps=tuple(log.steps),
            warnings=(*planned.warnings, *warnings),
        )

    def _failed(
        self, planned: Planned, component: InferenceComponent, log: StepLog
    ) -> PreconditionFailed:
        reason = component.failure_reason or "SageMaker gives no reason"
        details: dict[str, Any] = {
            "state": "failed",
            "failureReason": reason,
            "logGroup": log_group(component.name),
            "existing": component.wire(),
            "plan": planned.plan.wire(),
            "done": log.wire(),
        }
        return PreconditionFailed(
            f"inference component {component.name!r} was created and Failed: {reason}",
            hint=f"read the log group {log_group(component.name)}; delete the component "
            "before deploying the name again",
            **details,
        )


def _watch_step(planned: Planned, target: Target) -> str:
    arguments = f"ic_name={planned.plan.ic_name}, region={planned.plan.region}, wait_s=50"
    if target.folder is None:
        return f"get_adapter_rollout with {arguments}"
    return f"get_adapter_rollout with {arguments}, project_dir={target.folder.root}"


def _message(state: RolloutState, planned: Planned) -> str:
    plan = planned.plan
    where = f"{plan.ic_name} on endpoint {plan.endpoint_name}"
    if state == "planned":
        does = "create" if plan.action == "create" else "leave as it is"
        return f"plan {planned.digest}: {does} {where}, weights {plan.weights_uri}"
    if state == "unchanged":
        return f"{where} serves these weights already"
    if state == "in_service":
        return f"{where} is in service with {plan.weights_uri}"
    return f"{where} is {state}; it goes on without this call"
