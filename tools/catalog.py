"""Every tool, in the one order that clients see them."""

from __future__ import annotations

from tools import adapters, audit, ci, datasets, deployments, evaluators, exchange, models, records
from tools.context import ToolSpec

CATALOG: tuple[ToolSpec, ...] = (
    ToolSpec(deployments.register_deployment, title="Register a deployment"),
    ToolSpec(datasets.register_dataset, title="Register a dataset"),
    ToolSpec(evaluators.register_evaluator, title="Register an evaluator"),
    ToolSpec(adapters.list_adapters, title="List adapters", read_only=True),
    ToolSpec(
        adapters.deploy_adapter_from_registry,
        title="Roll an adapter out",
        destructive=True,
        questions=(adapters.which_version, adapters.rollout_consent),
    ),
    ToolSpec(adapters.get_adapter_rollout, title="Follow a rollout", read_only=True),
    ToolSpec(ci.query_ci_untested, title="List untested configurations", read_only=True),
    ToolSpec(
        deployments.list_deployments, title="List deployments", read_only=True, open_world=False
    ),
    ToolSpec(deployments.get_deployment, title="Show a deployment", read_only=True),
    ToolSpec(
        exchange.compare_deployments,
        title="Compare deployments",
        toolset="registry",
        read_only=True,
        open_world=False,
    ),
    ToolSpec(
        audit.audit_deployments, title="Audit deployments", toolset="registry", read_only=True
    ),
    ToolSpec(datasets.list_datasets, title="List datasets", toolset="registry", read_only=True),
    ToolSpec(
        evaluators.list_evaluators, title="List evaluators", toolset="registry", read_only=True
    ),
    ToolSpec(
        exchange.export_deployments,
        title="Export deployments",
        toolset="registry",
        read_only=True,
        open_world=False,
    ),
    ToolSpec(
        exchange.import_deployments,
        title="Import deployments",
        toolset="registry",
        destructive=True,
        open_world=False,
    ),
    ToolSpec(
        records.remove_record,
        title="Remove a record",
        toolset="registry",
        destructive=True,
        open_world=False,
    ),
    ToolSpec(
        adapters.remove_adapter,
        title="Take an adapter off",
        toolset="adapters",
        destructive=True,
        questions=(adapters.removal_consent,),
    ),
    ToolSpec(models.list_models, title="List base models", toolset="adapters", read_only=True),
    ToolSpec(ci.claim_ci_untested, title="Claim configurations", toolset="ci", idempotent=False),
    ToolSpec(ci.record_ci_result, title="Record a test result", toolset="ci"),
    ToolSpec(ci.record_benchmark, title="Record a benchmark", toolset="ci"),
    ToolSpec(ci.ci_report, title="Report on CI", toolset="ci", read_only=True),
)
"""Each belongs to a toolset; `core` is published by default."""
