"""A coding assistant after a deploy: poor arguments, and nothing to recover by but the answers.

The assistant here knows no tool. It puts its first guess right by what the failure says, as a
model does: a name that is meant, values that are allowed, candidates, a plan's digest.
"""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.anyio

MEANT = re.compile(r"(\w+) \(did you mean ([^?]+)\?\)")
ALLOWED = re.compile(r"(\w+): input should be (.+)")
FOLDERS = re.compile(r"allowed: ([^;,]+)")
TOOLS = re.compile(r"tools: (.+)")


class Assistant:
    """Calls a tool until it answers, and keeps what it had to learn."""

    def __init__(self, client):
        self._client = client
        self.learnt = []

    async def gets(self, tool, **arguments):
        """Return the answer; at most five corrections are made."""
        for _ in range(6):
            result = await self._client.raw(tool, arguments)
            answer = result.structured_content
            if not result.is_error:
                return answer
            self.learnt.append(answer["error"]["code"])
            tool, arguments = self._better(tool, arguments, answer)
        raise AssertionError(f"no way to {tool}: {answer}")

    def _better(self, tool, arguments, answer):
        message, hint = answer["error"]["message"], answer["error"]["hint"]
        if known := TOOLS.search(hint):
            return next(each for each in known[1].split(", ") if tool in each), arguments
        better = dict(arguments)
        for wrong, names in MEANT.findall(message):
            value = better.pop(wrong)
            better[self._fitting(names.split(" or "), value)] = value
        for name, values in ALLOWED.findall(message):
            better[name] = re.findall(r"'(\w+)'", values)[0]
        if folders := FOLDERS.search(hint):
            better["project_dir"] = folders[1]
        for candidate in answer.get("candidates", []):
            if isinstance(candidate, str):
                better["project_name"] = candidate
            elif "version_arn" in hint and candidate["name"] == "tone-dpo":
                better["version_arn"] = candidate["arn"]
        if answer.get("digest"):
            better["confirm"] = answer["digest"]
        assert better != arguments, f"nothing to go by: {answer}"
        return tool, better

    @staticmethod
    def _fitting(names, value):
        """Return the name that such a value is for: a path is no name."""
        kind = "_dir" if "/" in value or value == "." else "_name"
        return next((each for each in names if each.endswith(kind)), names[0])


async def test_an_assistant_that_guesses_is_led_to_a_registered_and_rolled_out_adapter(
    connect, endpoint, aws
):
    async with connect() as client:
        assistant = Assistant(client)
        registered = await assistant.gets("register_deployment", project="/etc", status="ok")
        again = await assistant.gets("register_deployment")
        listed = await assistant.gets("list_adapters", project="supportbot")
        rollout = await assistant.gets("deploy_adapter", project=".")
        while rollout["state"] not in {"in_service", "failed"}:
            tool = re.search(r"\b(get_\w+)", rollout["nextStep"])[1]
            rollout = await assistant.gets(tool, ic_name=rollout["icName"], wait_s=10)

    components = aws["sagemaker"].list_inference_components()["InferenceComponents"]
    assert "created" == registered["local"]["state"]
    assert (registered["id"], "unchanged") == (again["id"], again["local"]["state"])
    assert {"faq-sft", "tone-dpo"} == {each["name"] for each in listed["adapters"]}
    assert "in_service" == rollout["state"]
    assert rollout["icName"] in {each["InferenceComponentName"] for each in components}
    assert {"invalid_argument", "not_found"} <= set(assistant.learnt)
    assert len(assistant.learnt) <= 8


async def test_an_assistant_that_guesses_is_led_to_a_dataset_and_an_evaluator(connect):
    async with connect() as client:
        assistant = Assistant(client)
        dataset = await assistant.gets(
            "register_dataset", dataset_name="faq", uri="s3://support-bot-data/faq/train.jsonl",
            format="json", technique="SFT",
        )  # fmt: skip
        evaluator = await assistant.gets(
            "register_evaluator", name="reward", type="function", technique="rl",
            lambda_arn="arn:aws:lambda:us-west-2:123456789012:function:reward",
        )  # fmt: skip

    assert ("faq", 3) == (dataset["name"], dataset["rowCount"])
    assert ("reward", "lambda") == (evaluator["name"], evaluator["type"])
