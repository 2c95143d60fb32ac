"""Tools over evaluators: reward functions and preference models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from registry.evaluators import register_evaluator as record_evaluator
from schemas.evaluator import EvaluatorRequest, RegisterEvaluatorResult
from tools.arguments import (
    EvaluatorTechnique,
    EvaluatorType,
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
    region: Region = "",  # noqa: ARG001 - the hub's, once evaluators go to one
    profile: Profile = "",  # noqa: ARG001 - the same
) -> RegisterEvaluatorResult:
    """Record a reward function (lambda, rlvr) or preference model (model, rlaif).

    A name that is registered already is updated and keeps its history.
    """
    request = EvaluatorRequest(
        name=name,
        type=type,
        arn=arn,
        technique=technique,
        description=description,
        project_name=project_name_of(known_project(ctx, project_dir, needed=False)),
    )
    return record_evaluator(
        request, store=ctx.registry.evaluators(), now=ctx.registry.now, call=ctx.call
    )
