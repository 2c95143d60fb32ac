"""What a rollout would do, from fresh reads; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import InvalidArgument, PreconditionFailed
from registry.identifiers import adapter_component_name
from registry.instants import whole_seconds
from registry.project.adapter_conf import AdapterConfFile, RegistryAdapter
from registry.rollout.compatibility import adapter_model, compare_models, rank_warnings
from registry.rollout.consent import Proposal
from registry.rollout.existing import action_on, existing_component
from registry.rollout.liveness import check_live
from registry.rollout.request import RolloutRequest
from registry.rollout.target import Target
from registry.rollout.version import chosen_version
from registry.rollout.weights import Weights, find_weights
from registry.stores import Aws
from schemas.inference_component import InferenceComponent
from schemas.model_package import ModelPackage
from schemas.rollout import RolloutPlan

_OUTAGE = (
    "where SageMaker does not update adapters in place, the component is deleted and created "
    "again, and serves nobody for some minutes"
)
_NOT_AGREED = frozenset({"conf", "action", "replaces", "outage"})
"""Fields that the digest's core leaves out.

A conf alone changes nothing live, and one that an interrupted call has written already must not
make the agreement void; what happens to what is live is the digest's other part.
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what carrying it out needs.

    Attributes:
        existing: The component of that name, None where there is none or nobody looked.
        conf: The conf's change; None without a project folder.
        looked: Whether anybody looked for the component.
    """

    plan: RolloutPlan
    existing: InferenceComponent | None
    conf: AdapterConfFile | None
    warnings: tuple[str, ...]
    looked: bool = True

    @property
    def proposal(self) -> Proposal:
        """The plan as it is agreed to."""
        plan, said = self.plan, self.plan.wire()
        replacing = (f"it replaces {plan.replaces}",) if plan.action == "replace" else ()
        forcing = (f"it forces {', '.join(plan.forced)}",) if plan.forced else ()
        outage = (plan.outage,) if plan.outage else ()
        return Proposal(
            summary=_summary(plan),
            plan=said,
            core={key: value for key, value in said.items() if key not in _NOT_AGREED},
            live={"action": plan.action, "replaces": plan.replaces},
            reasons=replacing + forcing,
            harmless=plan.action == "create",
            notes=(*outage, *self.warnings),
        )

    @property
    def digest(self) -> str:
        """12 hex digits that stand for the plan, its conf left out."""
        return self.proposal.digest


@dataclass(frozen=True, slots=True)
class Planner:
    """Makes the plans of one call.

    Attributes:
        elsewhere: Opens the same account in another region.
    """

    request: RolloutRequest
    target: Target
    aws: Aws
    elsewhere: Callable[[str], Aws]
    now: Callable[[], datetime]

    def plan(self, call: Call, *, look: bool = False, silence: str = "") -> Planned:
        """Return the plan of the rollout.

        Args:
            look: Look for the component first, though nothing says that there is one. Without,
                its creation tells: SageMaker refuses a name that is taken.
            silence: Why a person who was asked for the version did not choose.

        Raises:
            InvalidArgument: the version or a name is not one that can be rolled out.
            NotFound: version, endpoint or base component do not exist.
            PreconditionFailed: version, weights, endpoint or base are not fit, or model names are
                known to differ and `force` was not given; then the details hold the plan.
            Conflict: a component of that name serves other weights.
        """
        request, target = self.request, self.target
        if request.adapter_name:
            adapter_component_name(target.project_name, request.adapter_name)
        package = chosen_version(
            request, self.aws, self.elsewhere, target.project_name, call, silence=silence
        )
        adapter_name = request.adapter_name or package.metadata.get("adapterName", "")
        if not adapter_name:
            raise InvalidArgument(
                f"version {package.version} of {package.group} records no adapter name",
                hint="pass adapter_name",
            )
        ic_name = adapter_component_name(target.project_name, adapter_name)
        call.report(0, None, f"checking weights and endpoint for {ic_name}")
        weights = find_weights(package, self.aws)
        looks = look or request.replace or request.dry_run or target.was_rolled_out(adapter_name)
        existing = existing_component(self.aws.components, ic_name) if looks else None
        if existing is None or existing.status in ("Failed", "Deleting"):
            check_live(target, self.aws.components)
        conf = self._conf(package, weights, adapter_name, ic_name)
        plan, warnings = self._described(package, weights, conf, adapter_name, ic_name)
        if existing:
            plan = _with_action(plan, existing, replace=request.replace)
        planned = Planned(plan, existing, conf, warnings, looked=looks)
        return _unless_objected(planned, target, force=request.force)

    def _conf(
        self, package: ModelPackage, weights: Weights, adapter_name: str, ic_name: str
    ) -> AdapterConfFile | None:
        folder = self.target.folder
        if folder is None:
            return None
        present = folder.adapter(adapter_name)
        known = (
            present.technique if present and same_weights(present.weights_uri, weights.uri) else ""
        )
        return AdapterConfFile.plan(
            folder.root,
            RegistryAdapter(
                name=adapter_name,
                ic_name=ic_name,
                weights_uri=weights.uri,
                created_at=whole_seconds(self.now()),
                registry_arn=package.arn,
                parent_model_arn=package.metadata.get("parentModelVersionArn", ""),
                parent_model_slug=package.metadata.get("modelName", ""),
                technique=package.metadata.get("tuneTechnique", known),
                base_conf=self.target.base_conf,
            ),
            present=present.conf_path if present else "",
        )

    def _described(
        self,
        package: ModelPackage,
        weights: Weights,
        conf: AdapterConfFile | None,
        adapter_name: str,
        ic_name: str,
    ) -> tuple[RolloutPlan, tuple[str, ...]]:
        """Return the plan to create the component, and what should be known about it."""
        target = self.target
        model, differing = adapter_model(package.metadata.get("modelName", ""), weights.base_model)
        compatibility = compare_models(model, target.model_name)
        unknown = ["whether adapter and endpoint share a base model is not known"]
        warnings = (
            *weights.warnings,
            *differing,
            *(unknown if compatibility == "unknown" else []),
            *rank_warnings(weights.rank, target.max_rank),
        )
        plan = RolloutPlan(
            action="create",
            account=self.aws.identity.account,
            region=self.aws.identity.region,
            adapter_name=adapter_name,
            ic_name=ic_name,
            endpoint_name=target.endpoint_name,
            base_component_name=target.base_component,
            version_arn=package.arn,
            weights_uri=weights.uri,
            compatibility=compatibility,
            adapter_model=model or None,
            target_model=target.model_name or None,
            rank=weights.rank,
            conf=conf.state if conf else None,
        )
        return plan, warnings


def _with_action(plan: RolloutPlan, existing: InferenceComponent, *, replace: bool) -> RolloutPlan:
    """Return the plan for a name that is taken. Raises as `action_on`."""
    action = action_on(existing, plan, replace=replace)
    if action == "none":
        return plan.model_copy(update={"action": action})
    outage = _OUTAGE if existing.status == "InService" else None
    replaces = existing.artifact_url or "a component without weights"
    return plan.model_copy(update={"action": action, "replaces": replaces, "outage": outage})


def _unless_objected(planned: Planned, target: Target, *, force: bool) -> Planned:
    """Return the plan, with what is forced named in it.

    Raises:
        PreconditionFailed: something speaks against it and `force` was not given.
    """
    plan = planned.plan
    objections = list(target.objections)
    if plan.compatibility == "incompatible":
        reason = f"the adapter is for {plan.adapter_model}, the project serves {plan.target_model}"
        objections.append(("compatibility", reason))
    if not objections or plan.action == "none":
        return planned
    if not force:
        raise PreconditionFailed(
            "; ".join(reason for _, reason in objections),
            hint="choose another version or project; force=true goes on all the same",
            plan=plan.wire(),
            digest=planned.digest,
        )
    forced = plan.model_copy(update={"forced": tuple(name for name, _ in objections)})
    warnings = tuple(f"forced: {reason}" for _, reason in objections)
    return Planned(
        forced, planned.existing, planned.conf, (*planned.warnings, *warnings), planned.looked
    )


def _summary(plan: RolloutPlan) -> str:
    does = {"create": "create", "replace": "replace the weights of", "none": "leave as it is"}
    return (
        f"{does[plan.action]} {plan.ic_name} on endpoint {plan.endpoint_name} "
        f"({plan.region}, account {plan.account}), weights {plan.weights_uri}"
    )
