"""What `mlcc-registry-mcp doctor` finds: settings, stored files, AWS, and what to do about them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from schemas.base import Identity, Record

Level = Literal["ok", "warning", "problem"]
"""A warning can be lived with; a problem keeps something from working."""

Source = Literal[
    "argument",
    "flag",
    "variable",
    "project",
    "aws_profile",
    "bootstrap_profile",
    "start_folder",
    "sandbox",
    "default",
    "nowhere",
]
"""What kind of place gave a setting its value; `nowhere` when it has none."""

FileKind = Literal["deployments", "datasets", "evaluators", "bootstrap", "project_deployments"]

AwsPart = Literal[
    "credentials", "identity", "endpoints", "model_registry", "inference", "ci_table", "hub"
]
"""`endpoints` are the services' own addresses; `inference` is what SageMaker serves."""

Subject = Literal["setting", "home", "file", "aws"]


def _shown(text: object) -> object:
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


Shown = Annotated[str, BeforeValidator(_shown)]
"""A text for people; what is no text in it, as in a file's name in some other encoding, is ?."""


class Finding(Record):
    """One check and how it came out.

    Attributes:
        subject: What kind of thing was looked at.
        about: Which one: a setting's name, a path, or a part of AWS.
        message: What was found, in one sentence.
        next_step: What to do about it; absent when nothing is to be done.
    """

    subject: Subject
    about: Shown
    level: Level
    message: Shown
    next_step: Shown | None = None


class EffectiveSetting(Record):
    """One setting as the server would use it.

    Attributes:
        value: Texts as they are; several names as a list; nothing set is "" or an empty list.
        source_name: The flag, variable, file or profile; absent for a default.
    """

    name: str
    value: Shown | bool | float | tuple[Shown, ...]
    source: Source
    source_name: Shown | None = None


class StoredFile(Record):
    """One file that the server reads or writes.

    Attributes:
        entries: How many it holds; for `bootstrap` how many profiles. Absent when not readable.
        size_bytes, mode: Absent without the file; the mode as octal digits, such as `0600`.
        schema_version: As the file spells it; `deployments` only.
        newer: It is of a format newer than this server's, which only reads it.
        unreadable: Why it cannot be read at all.
        damage: Why what it holds cannot be used, with the position where one is known.
        locked_by: The writer that holds its lock now.
        stray_files: What writers that were killed left beside it.
        set_aside: Damaged files that earlier repairs put beside it.
        discrepancies: In what it differs from what this server acknowledged, or from itself.
    """

    kind: FileKind
    path: Shown
    exists: bool
    entries: int | None = None
    size_bytes: int | None = None
    mode: Shown | None = None
    schema_version: Shown | None = None
    newer: bool = False
    unreadable: Shown | None = None
    damage: Shown | None = None
    locked_by: Shown | None = None
    stray_files: tuple[Shown, ...] = ()
    set_aside: tuple[Shown, ...] = ()
    discrepancies: tuple[Shown, ...] = ()


class AwsAccess(Record):
    """How AWS is reached; everything is absent that was not found out in time.

    Attributes:
        method: Which of the client library's ways gave the credentials, such as `env` or `sso`.
        identity: Who answers.
        foreign_endpoints: URL by service, for endpoints that are not AWS's own.
    """

    method: Shown | None = None
    identity: Identity | None = None
    foreign_endpoints: dict[str, Shown] = Field(default_factory=dict)
    ci_table: Shown | None = None
    ci_region: Shown | None = None
    hub: Shown | None = None


class Repair(Record):
    """What a repair did to one file.

    Attributes:
        state: `repaired`, `failed`, or `unchanged` when nothing was wrong any more.
        set_aside: Where the damaged file is now, byte for byte.
        kept: How many entries are in the file now.
        restored: How many of them came back from the record of acknowledged writes.
        lost: What could not be read, place by place.
    """

    path: Shown
    state: Literal["repaired", "unchanged", "failed"]
    message: Shown
    set_aside: Shown | None = None
    kept: int | None = None
    restored: int = 0
    lost: tuple[Shown, ...] = ()


class DoctorReport(Record):
    """Everything that the doctor found.

    Attributes:
        format: Of this report; a change that takes something away has another number.
        version: The server's.
        level: The worst of the findings'.
    """

    format: Literal[1] = 1
    version: str
    level: Level
    home: Shown
    settings: tuple[EffectiveSetting, ...]
    files: tuple[StoredFile, ...]
    aws: AwsAccess
    repairs: Annotated[tuple[Repair, ...], Field(description="Empty without --repair")] = ()
    findings: tuple[Finding, ...]
