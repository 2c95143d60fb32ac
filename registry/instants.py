"""Instants as the stored documents write them."""

from __future__ import annotations

from datetime import UTC, datetime


def milliseconds(instant: datetime) -> str:
    """Return an instant as the registry file writes it: UTC, milliseconds, `Z`."""
    utc = instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def whole_seconds(instant: datetime) -> str:
    """Return an instant as the CI table and the project folder write it: UTC, seconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: object) -> datetime | None:
    """Return the instant that a stored timestamp names, None when it names none."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
