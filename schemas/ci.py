"""Configurations that CI tests: what register writes and what query_ci_untested answers."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Record, Result, ShownDocument

NEVER_TESTED = "1970-01-01T00:00:00Z"
"""`lastTestTimestamp` of an item that was never tested: the index holds no item without one."""


class CiRegistration(Record):
    """What one registration writes to the CI table.

    Attributes:
        config_id: 16 hex digits over the configuration's identity.
        config_json: The deployment record as compact ASCII JSON.
        registration_id: Id of the registry entry, so that completing a registration
            never resets a configuration that was claimed or tested since.
        now: The write's instant, whole seconds with `Z`.
        only_if_before: For an entry that was found, when it was made: what was written or tested
            since is newer than this registration and stays. Whole seconds with `Z`.
    """

    config_id: str
    config_json: str
    deployment_config: str
    base_image: str
    base_image_version: str
    build_strategy: str
    project_name: str
    registration_id: str
    now: str
    only_if_before: str | None = None


class CiConfiguration(Record):
    """One item of the CI table, its defaults filled in, its `configJson` taken apart.

    Attributes:
        config: The parsed `configJson`; None when the item has none or it does not parse.
    """

    config_id: str
    project_name: str = ""
    deployment_config: str = ""
    model_name: str = ""
    instance_type: str = ""
    aws_region: str = ""
    deployment_target: str = ""
    base_image: str = ""
    base_image_version: str = ""
    build_strategy: str = "codebuild-submit"
    test_status: str = "untested"
    last_test_timestamp: str = NEVER_TESTED
    created_at: str | None = None
    registration_id: str | None = None
    updated_at: str | None = None
    config: ShownDocument | None = Field(default=None)


class UntestedPage(Result):
    """One page of the configurations that CI has to test, the longest untested first.

    Attributes:
        count: How many are on this page; with `count_only`, how many there are.
        complete: None is left for another page.
    """

    configurations: tuple[CiConfiguration, ...] = ()
    count: int
    next_cursor: str | None = None
    complete: bool
