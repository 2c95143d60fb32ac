"""The TypeScript SDK 1.x, which most hosts are built on, with a real server process: its own ways.

What every client is told alike is in `test_foreign_clients.py`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"

CALLS = {
    "ok: an empty page": ("list_deployments", {}),
    "ok: a registration without credentials": ("register_deployment", {}),
    "ok: a dry run": ("register_deployment", {"dry_run": True, "sagemaker": "no"}),
    "ok: a dataset": ("register_dataset", {"from_tune": "sft"}),
    "ok: a page": ("list_deployments", {"detail": "full"}),
    "invalid_argument: a bad choice": ("register_deployment", {"status": "done"}),
    "invalid_argument: a bad type": ("list_deployments", {"limit": "ten"}),
    "invalid_argument: out of range": ("list_deployments", {"limit": 1000}),
    "invalid_argument: an unknown argument": ("list_deployments", {"projectName": "x"}),
    "invalid_argument: a missing argument": ("register_evaluator", {}),
    "invalid_argument: an unknown tool": ("no_such_tool", {}),
    "invalid_argument: outside": ("register_deployment", {"project_dir": "/"}),
    "credentials: a CI record": ("register_deployment", {"ci": True, "region": "us-west-2"}),
    "credentials: a query": ("query_ci_untested", {"region": "us-west-2"}),
    "credentials: a listing": ("list_adapters", {"project_name": "x", "region": "us-west-2"}),
    "not_configured: no region": ("query_ci_untested", {}),
    "not_found: an id": ("get_deployment", {"id": "ffffffff"}),
}


@pytest.fixture
def said(converse, tmp_path):
    folder = tmp_path / "support-bot"
    shutil.copytree(EXAMPLE, folder)
    config = folder / "do" / "config"
    config.write_text(config.read_text("utf-8").replace("AWS_REGION", "NO_REGION"), "utf-8")
    return converse(list(CALLS.values()), folder)


def test_the_typescript_client_receives_every_answer_and_every_error_code(said):
    """Design: it checks error results against the output schema too, and would hide them."""
    received = {}
    for called, answer in zip(CALLS, said["answers"], strict=True):
        assert "thrown" not in answer, (called, answer)
        [content] = answer["content"]
        assert answer["structuredContent"] == json.loads(content["text"]), called
        error = answer["structuredContent"].get("error")
        assert bool(answer.get("isError")) == bool(error), called
        if error:
            assert {"code", "message", "hint", "retryable"} == set(error), called
        received[called] = error["code"] if error else "ok"

    assert {called: called.partition(":")[0] for called in CALLS} == received


def test_the_typescript_client_sees_the_instructions_and_every_tools_marks_and_schemas(said):
    tools = {tool["name"]: tool for tool in said["tools"]}

    assert said["instructions"]
    assert {each for each, _ in CALLS.values()} - {"no_such_tool"} <= set(tools)
    for tool in tools.values():
        assert "object" == tool["inputSchema"]["type"]
        assert "error" in tool["outputSchema"]["properties"]
        assert isinstance(tool["annotations"]["readOnlyHint"], bool)


def test_the_typescript_client_reads_resources_and_prompts_and_completes(said):
    beside = said["beside"]

    [read] = beside["read"]["contents"]
    assert beside["resources"][0]["uri"] == read["uri"]
    assert "object" == json.loads(read["text"])["type"]
    assert "registry://deployments/{id}" in [
        each["uriTemplate"] for each in beside["resourceTemplates"]
    ]
    assert (-32602, "not_found") == (
        beside["absent"]["code"],
        beside["absent"]["data"]["error"]["code"],
    )
    assert "list_deployments" in beside["absent"]["message"]
    [message] = beside["prompt"]["messages"]
    assert 'project_name="support-bot"' in message["content"]["text"]
    assert ["faq-sft"] == beside["completed"]["completion"]["values"][:1]
