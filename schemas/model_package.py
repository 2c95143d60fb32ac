"""Versions in a SageMaker model package group, base models and adapters alike."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.base import Record

ApprovalStatus = Literal["Approved", "Rejected", "PendingManualApproval"]


class ModelPackageDraft(Record):
    """A version to be created.

    Attributes:
        group: The model package group's name.
        metadata: CustomerMetadataProperties, already within the service's alphabet and lengths.
        image: Container image of the inference specification; none leaves the specification out.
        model_data_url: Model data inside the inference specification; needs an image.
        client_token: 1 to 36 of `[a-zA-Z0-9-]`, derived from content so that a repeat finds it.
    """

    group: str
    description: str
    approval_status: ApprovalStatus
    metadata: dict[str, str]
    image: str | None = None
    model_data_url: str | None = None
    client_token: str


class ModelPackage(Record):
    """One version as the service holds it; a metadata key that is missing means "".

    Attributes:
        version: Assigned by the service, increasing, taken from the ARN's last part.
        model_data_url: The inference specification's, absent when there is none.
    """

    arn: str
    group: str
    version: int
    description: str = ""
    approval_status: str = ""
    status: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    image: str | None = None
    model_data_url: str | None = None

    @property
    def is_adapter(self) -> bool:
        """Whether the version was registered as an adapter."""
        return self.metadata.get("isAdapter") == "true"
