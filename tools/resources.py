"""What can be read under an address: each answers as the tool of its noun does, whole.

An address has no room for a region, a profile or a table: those of the settings count, and the
tools take others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.ci.showing import show_configuration
from registry.paging import MAX_LIMIT
from schemas.adapter import AdapterPage
from schemas.ci import CiConfigurationResult
from schemas.dataset import ListDatasetsResult
from schemas.deployment_views import GetDeploymentResult
from schemas.evaluator import ListEvaluatorsResult
from tools import adapters, datasets, deployments, evaluators, suggestions
from tools.context import ToolContext, ToolSpec
from tools.suggestions import Suggestions


@dataclass(frozen=True, slots=True)
class ResourceSpec(ToolSpec):
    """One kind of resource: a reading function that is known by an address.

    Attributes:
        address: URI template (RFC 6570); its variables are the function's arguments.
        suggests: By variable, where values for it are found.
    """

    read_only: bool = True
    address: str = ""
    suggests: Mapping[str, Suggestions] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The address: what answers, errors and log lines call it."""
        return self.address


def deployment(
    ctx: ToolContext,
    id: str,  # noqa: A002 - the record's own name
) -> GetDeploymentResult:
    """One registered deployment, with its lineage and the flags that would generate it again."""
    return deployments.get_deployment(ctx, id)


def project_adapters(ctx: ToolContext, project: str) -> AdapterPage:
    """A project's newest 100 registered adapter versions."""
    page = adapters.list_adapters(ctx, project_name=project, limit=MAX_LIMIT)
    if not page.next_cursor:
        return page
    further = f"list_adapters with project_name={project} and cursor=nextCursor has the rest"
    return page.model_copy(update={"next_step": further})


def dataset(ctx: ToolContext, name: str) -> ListDatasetsResult:
    """One training dataset with its versions; NAME@v2 or NAME@v1.2.0 shows that version."""
    return datasets.list_datasets(ctx, name=name, detail="full")


def evaluator(ctx: ToolContext, name: str) -> ListEvaluatorsResult:
    """One evaluator, with what it was before."""
    return evaluators.list_evaluators(ctx, name=name, detail="full")


def ci_configuration(ctx: ToolContext, config_id: str) -> CiConfigurationResult:
    """One configuration of the CI table, whatever its status."""
    registry = ctx.registry
    aws = registry.account(region=registry.settings.ci_region, profile="")
    result = show_configuration(aws.ci_table(registry.ci_table_name("")), config_id)
    return result.model_copy(update={"aws": aws.identity})


RESOURCES: tuple[ResourceSpec, ...] = (
    ResourceSpec(
        deployment,
        "Deployment",
        address="registry://deployments/{id}",
        suggests={"id": suggestions.DEPLOYMENT_IDS},
    ),
    ResourceSpec(
        project_adapters,
        "Adapters of a project",
        address="registry://projects/{project}/adapters",
        suggests={"project": suggestions.PROJECTS},
    ),
    ResourceSpec(
        dataset,
        "Dataset",
        address="registry://datasets/{name}",
        suggests={"name": suggestions.DATASETS},
    ),
    ResourceSpec(
        evaluator,
        "Evaluator",
        address="registry://evaluators/{name}",
        suggests={"name": suggestions.EVALUATORS},
    ),
    ResourceSpec(
        ci_configuration,
        "CI configuration",
        address="registry://ci/{configId}",
        suggests={"configId": suggestions.CONFIGURATION_IDS},
    ),
)
"""Every kind of resource that holds records, in the one order that clients see them."""
