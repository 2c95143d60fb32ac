"""Comparing, exporting, importing and removing records through a real client, in both eras."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio

FLAGS = ("--toolsets", "core,registry")

SECRET = "hf_" + "aB3" * 11


def entry(number, **changes):
    made = {
        "timestamp": f"2026-05-{number:02d}T10:00:00.000Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "transformers-vllm",
            "architecture": "transformers",
            "backend": "vllm",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "deploymentTarget": "realtime-inference",
            "buildTarget": "codebuild",
            "icList": [{"name": "default", "gpuCount": 1, "copyCount": 1}],
        },
        "model": {"modelName": f"Qwen/Qwen3-{number}B", "modelFormat": None},
        "infrastructure": {
            "instanceType": "ml.g5.2xlarge",
            "region": "us-west-2",
            "roleArn": None,
        },
        "configuration": {"parameters": {"VLLM_MAX_MODEL_LEN": "8192"}},
        "outcome": {"notes": None},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
        "projectName": "support-bot",
    }
    return made | changes


def seed(folder, *entries):
    folder.mkdir(parents=True, exist_ok=True)
    document = {"schemaVersion": "2026-03-20", "entries": list(entries)}
    (folder / "registry.json").write_text(json.dumps(document), "utf-8")


def stored(folder):
    return json.loads((folder / "registry.json").read_text("utf-8"))["entries"]


def document(*entries):
    return {"version": "1.0", "exportedAt": "x", "exportedBy": "anonymous", "entries": [*entries]}


async def test_an_export_moves_to_another_registry_page_by_page(connect, home):
    odd = {"later": {"kept": [1, None]}, "modelPackageVersion": 3}
    seed(home, *(entry(number, **odd) for number in range(1, 26)), entry(26, status="failed"))
    pages, cursor = [], ""
    async with connect() as client:
        while True:
            page = await client.ok("export_deployments", limit=9, cursor=cursor)
            pages.append(page)
            if page["complete"]:
                break
            cursor = page["nextCursor"]
        moved = stored(home)[:25]
        (home / "registry.json").unlink()
        for page in pages:
            answer = await client.ok(
                "import_deployments", document=page["document"], source_name="team"
            )
            assert page["count"] == answer["added"]

    assert [9, 9, 7] == [page["count"] for page in pages]
    here = stored(home)
    assert [each["model"] for each in moved] == [each["model"] for each in here]
    for each in here:
        assert ("imported", "team") == (
            each["metadata"]["source"],
            each["metadata"]["importedFrom"],
        )
        assert {"kept": [1, None]} == each["later"]
        assert {"instanceType": "ml.g5.2xlarge"} == each["infrastructure"]


async def test_an_export_holds_no_secret(connect, home):
    parameters = {"HF_TOKEN": SECRET, "DB_PASSWORD": "hunter2", "VLLM_X": "1"}
    secretive = entry(1, configuration={"parameters": parameters}, outcome={"notes": SECRET})
    seed(home, secretive)
    async with connect() as client:
        page = await client.ok("export_deployments", id="00000001")

    assert SECRET not in json.dumps(page)
    assert "hunter2" not in json.dumps(page)
    [exported] = page["document"]["entries"]
    assert {"DB_PASSWORD": "***REDACTED***", "VLLM_X": "1"} == exported["configuration"][
        "parameters"
    ]


async def test_a_document_may_come_as_text_or_from_a_file_of_the_workspace(connect, home, project):
    text = json.dumps(document(entry(1)))
    (project / "team.json").write_text(text, "utf-8")
    async with connect() as client:
        first = await client.ok("import_deployments", document=text)
        again = await client.ok("import_deployments", path="team.json")
        kept = await client.ok("import_deployments", path="team.json", strategy="merge")
        repeat = await client.ok("import_deployments", path="team.json", strategy="merge")

    assert ("created", 1) == (first["local"]["state"], first["added"])
    assert ("unchanged", 1) == (again["local"]["state"], again["skipped"])
    assert ("updated", 1) == (kept["local"]["state"], kept["merged"])
    assert ("unchanged", 1) == (repeat["local"]["state"], repeat["skipped"])
    assert [None, "team.json"] == [each["metadata"]["importedFrom"] for each in stored(home)]


async def test_refused_entries_are_named_and_the_others_stored(connect, home):
    broken = entry(2)
    del broken["model"]
    async with connect() as client:
        dry = await client.ok(
            "import_deployments", document=document(entry(1), broken, 5), dry_run=True
        )
        assert not (home / "registry.json").exists()
        answer = await client.ok("import_deployments", document=document(entry(1), broken, 5))

    expected = [
        {"index": 1, "path": "/entries/1/model", "reason": "is missing"},
        {"index": 2, "path": "/entries/2", "reason": "must be of type object"},
    ]
    assert expected == answer["refused"] == dry["refused"]
    assert dry["dryRun"]
    assert (1, 2) == (answer["added"], answer["refusedCount"])
    assert 1 == len(stored(home))


async def test_an_import_may_go_to_the_projects_own_file(connect, home, project):
    async with connect() as client:
        answer = await client.ok(
            "import_deployments", document=document(entry(1)), project_level=True
        )

    own = project / ".ml-container-creator"
    assert str(own / "registry.json") == answer["local"]["path"]
    assert 1 == len(stored(own))
    assert not (home / "registry.json").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "document or path"),
        ({"document": {}, "path": "x"}, "document or path"),
        ({"document": {"entries": []}}, "version"),
        ({"document": {"version": "1.0"}}, "entries"),
        ({"document": "[1]"}, "document"),
        ({"document": "{"}, "document"),
        ({"path": "/etc/passwd"}, "--workspace"),
        ({"path": "../team.json"}, "--workspace"),
        ({"path": "out.json"}, "--workspace"),
        ({"path": "do"}, "regular file"),
        ({"path": "do/config"}, "not JSON"),
        ({"document": document(), "strategy": "overwrite"}, "strategy"),
        ({"file": "x"}, "file"),
    ],
)
async def test_a_bad_import_is_named_and_changes_nothing(
    connect, home, project, tmp_path, arguments, named
):
    seed(home, entry(1))
    (tmp_path / "team.json").write_text(json.dumps(document(entry(2))), "utf-8")
    (project / "out.json").symlink_to(tmp_path / "team.json")
    async with connect() as client:
        refused = await client.refused("import_deployments", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert [entry(1)] == stored(home)


async def test_two_deployments_are_compared_parameter_by_parameter(connect, home):
    parameters = {"VLLM_MAX_MODEL_LEN": "16384", "VLLM_X": "1"}
    seed(home, entry(1), entry(2, configuration={"parameters": parameters}))
    async with connect() as client:
        answer = await client.ok("compare_deployments", ids="00000001, 00000002")

    [comparison] = answer["comparisons"]
    assert [
        {
            "path": "/model/modelName",
            "change": "changed",
            "from": "Qwen/Qwen3-1B",
            "to": "Qwen/Qwen3-2B",
        },
        {
            "path": "/configuration/parameters/VLLM_MAX_MODEL_LEN",
            "change": "changed",
            "from": "8192",
            "to": "16384",
        },
        {"path": "/configuration/parameters/VLLM_X", "change": "added", "to": "1"},
    ] == comparison["differences"]
    assert ["00000001", "00000002"] == [each["id"] for each in answer["deployments"]]


async def test_a_projects_regions_are_compared(connect, home, project):
    abroad = {"instanceType": "ml.g5.2xlarge", "region": "eu-west-1", "roleArn": None}
    seed(home, entry(1), entry(2))
    async with connect() as client:
        alone = await client.ok("compare_deployments", project_name="support-bot")
        seed(project / ".ml-container-creator", entry(3, infrastructure=abroad))
        both = await client.ok("compare_deployments", project_name="support-bot")
        unknown = await client.refused("compare_deployments", project_name="support-bat")

    assert ([], ["00000002"]) == (alone["comparisons"], [e["id"] for e in alone["deployments"]])
    assert ["eu-west-1", "us-west-2"] == [each["region"] for each in both["deployments"]]
    assert {"path": "/infrastructure/region", "change": "changed"} in [
        {"path": each["path"], "change": each["change"]}
        for each in both["comparisons"][0]["differences"]
    ]
    assert ("not_found", ["support-bot"]) == (unknown["error"]["code"], unknown["candidates"])


async def agreed(client, **arguments):
    """Ask for the plan, then call again with its digest."""
    asked = await client.refused("remove_record", **arguments)
    assert "needs_confirmation" == asked["error"]["code"]
    assert asked["digest"] in asked["error"]["hint"]
    answer = await client.ok("remove_record", confirm=asked["digest"], **arguments)
    assert asked["plan"] == answer["plan"]
    return answer


async def test_a_removed_deployment_leaves_its_package_and_ci_record(connect, home, aws):
    async with connect() as client:
        made = await client.ok("register_deployment", ci=True, sagemaker="yes")
        [whole] = stored(home)
        answer = await agreed(client, deployment_id=made["id"])
        gone = await client.refused("remove_record", deployment_id=made["id"])

    assert whole == answer["record"]
    assert [] == stored(home)
    assert {made["modelPackage"]["arn"], made["ci"]["configId"], whole["endpointName"]} == {
        each["name"] for each in answer["stays"]
    }
    described = aws["sagemaker"].describe_model_package(
        ModelPackageName=made["modelPackage"]["arn"]
    )
    assert "Approved" == described["ModelApprovalStatus"]
    assert "not_found" == gone["error"]["code"]


async def test_a_dataset_version_and_an_evaluator_are_removed(connect, home):
    function = "arn:aws:lambda:us-west-2:123456789012:function:score"
    async with connect() as client:
        made = await client.ok("register_dataset", name="faq", s3_uri="s3://nowhere/a.jsonl")
        await client.ok("register_dataset", name="faq", s3_uri="s3://nowhere/b.jsonl")
        await client.ok(
            "register_evaluator", name="score", type="lambda", arn=function, technique="rlvr"
        )
        newest = await agreed(client, dataset="faq@v2")
        [left] = json.loads((home / "datasets.json").read_text("utf-8"))
        whole = await agreed(client, dataset="faq")
        evaluator = await agreed(client, evaluator="score")

    assert "s3://nowhere/b.jsonl" == newest["record"]["s3_uri"]
    assert (made["s3Uri"], made["version"]) == (left["s3_uri"], left["latest_version"])
    assert left == whole["record"]
    assert [function] == [each["name"] for each in evaluator["stays"]]
    for name in ("datasets.json", "evaluators.json"):
        assert [] == json.loads((home / name).read_text("utf-8"))


async def test_a_plan_that_changed_has_to_be_agreed_to_again(connect, home):
    seed(home, entry(1))
    async with connect() as client:
        asked = await client.refused("remove_record", deployment_id="00000001")
        seed(home, entry(1, status="failed"))
        again = await client.refused(
            "remove_record", deployment_id="00000001", confirm=asked["digest"]
        )
        wrong = await client.refused("remove_record", deployment_id="00000001", confirm="x")

    assert {"needs_confirmation"} == {each["error"]["code"] for each in (again, wrong)}
    assert asked["digest"] != again["digest"] == wrong["digest"]
    assert 1 == len(stored(home))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "invalid_argument"),
        ({"confirm": "x"}, "invalid_argument"),
        ({"dataset": "a", "evaluator": "b"}, "invalid_argument"),
        ({"deployment_id": "0000000f"}, "not_found"),
        ({"dataset": "a"}, "not_found"),
        ({"evaluator": "a"}, "not_found"),
        ({"id": "00000001"}, "invalid_argument"),
    ],
)
async def test_a_bad_removal_removes_nothing(connect, home, arguments, code):
    seed(home, entry(1))
    async with connect() as client:
        refused = await client.refused("remove_record", **arguments)

    assert code == refused["error"]["code"]
    assert [entry(1)] == stored(home)


async def test_a_corrupt_file_is_named_by_all_and_left_as_it_is(connect, home):
    home.mkdir(parents=True)
    (home / "registry.json").write_text('{"entries": [', "utf-8")
    async with connect() as client:
        answers = [
            await client.refused("compare_deployments", ids=["a", "b"]),
            await client.refused("export_deployments"),
            await client.refused("import_deployments", document=document(entry(1))),
            await client.refused("remove_record", deployment_id="00000001"),
        ]

    assert {"corrupt_registry"} == {each["error"]["code"] for each in answers}
    assert '{"entries": [' == (home / "registry.json").read_text("utf-8")


async def test_a_reading_server_has_neither_import_nor_removal(connect):
    async with connect(*FLAGS, "--read-only") as client:
        listed = await client.client.list_tools()

    names = {tool.name for tool in listed.tools}
    assert {"compare_deployments", "export_deployments"} <= names
    assert {"import_deployments", "remove_record"} & names == set()
