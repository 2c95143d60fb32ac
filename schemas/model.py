"""Base models of a project as `list_models` answers them."""

from __future__ import annotations

from schemas.base import Record, Result


class Model(Record):
    """One base version of a project's model package group: what adapters are linked to.

    Attributes:
        container_image: The inference specification's; absent where no image was pushed.
        model_data_url: Weights: the inference specification's, else the metadata's.
        created_at: UTC, milliseconds, `Z`.
        description, metadata: With `detail="full"` only.
    """

    arn: str
    version: int
    deployment_config: str | None = None
    model_name: str | None = None
    instance_type: str | None = None
    container_image: str | None = None
    model_data_url: str | None = None
    approval_status: str | None = None
    created_at: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None


class ModelPage(Result):
    """One page of base models, newest version first.

    Attributes:
        project_name: The model package group that was read.
        complete: No version is left for another page.
    """

    project_name: str
    models: tuple[Model, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
