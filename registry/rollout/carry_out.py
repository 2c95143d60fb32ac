"""Carrying a plan out: the conf, then the component; nothing half when it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import (
    Cancelled,
    CredentialsFailed,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RegistryError,
)
from registry.rollout.existing import action_on
from registry.rollout.liveness import check_endpoint
from registry.rollout.plan import Planned
from registry.rollout.steps import StepLog
from registry.rollout.watch import watch_gone
from registry.stores import InferenceComponents
from schemas.inference_component import InferenceComponent

_NOTHING_DONE = (PermissionDenied, CredentialsFailed)
"""Refusals after which nothing has changed for certain; others may have lost the answer."""

_REFUSED = (InvalidArgument, NotFound, PreconditionFailed)
"""Refusals of the request itself, unless they are the repeat of one that was carried out."""

_STEPS = 3.0


@dataclass(frozen=True, slots=True)
class Carried:
    """What carrying a plan out came to.

    Attributes:
        found: The component where it was there already, None when it was asked for now.
        updated: It was asked to serve other weights.
        again: It was deleted, and created again.
        going: The former component is still on its way out; nothing was created yet.
        waited_s: Seconds spent waiting for that.
    """

    found: InferenceComponent | None = None
    updated: bool = False
    again: bool = False
    going: bool = False
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CarryingOut:
    """Carries one plan out.

    Attributes:
        wait_s: Seconds to wait for a former component to be gone.
        poll_s: Seconds between the first looks at it.
    """

    planned: Planned
    components: InferenceComponents
    log: StepLog
    call: Call
    wait_s: float
    poll_s: float

    def run(self) -> Carried:
        """Write the conf, then create the component, replace its weights, or find it.

        Raises:
            Conflict: a component of that name appeared meanwhile, or the conf was changed.
            RegistryError: SageMaker refused; the conf is as it was, unless nobody can tell
                whether the request was carried out: then the message says so.
        """
        planned, plan = self.planned, self.planned.plan
        self.call.check("writing anything")
        if planned.conf:
            self.call.report(0, _STEPS, f"{planned.conf.state} {planned.conf.relative}")
            planned.conf.write()
            self.log.done("conf", planned.conf.state)
        if plan.action == "none":
            self.log.done("component", "found")
            return Carried(found=planned.existing)
        if plan.action == "create" or planned.existing is None:
            return self._create()
        if planned.existing.status == "InService":
            updated = self._update()
            if updated:
                return updated
        return self._create_again(planned.existing)

    def _create(self) -> Carried:
        plan = self.planned.plan
        self.call.report(1, _STEPS, f"creating inference component {plan.ic_name}")
        try:
            self.components.create_adapter(
                name=plan.ic_name,
                endpoint_name=plan.endpoint_name,
                base_component=plan.base_component_name,
                artifact_url=plan.weights_uri,
            )
        except _NOTHING_DONE as error:
            raise self._put_back(error) from error
        except RegistryError as error:
            return Carried(found=self._reconciled(error))
        self.log.done("component", "created")
        return Carried()

    def _update(self) -> Carried | None:
        """Ask for other weights; None where SageMaker does not update components like this."""
        plan = self.planned.plan
        self.call.report(1, _STEPS, f"updating inference component {plan.ic_name}")
        try:
            asked = self.components.update_adapter(
                name=plan.ic_name,
                base_component=plan.base_component_name,
                artifact_url=plan.weights_uri,
            )
        except _NOTHING_DONE as error:
            raise self._put_back(error) from error
        except RegistryError as error:
            found = self._updated_after_all(error)
            self.log.done("component", "found")
            return Carried(found=found, updated=True)
        if not asked:
            return None
        self.log.done("component", "updated")
        return Carried(updated=True)

    def _create_again(self, existing: InferenceComponent) -> Carried:
        """Delete what is there, wait until it is gone, create; a repeat goes on with it."""
        name = existing.name
        self.call.report(1, _STEPS, f"deleting inference component {name}")
        if existing.status != "Deleting":
            self._delete(name)
        self.log.done("component", "deleting")
        before = self.log.elapsed_s
        if not self._is_gone(name):
            return Carried(going=True)
        self.log.done("component", "deleted")
        try:
            created = self._create()
        except RegistryError as error:
            raise type(error)(
                f"{name} is deleted and not created again: {error.message}",
                hint=f"{error.hint or 'see what refused it'}; then repeat the same call",
                **{"done": self.log.wire(), **error.details},
            ) from error
        return Carried(found=created.found, again=True, waited_s=self.log.elapsed_s - before)

    def _delete(self, name: str) -> None:
        try:
            self.components.delete(name)
        except (*_NOTHING_DONE, *_REFUSED) as error:
            raise self._put_back(error) from error
        except RegistryError as error:
            raise self._unknown(error, "deleted") from error

    def _is_gone(self, name: str) -> bool:
        """Wait for a deletion to be done. Raises Cancelled when the caller withdraws."""
        try:
            return watch_gone(
                self.components, name, wait_s=self.wait_s, poll_s=self.poll_s, call=self.call
            )
        except Cancelled as error:
            raise Cancelled(
                f"the waiting was cancelled; inference component {name!r} is being deleted and "
                "was not created again yet",
                hint="repeat the same call: it goes on from there",
                done=self.log.wire(),
            ) from error
        except RegistryError as error:
            error.details["done"] = self.log.wire()
            raise

    def _reconciled(self, refusal: RegistryError) -> InferenceComponent:
        """Return the component that has the name, though creating it was refused or not answered.

        Raises:
            Conflict: it serves something else.
            PreconditionFailed: it is Failed, or going away.
            RegistryError: there is none, or nobody can tell.
        """
        try:
            found = self.components.describe(self.planned.plan.ic_name)
        except NotFound:
            raise self._put_back(self._explained(refusal)) from refusal
        except RegistryError as error:
            if isinstance(refusal, _REFUSED):
                raise self._put_back(refusal) from error
            raise self._unknown(refusal, "created") from error
        try:
            action_on(found, self.planned.plan, replace=False)
        except RegistryError as error:
            raise self._put_back(error) from refusal
        self.log.done("component", "found")
        return found

    def _explained(self, refusal: RegistryError) -> RegistryError:
        """Return why a creation was refused: SageMaker refuses them while an endpoint changes."""
        if isinstance(refusal, _REFUSED):
            try:
                check_endpoint(self.planned.plan.endpoint_name, self.components)
            except PreconditionFailed as error:
                return error
            except RegistryError:  # nothing can be told of it, and the refusal says enough
                return refusal
        return refusal

    def _updated_after_all(self, refusal: RegistryError) -> InferenceComponent:
        """Return the component that our request changed, though nobody answered it.

        Raises:
            RegistryError: it was not changed, or nobody can tell.
        """
        plan = self.planned.plan
        try:
            found = self.components.describe(plan.ic_name)
        except NotFound:
            raise self._put_back(refusal) from refusal
        except RegistryError as error:
            raise self._unknown(refusal, "updated") from error
        if same_weights(found.artifact_url, plan.weights_uri):
            return found
        if found.status != "Updating":
            raise self._put_back(refusal) from refusal
        if isinstance(refusal, _REFUSED):  # ours, whose answer was lost, or somebody else's
            raise self._unknown(refusal, "updated") from refusal
        return found

    def _put_back(self, refusal: RegistryError) -> RegistryError:
        """Restore the conf and return the refusal, which says so where it could not be restored."""
        why = restore_conf(self.planned)
        if why and self.planned.conf:
            conf = self.planned.conf
            refusal.hint = f"{refusal.hint}; {why}" if refusal.hint else why
            refusal.details["done"] = {"confPath": conf.relative, "conf": conf.state}
        return refusal

    def _unknown(self, refusal: RegistryError, what: str) -> RegistryError:
        conf = self.planned.conf
        done = {"done": {"confPath": conf.relative, "conf": conf.state}} if conf else {}
        return type(refusal)(
            f"it is not known whether inference component {self.planned.plan.ic_name!r} was "
            f"{what}: {refusal.message}",
            hint="repeat the same call: it finds out and goes on",
            **(refusal.details | done),
        )


def restore_conf(planned: Planned) -> str:
    """Put the conf back as it was before the plan; return why it could not be, "" when it was."""
    conf = planned.conf
    if conf is None:
        return ""
    try:
        restored = conf.put_back()
    except RegistryError as error:
        return error.message
    return "" if restored else f"{conf.relative} was changed by somebody else meanwhile and stays"
