"""Tools over registered deployments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from registry.capture import Overrides, capture
from registry.deployments.filters import DeploymentFilter, value_at
from registry.deployments.lineage import LineageReader
from registry.deployments.lineage import get_deployment as get_with_lineage
from registry.deployments.listing import list_deployments as list_page
from registry.errors import InvalidArgument
from registry.generator import installed_generator
from registry.project.folder import ProjectFolder
from registry.registration.register import Registrar
from registry.registration.request import RegistrationRequest
from schemas.deployment_views import GetDeploymentResult, ListDeploymentsResult
from schemas.facts import DeploymentFacts
from schemas.registration import RegisterDeploymentResult
from tools.arguments import (
    NO_OBJECT,
    NO_TEXT_OBJECT,
    CiTableName,
    Cursor,
    Detail,
    DryRun,
    Limit,
    Object,
    Profile,
    ProjectDir,
    Region,
    Status,
    TextObject,
)
from tools.context import ToolContext


def register_deployment(
    ctx: ToolContext,
    project_dir: ProjectDir = "",
    project_name: str = "",
    deployment_config: Annotated[
        str, Field(description="Architecture and backend", examples=["transformers-vllm"])
    ] = "",
    model_name: str = "",
    model_format: str = "",
    instance_type: str = "",
    region: str = "",
    deployment_target: str = "",
    build_target: str = "",
    base_image: str = "",
    container_image: Annotated[str, Field(description="ECR image URI")] = "",
    model_data_url: str = "",
    endpoint_name: str = "",
    parameters: Annotated[Object, Field(description="Instead of the captured ones")] = NO_OBJECT,
    ic_list: Annotated[
        Sequence[Object], Field(description="Inference components, instead of do/ic/*.conf")
    ] = (),
    generator_version: str = "",
    environment: Annotated[
        TextObject, Field(description="Values the deployer's shell had, for ${X:-default}")
    ] = NO_TEXT_OBJECT,
    status: Annotated[Status, Field(description="Default success")] = "",
    notes: str = "",
    base_only: Annotated[bool, Field(description="No adapter versions")] = False,
    exclude: Annotated[Sequence[str], Field(description="Adapters not to register")] = (),
    ci: Annotated[bool, Field(description="Also queue the configuration for CI")] = False,
    ci_table: CiTableName = "",
    build_strategy: Annotated[str, Field(description="Default codebuild-submit")] = "",
    benchmark: Annotated[
        Object, Field(description="Figures to record; an inner object goes to that adapter")
    ] = NO_OBJECT,
    sagemaker: Annotated[
        Literal["", "auto", "yes", "no"],
        Field(description="Model package versions; auto: yes, unless ci"),
    ] = "",
    project_level: Annotated[
        bool, Field(description="Write the project's own registry file")
    ] = False,
    idempotency_key: str = "",
    dry_run: DryRun = False,
    profile: Profile = "",
) -> RegisterDeploymentResult:
    """Record what was deployed, right after a deploy.

    Reads the do/ project folder without executing it; arguments override or replace what it
    says. Writes the local registry entry, a SageMaker model package version, a linked version
    per adapter and, with ci, the CI record. Safe to repeat: an identical call within ten
    minutes completes what is missing.
    """
    folder = ctx.registry.project(project_dir, environment)
    overrides = Overrides(
        project_name=project_name,
        deployment_config=deployment_config,
        model_name=model_name,
        model_format=model_format,
        instance_type=instance_type,
        region=region,
        deployment_target=deployment_target,
        build_target=build_target,
        base_image=base_image,
        container_image=container_image,
        model_data_url=model_data_url,
        endpoint_name=endpoint_name,
        generator_version=generator_version or installed_generator(ctx.registry.environment),
        parameters=dict(parameters) if "parameters" in ctx.call.sent else None,
        ic_list=[dict(each) for each in ic_list] if "ic_list" in ctx.call.sent else None,
        fallback_region=""
        if region or _own_region(folder)
        else ctx.registry.region("", profile=profile),
    )
    request = RegistrationRequest(
        status=status or "success",
        notes=notes,
        base_only=base_only,
        exclude=exclude,
        ci=ci,
        ci_table=ci_table,
        build_strategy=build_strategy,
        benchmark=benchmark,
        sagemaker=sagemaker or "auto",
        project_level=project_level,
        folder_name=folder.root.name if folder else "",
        idempotency_key=idempotency_key,
        dry_run=dry_run,
    )
    facts = capture(folder, overrides)
    return _registrar(ctx, facts, request, project_dir, profile).register(facts, request, ctx.call)


def _own_region(folder: ProjectFolder | None) -> str:
    """Return the project's region; looking for another would load the AWS libraries."""
    return (folder.config.get("AWS_REGION") or "") if folder else ""


def _registrar(
    ctx: ToolContext,
    facts: DeploymentFacts,
    request: RegistrationRequest,
    project_dir: str,
    profile: str,
) -> Registrar:
    registry = ctx.registry
    log = registry.user_log()
    if request.project_level:
        root = registry.project_root(project_dir)
        if root is None:
            raise InvalidArgument("project_level needs a project folder", hint="pass project_dir")
        log = registry.project_log(root)
    return Registrar(
        log=log,
        account=lambda: registry.writable(region=facts.region, profile=profile),
        ci_target=lambda: registry.ci_target(
            request.ci_table, region=facts.region, profile=profile, folder=""
        ),
        repository=registry.ecr_repository(),
        now=registry.now,
    )


def list_deployments(
    ctx: ToolContext,
    project_name: str = "",
    deployment_config: str = "",
    architecture: str = "",
    backend: str = "",
    model: Annotated[str, Field(description="Part of the model's name, any case")] = "",
    model_glob: Annotated[str, Field(description="Glob over the name", examples=["Qwen/*"])] = "",
    instance_type: str = "",
    region: str = "",
    status: Status = "",
    since: Annotated[str, Field(description="ISO 8601 date or instant")] = "",
    until: str = "",
    text: Annotated[str, Field(description="Anywhere in the entry")] = "",
    project_dir: Annotated[str, Field(description="Also read this project's own file")] = "",
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
) -> ListDeploymentsResult:
    """List registered deployments, newest first. All filters must match."""
    wanted = DeploymentFilter(
        project_name=project_name,
        deployment_config=deployment_config,
        architecture=architecture,
        backend=backend,
        model=model,
        model_glob=model_glob,
        instance_type=instance_type,
        region=region,
        status=status,
        since=since,
        until=until,
        text=text,
    )
    return list_page(
        ctx.registry.logs(project_dir), wanted, limit=limit, cursor=cursor, full=detail == "full"
    )


def get_deployment(
    ctx: ToolContext,
    id: Annotated[str, Field(description="8 hex digits")],  # noqa: A002 - the record's own name
    project_dir: Annotated[str, Field(description="Also read this project's own file")] = "",
    region: Region = "",
    profile: Profile = "",
    ci_table: CiTableName = "",
) -> GetDeploymentResult:
    """Show one deployment whole, with its lineage and the flags that would generate it again.

    Lineage: model package version, adapters, datasets, CI record. What cannot be read is
    said in warnings.
    """
    registry = ctx.registry

    def reader(entry: Mapping[str, Any]) -> LineageReader:
        own = str(value_at(entry, "infrastructure", "region") or "")
        return LineageReader(
            account=lambda: registry.account(region=region or own, profile=profile),
            ci_table=lambda: registry.ci_table(ci_table, region=region or own, profile=profile),
            datasets=registry.datasets(),
            call=ctx.call,
        )

    return get_with_lineage(registry.logs(project_dir), id, reader)
