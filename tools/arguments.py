"""The kinds of argument that several tools take, each with the description a model reads.

Arguments are flat. "" stands for a choice that was not made: it is accepted and never published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

Object = Mapping[str, Any]
NO_OBJECT: Object = {}
TextObject = Mapping[str, str]
NO_TEXT_OBJECT: TextObject = {}

ProjectDir = Annotated[str, Field(description="Folder holding do/; default: the working folder")]
OwnFile = Annotated[str, Field(description="Also read this project's own file")]
Region = Annotated[str, Field(description="AWS region; default: the project's, then settings")]
Profile = Annotated[str, Field(description="AWS profile")]
Limit = Annotated[int, Field(ge=0, le=100, description="Page size; default 20")]
Cursor = Annotated[str, Field(description="nextCursor of the page before")]
CiTableName = Annotated[str, Field(description="Default mlcc-ci-table")]
DryRun = Annotated[bool, Field(description="Validate and show every write; write nothing")]

Detail = Annotated[Literal["", "full"], Field(description="full: everything stored, 10 a page")]
Status = Literal["", "success", "partial", "failed"]
Technique = Literal["", "sft", "dpo", "rlaif", "rlvr"]
DatasetFormat = Literal["", "jsonl", "parquet", "csv"]
EvaluatorTechnique = Literal["", "rlvr", "rlaif"]
EvaluatorType = Literal["", "lambda", "model"]
