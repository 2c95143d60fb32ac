"""Completions: bounded, local data first, quiet when nothing can be had (MCP, completion)."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from mcp import Client
from mcp.types import (
    INVALID_PARAMS,
    CompletionArgument,
    PromptReference,
    ResourceTemplateReference,
)

from registry.settings import Settings
from server.app import WORKERS, build_server
from server.assembling import build_registry
from server.completions import LOOKING, PATIENCE_S, Completions
from tools.workflows import WORKFLOWS

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "support-bot"
TOKEN = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"
IDS = ResourceTemplateReference(type="ref/resource", uri="registry://deployments/{id}")
PROJECTS = ResourceTemplateReference(
    type="ref/resource", uri="registry://projects/{project}/adapters"
)
DATASETS = ResourceTemplateReference(type="ref/resource", uri="registry://datasets/{name}")
EVALUATORS = ResourceTemplateReference(type="ref/resource", uri="registry://evaluators/{name}")
CONFIGURATIONS = ResourceTemplateReference(type="ref/resource", uri="registry://ci/{configId}")
SCHEMAS = ResourceTemplateReference(type="ref/resource", uri="registry://schemas/{record}")
ROLL_OUT = PromptReference(type="ref/prompt", name="roll_out_adapter")
REGISTER = PromptReference(type="ref/prompt", name="register_after_deploy")


def entry(number, project="", adapters=(), **more):
    return {
        "id": f"{number:08x}",
        "timestamp": f"2026-05-{number % 28 + 1:02}T10:00:00.000Z",
        **({"projectName": project} if project else {}),
        "deployment": {"icList": [{"name": each, "isAdapter": True} for each in adapters]},
        **more,
    }


@pytest.fixture
def registered(stored):
    """Writes the home's registry.json."""

    def write(*entries):
        stored("registry", {"schemaVersion": 1, "entries": list(entries)})

    return write


async def values(client, ref, name, typed="", **chosen):
    completed = await client.complete(
        ref, {"name": name, "value": typed}, context_arguments=chosen or None
    )
    return completed.completion.values


async def test_ids_come_newest_first(served, registered):
    registered(entry(1), entry(3), entry(2))
    async with served() as client:
        assert ["00000003", "00000002", "00000001"] == await values(client, IDS, "id")
        assert ["00000002"] == await values(client, IDS, "id", "00000002")
        assert [] == await values(client, IDS, "id", "f")


async def test_what_begins_so_comes_before_what_contains_it_in_any_case(served, stored):
    stored("datasets", [{"name": each} for each in ("my-faq", "FAQ", "faq-2", "tone")])
    async with served() as client:
        assert ["FAQ", "faq-2", "my-faq"] == await values(client, DATASETS, "name", "fAq")


async def test_projects_are_those_of_the_working_folder_and_of_every_entry(
    served, registered, tmp_path
):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/from-mlcc/7"
    registered(entry(1, "old-bot"), entry(2, modelPackageArn=arn), entry(3, "old-bot"), entry(4))
    work = shutil.copytree(EXAMPLE, tmp_path / "support-bot")
    async with served(workspace=work) as client:
        found = await values(client, PROJECTS, "project")
        same = await values(client, ROLL_OUT, "project")
        typed = await values(client, ROLL_OUT, "project", "from")

    assert ["support-bot", "old-bot", "from-mlcc"] == found == same
    assert ["from-mlcc"] == typed


async def test_adapters_are_those_of_the_project_that_was_chosen(served, registered, tmp_path):
    registered(
        entry(1, "support-bot", ["older"]), entry(2, "other", ["legal"]), entry(3, "third", ["x"])
    )
    work = shutil.copytree(EXAMPLE, tmp_path / "support-bot")
    async with served(workspace=work) as client:
        here = await values(client, ROLL_OUT, "adapter")
        named = await values(client, ROLL_OUT, "adapter", project="support-bot")
        other = await values(client, ROLL_OUT, "adapter", project="other")

    assert ["faq-sft", "tone-dpo", "older"] == here == named
    assert ["legal"] == other


async def test_datasets_evaluators_and_schemas_are_completed_by_name(served, stored):
    stored("datasets", [{"name": "tone"}, {"name": "faq"}])
    stored("evaluators", [{"name": "reward"}])
    async with served() as client:
        assert ["faq", "tone"] == await values(client, DATASETS, "name")
        assert ["reward"] == await values(client, EVALUATORS, "name")
        assert ["evaluator", "register_evaluator", "list_evaluators"] == await values(
            client, SCHEMAS, "record", "evaluator"
        )


async def test_a_completion_has_a_hundred_values_and_says_how_many_there_are(served, stored):
    stored("datasets", [{"name": f"set-{number:03}"} for number in range(150)])
    async with served() as client:
        full = (await client.complete(DATASETS, {"name": "name", "value": "set"})).completion
        few = (await client.complete(DATASETS, {"name": "name", "value": "set-14"})).completion

    assert (100, 150, True) == (len(full.values), full.total, full.has_more)
    assert (10, 10, False) == (len(few.values), few.total, few.has_more)


async def test_no_secret_and_nothing_that_nobody_types_is_offered(served, stored):
    names = ("faq", TOKEN, "x" * 201, "two\nlines", "\x1b[2J", "")
    stored("datasets", [{"name": each} for each in names])
    async with served() as client:
        assert ["faq"] == await values(client, DATASETS, "name")


async def test_an_argument_of_ones_own_words_has_no_values(served):
    async with served() as client:
        assert [] == await values(client, REGISTER, "status", "s")


@pytest.mark.parametrize(
    ("ref", "argument", "named"),
    [
        (DATASETS, "nam", "arguments: name"),
        (ROLL_OUT, "adaptor", "project, adapter"),
        (
            ResourceTemplateReference(type="ref/resource", uri="registry://x/{y}"),
            "y",
            "registry://",
        ),
        (PromptReference(type="ref/prompt", name="x"), "y", "roll_out_adapter"),
        (PromptReference(type="ref/prompt", name="work_through_untested"), "project", "prompts:"),
    ],
    ids=["argument", "prompt's argument", "template", "prompt", "prompt that is not offered"],
)
async def test_what_is_not_there_to_complete_is_refused(served, refused, ref, argument, named):
    async with served() as client:
        error = await refused(client.complete(ref, {"name": argument, "value": ""}))

    assert INVALID_PARAMS == error.code
    assert named in error.message


async def test_a_file_that_cannot_be_read_completes_nothing_and_is_logged(served, stored, caplog):
    caplog.set_level(logging.INFO)
    stored("datasets", "[{")
    async with served() as client:
        assert [] == await values(client, DATASETS, "name")

    assert [("name", "corrupt_registry")] == said(caplog)


async def test_aws_that_nobody_may_ask_completes_nothing_and_is_logged(served, caplog):
    caplog.set_level(logging.INFO)
    async with served() as client:
        assert [] == await values(client, ROLL_OUT, "adapter", "x", project="support-bot")

    assert [("adapter", "not_configured")] == said(caplog)


class Silent:
    """An account directory that does not answer until it is released."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def open(self, **_account: str) -> None:
        self.asked.set()
        self.released.wait(30)
        raise AssertionError("nobody waits for this any more")


@pytest.fixture
def silent(home):
    """A registry whose AWS does not answer."""
    directory = Silent()
    registry = build_registry(Settings(home=home, region="us-west-2"), {})
    yield replace(registry, directory=directory)  # type: ignore[arg-type] # it opens nothing
    directory.released.set()


async def test_who_types_does_not_wait_for_aws(silent, registered, caplog):
    caplog.set_level(logging.INFO)
    completions = Completions(silent, anyio.CapacityLimiter(9), WORKFLOWS, patience_s=0.2)
    argument = CompletionArgument(name="configId", value="x")
    began = time.monotonic()
    for _ in range(LOOKING + 1):
        assert [] == (await completions.complete(CONFIGURATIONS, argument, None)).values

    ids = CompletionArgument(name="id", value="0")
    registered(entry(1))
    assert ["00000001"] == (await completions.complete(IDS, ids, None)).values

    assert time.monotonic() - began < 5
    outcomes = ["timeout"] * LOOKING + ["unavailable"]  # the last one finds the others waiting
    assert outcomes == [outcome for _, outcome in said(caplog)]


async def test_typing_while_aws_does_not_answer_holds_up_no_tool(silent):
    typed = {"name": "configId", "value": "x"}
    async with Client(build_server(silent)) as client, anyio.create_task_group() as typing:
        for _ in range(WORKERS + 1):
            typing.start_soon(client.complete, CONFIGURATIONS, typed)
        assert await to_thread.run_sync(silent.directory.asked.wait, 20)
        began = time.monotonic()
        listed = await client.call_tool("list_deployments", {})
        took_s = time.monotonic() - began
        silent.directory.released.set()
        typing.cancel_scope.cancel()

    assert not listed.is_error
    assert took_s < PATIENCE_S


def said(caplog):
    return [
        (each.completed, each.outcome)
        for each in caplog.records
        if each.name == "mlcc_registry.calls"
    ]
