"""What the tools cost a model's context, in o200k tokens (design, "Tools" and "Names")."""

from __future__ import annotations

import json

import pytest

MODELS = ("Qwen/Qwen3-4B", "meta-llama/Llama-3.1-8B-Instruct", "mistralai/Mistral-7B-v0.3")


@pytest.fixture
def count(script):
    """Count the tokens of texts; anything else is counted as compact JSON."""

    def counted(things):
        texts = [
            each
            if isinstance(each, str)
            else json.dumps(each, ensure_ascii=False, separators=(",", ":"))
            for each in things
        ]
        return script("count_tokens.mjs", texts)

    return counted


def entry(number):
    """A deployment as a real project registers it."""
    project = f"support-bot-{number % 4}"
    base = {"name": "default", "image": f"{project}-latest", "gpuCount": 1, "copyCount": 1}
    adapters = [
        {
            "name": name,
            "isAdapter": True,
            "baseIcName": "default",
            "artifactUrl": f"s3://{project}-adapters/{name}/v1/model.tar.gz",
            "gpuCount": 0,
            "copyCount": 1,
        }
        for name in ("faq-sft", "tone-dpo")[: number % 3]
    ]
    arn = f"arn:aws:sagemaker:us-west-2:123456789012:model-package/{project}/{number}"
    return {
        "timestamp": f"2026-05-{number:02d}T10:00:{number:02d}.123Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "transformers-vllm",
            "architecture": "transformers",
            "backend": "vllm",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "deploymentTarget": "realtime-inference",
            "buildTarget": "codebuild",
            "icList": [base, *adapters],
        },
        "model": {"modelName": MODELS[number % 3], "modelFormat": None},
        "infrastructure": {
            "instanceType": "ml.g5.2xlarge",
            "region": "us-west-2",
            "roleArn": None,
        },
        "configuration": {"parameters": {"VLLM_MAX_MODEL_LEN": "8192"}},
        "outcome": {"notes": "vLLM 0.8.5 upgrade, 20% latency improvement, inference validated"},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"{number * 7919:08x}",
        "modelPackageArn": arn,
        "modelPackageVersion": number,
        "projectName": project,
        "buildStrategy": "codebuild-submit",
        "endpointName": f"{project}-endpoint",
    }


@pytest.fixture
def said(converse, tmp_path):
    home = tmp_path / "user" / ".ml-container-creator"
    home.mkdir(parents=True)
    document = {"schemaVersion": "2026-03-20", "entries": [entry(each) for each in range(1, 29)]}
    (home / "registry.json").write_text(json.dumps(document), "utf-8")
    folder = tmp_path / "empty"
    folder.mkdir()
    return converse([("list_deployments", {}), ("get_deployment", {"id": f"{7919:08x}"})], folder)


def test_tools_and_instructions_keep_to_their_share_of_the_context(said, count):
    tools = said["tools"]
    inputs = count(
        [{key: tool[key] for key in ("name", "description", "inputSchema")} for tool in tools]
    )
    outputs = count(
        [
            {key: tool[key] for key in ("name", "description", "inputSchema", "outputSchema")}
            for tool in tools
        ]
    )
    [instructions] = count([said["instructions"]])
    for tool, small, large in zip(tools, inputs, outputs, strict=True):
        print(f"{tool['name']:32} {small:5} {large:5}")
    print(f"average of {len(tools)} tools: {sum(inputs) / len(tools):.0f}", end=", ")
    print(f"with output schemas {sum(outputs) / len(tools):.0f}; instructions {instructions}")

    assert sum(inputs) / len(tools) <= 350
    assert sum(outputs) / len(tools) <= 450
    assert instructions < 300


def test_default_answers_stay_small(said, count):
    listed, shown = (answer["content"][0]["text"] for answer in said["answers"])
    page, one = count([listed, shown])
    print(f"a page of 20 deployments: {page} tokens; one deployment: {one} tokens")

    assert 20 == json.loads(listed)["count"]
    assert page < 2000
    assert one < 2000
