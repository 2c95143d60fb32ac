"""Taking an adapter off its endpoint: plan, consent, deletion, and the conf last."""

from __future__ import annotations

from dataclasses import dataclass

from registry.calls import Call
from registry.errors import Cancelled, NotFound, PreconditionFailed, RegistryError
from registry.project.adapter_conf import ConfRemoval
from registry.project.folder import ProjectFolder
from registry.questions import NOBODY, Consent, Person
from registry.rollout.consent import ConsentPolicy, Proposal, check_consent
from registry.rollout.existing import existing_component
from registry.rollout.naming import ADAPTER_MARK, RolloutName, known_adapters
from registry.rollout.request import RemovalRequest, check_wait
from registry.rollout.steps import StepLog
from registry.rollout.version import named_versions
from registry.rollout.watch import DEFAULT_POLL_S, watch_gone
from registry.rollout.wording import consent_message
from registry.stores import Aws
from schemas.inference_component import InferenceComponent
from schemas.rollout import AdapterRemovalPlan, AdapterRemovalResult, RemovalState

_STEPS = 3.0


@dataclass(frozen=True, slots=True)
class PlannedRemoval:
    """A plan and what carrying it out needs.

    Attributes:
        component: None when it is gone already.
        conf: None when there is none.
    """

    plan: AdapterRemovalPlan
    component: InferenceComponent | None
    conf: ConfRemoval | None

    @property
    def proposal(self) -> Proposal:
        """The plan as it is agreed to; it stays agreed to once the component is on its way out."""
        plan = self.plan
        what = f"take {plan.ic_name} off endpoint {plan.endpoint_name}"
        if self.component is None:
            what = f"remove {plan.conf_path} of {plan.ic_name}, which is gone already"
        stays = f", registered versions stay: {', '.join(plan.stays)}" if plan.stays else ""
        return Proposal(
            summary=f"{what} ({plan.region}, account {plan.account}){stays}",
            plan=plan.wire(),
            core={
                "account": plan.account,
                "region": plan.region,
                "adapter": plan.adapter_name,
                "component": plan.ic_name,
            },
            live={"endpoint": plan.endpoint_name, "weights": plan.weights_uri},
            reasons=("it removes what may be live",),
            harmless=self.component is None or self.component.status == "Deleting",
        )


@dataclass(frozen=True, slots=True)
class Removal:
    """Takes adapters off endpoints, given the account and the server's rules."""

    aws: Aws
    policy: ConsentPolicy
    poll_s: float = DEFAULT_POLL_S

    def consent_question(
        self, request: RemovalRequest, folder: ProjectFolder | None, call: Call
    ) -> Consent | None:
        """Return the question whether the plan is to be carried out; None where none is due."""
        if request.dry_run or not self.policy.asks(confirm=request.confirm):
            return None
        proposal = self._planned(request, folder, call).proposal
        return Consent(consent_message(proposal), proposal.digest)

    def remove(
        self,
        request: RemovalRequest,
        folder: ProjectFolder | None,
        call: Call,
        person: Person = NOBODY,
    ) -> AdapterRemovalResult:
        """Delete an adapter's component and remove its conf; what is gone already is fine.

        Raises:
            InvalidArgument: the adapter is not named, or a name is not allowed.
            NotFound: neither component nor conf is there; `candidates` are the known adapters.
            PreconditionFailed: the component is no adapter, or a person's answer is demanded.
            NeedsConfirmation: the plan has to be agreed to.
            RegistryError: SageMaker refused; the conf is as it was.
        """
        wait_s = check_wait(request.wait_s)
        log = StepLog()
        planned = self._planned(request, folder, call)
        if request.dry_run:
            return self._result(planned, "planned", log)
        check_consent(planned.proposal, confirm=request.confirm, policy=self.policy, person=person)
        call.check("deleting anything")
        if planned.component:
            call.report(0, _STEPS, f"deleting inference component {planned.plan.ic_name}")
            asked = self.aws.components.delete(planned.plan.ic_name)
            log.done("component", "deleting" if asked else "gone")
        warnings = _remove_conf(planned, log)
        gone = self._gone(planned, log, wait_s, call)
        return self._result(planned, "removed" if gone else "deleting", log, warnings)

    def _planned(
        self, request: RemovalRequest, folder: ProjectFolder | None, call: Call
    ) -> PlannedRemoval:
        name = RolloutName.of(
            ic_name=request.ic_name,
            adapter_name=request.adapter_name,
            project_name=request.project_name,
            folder=folder,
        )
        call.report(0, None, f"looking for {name.ic_name}")
        component = existing_component(self.aws.components, name.ic_name)
        conf = ConfRemoval.plan(folder.root, name.conf.conf_path) if folder and name.conf else None
        if component is None and conf is None:
            raise self._unknown(name, folder, call)
        if component and not component.base_component:
            raise PreconditionFailed(
                f"{component.name!r} is no adapter but a base component",
                hint="this tool takes adapters off only",
                existing=component.wire(),
            )
        adapter = request.adapter_name or (name.conf.name if name.conf else "")
        plan = AdapterRemovalPlan(
            account=self.aws.identity.account,
            region=self.aws.identity.region,
            adapter_name=adapter or name.ic_name.partition(ADAPTER_MARK)[2] or name.ic_name,
            ic_name=name.ic_name,
            status=component.status if component else None,
            endpoint_name=component.endpoint_name if component else None,
            weights_uri=component.artifact_url if component else None,
            conf_path=conf.relative if conf else None,
            stays=self._versions(name, adapter, call),
        )
        return PlannedRemoval(plan, component, conf)

    def _versions(self, name: RolloutName, adapter: str, call: Call) -> tuple[str, ...]:
        """Return the adapter's registered versions, none when they cannot be had."""
        if name.conf and name.conf.registry_arn:
            return (name.conf.registry_arn,)
        if not name.project_name or not adapter:
            return ()
        try:
            return named_versions(self.aws, name.project_name, adapter, call)
        except RegistryError:  # they stay whether or not they can be named
            return ()

    def _gone(self, planned: PlannedRemoval, log: StepLog, wait_s: int, call: Call) -> bool:
        if planned.component is None:
            return True
        ic_name = planned.plan.ic_name
        try:
            gone = watch_gone(
                self.aws.components, ic_name, wait_s=wait_s, poll_s=self.poll_s, call=call
            )
        except Cancelled as error:
            raise Cancelled(
                f"the waiting was cancelled; {ic_name!r} is being deleted",
                hint="get_adapter_rollout tells when it is gone",
                done=log.wire(),
            ) from error
        except RegistryError as error:
            error.details["done"] = log.wire()
            raise
        log.done("wait", "gone" if gone else "deleting")
        return gone

    def _unknown(self, name: RolloutName, folder: ProjectFolder | None, call: Call) -> NotFound:
        live = known_adapters(name.project_name, self.aws.components, call)
        confs = [one.ic_name or one.name for one in folder.adapters] if folder else []
        known = sorted({*live, *confs})
        return NotFound(
            f"there is no adapter {name.ic_name!r}, neither live nor as a conf",
            hint=f"known: {', '.join(known)}" if known else "the project has no adapters",
            candidates=known,
        )

    def _result(
        self,
        planned: PlannedRemoval,
        state: RemovalState,
        log: StepLog,
        warnings: tuple[str, ...] = (),
    ) -> AdapterRemovalResult:
        plan, more = planned.plan, _MORE[state]
        return AdapterRemovalResult(
            message=_message(state, plan),
            next_step=more.format(ic_name=plan.ic_name, digest=planned.proposal.digest) or None,
            aws=self.aws.identity,
            state=state,
            adapter_name=plan.adapter_name,
            ic_name=plan.ic_name,
            endpoint_name=plan.endpoint_name,
            conf_path=plan.conf_path,
            stays=plan.stays,
            plan=plan,
            digest=planned.proposal.digest,
            elapsed_seconds=log.elapsed_s,
            steps=tuple(log.steps),
            warnings=warnings,
            dry_run=True if state == "planned" else None,
        )


_MORE: dict[RemovalState, str] = {
    "planned": "repeat the call without dry_run and with confirm={digest}",
    "deleting": "get_adapter_rollout with ic_name={ic_name}, wait_s=50 tells when it is gone",
    "removed": "",
}


def _remove_conf(planned: PlannedRemoval, log: StepLog) -> tuple[str, ...]:
    """Remove the conf; return a warning where it stays: the component is on its way out anyway."""
    if planned.conf is None:
        return ()
    try:
        removed = planned.conf.remove()
    except RegistryError as error:
        removed, why = False, error.message
    else:
        why = f"{planned.conf.relative} was changed meanwhile and stays"
    log.done("conf", "removed" if removed else "kept")
    return () if removed else (why,)


def _message(state: RemovalState, plan: AdapterRemovalPlan) -> str:
    where = f"{plan.ic_name} on endpoint {plan.endpoint_name}"
    stays = f"; registered versions stay: {', '.join(plan.stays)}" if plan.stays else ""
    if state == "planned":
        return f"would remove {where if plan.endpoint_name else plan.ic_name}{stays}"
    if plan.endpoint_name is None:
        return f"{plan.ic_name} was gone already; {plan.conf_path} is removed{stays}"
    if state == "deleting":
        return f"{where} is being deleted; it goes on without this call{stays}"
    return f"{where} is removed{stays}"
