"""Roll one adapter version out to an endpoint: plan, consent, carry out, watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry.calls import Call
from registry.errors import Cancelled, RegistryError
from registry.identifiers import check_project_name
from registry.project.folder import ProjectFolder
from registry.questions import NOBODY, Choice, Consent, Person
from registry.rollout.carry_out import Carried, CarryingOut
from registry.rollout.consent import ConsentPolicy, check_consent
from registry.rollout.outcome import Outcome, watch_step
from registry.rollout.plan import Planned, Planner
from registry.rollout.request import RolloutRequest, check_wait
from registry.rollout.steps import StepLog
from registry.rollout.target import resolve_target
from registry.rollout.version import adapter_versions
from registry.rollout.watch import DEFAULT_POLL_S, rollout_state, watch
from registry.rollout.wording import consent_message, version_label
from registry.stores import Aws
from schemas.rollout import RolloutResult, RolloutState

_OFFERED = 20


@dataclass(frozen=True, slots=True)
class Rollout:
    """Rolls adapters out, given the account and the server's rules.

    Attributes:
        elsewhere: Opens the same account in another region.
        policy: What is demanded before something live changes.
        poll_s: Seconds between the first looks at a component that is being created.
    """

    aws: Aws
    elsewhere: Callable[[str], Aws]
    policy: ConsentPolicy
    now: Callable[[], datetime]
    poll_s: float = DEFAULT_POLL_S

    def version_question(
        self, request: RolloutRequest, folder: ProjectFolder | None, call: Call
    ) -> Choice | None:
        """Return the question which version is meant; None when the call says it, or none is there.

        Raises:
            RegistryError: the target is not known, or its versions cannot be listed.
        """
        if request.version_arn or request.version:
            return None
        target = resolve_target(request, folder)
        project = check_project_name(request.source_project or target.project_name)
        found = adapter_versions(self.aws, project, request.adapter_name, limit=_OFFERED, call=call)
        options = {
            version_label(one): one.arn for one in found if one.approval_status == "Approved"
        }
        if not options:
            return None
        return Choice(
            f"Which adapter version of {project} is to be rolled out to endpoint "
            f"{target.endpoint_name}?",
            "version_arn",
            options,
        )

    def consent_question(
        self, request: RolloutRequest, folder: ProjectFolder | None, call: Call
    ) -> Consent | None:
        """Return the question whether the plan is to be carried out; None where none is due.

        Raises:
            RegistryError: as `deploy`.
        """
        if request.dry_run or not self.policy.asks(confirm=request.confirm):
            return None
        if not request.version_arn and not request.version:
            return None
        planned = self._planner(request, folder).plan(call)
        if planned.plan.action == "none":
            return None
        return Consent(consent_message(planned.proposal), planned.digest)

    def deploy(
        self,
        request: RolloutRequest,
        folder: ProjectFolder | None,
        call: Call,
        person: Person = NOBODY,
    ) -> RolloutResult:
        """Roll out the version that the call names; a repeat finds what is there.

        Args:
            folder: The project that is deployed to, which gets a conf; None for a target that
                the request names.
            person: What the questions before this call came to.

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
        planner = self._planner(request, folder)
        planned = planner.plan(call, silence=person.why_silent)
        if not request.dry_run:
            planned = self._agreed(planned, planner, person, call)
        outcome = Outcome(planned, self.aws.identity, log, request, planner.target.folder)
        if request.dry_run:
            return outcome.planned_only()
        carried = CarryingOut(
            planned, self.aws.components, log, call, wait_s=wait_s, poll_s=self.poll_s
        ).run()
        if carried.going:
            return outcome.result("deleting", planned.existing)
        if carried.found and carried.found.status == "InService" and not carried.updated:
            return outcome.result("unchanged", carried.found)
        return self._watched(outcome, carried, wait_s, call)

    def _planner(self, request: RolloutRequest, folder: ProjectFolder | None) -> Planner:
        target = resolve_target(request, folder)
        return Planner(request, target, self.aws, self.elsewhere, self.now)

    def _agreed(self, planned: Planned, planner: Planner, person: Person, call: Call) -> Planned:
        """Return the plan that may be carried out.

        Whoever has to agree is shown what is live: where nobody looked yet, this does first.

        Raises:
            NeedsConfirmation, PreconditionFailed: as `check_consent`.
        """
        if planned.plan.action == "none":
            return planned
        confirm = planner.request.confirm
        given = person.agreed or confirm or self.policy.approves
        if not planned.looked and not given and self._is_due(planned, person):
            planned = planner.plan(call, look=True)
            if planned.plan.action == "none":
                return planned
        check_consent(planned.proposal, confirm=confirm, policy=self.policy, person=person)
        return planned

    def _is_due(self, planned: Planned, person: Person) -> bool:
        policy = self.policy
        demanded = policy.require_confirm or policy.require_human or person.can_be_asked
        return demanded or bool(planned.proposal.reasons)

    def _watched(
        self, outcome: Outcome, carried: Carried, wait_s: int, call: Call
    ) -> RolloutResult:
        planned, log = outcome.planned, outcome.log
        ic_name = planned.plan.ic_name
        try:
            watched = watch(
                self.aws.components,
                ic_name,
                wait_s=max(0.0, wait_s - carried.waited_s),
                poll_s=self.poll_s,
                known=carried.found,
                call=call,
                updated_to=planned.plan.weights_uri if carried.updated else "",
            )
        except Cancelled as error:
            raise Cancelled(
                f"the waiting was cancelled; inference component {ic_name!r} goes on",
                hint=watch_step(planned, outcome.folder),
                done=log.wire(),
            ) from error
        except RegistryError as error:
            error.details["done"] = log.wire()
            raise
        last = watched.component
        state: RolloutState = rollout_state(last) if last else "creating"
        if carried.updated and not watched.settled:
            state = "updating"
        if state == "in_service" and last and outcome.is_rolled_back(last):
            raise outcome.rolled_back(last)
        log.done("wait", state)
        if state == "failed" and last:
            raise outcome.failed(last)
        again = f"{ic_name} was deleted and created again; meanwhile it served nobody"
        return outcome.result(state, last, (*watched.warnings, *([again] if carried.again else [])))
