"""A server in memory and a client of either protocol era on it."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError

from registry.settings import Settings
from server.app import build_server
from server.assembling import build_registry


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    """Both protocol eras: `auto` speaks the modern one."""
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The registry home, empty."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def stored(home: Path):
    """Writes a file of the registry home, such as `datasets`."""

    def write(name: str, content: Any) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        (home / f"{name}.json").write_text(text, "utf-8")

    return write


@pytest.fixture
def served(home: Path, tmp_path: Path, era: str):
    """Open a client on a server with these settings: `async with served(...) as client`."""

    @asynccontextmanager
    async def opened(workspace: Path = tmp_path, **settings: Any):
        chosen = Settings(home=home, workspace=(str(workspace),), **settings)
        async with Client(build_server(build_registry(chosen, {})), mode=era) as client:
            yield client

    return opened


@pytest.fixture
def refused():
    """Await a request that is refused, and return its protocol error."""

    async def caught(request: Any) -> Any:
        with pytest.raises(MCPError) as error:
            await request
        return error.value.error

    return caught
