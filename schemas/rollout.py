"""Rolling an adapter out to an endpoint and taking it off: plans, carrying out, state."""

from __future__ import annotations

from typing import Literal

from schemas.base import Record, Result

RolloutState = Literal[
    "planned", "creating", "in_service", "updating", "deleting", "failed", "unchanged"
]
Compatibility = Literal["compatible", "unknown", "incompatible"]
PlanAction = Literal["create", "replace", "none"]
RemovalState = Literal["planned", "deleting", "removed"]


class RolloutPlan(Record):
    """What a rollout would do; its digest covers every field but `conf`.

    Attributes:
        action: `create` a component, `replace` what it serves, or `none` where it is there already.
        compatibility: Whether adapter and endpoint serve the same base model.
        adapter_model: The base model that the adapter was tuned on, where it is known.
        target_model: The model that the project serves, where it is known.
        rank: LoRA rank, from adapter_config.json.
        forced: Refusals that `force` overrides.
        replaces: The weights that are live now and go.
        outage: When the adapter may serve nobody for some minutes.
        conf: What happens to the adapter's conf; absent without a project folder.
    """

    action: PlanAction
    account: str
    region: str
    adapter_name: str
    ic_name: str
    endpoint_name: str
    base_component_name: str
    version_arn: str
    weights_uri: str
    compatibility: Compatibility
    adapter_model: str | None = None
    target_model: str | None = None
    rank: int | None = None
    forced: tuple[str, ...] = ()
    replaces: str | None = None
    outage: str | None = None
    conf: Literal["created", "updated", "unchanged"] | None = None


class RolloutStep(Record):
    """One thing that was done, or found done.

    Attributes:
        elapsed_seconds: How long it took.
    """

    name: Literal["conf", "component", "wait"]
    state: str
    elapsed_seconds: float


class RolloutResult(Result):
    """What a rollout would do, did, or has come to.

    Attributes:
        digest: Stands for the plan in `confirm`.
        conf_diff: The conf's change as lines of a unified difference.
        conf_path: The adapter's conf; absent without a project folder.
        log_group: Where the component's container writes, once there is one.
    """

    state: RolloutState
    adapter_name: str | None = None
    ic_name: str
    endpoint_name: str
    base_component_name: str | None = None
    version_arn: str | None = None
    weights_uri: str | None = None
    compatibility: Compatibility | None = None
    plan: RolloutPlan | None = None
    digest: str | None = None
    conf_diff: tuple[str, ...] | None = None
    conf_path: str | None = None
    failure_reason: str | None = None
    log_group: str | None = None
    elapsed_seconds: float = 0.0
    steps: tuple[RolloutStep, ...] = ()
    warnings: tuple[str, ...] = ()
    dry_run: bool | None = None


class AdapterRemovalPlan(Record):
    """What taking an adapter off its endpoint would do.

    Attributes:
        ic_name: The component that is deleted, or that is gone already.
        status: SageMaker's word for it; absent when it is gone already.
        weights_uri: What it serves.
        conf_path: The conf that is removed; absent where there is none.
        stays: Model package versions of the adapter, which stay registered.
    """

    action: Literal["remove"] = "remove"
    account: str
    region: str
    adapter_name: str
    ic_name: str
    status: str | None = None
    endpoint_name: str | None = None
    weights_uri: str | None = None
    conf_path: str | None = None
    stays: tuple[str, ...] = ()


class AdapterRemovalResult(Result):
    """What taking an adapter off its endpoint would do, or did.

    Attributes:
        state: `deleting` while the component is on its way out.
        conf_path: The conf that was removed; absent where there was none.
        stays: Model package versions of the adapter, which stay registered.
    """

    state: RemovalState
    adapter_name: str
    ic_name: str
    endpoint_name: str | None = None
    conf_path: str | None = None
    stays: tuple[str, ...] = ()
    plan: AdapterRemovalPlan
    digest: str
    elapsed_seconds: float = 0.0
    steps: tuple[RolloutStep, ...] = ()
    warnings: tuple[str, ...] = ()
    dry_run: bool | None = None
