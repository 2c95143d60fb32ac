"""One server of every toolset, whose key may do what the policy of the moment says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from sandbox.service import Sandbox

from ..conftest import Caller, process
from .policies import EVERYTHING, POLICY_KEY, Document
from .scenarios import HUB, Scenario, World

EVERY_TOOL = ("--toolsets", "core,registry,adapters,ci", "--hub", HUB)


@pytest.fixture(scope="module")
def era() -> str:
    """What a key may do has nothing to do with the protocol."""
    return "auto"


@pytest.fixture(scope="module")
def world(
    sandbox_process: Sandbox, clients: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    environment = sandbox_process.environment(POLICY_KEY, through_front=True)
    yield World(sandbox_process, clients, tmp_path_factory.mktemp("iam"), environment)
    sandbox_process.control.close_front()


@pytest.fixture(scope="module")
async def server(world: World) -> AsyncIterator[Caller]:
    folder = world.place / "support-bot"
    folder.mkdir()
    async with process(world.place, folder, world.environment, "auto", *EVERY_TOOL) as client:
        yield Caller(client)


@pytest.fixture
def play(world: World, server: Caller):
    """Plays a scenario under a policy, and returns the calls that were made under it."""

    async def played(scenario: Scenario, policy: Mapping[str, Any]) -> list[Document]:
        world.begin()
        world.box.control.allow(POLICY_KEY, EVERYTHING)
        steps = scenario(server, world)
        await anext(steps)
        world.box.control.allow(POLICY_KEY, policy)
        world.box.control.clear_log()
        async for _ in steps:
            pass
        return world.box.control.calls(access_key=POLICY_KEY)

    return played


@pytest.fixture(scope="module")
def notes() -> dict[Scenario, list[Document]]:
    """The calls of every scenario that was played by an administrator so far."""
    return {}


@pytest.fixture
def calls_of(play, notes: dict[Scenario, list[Document]]):
    """The calls that a scenario makes when everything is allowed."""

    async def made(scenario: Scenario) -> list[Document]:
        if scenario not in notes:
            notes[scenario] = await play(scenario, EVERYTHING)
        return notes[scenario]

    return made
