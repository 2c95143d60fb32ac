"""Every tool, in the one order that clients see them."""

from __future__ import annotations

from tools import datasets, deployments
from tools.context import ToolSpec

CATALOG: tuple[ToolSpec, ...] = (
    ToolSpec(deployments.register_deployment, title="Register a deployment"),
    ToolSpec(datasets.register_dataset, title="Register a dataset"),
    ToolSpec(datasets.register_evaluator, title="Register an evaluator"),
    ToolSpec(
        deployments.list_deployments, title="List deployments", read_only=True, open_world=False
    ),
    ToolSpec(deployments.get_deployment, title="Show one deployment", read_only=True),
)
"""`core` is published by default; the rest by `--toolsets`."""
