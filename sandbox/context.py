"""What an operation works with: the state of the caller's account and region, time, settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.clock import Clock
from sandbox.documents import Document
from sandbox.settings import Settings
from sandbox.state import RegionState


@dataclass(frozen=True, slots=True)
class Context:
    """One call's surroundings."""

    account: str
    region: str
    state: RegionState
    clock: Clock
    settings: Settings
    user: str = "mlcc-sandbox"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of ``resource`` ("endpoint/demo") in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def caller(self) -> str:
        """The ARN of the user that made the call."""
        return f"arn:{self.partition}:iam::{self.account}:user/{self.user}"

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds."""
        return self.clock.now()


Handler: TypeAlias = Callable[[Context, Document], Document]
