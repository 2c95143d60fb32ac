"""What has to be known of a host: where its configuration is, and what an entry looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Entry = dict[str, Any]
"""One server's configuration, as the host's file has it."""

Scope = Literal["user", "project"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine and the account whose files are meant.

    Attributes:
        platform: As `sys.platform` names it.
        home: The account's home folder.
    """

    platform: str
    home: Path
    environment: Mapping[str, str]

    def application_data(self) -> Path:
        """Return the folder in which desktop programs keep their settings."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            named = self.environment.get("APPDATA")
            return Path(named) if named else self.home / "AppData" / "Roaming"
        named = self.environment.get("XDG_CONFIG_HOME")
        return Path(named) if named else self.home / ".config"

    def folder(self, variable: str, usual: str) -> Path:
        """Return the folder that a host's own variable names, else the usual one in the home."""
        named = self.environment.get(variable)
        return Path(named) if named else self.home / usual


@dataclass(frozen=True, slots=True)
class Host:
    """A program that starts MCP servers.

    Attributes:
        title: Its name as people know it.
        format: `json` files may hold comments and trailing commas, where the host reads them.
        servers: The key under which the file lists servers.
        marked: An entry says that it is a local program (`"type": "stdio"`).
        user_file: Where the file is that holds for all projects.
        project_file: Where it is in a project's folder; "" for a host that has none.
        then: What is left to do before the host uses it.
    """

    title: str
    format: Literal["json", "toml"]
    servers: str
    marked: bool
    user_file: Callable[[Surroundings], Path]
    project_file: str
    then: str

    def entry(self, command: Path, arguments: list[str]) -> Entry:
        """Return the entry that starts a command."""
        mark = {"type": "stdio"} if self.marked else {}
        return {**mark, "command": str(command), "args": arguments}
