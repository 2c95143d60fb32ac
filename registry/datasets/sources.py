"""What is to be recorded of a dataset: the caller's words, completed from a tune or train job.

Source: record contract, section 2 (`--from-tune`, `--from-train`); a technique's own values are
never mixed with those of another technique's job.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from registry.datasets.names import checked_name, checked_s3_uri, derived_name
from registry.errors import InvalidArgument
from registry.redaction import (
    quoted,
    redact_names,
    redact_shapes,
    redaction_warning,
    refuse_secret,
)
from schemas.dataset import DatasetFormat, DatasetRequest, TuneTechnique

LATEST = "latest"
FORMATS: tuple[str, ...] = get_args(DatasetFormat)
TECHNIQUES: tuple[str, ...] = get_args(TuneTechnique)

_BY_EXTENSION = {"jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet", "csv": "csv"}


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What is known of a dataset before its content is looked at.

    Attributes:
        format: None when nobody said; so are `technique`, `rows` and `column_schema`.
        column_schema: JSON text.
        project_name: "" when there is no project.
        warnings: What of the caller's own words is not recorded as it was sent.
    """

    name: str
    s3_uri: str
    format: str | None
    technique: str | None
    rows: int | None
    column_schema: str | None
    project_name: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectValues:
    """The values of a project's `do/config`.

    Attributes:
        resolved: Each variable whose value is known.
        unresolved: Each variable that only a shell could evaluate, with the reason.
    """

    resolved: Mapping[str, str]
    unresolved: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a variable's value, "" when it is not set.

        Raises:
            InvalidArgument: only a shell could tell its value.
        """
        if name in self.unresolved:
            raise InvalidArgument(
                f"{name} has no value without running the project: {self.unresolved[name]}",
                hint="pass what it stands for as an argument of the call",
            )
        return self.resolved.get(name, "")

    def names(self) -> set[str]:
        """Return every variable that is set to something, evaluated or not."""
        return {name for name, value in self.resolved.items() if value} | set(self.unresolved)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a job left behind about its dataset; "" and None where it left nothing."""

    technique: str
    s3_uri: str
    source: str
    rows: int | None


def dataset_facts(request: DatasetRequest, project: ProjectValues | None) -> DatasetFacts:
    """Return what is to be recorded; what the caller says wins over what a job left.

    Raises:
        InvalidArgument: an argument has a form that cannot be stored, nothing says where the
            data is, or the project knows no such job.
    """
    _check_choices(request)
    job = _job(request, project)
    s3_uri = request.s3_uri or (job.s3_uri if job else "")
    if not s3_uri:
        raise InvalidArgument(
            "s3_uri is missing", hint="pass s3_uri, or from_tune or from_train with project_dir"
        )
    refuse_secret("s3_uri", checked_s3_uri(s3_uri, "s3_uri"))
    name = request.name or (derived_name(job.source, s3_uri) if job else "")
    name = name or derived_name(s3_uri, s3_uri)
    project_name = request.project_name or (
        project.resolved.get("PROJECT_NAME") or "" if project else ""
    )
    refuse_secret("name", checked_name(name, "dataset"))
    columns = redact_names(request.column_schema)
    return DatasetFacts(
        name=name,
        s3_uri=s3_uri,
        format=request.format or (format_of(s3_uri) if job else None),
        technique=request.technique or (_recordable(job.technique) if job else None),
        rows=_rows(request, job),
        column_schema=_schema_text(columns),
        project_name=redact_shapes(project_name),
        warnings=() if columns == request.column_schema else (redaction_warning("column_schema"),),
    )


def format_of(s3_uri: str) -> str | None:
    """Return the format that a key's extension tells, None when it tells none."""
    name = s3_uri.rpartition("/")[2].lower().removesuffix(".gz")
    return _BY_EXTENSION.get(name.rpartition(".")[2])


def _check_choices(request: DatasetRequest) -> None:
    for argument, value, choices in (
        ("format", request.format, FORMATS),
        ("technique", request.technique, TECHNIQUES),
    ):
        if value and value not in choices:
            raise InvalidArgument(f"{argument} must be one of {', '.join(choices)}")
    if request.row_count < -1:
        raise InvalidArgument("row_count must be 0 or more; leave it out when it is not known")
    if request.from_tune and request.from_train:
        raise InvalidArgument("from_tune and from_train are two sources; pass one of them")


def _rows(request: DatasetRequest, job: _Job | None) -> int | None:
    if request.row_count >= 0:
        return request.row_count
    return job.rows if job else None


def _schema_text(columns: Mapping[str, object]) -> str | None:
    if not columns:
        return None
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False)


def _recordable(technique: str) -> str:
    if technique not in TECHNIQUES:
        raise InvalidArgument(
            f"the job's technique {quoted(technique, 40)} is not one that a dataset can have",
            hint=f"pass technique, one of {', '.join(TECHNIQUES)}",
        )
    return technique


def _job(request: DatasetRequest, project: ProjectValues | None) -> _Job | None:
    kind = "from_tune" if request.from_tune else "from_train" if request.from_train else ""
    if not kind:
        return None
    if project is None:
        raise InvalidArgument(f"{kind} reads a project: pass project_dir, a folder holding do/")
    return _tune_job(request, project) if request.from_tune else _train_job(request, project)


def _tune_job(request: DatasetRequest, project: ProjectValues) -> _Job:
    techniques = _techniques_with(project, "TUNE_DATASET_S3_URI_")
    latest = _latest(project, "TUNE_TECHNIQUE", request.from_tune)
    anonymous = "TUNE_DATASET_S3_URI" in project.names()
    if anonymous and latest:
        techniques = sorted({*techniques, latest})
    technique = _chosen(request.from_tune, "from_tune", latest, techniques)
    # The values without a technique in their name are the latest job's, whose technique may be
    # unknown when no other job was run.
    unsuffixed = technique == latest or not techniques
    if technique not in techniques and not (unsuffixed and anonymous):
        raise _no_such_job("from_tune", technique, techniques)

    def value(part: str) -> str:
        own = project.get(f"TUNE_DATASET_{part}_{technique.upper()}")
        return own or (project.get(f"TUNE_DATASET_{part}") if unsuffixed else "")

    # What the caller gives is not looked up: only a shell might be able to tell its value.
    return _Job(
        technique,
        s3_uri=request.s3_uri or value("S3_URI"),
        source="" if request.name else value("SOURCE"),
        rows=None if request.row_count >= 0 else _counted(value("ROW_COUNT")),
    )


def _train_job(request: DatasetRequest, project: ProjectValues) -> _Job:
    techniques = _techniques_with(project, "TRAIN_DATASET_S3_URI_")
    latest = _latest(project, "TRAIN_TECHNIQUE", request.from_train)
    technique = _chosen(request.from_train, "from_train", latest, techniques)
    if technique not in techniques:
        raise _no_such_job("from_train", technique, techniques)
    s3_uri = request.s3_uri or project.get(f"TRAIN_DATASET_S3_URI_{technique.upper()}")
    return _Job(technique, s3_uri, source=s3_uri, rows=None)


def _latest(project: ProjectValues, name: str, asked: str) -> str:
    """Return the latest job's technique; a value that only a shell tells is needed for latest."""
    if asked.lower() != LATEST and name in project.unresolved:
        return ""
    return project.get(name).lower()


def _techniques_with(project: ProjectValues, prefix: str) -> list[str]:
    return sorted(
        name.removeprefix(prefix).lower() for name in project.names() if name.startswith(prefix)
    )


def _chosen(asked: str, argument: str, latest: str, techniques: list[str]) -> str:
    technique = asked.lower()
    if technique != LATEST:
        if not re.fullmatch(r"[a-z0-9_]{1,40}", technique):
            raise InvalidArgument(f"{argument} must be a technique or {LATEST}")
        return technique
    if latest:
        return latest
    if len(techniques) == 1:
        return techniques[0]
    raise _no_such_job(argument, LATEST, techniques)


def _no_such_job(argument: str, technique: str, techniques: list[str]) -> InvalidArgument:
    known = ", ".join(techniques) or "none"
    return InvalidArgument(
        f"do/config has no dataset of {argument} {technique}; techniques with one: {known}",
        hint="pass one of these techniques, or s3_uri and technique without " + argument,
    )


def _counted(text: str) -> int | None:
    """Return a row count that a tune job wrote; it writes 0 or nothing when it knows none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) and int(text) else None
