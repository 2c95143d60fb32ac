"""Adapters of a project as `list_adapters` answers them."""

from __future__ import annotations

from schemas.base import Record, Result


class LiveComponent(Record):
    """The inference component that serves an adapter version now."""

    ic_name: str
    endpoint_name: str
    status: str


class Adapter(Record):
    """One adapter version of a project's model package group.

    Attributes:
        name: As it was registered; absent for versions that MLCC wrote, which record none.
        model_data_url: Weights: the inference specification's, else the metadata's.
        created_at: UTC, milliseconds, `Z`.
        live: Absent when nothing serves it, or when it was not asked for.
        description, metadata: With `detail="full"` only.
    """

    name: str | None = None
    arn: str
    version: int
    tune_technique: str | None = None
    dataset_s3_uri: str | None = None
    dataset_version: str | None = None
    parent_model_version_arn: str | None = None
    model_name: str | None = None
    model_data_url: str | None = None
    approval_status: str | None = None
    created_at: str | None = None
    live: LiveComponent | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None


class AdapterPage(Result):
    """One page of adapters, newest version first.

    Attributes:
        project_name: The model package group that was read.
        complete: No adapter is left for another page.
    """

    project_name: str
    adapters: tuple[Adapter, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
