"""Items of the CI table as records.

Source: record contract, section 7; readers fill in what older writers left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas.ci import NEVER_TESTED, CiConfiguration

Item = Mapping[str, Any]
"""An item in DynamoDB's own form: a type letter and a value by attribute name."""


def configuration(item: Item) -> CiConfiguration:
    """Return the item as a record, its `configJson` taken apart."""
    config = parsed_config(text(item, "configJson"))
    known = config or {}
    return CiConfiguration(
        config_id=text(item, "configId"),
        project_name=text(item, "projectName") or _said(known, "projectName"),
        deployment_config=text(item, "deploymentConfig") or _said(known, "deploymentConfig"),
        model_name=_said(known, "modelName"),
        instance_type=_said(known, "instanceType"),
        aws_region=_said(known, "awsRegion"),
        deployment_target=_said(known, "deploymentTarget"),
        base_image=text(item, "baseImage") or _said(known, "baseImage"),
        base_image_version=text(item, "baseImageVersion"),
        build_strategy=text(item, "buildStrategy") or "codebuild-submit",
        test_status=text(item, "testStatus") or "untested",
        last_test_timestamp=text(item, "lastTestTimestamp") or NEVER_TESTED,
        created_at=text(item, "createdAt") or None,
        registration_id=text(item, "registrationId") or None,
        updated_at=text(item, "updatedAt") or None,
        lease_id=text(item, "leaseId") or None,
        lease_owner=text(item, "leaseOwner") or None,
        lease_expires_at=text(item, "leaseExpiresAt") or None,
        lease_request=text(item, "leaseRequest") or None,
        config_problem=None if config is not None else _problem(item),
        config=config,
    )


def text(item: Item, name: str) -> str:
    """Return a text attribute, "" when it is absent or of another type."""
    value = item.get(name, {}).get("S", "")
    return value if isinstance(value, str) else ""


def parsed_config(stored: str) -> dict[str, Any] | None:
    """Return the stored `configJson` as an object, None when it is not one.

    Some writers built it by pasting text, so values with quotes do not parse.
    """
    try:
        config = json.loads(stored, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return config if isinstance(config, dict) else None


def _problem(item: Item) -> str:
    if text(item, "configJson"):
        return "configJson is not a JSON object, as some MLCC versions wrote it"
    return "the item has no configJson, as MLCC's recorders of test results leave it"


def _said(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    return value if isinstance(value, str) else ""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
