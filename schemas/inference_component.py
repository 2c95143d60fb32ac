"""Live inference components and the endpoints they run on."""

from __future__ import annotations

from datetime import datetime

from schemas.base import Record


class InferenceComponent(Record):
    """One component as SageMaker describes it; `base_component` tells an adapter from a base.

    Attributes:
        status: InService, Creating, Updating, Failed or Deleting.
        artifact_url: Weights of an adapter, or model data of a base that names any.
    """

    name: str
    endpoint_name: str
    status: str
    base_component: str | None = None
    artifact_url: str | None = None
    failure_reason: str | None = None
    copies: int | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None


class Endpoint(Record):
    """One endpoint; `status` is SageMaker's EndpointStatus."""

    name: str
    status: str
    failure_reason: str | None = None
