"""What is called: every tool that reaches AWS, in its main forms, each with the world it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools import adapters, audit, ci, datasets, deployments, evaluators, models

from . import arranged
from .arranged import Arguments
from .world import Tool, World


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call of one tool.

    Attributes:
        arrange: Fills the world and returns the call's arguments.
        beside: Services, or `service:operation`, that the answer can do without: when they fail
            the answer says so and is no error.
        settings: How the sandbox behaves.
        beside_once: Calls that a later part of the tool, which is needed, makes anew.
        looks: Calls that wait for something to end; a later one may tell what this one did not.
        sealing: Calls without whose answer something is made for good: where they are refused,
            and not only fail to answer, no repeat completes it, and the answer says so.
        silent: Calls for a courtesy, whose failure nobody has to be told of.
        dry: The call writes nothing, though the tool might.
    """

    name: str
    tool: Tool
    arrange: Callable[[World], Arguments]
    beside: tuple[str, ...] = ()
    beside_once: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    sealing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    dry: bool = False


def _looks(first: int, last: int) -> tuple[str, ...]:
    numbers = range(first, last + 1)
    return tuple(f"sagemaker:DescribeInferenceComponent#{number}" for number in numbers)


_SAGEMAKER = ("sagemaker", "ecr", "sts")
_DATA = ("sagemaker", "s3", "sts")

SCENARIOS = (
    Scenario(
        "register", deployments.register_deployment, arranged.fresh_project, beside=_SAGEMAKER
    ),
    Scenario(
        "register for CI too",
        deployments.register_deployment,
        arranged.with_ci_record,
        beside=("sagemaker", "ecr"),
        beside_once=("sts",),
    ),
    Scenario("register for CI alone", deployments.register_deployment, arranged.only_ci_record),
    Scenario(
        "register what was interrupted",
        deployments.register_deployment,
        arranged.interrupted_registration,
        beside=("sagemaker", "ecr"),
        beside_once=("sts",),
    ),
    Scenario(
        "register what came from the registry",
        deployments.register_deployment,
        arranged.deployed_from_registry,
        beside=_SAGEMAKER,
        sealing=("sagemaker:DescribeModelPackage",),
    ),
    Scenario(
        "register, dry",
        deployments.register_deployment,
        arranged.dry_registration,
        beside=("sagemaker", "ecr"),
        beside_once=("sts",),
        dry=True,
    ),
    Scenario(
        "new dataset",
        datasets.register_dataset,
        arranged.new_dataset,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario(
        "dataset of parts",
        datasets.register_dataset,
        arranged.dataset_of_many_files,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario(
        "changed dataset",
        datasets.register_dataset,
        arranged.changed_dataset,
        beside=_DATA,
        sealing=("s3",),
    ),
    Scenario("new evaluator", evaluators.register_evaluator, arranged.new_evaluator, beside=_DATA),
    Scenario(
        "changed evaluator", evaluators.register_evaluator, arranged.changed_evaluator, beside=_DATA
    ),
    Scenario("all datasets", datasets.list_datasets, arranged.all_datasets, beside=_DATA),
    Scenario("one dataset", datasets.list_datasets, arranged.one_dataset, beside=_DATA),
    Scenario("dataset of the hub", datasets.list_datasets, arranged.dataset_of_the_hub),
    Scenario("all evaluators", evaluators.list_evaluators, arranged.all_evaluators, beside=_DATA),
    Scenario("one evaluator", evaluators.list_evaluators, arranged.one_evaluator, beside=_DATA),
    Scenario("adapters", adapters.list_adapters, arranged.listed),
    Scenario("adapters, live", adapters.list_adapters, arranged.listed_live),
    Scenario(
        "adapters, live anywhere", adapters.list_adapters, arranged.listed_with_endpoint_unknown
    ),
    Scenario(
        "adapters where Search knows no metadata",
        adapters.list_adapters,
        arranged.listed,
        settings={"search_nested_names": False},
    ),
    Scenario(
        "adapters of no group",
        adapters.list_adapters,
        arranged.without_group,
        silent=("sagemaker:ListModelPackageGroups",),
    ),
    Scenario("base versions", models.list_models, arranged.listed),
    Scenario("audit", audit.audit_deployments, arranged.audited),
    Scenario(
        "lineage",
        deployments.get_deployment,
        arranged.lineage,
        beside=("sagemaker", "dynamodb", "sts"),
    ),
    Scenario(
        "roll out",
        adapters.deploy_adapter_from_registry,
        arranged.rolled_out,
        looks=_looks(2, 4),
    ),
    Scenario(
        "roll out without folder",
        adapters.deploy_adapter_from_registry,
        arranged.without_folder,
        looks=_looks(2, 4),
    ),
    Scenario(
        "replace",
        adapters.deploy_adapter_from_registry,
        arranged.replaced,
        looks=_looks(2, 4),
    ),
    Scenario(
        "replace where nothing is updated",
        adapters.deploy_adapter_from_registry,
        arranged.replaced,
        looks=_looks(2, 6),
        settings={"adapter_updates": False},
    ),
    Scenario("plan", adapters.deploy_adapter_from_registry, arranged.planned, dry=True),
    Scenario(
        "follow",
        adapters.get_adapter_rollout,
        arranged.followed,
        looks=_looks(2, 3),
    ),
    Scenario("look", adapters.get_adapter_rollout, arranged.looked_at),
    Scenario(
        "take off",
        adapters.remove_adapter,
        arranged.taken_off,
        looks=_looks(2, 3),
    ),
    Scenario("untested", ci.query_ci_untested, arranged.untested),
    Scenario("untested and stale", ci.query_ci_untested, arranged.stale),
    Scenario("untested, counted", ci.query_ci_untested, arranged.counted),
    Scenario(
        "claim",
        ci.claim_ci_untested,
        arranged.claimed,
        beside=("dynamodb:UpdateItem#2",),
    ),
    Scenario("renew and release", ci.claim_ci_untested, arranged.renewed_and_released),
    Scenario("result", ci.record_ci_result, arranged.result),
    Scenario("benchmark", ci.record_benchmark, arranged.benchmark),
    Scenario("report", ci.ci_report, arranged.untested),
)
