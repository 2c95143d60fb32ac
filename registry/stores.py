"""What the use cases need of the places that hold records, whatever those places are.

Every method is synchronous and may block; the server runs them in worker threads. Failures are
the errors of `registry.errors`, never a client library's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from registry.calls import Call
from registry.ci.leases import Lease
from schemas.base import Identity, State
from schemas.ci import (
    CiBenchmark,
    CiConfiguration,
    CiRegistration,
    CiResult,
    RecordedState,
)
from schemas.inference_component import Endpoint, InferenceComponent
from schemas.model_package import ModelPackage, ModelPackageDraft

JsonObject = dict[str, Any]


class JsonDocument(Protocol):
    """One JSON file of the registry home, shared with other processes and with MLCC."""

    def read(self) -> Any:  # noqa: ANN401 - the file's own shape
        """Return the parsed file, None when it does not exist; nobody may alter what it returns.

        Raises:
            CorruptRegistry: it does not parse; the message has the position.
            Unavailable: it cannot be read.
        """
        ...

    def change(self, edit: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - the file's own shape
        """Run read, edit, write under the file's lock, and return what is stored afterwards.

        Args:
            edit: Takes the parsed content (None when absent), which it may alter, and returns
                the new content; equal content writes nothing. It may be called more than once.

        Raises:
            Conflict: the lock was not to be had in time.
            CorruptRegistry: the file does not parse; it is left as it is.
            Unavailable: the folder is read-only, the disk is full; the old file is intact.
        """
        ...


class DeploymentLog(Protocol):
    """The entries of one registry file, oldest first, as the documents that are stored."""

    @property
    def path(self) -> str:
        """Where the file is."""
        ...

    def entries(self) -> Sequence[Mapping[str, Any]]:
        """Return every entry as stored, unknown keys included; none for a missing file."""
        ...

    def format_warning(self) -> str | None:
        """Return why the file can only be read, None when it can be written too."""
        ...

    def append(
        self,
        make: Callable[[Sequence[Mapping[str, Any]]], JsonObject | str],
    ) -> tuple[JsonObject, bool]:
        """Append one entry, or find the one that is already there, under one lock.

        Args:
            make: Sees the present entries and returns either a new entry's document,
                or the id of the present entry that makes a new one unnecessary.

        Returns:
            The stored entry, and whether it was appended now.
        """
        ...

    def change(self, edit: Callable[[list[JsonObject]], list[JsonObject]]) -> list[JsonObject]:
        """Run read, edit, write on the entries under the file's lock; return what is stored.

        Args:
            edit: Takes the entries, none for a missing file, alters none of them and returns a
                new list; it may be called more than once. Equal entries write nothing.

        Raises:
            PreconditionFailed: the file is of a newer format, which we only read.
        """
        ...

    def patch(self, entry_id: str, changes: Mapping[str, Any]) -> JsonObject:
        """Set keys of one entry, found by its id; a nested mapping is merged, not replaced.

        Raises:
            NotFound: the file has no such entry any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class PackagePage:
    """Some versions of a group, newest first.

    Attributes:
        cursor: Continues after the last one; None at the end.
        complete: False when something known to exist is missing from this answer.
        note: Why it is missing, "" when nothing is.
    """

    packages: tuple[ModelPackage, ...]
    cursor: str | None = None
    complete: bool = True
    note: str = ""


class ModelPackages(Protocol):
    """Model package groups and their versions, of one account and region."""

    def ensure_group(self, group: str, *, description: str) -> bool:
        """Create the group unless it exists; return whether it was created now.

        Raises:
            InvalidArgument: the name is not one that SageMaker accepts.
        """
        ...

    def create(self, draft: ModelPackageDraft) -> ModelPackage:
        """Create one version; the same client token finds the version it made before."""
        ...

    def describe(self, arn: str) -> ModelPackage:
        """Return one version, fresh. Raises NotFound."""
        ...

    def find(
        self, group: str, *, metadata: Mapping[str, str], limit: int, cursor: str | None, call: Call
    ) -> PackagePage:
        """Return the versions whose metadata has these values, newest first, through Search.

        Versions that Search has not indexed yet are found by one List of the last ten minutes.
        Without permission to search, versions are listed and described: a page then holds what a
        bounded number of calls found.

        Raises:
            NotFound: there is no such group; the details' `candidates` are near names.
            InvalidArgument: the cursor belongs to another query.
        """
        ...

    def made_since(
        self,
        group: str,
        moment: datetime,
        *,
        wanted: Callable[[str], bool],
        metadata: Mapping[str, str],
        call: Call,
    ) -> Iterator[ModelPackage]:
        """Yield versions that were made after that moment, oldest first, each read afresh.

        Args:
            wanted: Tells by a version's description whether to read it at all.
            metadata: Values that its metadata then has to have; "" for a key that is missing.

        Raises:
            NotFound: there is no such group.
            PreconditionFailed: more versions were made since than one call may look at.
        """
        ...


class InferenceComponents(Protocol):
    """Endpoints and the inference components on them, of one account and region."""

    def endpoint(self, name: str) -> Endpoint:
        """Return one endpoint. Raises NotFound."""
        ...

    def endpoints(self, part: str, *, call: Call) -> Sequence[Endpoint]:
        """Return every endpoint whose name contains that part, listed; "" for all of them."""
        ...

    def instance_types(self, config_name: str) -> tuple[str, ...]:
        """Return the instance types of an endpoint configuration's variants. Raises NotFound."""
        ...

    def names_on(self, endpoint_name: str, *, call: Call) -> Sequence[str]:
        """Return the names of an endpoint's components; none for an unknown endpoint."""
        ...

    def each(self, names: Sequence[str], *, call: Call) -> Sequence[InferenceComponent]:
        """Return these components, described; one that is gone is left out."""
        ...

    def describe(self, name: str) -> InferenceComponent:
        """Return one component. Raises NotFound."""
        ...

    def create_adapter(
        self, *, name: str, endpoint_name: str, base_component: str, artifact_url: str
    ) -> None:
        """Ask for an adapter component. Raises Conflict when the name is taken."""
        ...

    def update_adapter(self, *, name: str, base_component: str, artifact_url: str) -> bool:
        """Ask for other weights; False where components of this kind cannot be updated."""
        ...

    def delete(self, name: str) -> bool:
        """Ask for a component to go; False when it is gone already."""
        ...

    def on_endpoint(self, endpoint_name: str, *, call: Call) -> Sequence[InferenceComponent]:
        """Return every component of an endpoint, described; none for an unknown endpoint."""
        ...

    def named_like(self, part: str, *, call: Call) -> Sequence[InferenceComponent]:
        """Return every component whose name contains that part, described."""
        ...


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One S3 object: its key, its ETag without quotes and its size in bytes."""

    key: str
    etag: str
    size_bytes: int


class Objects(Protocol):
    """S3, for reading: what datasets and adapter weights are made of."""

    def head(self, uri: str) -> StoredObject:
        """Return one object's facts. Raises NotFound, PermissionDenied."""
        ...

    def under(self, uri: str) -> Iterator[StoredObject]:
        """Yield every object under a prefix, in S3's order; nothing for an empty prefix."""
        ...

    def read(self, uri: str, *, limit_bytes: int) -> bytes:
        """Return at most that many bytes from an object's beginning. Raises NotFound."""
        ...

    def read_part(self, uri: str, *, start: int, length: int, etag: str) -> bytes:
        """Return that many bytes from a place on, fewer only where the object ends.

        Args:
            etag: Of the content that is wanted, as `head` gave it.

        Raises:
            Conflict: the object was replaced by other content meanwhile.
            NotFound, PermissionDenied: as `head`.
            Unavailable: the storage did not answer with that part.
        """
        ...


class PlacedObjects(Objects, Protocol):
    """S3, which also tells where a bucket is."""

    def region(self, uri: str) -> str:
        """Return the region of the URI's bucket. Raises NotFound, PermissionDenied."""
        ...


class Images(Protocol):
    """ECR, for looking whether an image is there."""

    def exists(self, image: str) -> bool | None:
        """Tell whether repository and tag exist; None when we may not look."""
        ...


HubContentType = Literal["DataSet", "JsonDoc"]
"""The kinds of hub content that the registry writes: datasets, and evaluators as JSON documents."""


@dataclass(frozen=True, slots=True)
class HubContent:
    """One version of a content of a SageMaker hub.

    Attributes:
        status: SageMaker's word: Importing, Available, ImportFailed...
        keywords: Search keywords, such as `customization_technique:sft`.
        document: The document as stored, JSON text; None where only a listing was read.
        created_at: When it was imported, UTC ISO 8601 with `Z`.
    """

    name: str
    version: str
    arn: str
    status: str
    content_type: HubContentType
    keywords: tuple[str, ...] = ()
    description: str = ""
    document: str | None = None
    failure_reason: str | None = None
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class HubContentDraft:
    """A version to import.

    Attributes:
        document: JSON text on one line.
        keywords: At most 50 of at most 255 characters, on one line each.
    """

    content_type: HubContentType
    name: str
    version: str
    document: str
    description: str = ""
    keywords: tuple[str, ...] = ()


class HubContents(Protocol):
    """The contents of one SageMaker hub.

    Every method raises NotFound when there is no such hub; its hint says where hubs are set.
    """

    @property
    def hub(self) -> str:
        """The hub's name."""
        ...

    def status(self) -> str:
        """Return SageMaker's word for how the hub is, such as InService. Raises NotFound."""
        ...

    def import_content(self, draft: HubContentDraft) -> HubContent:
        """Ask for an import and return the content as it is then, Importing.

        Raises:
            Conflict: that version exists already, perhaps because an earlier answer was lost.
            PreconditionFailed: the hub is not in service yet.
            InvalidArgument: the draft breaks a constraint of the service; nothing was sent.
        """
        ...

    def describe(self, content_type: HubContentType, name: str, *, version: str = "") -> HubContent:
        """Return one version with its document, the latest when none is named. Raises NotFound."""
        ...

    def latest(self, content_type: HubContentType, *, call: Call) -> Sequence[HubContent]:
        """Return the latest version of every content of that type, without documents."""
        ...

    def versions(
        self, content_type: HubContentType, name: str, *, call: Call
    ) -> Sequence[HubContent]:
        """Return every version of one content, without documents, the lowest number first.

        An unknown name has no versions.
        """
        ...


CiWrite = Literal["created", "updated", "unchanged", "superseded"]


@dataclass(frozen=True, slots=True)
class CiPage:
    """Some CI configurations, oldest test first.

    Attributes:
        note: Why an answer with a cursor is empty or short.
    """

    items: tuple[CiConfiguration, ...]
    cursor: str | None = None
    note: str | None = None


class CiLeases(Protocol):
    """Who tests which configuration, decided by conditional writes."""

    def take(self, seen: CiConfiguration, lease: Lease, *, now: str) -> CiConfiguration | None:
        """Lease a configuration as it was seen, and return it; None when somebody was faster."""
        ...

    def renew(self, lease: Lease, *, now: str) -> CiConfiguration | None:
        """Let a lease last until its new instant, and return its item; None when it was lost."""
        ...

    def release(self, config_id: str, lease_id: str, *, now: str) -> bool:
        """Put a leased configuration back as it was; False when the lease was lost."""
        ...


class CiResults(Protocol):
    """How tests went."""

    def record(self, result: CiResult) -> RecordedState:
        """Write a result and end its lease; `late` where the lease was lost. Raises NotFound."""
        ...

    def mark_benchmark(self, benchmark: CiBenchmark) -> None:
        """Set the three fields of a configuration's last benchmark. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class CiRow:
    """What a report needs of one item; "" for what it does not say.

    Attributes:
        duration_s: Of its last test, 0 when not known.
        last_status, last_at: Of its last result, whatever became of the item since.
        previous_status, previous_at: Of the result before that.
    """

    config_id: str
    deployment_config: str
    project_name: str
    status: str
    tested_at: str
    duration_s: float
    tier: str
    worker: str
    lease_ends_at: str
    written_at: str
    last_status: str
    last_at: str
    previous_status: str
    previous_at: str


class CiTable(Protocol):
    """The CI table of one account and region."""

    @property
    def place(self) -> str:
        """Region and table name, which cursors are bound to."""
        ...

    @property
    def leases(self) -> CiLeases: ...  # noqa: D102 - named by its type

    @property
    def results(self) -> CiResults: ...  # noqa: D102 - named by its type

    def create(self, *, call: Call) -> State:
        """Make the table where there is none. Raises PreconditionFailed where one is unlike it."""
        ...

    def register(self, registration: CiRegistration) -> CiWrite:
        """Create the configuration or reset it to untested, in one conditional UpdateItem.

        An item that already carries the same `registrationId` is left as it is: `unchanged`; one
        that is newer than `only_if_before` allows is left too: `superseded`.

        Raises:
            NotFound: there is no such table.
        """
        ...

    def get(self, config_id: str) -> CiConfiguration | None:
        """Return one configuration, consistently read."""
        ...

    def in_status(
        self,
        statuses: Iterable[str],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool],
        limit: int,
        cursor: str | None,
        query: str,
        call: Call,
    ) -> CiPage:
        """Return configurations in any of these statuses, merged oldest first, off the index.

        Args:
            tested_before: Only those last tested before this instant; `untested` ones always.
            matches: Further conditions on one configuration.
            query: What identifies the query; a cursor of another query is refused.
        """
        ...

    def count(
        self,
        statuses: Iterable[str],
        *,
        tested_before: str | None,
        matches: Callable[[CiConfiguration], bool] | None,
        call: Call,
    ) -> int:
        """Return how many configurations `in_status` would list."""
        ...

    def survey(self, *, call: Call) -> Iterator[CiRow | None]:
        """Yield a row per item; None at last where there are more than can be read in a call.

        Raises:
            NotFound: there is no such table.
        """
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """How the services are reached.

    Attributes:
        method: Which of the client library's ways gave the credentials, such as `env` or `sso`.
        foreign_endpoints: URL by service, for those that are not AWS's own.
    """

    method: str
    foreign_endpoints: Mapping[str, str]


class Aws(Protocol):
    """One account in one region, as one profile; each part is made on first use."""

    @property
    def access(self) -> Access:
        """How the services are reached; asks nothing of them. Raises CredentialsFailed."""
        ...

    @property
    def identity(self) -> Identity:
        """Return who answers; asks STS once. Raises CredentialsFailed, Unavailable."""
        ...

    @property
    def packages(self) -> ModelPackages: ...  # noqa: D102 - named by its type

    @property
    def components(self) -> InferenceComponents: ...  # noqa: D102 - named by its type

    @property
    def objects(self) -> PlacedObjects: ...  # noqa: D102 - named by its type

    @property
    def images(self) -> Images: ...  # noqa: D102 - named by its type

    def in_region(self, region: str) -> Aws:
        """Return the same account, as the same profile, in that region."""
        ...

    def hub(self, name: str) -> HubContents:
        """Return the hub of that name, or ARN, in this region. Raises InvalidArgument."""
        ...

    def ci_table(self, name: str) -> CiTable:
        """Return the CI table of that name, in this region."""
        ...


class AwsDirectory(Protocol):
    """Opens accounts; keeps clients per (profile, region) until credentials change."""

    def open(self, *, region: str, profile: str) -> Aws:
        """Return the account to act in, with nothing asked of AWS yet.

        Raises:
            CredentialsFailed: no credentials, an unknown profile.
        """
        ...

    def region_of(self, profile: str) -> str:
        """Return the region that an AWS profile (or the default one) names, "" for none.

        Raises:
            CredentialsFailed: there is no such profile.
        """
        ...
