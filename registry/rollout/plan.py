"""What a rollout would do, from fresh reads; nothing is written here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import Conflict, InvalidArgument, NotFound, PreconditionFailed
from registry.identifiers import adapter_component_name
from registry.instants import whole_seconds
from registry.project.adapter_conf import AdapterConfFile, RegistryAdapter
from registry.rollout.compatibility import adapter_model, compare_models, rank_warnings
from registry.rollout.request import RolloutRequest
from registry.rollout.target import Target, check_live
from registry.rollout.version import Weights, chosen_version, find_weights
from registry.stores import Aws, InferenceComponents
from schemas.inference_component import InferenceComponent
from schemas.model_package import ModelPackage
from schemas.rollout import RolloutPlan

_DIGEST_LENGTH = 12
_GOING = frozenset({"InService", "Creating", "Updating"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what carrying it out needs.

    Attributes:
        existing: The component that is there already and serves just these weights.
        conf: The conf's change; None without a project folder.
    """

    plan: RolloutPlan
    existing: InferenceComponent | None
    conf: AdapterConfFile | None
    warnings: tuple[str, ...]

    @property
    def digest(self) -> str:
        """12 hex digits over the plan, its conf left out.

        A conf alone changes nothing live, and one that an interrupted call has written already
        must not make the agreement void.
        """
        agreed = {key: value for key, value in self.plan.wire().items() if key != "conf"}
        canonical = json.dumps(agreed, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGEST_LENGTH]


def make_plan(
    request: RolloutRequest,
    target: Target,
    *,
    aws: Aws,
    now: Callable[[], datetime],
    call: Call,
) -> Planned:
    """Return the plan of a rollout.

    Raises:
        InvalidArgument: the version or a name is not one that can be rolled out.
        NotFound: version, endpoint or base component do not exist.
        PreconditionFailed: version, weights, endpoint or base are not fit, or model names are
            known to differ and `force` was not given; then the details hold the plan.
        Conflict: a component of that name serves other weights.
    """
    package = chosen_version(request, aws, target.project_name, call)
    adapter_name = request.adapter_name or package.metadata.get("adapterName", "")
    if not adapter_name:
        raise InvalidArgument(
            f"version {package.version} of {package.group} records no adapter name",
            hint="pass adapter_name",
        )
    ic_name = adapter_component_name(target.project_name, adapter_name)
    call.report(0, None, f"checking weights and endpoint for {ic_name}")
    weights = find_weights(package, aws.objects)
    existing = present_component(aws.components, ic_name)
    if existing is None:
        check_live(target, aws.components)
    conf = _conf(package, target, weights, adapter_name, ic_name, now)
    planned = _planned(package, target, weights, aws, existing, conf, adapter_name, ic_name)
    if existing:
        check_existing(existing, planned.plan, replace=request.replace)
    return _unless_objected(planned, target, force=request.force)


def present_component(components: InferenceComponents, ic_name: str) -> InferenceComponent | None:
    """Return the component of that name, None when there is none."""
    try:
        return components.describe(ic_name)
    except NotFound:
        return None


def serves(existing: InferenceComponent, plan: RolloutPlan) -> bool:
    """Tell whether a component is just the one that the plan wants."""
    return (
        same_weights(existing.artifact_url, plan.weights_uri)
        and existing.endpoint_name == plan.endpoint_name
        and existing.base_component == plan.base_component_name
    )


def check_existing(existing: InferenceComponent, plan: RolloutPlan, *, replace: bool) -> None:
    """Return when the component that is there is the one that is wanted, and is alive.

    Raises:
        Conflict: it serves something else; the details hold `existing` and `wanted`.
        PreconditionFailed: it is Failed or going away, or would have to be replaced.
    """
    there = existing.wire()
    if existing.status not in _GOING:
        raise PreconditionFailed(
            f"inference component {existing.name!r} is {existing.status}"
            + (f": {existing.failure_reason}" if existing.failure_reason else ""),
            hint="wait until it is gone, then repeat the call"
            if existing.status == "Deleting"
            else "delete the component and repeat the call, or use another adapter_name",
            existing=there,
            state=existing.status.lower(),
            **({"failureReason": existing.failure_reason} if existing.failure_reason else {}),
        )
    if serves(existing, plan):
        return
    wanted = {
        "artifactUrl": plan.weights_uri,
        "endpointName": plan.endpoint_name,
        "baseComponent": plan.base_component_name,
    }
    if replace:
        raise PreconditionFailed(
            f"{existing.name!r} is live with other weights, and replacing live weights is not "
            "available in this version",
            hint="use another adapter_name, or delete the component first and repeat the call",
            existing=there,
            wanted=wanted,
        )
    raise Conflict(
        f"inference component {existing.name!r} exists and serves something else",
        hint="use another adapter_name, or see get_adapter_rollout for what is there",
        existing=there,
        wanted=wanted,
    )


def _conf(
    package: ModelPackage,
    target: Target,
    weights: Weights,
    adapter_name: str,
    ic_name: str,
    now: Callable[[], datetime],
) -> AdapterConfFile | None:
    if target.folder is None:
        return None
    present = target.folder.adapter(adapter_name)
    return AdapterConfFile.plan(
        target.folder.root,
        RegistryAdapter(
            name=adapter_name,
            ic_name=ic_name,
            weights_uri=weights.uri,
            created_at=whole_seconds(now()),
            registry_arn=package.arn,
            parent_model_arn=package.metadata.get("parentModelVersionArn", ""),
            parent_model_slug=package.metadata.get("modelName", ""),
            base_conf=target.base_conf,
        ),
        present=present.conf_path if present else "",
    )


def _planned(
    package: ModelPackage,
    target: Target,
    weights: Weights,
    aws: Aws,
    existing: InferenceComponent | None,
    conf: AdapterConfFile | None,
    adapter_name: str,
    ic_name: str,
) -> Planned:
    model, differing = adapter_model(package.metadata.get("modelName", ""), weights.base_model)
    compatibility = compare_models(model, target.model_name)
    unknown = ["whether adapter and endpoint share a base model is not known"]
    warnings = [
        *weights.warnings,
        *differing,
        *(unknown if compatibility == "unknown" else []),
        *rank_warnings(weights.rank, target.max_rank),
    ]
    plan = RolloutPlan(
        action="none" if existing else "create",
        account=aws.identity.account,
        region=aws.identity.region,
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
    return Planned(plan, existing, conf, tuple(warnings))


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
    return Planned(forced, planned.existing, planned.conf, (*planned.warnings, *warnings))
