"""Live inference components and the endpoints they run on."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from schemas.base import Record


class InferenceComponent(Record):
    """One component as SageMaker describes it; `base_component` tells an adapter from a base.

    Attributes:
        status: InService, Creating, Updating, Failed or Deleting.
        artifact_url: Weights of an adapter, or model data of a base that names any.
        image: A base's container image, as it was asked for.
        environment: A base container's variables; they may hold secrets.
        copies: How many serve now; an adapter has none of its own.
        copies_wanted: How many are asked for.
        gpus: Accelerators of each copy.
    """

    name: str
    endpoint_name: str
    status: str
    base_component: str | None = None
    artifact_url: str | None = None
    failure_reason: str | None = None
    image: str | None = None
    environment: dict[str, str] = Field(default_factory=dict, repr=False)
    copies: int | None = None
    copies_wanted: int | None = None
    gpus: int | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None


class Endpoint(Record):
    """One endpoint; `status` is SageMaker's EndpointStatus.

    Attributes:
        config_name: Its configuration, which has the instance types; "" where only listed.
    """

    name: str
    status: str
    config_name: str = ""
    failure_reason: str | None = None
