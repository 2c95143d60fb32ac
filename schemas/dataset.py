"""A registered dataset: the entry of `datasets.json`, a request for one, and the answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from schemas.base import Outcome, Record, Result, ShownDocument
from schemas.hub import HubOutcome, RecordOrigin

DatasetFormat = Literal["jsonl", "parquet", "csv"]
TuneTechnique = Literal["sft", "dpo", "rlaif", "rlvr"]


class StoredRow(BaseModel):
    """A value that MLCC's Python scripts store: snake_case keys, unknown keys allowed."""

    model_config = ConfigDict(frozen=True, extra="allow")


class DatasetVersion(StoredRow):
    """One version of a dataset.

    Attributes:
        hash: 16 characters that stand for the content; None when it could not be read.
        rows: Number of records; None when it is not known.
        registered_at: UTC, microseconds, `Z`.
        arn: The hub content's ARN, where a hub has the version; MLCC ignores the key.
    """

    version: str
    s3_uri: str | None = None
    hash: str | None = None
    technique: str | None = None
    rows: Annotated[int | None, Field(ge=0)] = None
    registered_at: str | None = None
    arn: str | None = None


class DatasetEntry(StoredRow):
    """One entry of `datasets.json`; the fields before `versions` mirror its newest version.

    Attributes:
        column_schema: The column schema as JSON text.
        arn: The hub content's ARN.

    Source: record contract, section 2.
    """

    name: Annotated[str, Field(min_length=1)]
    s3_uri: str
    format: DatasetFormat
    technique: TuneTechnique
    row_count: Annotated[int | None, Field(ge=0)]
    column_schema: str | None
    project_name: str
    arn: str | None
    registered_at: str
    latest_version: str
    content_hash: str | None
    versions: Annotated[list[DatasetVersion], Field(min_length=1)]


class DatasetRequest(Record):
    """What a caller says of a dataset; "", -1 and {} mean that nothing is said.

    Attributes:
        row_count: Number of records; -1 when the caller does not say.
        from_tune: Take what is missing from this technique's tune job, `latest` for the last.
        from_train: The same from a custom training job.
        force: Make a new version even where nothing changed.
    """

    name: str = ""
    s3_uri: str = ""
    format: str = ""
    technique: str = ""
    row_count: int = -1
    column_schema: dict[str, JsonValue] = Field(default_factory=dict)
    from_tune: str = ""
    from_train: str = ""
    force: bool = False
    project_name: str = ""


class RegisterDatasetResult(Result):
    """One registered dataset.

    Attributes:
        version: The version that the call stored or found, such as `1.1.0`.
        ordinal: Its place among the dataset's versions, from 1.
        content_hash: None when the content could not be read.
        content_checked: Whether the content was read and compared.
    """

    name: str
    version: str
    ordinal: int
    s3_uri: str
    format: str
    technique: str
    row_count: int | None = None
    content_hash: str | None = None
    content_checked: bool
    local: Outcome
    hub: HubOutcome
    warnings: tuple[str, ...] = ()


class DatasetVersionView(Record):
    """One version of a dataset, as a list shows it.

    Attributes:
        ordinal: Its place in `datasets.json`, from 1, for `name@v2`; none if only a hub has it.
        arn: The hub content's ARN, where a hub has the version.
    """

    version: str
    ordinal: int | None = None
    s3_uri: str | None = None
    technique: str | None = None
    row_count: int | None = None
    content_hash: str | None = None
    registered_at: str | None = None
    arn: str | None = None
    origin: RecordOrigin


class DatasetView(Record):
    """One dataset in one version: the newest that is recorded, unless the call named another.

    Attributes:
        version_count: How many versions there are in all.
        arn: The hub content's ARN; when the call names a dataset, or `detail="full"`.
        versions: Newest first, at most as many as fit; when the call names a dataset, or
            `detail="full"`.
        entry: The entry of `datasets.json` without its versions, with `detail="full"` only.
    """

    name: str
    version: str
    ordinal: int | None = None
    version_count: int
    s3_uri: str | None = None
    format: str | None = None
    technique: str | None = None
    row_count: int | None = None
    origin: RecordOrigin
    arn: str | None = None
    versions: tuple[DatasetVersionView, ...] | None = None
    entry: ShownDocument | None = None


class ListDatasetsResult(Result):
    """One page of datasets, by name."""

    datasets: tuple[DatasetView, ...]
    count: int
    next_cursor: str | None = None
    complete: bool
    warnings: tuple[str, ...] = ()
