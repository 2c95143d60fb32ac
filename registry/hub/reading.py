"""What a hub has of datasets and evaluators, for the lists that join it with the local records.

A list needs no hub: one that cannot be read is a warning of the list, never its failure.

Source: design, `list_datasets` and `list_evaluators`; ListHubContents, ListHubContentVersions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.calls import Call
from registry.datasets.listing import DatasetInHub
from registry.datasets.resolving import split_reference
from registry.datasets.versions import with_versions
from registry.errors import Cancelled, NotFound, RegistryError, explain
from registry.evaluators.listing import EvaluatorInHub
from registry.hub.documents import DatasetDocument, reference_of
from registry.hub.keywords import evaluator_type_of, is_evaluator, technique_of
from registry.hub.naming import fits_hub, hub_version, order_of
from registry.stores import Aws, HubContent, HubContents
from schemas.base import Identity

_NOT_THERE = frozenset({"ImportFailed", "Deleting", "PendingDelete"})


@dataclass(frozen=True, slots=True)
class HubReading:
    """What a hub has, as far as it could be read.

    Attributes:
        warning: Why some may be missing, "" where the hub was read or none is configured.
        identity: Who asked, where AWS was reached.
        problem: What kept the hub from being read.
    """

    contents: tuple[HubContent, ...] = ()
    warning: str = ""
    identity: Identity | None = None
    problem: RegistryError | None = None

    def unseen(self, absent: NotFound) -> RegistryError:
        """Return the error for a name that no place shows: nobody knows while the hub is unread."""
        if self.problem is None:
            return absent
        details = absent.details | self.problem.details
        message = f"{absent.message} on this machine, and {self.warning}"
        return type(self.problem)(message, hint=self.problem.hint, **details)

    def datasets(self) -> list[DatasetInHub]:
        """Return the datasets among the contents."""
        return [
            DatasetInHub(
                name=each.name,
                version=each.version,
                arn=each.arn,
                technique=technique_of(each.keywords),
                s3_uri=DatasetDocument.read(each.document).s3_uri,
                registered_at=each.created_at,
            )
            for each in self.contents
        ]

    def evaluators(self) -> list[EvaluatorInHub]:
        """Return the evaluators among the contents; other documents of their type are left out."""
        return [
            EvaluatorInHub(
                name=each.name,
                version=each.version,
                arn=each.arn,
                type=evaluator_type_of(each.keywords),
                technique=technique_of(each.keywords),
                reference=reference_of(each.document),
                description=each.description,
                registered_at=each.created_at,
            )
            for each in self.contents
            if is_evaluator(each.keywords)
        ]


@dataclass(frozen=True, slots=True)
class HubReader:
    """Reads the hub that is configured.

    Attributes:
        hub: The hub's name, "" where none is configured.
        account: Opens the account to read from; raises where none can be had.
    """

    hub: str
    account: Callable[[], Aws]
    call: Call

    def datasets(self, reference: str, entries: Sequence[Mapping[str, Any]]) -> HubReading:
        """Return the latest version of every dataset, or all versions of the one that is named.

        Args:
            reference: As `list_datasets` takes it, "" for every dataset.
            entries: The entries of `datasets.json`: what they say of a version is not asked for.
        """
        if not reference:
            return self._read(lambda hub: hub.latest("DataSet", call=self.call))
        name, wanted = split_reference(reference, [str(each.get("name")) for each in entries])
        if not fits_hub(name):
            return HubReading()
        recorded = {
            hub_version(str(version.get("version")))
            for entry in entries
            if entry.get("name") == name
            for version in with_versions(entry)["versions"]
        }
        return self._read(lambda hub: self._versions(hub, name, wanted, recorded))

    def evaluators(self, name: str) -> HubReading:
        """Return the latest version of every `JsonDoc`, or of the one that is named."""
        if not name:
            return self._read(lambda hub: hub.latest("JsonDoc", call=self.call))
        if not fits_hub(name):
            return HubReading()
        return self._read(lambda hub: _latest(hub, name))

    def _versions(
        self, hub: HubContents, name: str, wanted: str, recorded: set[str | None]
    ) -> Sequence[HubContent]:
        """Return every version, with the document of the one that only the hub can tell of."""
        found = list(hub.versions("DataSet", name, call=self.call))
        shown = [each for each in found if each.version == wanted.removeprefix("v")]
        chosen = shown[0] if shown else found[-1] if found and not recorded else None
        if chosen is None or chosen.version in recorded:
            return found
        whole = hub.describe("DataSet", name, version=chosen.version)
        return [
            replace(each, document=whole.document) if each is chosen else each for each in found
        ]

    def _read(self, ask: Callable[[HubContents], Sequence[HubContent]]) -> HubReading:
        if not self.hub:
            return HubReading()
        identity = None
        try:
            aws = self.account()
            identity = aws.identity
            found = ask(aws.hub(self.hub))
        except Cancelled:
            raise
        except RegistryError as error:
            warning = f"what hub {self.hub} has is missing here: {explain(error)}"
            return HubReading(warning=warning, identity=identity, problem=error)
        there = [each for each in found if each.status not in _NOT_THERE]
        there.sort(key=lambda each: (each.name, order_of(each.version)))
        return HubReading(tuple(there), identity=identity)


def _latest(hub: HubContents, name: str) -> Sequence[HubContent]:
    try:
        return [hub.describe("JsonDoc", name)]
    except NotFound:
        return []
