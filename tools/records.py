"""The tool that takes a record out of the local registry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.errors import InvalidArgument
from registry.removal.deployments import remove_deployment
from registry.removal.named import remove_dataset, remove_evaluator
from schemas.removal import RemoveRecordResult
from tools.context import ToolContext


def remove_record(
    ctx: ToolContext,
    deployment_id: Annotated[str, Field(description="Exactly one of these three")] = "",
    dataset: Annotated[
        str, Field(description="Its name, or one version: name@v2, name@v1.2.0")
    ] = "",
    evaluator: str = "",
    confirm: Annotated[str, Field(description="digest of the plan that was agreed to")] = "",
    project_dir: Annotated[str, Field(description="Also look in this project's own file")] = "",
) -> RemoveRecordResult:
    """Remove one record from the local registry; the first call answers the plan and its digest.

    SageMaker, hub and CI records stay and are named. The answer holds what was removed.
    """
    if sum(map(bool, (deployment_id, dataset, evaluator))) != 1:
        raise InvalidArgument(
            "name exactly one record", hint="pass deployment_id, dataset or evaluator"
        )
    registry = ctx.registry
    if deployment_id:
        return remove_deployment(registry.logs(project_dir), deployment_id, confirm)
    if dataset:
        datasets = registry.datasets()
        return remove_dataset(datasets, str(datasets.path), dataset, confirm)
    evaluators = registry.evaluators()
    return remove_evaluator(evaluators, str(evaluators.path), evaluator, confirm)
