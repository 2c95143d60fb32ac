"""Every tool, in the one order that clients see them."""

from __future__ import annotations

from tools import adapters, ci, datasets, deployments, evaluators
from tools.context import ToolSpec

CATALOG: tuple[ToolSpec, ...] = (
    ToolSpec(deployments.register_deployment, title="Register a deployment"),
    ToolSpec(datasets.register_dataset, title="Register a dataset"),
    ToolSpec(evaluators.register_evaluator, title="Register an evaluator", open_world=False),
    ToolSpec(adapters.list_adapters, title="List adapters", read_only=True),
    ToolSpec(adapters.deploy_adapter_from_registry, title="Roll an adapter out", destructive=True),
    ToolSpec(adapters.get_adapter_rollout, title="Follow a rollout", read_only=True),
    ToolSpec(ci.query_ci_untested, title="List untested configurations", read_only=True),
    ToolSpec(
        deployments.list_deployments, title="List deployments", read_only=True, open_world=False
    ),
    ToolSpec(deployments.get_deployment, title="Show a deployment", read_only=True),
)
"""Each belongs to a toolset; `core` is published by default."""
