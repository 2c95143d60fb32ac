"""What the server was told at its start: flag, then `MLCC_REGISTRY_*`, then default.

The active bootstrap profile stands between the environment and the defaults; it is consulted
where its value is needed, since it may change while the server runs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from registry.errors import InvalidArgument
from registry.precedence import Given
from schemas.ci import FINISHED_STATUS, MOST_STUCK_HOURS, TESTED_STATUSES

_MOST_STATUSES = 40
DEFAULT_CI_TABLE = "mlcc-ci-table"
TOOLSETS = ("core", "registry", "adapters", "ci")
_PREFIX = "MLCC_REGISTRY_"
_ACCOUNT = re.compile(r"[0-9]{12}")

Names = Annotated[tuple[str, ...], NoDecode]
"""Several names; the environment gives them comma-separated."""


class Settings(BaseSettings):
    """Every setting of the server, each also a flag and an `MLCC_REGISTRY_*` variable.

    Attributes:
        home: The registry home, where MLCC keeps `registry.json` and its siblings.
        workspace: Folders that bound every path argument; empty means the start folder.
        ask: Ask a person where the client can show questions, or never.
        ask_s: Seconds that a person has to answer a call's questions in the protocol's older
            era, which holds the call meanwhile; less where the call's own time runs out first.
        poll_s: Seconds before the first look at a component that is being created; later
            looks are further apart.
        stale_statuses: Test statuses whose configurations may be stale; each costs a query.
        stuck_after_hours: For how long a configuration may run without a live lease.
        sandbox: Serve against a private local AWS.
        sandbox_dir: Keep that AWS's state here.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,  # hosts pass "" for what their user did not fill in
        frozen=True,
        extra="forbid",
    )

    home: Path = Path("~/.ml-container-creator")
    region: str = ""
    profile: str = ""
    hub: str = ""
    ci_table: str = ""
    ci_region: str = ""
    stale_statuses: Names = TESTED_STATUSES
    stuck_after_hours: int = Field(default=2, ge=1, le=MOST_STUCK_HOURS)
    read_only: bool = False
    toolsets: Names = ("core",)
    allowed_accounts: Names = ()
    workspace: Names = ()
    require_confirm: bool = False
    require_human: bool = False
    auto_approve: bool = False
    ask: Literal["auto", "never"] = "auto"
    ask_s: float = Field(default=40.0, gt=0, le=50)
    poll_s: float = Field(default=2.0, gt=0, le=30)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    sandbox: bool = False
    sandbox_dir: str = ""

    @field_validator("toolsets", "allowed_accounts", "workspace", "stale_statuses", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("toolsets")
    @classmethod
    def _known_toolsets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in TOOLSETS:
                raise ValueError(f"unknown toolset {name!r}; known: {', '.join(TOOLSETS)}")
        if not value:
            raise ValueError(f"it names no toolset; known: {', '.join(TOOLSETS)}")
        return value

    @field_validator("allowed_accounts")
    @classmethod
    def _account_numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for account in value:
            if not _ACCOUNT.fullmatch(account):
                raise ValueError("an account is a number of 12 digits")
        return value

    @field_validator("stale_statuses")
    @classmethod
    def _finished_statuses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not FINISHED_STATUS.fullmatch(name):
                raise ValueError("a finished test's status is pass, or fail- and a stage")
        if not 1 <= len(value) <= _MOST_STATUSES:
            raise ValueError(f"1 to {_MOST_STATUSES} statuses are read")
        return tuple(dict.fromkeys(value))

    @field_validator("home", mode="before")
    @classmethod
    def _expanded(cls, value: object) -> object:
        if value == "":
            raise ValueError("it is empty")
        return _own(Path(str(value)))

    @field_validator("workspace")
    @classmethod
    def _expanded_roots(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "" in value:
            raise ValueError("a folder's name is empty")
        return tuple(str(_own(Path(each))) for each in value)

    @model_validator(mode="after")
    def _kept_sandbox(self) -> Self:
        if self.sandbox_dir and not self.sandbox:
            raise ValueError("it is the sandbox's; give --sandbox too")
        return self


def _own(path: Path) -> Path:
    """Return a path with `~` resolved."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def load_settings(flags: dict[str, object]) -> Settings:
    """Return the settings, flags before the environment.

    Args:
        flags: What the command line really named, by the settings' own names.

    Raises:
        InvalidArgument: a flag or variable has a value that the setting does not take.
    """
    try:
        return Settings(**flags)  # type: ignore[arg-type] # pydantic checks what argparse gave
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "sandbox_dir"
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidArgument(
            f"setting {name}: {reason}",
            hint=f"it comes from {flag_of(name)} or {variable_of(name)}",
        ) from error


def flag_of(name: str) -> str:
    """Return the command line's spelling of a setting: --ci-table for ci_table."""
    return f"--{name.replace('_', '-')}"


def variable_of(name: str) -> str:
    """Return the environment's spelling of a setting: MLCC_REGISTRY_CI_TABLE for ci_table."""
    return f"{_PREFIX}{name.upper()}"


def who_set(name: str, flags: Collection[str], environment: Mapping[str, str]) -> Given:
    """Return where a setting's own value comes from, as `load_settings` decides it.

    Args:
        flags: The settings that the command line named.
        environment: Names count in any case there, and an empty variable is none.
    """
    if name in flags:
        return Given(name, "flag", flag_of(name))
    variable = variable_of(name)
    if any(each.upper() == variable and value for each, value in environment.items()):
        return Given(name, "variable", variable)
    return Given(name, "default")
