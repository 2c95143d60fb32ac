"""Bringing a recorded dataset or evaluator into a SageMaker hub.

The local record is the primary one: nothing here fails a registration, and the same call made
again finds what the hub has and adds what is missing.

Source: design, `register_dataset`, `register_evaluator` and "Each write"; ImportHubContent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from registry.calls import Call
from registry.errors import (
    Cancelled,
    CredentialsFailed,
    NotConfigured,
    RegistryError,
    explain,
)
from registry.hub.dataset_content import publish_dataset
from registry.hub.evaluator_content import publish_evaluator
from registry.hub.importing import Hub
from registry.stores import Aws, JsonObject
from schemas.base import Identity, State
from schemas.hub import HubOutcome

NOT_CONFIGURED = (
    "no hub is configured, so the local record is all; --hub, MLCC_REGISTRY_HUB or "
    "aiRegistryHubName of the active bootstrap profile names one"
)
NOT_FATAL = "Hub registration failed (non-fatal) — local registry is the primary record"


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a record's hub content.

    Attributes:
        identity: Who acted, where AWS was reached.
    """

    outcome: HubOutcome
    identity: Identity | None = None

    def warnings(self) -> tuple[str, ...]:
        """Return what the registration's own warnings say of the hub."""
        outcome = self.outcome
        if not outcome.hub or not outcome.warning:
            return ()
        failed = outcome.state in {"failed", "skipped"}
        return (NOT_FATAL, outcome.warning) if failed else (outcome.warning,)

    def told(self) -> str:
        """Return what the registration's message says of the hub, "" where none is configured."""
        outcome = self.outcome
        return f"; in hub {outcome.hub}: {outcome.state}" if outcome.hub else ""

    def next_step(self, tool: str) -> str | None:
        """Return the call that completes what the hub lacks, None when it lacks nothing."""
        if not self.outcome.hub or self.outcome.state not in {"failed", "skipped"}:
            return None
        return f"once the cause in warnings is mended, {tool} again with the same arguments"


Publish = Callable[[JsonObject], Published]
"""Brings the newest version of a record's entry into the hub; never raises but `Cancelled`."""


PublishDataset = Callable[[JsonObject, bool], Published]
"""The same for a dataset; False says that its record is to become whole by the next call."""


def recorded_arn(published: Published, record: Callable[[], None]) -> Published:
    """Record a content's ARN; that the record could not be changed is a warning."""
    try:
        record()
    except RegistryError as problem:
        outcome = published.outcome
        warning = (
            f"the hub content is {outcome.arn}, but the record does not say so: {problem.message}"
        )
        return replace(published, outcome=outcome.model_copy(update={"warning": warning}))
    return published


@dataclass(frozen=True, slots=True)
class Publisher:
    """Brings records into the hub that is configured.

    Attributes:
        hub: The hub's name, "" where none is configured.
        account: Opens the account to write to; raises where none can be had.
        role_arn: The role that reads datasets for SageMaker, "" when none is known.
        poll_s: Seconds to the second look at an import.
    """

    hub: str
    account: Callable[[], Aws]
    role_arn: str
    poll_s: float
    call: Call

    def dataset(self, entry: JsonObject, is_whole: bool) -> Published:
        """Import the newest version of a dataset's entry, unless the hub has it."""
        return self._published(
            lambda hub: publish_dataset(hub, entry, role_arn=self.role_arn, is_whole=is_whole)
        )

    def evaluator(self, entry: JsonObject) -> Published:
        """Import an evaluator's entry as the hub's next version, unless the hub has it."""
        return self._published(lambda hub: publish_evaluator(hub, entry))

    def _published(self, publish: Callable[[Hub], HubOutcome]) -> Published:
        if not self.hub:
            return Published(HubOutcome(state="skipped", warning=NOT_CONFIGURED))
        identity = None
        try:
            self.call.check("asking the hub")
            aws = self.account()
            identity = aws.identity
            return Published(publish(Hub(aws.hub(self.hub), self.poll_s, self.call)), identity)
        except Cancelled:
            raise
        except (NotConfigured, CredentialsFailed) as error:
            return Published(self._without("skipped", error), identity)
        except RegistryError as error:
            return Published(self._without("failed", error), identity)

    def _without(self, state: State, error: RegistryError) -> HubOutcome:
        return HubOutcome(state=state, hub=self.hub, warning=explain(error))
