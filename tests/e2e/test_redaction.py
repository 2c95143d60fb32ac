"""Secrets of every kind, planted wherever a real server takes text: found nowhere afterwards."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio

ARN = "arn:aws:lambda:us-west-2:123456789012:function:my-reward"
FLAGS = ("--toolsets", "core,registry", "--log-level", "DEBUG")


@pytest.fixture(scope="module")
def era() -> str:
    """What is stored and logged is alike in both eras; one is enough here."""
    return "auto"


def core(secret):
    return secret.split("\n")[1] if "\n" in secret else secret


def plant(project, text):
    quoted = text.replace("'", " ")
    config = project / "do" / "config"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"\nexport VLLM_NOTE='{quoted}'\nexport VLLM_ARGS='--note {quoted}'\n")
    with (project / "do" / "adapters" / "tone-dpo.conf").open("a", encoding="utf-8") as file:
        file.write(f"\nexport ADAPTER_SOURCE='{quoted}'\n")
    results = project / ".mlcc" / "eval-results"
    results.mkdir(parents=True, exist_ok=True)
    (results / "faq-sft.json").write_text(json.dumps({"metrics": {"note": text}}), "utf-8")


def everything(home, place, aws, ci_table):
    """Return all that was written, by where: files, the log, SageMaker, the CI table."""
    groups = aws["sagemaker"].list_model_package_groups()["ModelPackageGroupSummaryList"]
    versions = [
        aws["sagemaker"].describe_model_package(ModelPackageName=each["ModelPackageArn"])
        for group in groups
        for each in aws["sagemaker"].list_model_packages(
            ModelPackageGroupName=group["ModelPackageGroupName"], MaxResults=100
        )["ModelPackageSummaryList"]
    ]
    items = aws["dynamodb"].scan(TableName=ci_table)["Items"]
    assert versions
    assert items
    files = [path for path in home.rglob("*") if path.is_file()]
    return {
        **{path.name: path.read_bytes().decode() for path in files},
        "log": (place / "server.log").read_text("utf-8"),
        "versions": json.dumps(versions, default=str),
        "items": json.dumps(items, default=str),
    }


async def test_no_secret_gets_through_any_tool(  # the sandbox is the witness
    connect, project, home, place, aws, ci_table, secrets_of, box
):
    """The specification: sensitive values are automatically redacted."""
    secrets = secrets_of(2026)
    text = " and ".join(f"({each})" for each in secrets.values())
    plant(project, text)
    answers = []
    async with connect() as client:

        async def call(tool, **arguments):
            result = await client.raw(tool, arguments)
            answers.append(result.model_dump_json())
            return result.structured_content

        both = {"ci": True, "sagemaker": "yes"}
        made = await call(
            "register_deployment", notes=text, benchmark={"n": secrets["jwt"]}, **both
        )
        await call("register_deployment", parameters={"N": [text], "T": text}, notes="b", **both)
        for each in secrets.values():
            await call("register_deployment", base_image=f"h/{each}:1", notes=each, **both)
            await call("register_deployment", project_name=each, status=each, **{each: each})
            await call("register_dataset", name=each, s3_uri="s3://support-bot-data/x")
            await call("register_dataset", s3_uri=f"s3://support-bot-data/{each}")
            await call("list_adapters", project_name=each)
            await call("get_deployment", id=each)
            await call("list_datasets", name=each)
        await call(
            "register_evaluator",
            name="reward",
            type="lambda",
            arn=ARN,
            technique="rlvr",
            description=text,
        )
        exported = await call("export_deployments", status="any")
        entries = [{**each, "notes": text} for each in exported["document"]["entries"]]
        document = {"version": "1.0", "entries": entries}
        await call("import_deployments", document=document, source_name=text, strategy="merge")
        await call("list_deployments", detail="full")

    assert "created" == made["modelPackage"]["state"], made
    places = everything(home, place, aws, ci_table) | {"answers": "".join(answers)}
    places["requests"] = json.dumps(box.control.calls(), default=str)
    for where, written in places.items():
        for kind, secret in secrets.items():
            assert core(secret) not in written, (where, kind)
    assert "***REDACTED***" in places["registry.json"]


async def test_what_mlcc_stored_in_clear_is_not_shown(connect, home):
    """Record contract, D11 and D12: MLCC redacts less; the file stays as MLCC wrote it."""
    entry = {
        "id": "00000001",
        "timestamp": "2026-05-01T10:00:00.000Z",
        "status": "success",
        "deployment": {"deploymentConfig": "transformers-vllm", "architecture": "transformers"},
        "model": {"modelName": "m"},
        "infrastructure": {"region": "us-west-2"},
        "configuration": {"parameters": {"VLLM_API_KEY": "hunter-two", "VLLM_MAX_TOKENS": "12"}},
    }
    home.mkdir(parents=True)
    written = json.dumps({"schemaVersion": "2026-03-20", "entries": [entry]})
    (home / "registry.json").write_text(written, "utf-8")
    async with connect() as client:
        listed = await client.ok("list_deployments", detail="full")
        shown = await client.ok("get_deployment", id="00000001")

    wanted = {"VLLM_API_KEY": "***REDACTED***", "VLLM_MAX_TOKENS": "12"}
    assert wanted == listed["deployments"][0]["entry"]["configuration"]["parameters"]
    assert "hunter-two" not in json.dumps([listed, shown])
    assert written == (home / "registry.json").read_text("utf-8")
