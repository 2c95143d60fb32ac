"""Tools over evaluators: reward functions and preference models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.errors import NotFound
from registry.evaluators.listing import list_evaluators as list_page
from registry.evaluators.register import FILE
from registry.evaluators.register import register_evaluator as record_evaluator
from registry.named_entries import named_entries
from schemas.evaluator import EvaluatorRequest, ListEvaluatorsResult, RegisterEvaluatorResult
from tools.arguments import (
    Cursor,
    Detail,
    EvaluatorTechnique,
    EvaluatorType,
    Limit,
    Profile,
    ProjectDir,
    Region,
)
from tools.context import ToolContext
from tools.projects import known_project, project_name_of


def register_evaluator(
    ctx: ToolContext,
    name: str,
    type: EvaluatorType,  # noqa: A002 - the record's own name
    arn: Annotated[
        str, Field(description="Lambda function ARN; for a model its S3 URI or package ARN")
    ],
    technique: EvaluatorTechnique,
    description: str = "",
    project_dir: ProjectDir = "",
    region: Region = "",
    profile: Profile = "",
) -> RegisterEvaluatorResult:
    """Record a reward function (lambda, rlvr) or preference model (model, rlaif).

    A name that is registered already is updated and keeps its history. It goes into the
    SageMaker hub too, where one is configured.
    """
    folder = known_project(ctx, project_dir, needed=False)
    own = (folder.config.get("AWS_REGION") or "") if folder else ""
    request = EvaluatorRequest(
        name=name,
        type=type,
        arn=arn,
        technique=technique,
        description=description,
        project_name=project_name_of(folder),
    )
    publisher = ctx.registry.publisher(ctx.call, region=region, profile=profile, folder=own)
    return record_evaluator(
        request,
        store=ctx.registry.evaluators(),
        publish=publisher.evaluator,
        now=ctx.registry.now,
        call=ctx.call,
    )


def list_evaluators(
    ctx: ToolContext,
    name: Annotated[str, Field(description="One evaluator, with what it was before")] = "",
    technique: EvaluatorTechnique = "",
    type: EvaluatorType = "",  # noqa: A002 - the record's own name
    detail: Detail = "",
    limit: Limit = 0,
    cursor: Cursor = "",
    region: Region = "",
    profile: Profile = "",
) -> ListEvaluatorsResult:
    """List registered evaluators by name, local records and hub contents as one."""
    entries = named_entries(ctx.registry.evaluators(), FILE)
    in_hub = ctx.registry.hub_reader(ctx.call, region=region, profile=profile).evaluators(name)
    try:
        page = list_page(
            entries,
            in_hub.evaluators(),
            hub_warning=in_hub.warning,
            name=name,
            technique=technique,
            kind=type,
            limit=limit,
            cursor=cursor,
            full=detail == "full",
        )
    except NotFound as error:
        raise in_hub.unseen(error) from error
    return page.model_copy(update={"aws": in_hub.identity})
