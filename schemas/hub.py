"""What became of a record's content in a SageMaker hub."""

from __future__ import annotations

from typing import Literal

from schemas.base import Outcome

RecordOrigin = Literal["local", "hub", "both"]
"""Where a record or a version of it is: in the registry home, in the SageMaker hub, or both."""


class HubOutcome(Outcome):
    """What a registration did in the hub.

    Attributes:
        hub: The hub's name; none where no hub is configured.
        version: The version that the hub has it under.
        arn: The hub content's ARN.
    """

    hub: str | None = None
    version: str | None = None
    arn: str | None = None
