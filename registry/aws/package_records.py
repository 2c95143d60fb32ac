"""Model package versions as the service describes them, and as records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.model_package import ModelPackage


def package_record(
    described: Mapping[str, Any],
) -> ModelPackage:
    """Return the record of a version as Describe or Search gives it."""
    containers = (described.get("InferenceSpecification") or {}).get("Containers") or []
    first: Mapping[str, Any] = containers[0] if containers else {}
    arn = described["ModelPackageArn"]
    return ModelPackage(
        arn=arn,
        # The group's part of an ARN may come lower-cased; the member has the name as it is.
        group=described.get("ModelPackageGroupName") or arn.split("/")[1],
        version=described.get("ModelPackageVersion") or version_of(arn),
        description=described.get("ModelPackageDescription") or "",
        approval_status=described.get("ModelApprovalStatus") or "",
        status=described.get("ModelPackageStatus") or "",
        created_at=_utc(described.get("CreationTime")),
        modified_at=_utc(described.get("LastModifiedTime")),
        metadata=dict(described.get("CustomerMetadataProperties") or {}),
        image=first.get("Image"),
        model_data_url=_data_url(first),
    )


def _utc(instant: datetime | None) -> datetime | None:
    """Return an instant in UTC: the client gives the machine's own time zone."""
    return instant.astimezone(UTC) if instant else None


def _data_url(container: Mapping[str, Any]) -> str | None:
    source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
    return container.get("ModelDataUrl") or source.get("S3Uri")


def version_of(arn: str) -> int:
    """Return the number that the service gave a version, the last part of its ARN."""
    return int(arn.rsplit("/", 1)[1])
