"""The main job, told step by step: a real client, a real server process, a local AWS.

`make demo` runs it. Everything happens in a temporary folder and on loopback; nothing is left.
Each claim is checked against the files, or through a boto3 client that knows nothing of the
server; the exit status is not zero when anything is off.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import boto3
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from sandbox import environment, sample
from sandbox.service import Sandbox

HERE = Path(__file__).resolve().parent
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
TABLE = "mlcc-ci-table"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:support-bot-latest"

COLOURED = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def main() -> int:
    """Tell the story; 0 when every claim held."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlcc-registry-demo-") as folder, Sandbox() as box:
        environment.apply(os.environ, box.environment())  # whatever its user has configured
        place = Path(folder)
        project = Path(shutil.copytree(HERE / "support-bot", place / "support-bot"))
        aws = clients(box)
        say("A local AWS is up, with an endpoint, a base component, weights and a CI table.")
        furnish(aws)
        anyio.run(tell, Story(place, project, aws, box))
    say(f"Every claim was checked, in {time.monotonic() - began:.0f} s. Nothing is left behind.")
    return 0


class Story:
    """Where the story plays, and who checks it."""

    def __init__(self, place: Path, project: Path, aws: dict[str, Any], box: Sandbox) -> None:
        self.home = place / "home" / ".ml-container-creator"
        self.project = project
        self.aws = aws
        self.environment = {
            **box.environment(),
            "HOME": str(place / "home"),
            "MLCC_REGISTRY_HOME": str(self.home),
            "MLCC_REGISTRY_POLL_S": "0.4",
        }
        self.client: Client | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Start the server over stdio in the project's folder, as an assistant's host would."""
        server = StdioServerParameters(command=str(COMMAND), env=self.environment, cwd=self.project)
        with (self.project.parent / "server.log").open("w", encoding="utf-8") as log:
            async with Client(stdio_client(server, errlog=log)) as self.client:
                yield

    async def call(self, why: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, print call and answer, and return the answer."""
        say(why)
        show_call(tool, arguments)
        result = await self.client.call_tool(tool, arguments, progress_callback=show_progress)
        answer = dict(result.structured_content)
        show_answer(answer)
        claim(not result.is_error, f"{tool} succeeds")
        return answer

    def entries(self) -> list[dict[str, Any]]:
        """Return what the registry file holds."""
        text = (self.home / "registry.json").read_text(encoding="utf-8")
        return list(json.loads(text)["entries"])

    def versions(self) -> list[dict[str, Any]]:
        """Return the model package versions of the project's group, as SageMaker has them."""
        sagemaker = self.aws["sagemaker"]
        listed = sagemaker.list_model_packages(ModelPackageGroupName="support-bot")
        return [
            sagemaker.describe_model_package(ModelPackageName=each["ModelPackageArn"])
            for each in listed["ModelPackageSummaryList"]
        ]


async def tell(story: Story) -> None:
    """The story itself."""
    async with story.connected():
        info = story.client.server_info
        say(f"An assistant connects over stdio to {info.name} {info.version}.")
        await register(story)
        await roll_out(story)
        await look_back(story)


async def register(story: Story) -> None:
    """Dry run, register, again, with CI, and a dataset."""
    call = story.call
    await call("What would a registration write?", "register_deployment", dry_run=True)
    claim(not story.home.exists(), "the dry run wrote no file")

    made = await call(
        "Register what was just deployed.", "register_deployment", notes="First deploy"
    )
    [entry] = story.entries()
    claim(entry["id"] == made["id"], "the entry is in registry.json")
    parameters = entry["configuration"]["parameters"]
    claim(parameters["HF_TOKEN"] == "***REDACTED***", "the Hugging Face token was not stored")
    claim(parameters["VLLM_MAX_NUM_BATCHED_TOKENS"] == "4096", "a tuning parameter was")
    claim(len(story.versions()) == 3, "one model version and two adapters are in the group")

    again = await call("The same call once more.", "register_deployment", notes="First deploy")
    claim(again["local"]["state"] == "unchanged", "it finds its own entry")
    claim(len(story.entries()) == 1 and len(story.versions()) == 3, "and repeats nothing")

    queued = await call(
        "Register under new notes, and queue the configuration for CI.",
        "register_deployment",
        notes="vLLM 0.8.5, 20% lower latency",
        ci=True,
        sagemaker="yes",
        benchmark={"p95_ms": 412, "faq-sft": {"accuracy": 0.91}},
    )
    item = story.aws["dynamodb"].get_item(
        TableName=TABLE, Key={"configId": {"S": queued["ci"]["configId"]}}
    )["Item"]
    claim(item["testStatus"]["S"] == "untested", "the CI table has the configuration, untested")
    claim(len(story.versions()) == 6, "three more versions are in the group")

    dataset = await call(
        "Register the dataset of the last SFT job.", "register_dataset", from_tune="sft"
    )
    stored = json.loads((story.home / "datasets.json").read_text(encoding="utf-8"))
    claim(stored[0]["name"] == dataset["name"], "the dataset is in datasets.json")
    etag = story.aws["s3"].head_object(Bucket="support-bot-data", Key="faq/train.jsonl")["ETag"]
    claim(stored[0]["content_hash"] == etag.strip('"')[:16], "with the hash of its content")

    await call(
        "And the reward function that judges it.",
        "register_evaluator",
        name="faq-judge",
        type="lambda",
        arn="arn:aws:lambda:us-west-2:123456789012:function:faq-judge",
        technique="rlvr",
    )


async def roll_out(story: Story) -> None:
    """List, plan, roll out, watch."""
    call = story.call
    listed = await call("Which adapters are there?", "list_adapters")
    claim(listed["count"] == 4, "four adapter versions are listed")
    chosen = next(each for each in listed["adapters"] if each["name"] == "tone-dpo")

    plan = await call(
        "What would it take to roll out the newest tone-dpo?",
        "deploy_adapter_from_registry",
        version_arn=chosen["arn"],
        dry_run=True,
    )
    claim(not components(story), "the plan changed nothing")

    rolled = await call(
        "Roll it out; the plan's digest goes along as consent.",
        "deploy_adapter_from_registry",
        version_arn=chosen["arn"],
        confirm=plan["digest"],
        wait_s=0,
    )
    claim(rolled["state"] == "creating", "SageMaker is creating the component")

    done = await call(
        "Watch it, from any process.", "get_adapter_rollout", adapter_name="tone-dpo", wait_s=30
    )
    claim(done["state"] == "in_service", "the adapter serves")
    [component] = components(story)
    claim(
        component["Specification"]["Container"]["ArtifactUrl"]
        == "s3://support-bot-adapters/tone-dpo/v1/",
        "with the registered weights",
    )
    conf = (story.project / "do/adapters/tone-dpo.conf").read_text(encoding="utf-8")
    claim('ADAPTER_SOURCE="registry"' in conf, "and the project's conf says where it came from")

    await call("The same rollout again.", "deploy_adapter_from_registry", version_arn=chosen["arn"])
    claim(len(components(story)) == 1, "there is still one adapter component")


async def look_back(story: Story) -> None:
    """What CI has yet to test, and what was registered."""
    untested = await story.call("What has CI yet to test?", "query_ci_untested")
    claim(untested["count"] == 1, "one configuration waits")

    listed = await story.call("What was registered?", "list_deployments", limit=5)
    claim(listed["count"] == 2, "two deployments are listed, newest first")
    await story.call(
        "And the newest one whole, with what it led to?",
        "get_deployment",
        id=listed["deployments"][0]["id"],
    )


def components(story: Story) -> list[dict[str, Any]]:
    """Return the adapter components that SageMaker has."""
    sagemaker = story.aws["sagemaker"]
    names = [
        each["InferenceComponentName"]
        for each in sagemaker.list_inference_components()["InferenceComponents"]
    ]
    described = [sagemaker.describe_inference_component(InferenceComponentName=n) for n in names]
    return [each for each in described if "BaseInferenceComponentName" in each["Specification"]]


def clients(box: Sandbox) -> dict[str, Any]:
    """Return boto3 clients of our own, for furnishing and for checking."""
    env = box.environment()
    session = boto3.Session(
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        region_name=env["AWS_REGION"],
    )
    return {
        name: session.client(name, endpoint_url=env[f"AWS_ENDPOINT_URL_{name.upper()}"])
        for name in ("sagemaker", "s3", "dynamodb")
    }


def furnish(aws: dict[str, Any]) -> None:
    """Put in place what `do/deploy` and `do/tune` would have left."""
    sample.create_ci_table(aws["dynamodb"], TABLE)
    where = {"LocationConstraint": "us-west-2"}
    for bucket in ("support-bot-adapters", "support-bot-data"):
        aws["s3"].create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    config = json.dumps({"base_model_name_or_path": "Qwen/Qwen3-4B", "r": 16}).encode()
    for key, body in (
        ("faq-sft/v1/model.tar.gz", b"weights"),
        ("tone-dpo/v1/adapter_config.json", config),
        ("tone-dpo/v1/adapter_model.safetensors", b"weights"),
    ):
        aws["s3"].put_object(Bucket="support-bot-adapters", Key=key, Body=body)
    rows = b'{"q": "Opening hours?"}\n{"q": "Refunds?"}\n{"q": "Shipping?"}\n'
    aws["s3"].put_object(Bucket="support-bot-data", Key="faq/train.jsonl", Body=rows)
    sample.start_endpoint(
        aws["sagemaker"], IMAGE, endpoint=ENDPOINT, base_component=BASE, model="Qwen/Qwen3-4B"
    )


def claim(true: bool, what: str) -> None:
    """Print a claim that holds; end the story at one that does not."""
    if not true:
        print(paint("31", f"  ✗ {what}"))
        raise SystemExit(f"demo: it does not hold that {what}")
    print(paint("32", f"  ✓ {what}"))


def say(text: str) -> None:
    """Print a sentence of the story."""
    print(f"\n{paint('1', text)}")


def show_call(tool: str, arguments: dict[str, Any]) -> None:
    """Print a call as a person would write it."""
    given = ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
    print(textwrap.fill(paint("36", f"→ {tool}({given})"), 110, subsequent_indent="    "))


def show_answer(answer: dict[str, Any]) -> None:
    """Print an answer: its message whole, the rest at a glance."""
    print(textwrap.fill(f"← {answer.get('message', '')}", 110, subsequent_indent="    "))
    for key, value in answer.items():
        if key not in {"message", "nextStep", "record", "entry", "aws"}:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            print(f"    {key}: {shown if len(shown) <= 150 else shown[:147] + '...'}")
    if answer.get("nextStep"):
        print(textwrap.fill(f"    next: {answer['nextStep']}", 110, subsequent_indent="      "))


async def show_progress(done: float, total: float | None, text: str | None) -> None:
    """Print what the server reports meanwhile."""
    del done, total
    print(paint("2", f"  … {text}"))


def paint(code: str, text: str) -> str:
    """Return the text in a colour, where there is somebody to see it."""
    return f"\033[{code}m{text}\033[0m" if COLOURED else text


if __name__ == "__main__":
    sys.exit(main())
