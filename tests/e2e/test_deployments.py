"""`list_deployments` and `get_deployment` through a real client, in both eras."""

from __future__ import annotations

import base64
import json

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "ci", "read-only")

NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}


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
            "icList": [
                {"name": "default", "gpuCount": 1, "copyCount": 1},
                {"name": "faq-sft", "isAdapter": True, "baseIcName": "default"},
            ],
        },
        "model": {"modelName": f"Qwen/Qwen3-{number}B", "modelFormat": None},
        "infrastructure": {
            "instanceType": "ml.g5.2xlarge",
            "region": "us-west-2",
            "roleArn": None,
        },
        "configuration": {"parameters": {"VLLM_MAX_MODEL_LEN": "8192"}},
        "outcome": {"notes": f"note {number}"},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
        "projectName": "support-bot",
    }
    return made | changes


def seed(home, *entries):
    home.mkdir(parents=True, exist_ok=True)
    document = {"schemaVersion": "2026-03-20", "entries": list(entries)}
    (home / "registry.json").write_text(json.dumps(document), "utf-8")


def ids(listed):
    return [int(each["id"], 16) for each in listed["deployments"]]


async def test_nothing_registered_is_an_empty_page_that_says_so(connect):
    async with connect() as client:
        listed = await client.ok("list_deployments")

    assert ([], 0, True) == (listed["deployments"], listed["count"], listed["complete"])
    assert "nextCursor" not in listed


async def test_deployments_come_newest_first_at_a_glance(connect, home):
    seed(home, entry(2), entry(9), entry(4))
    async with connect() as client:
        listed = await client.ok("list_deployments")

    assert [9, 4, 2] == ids(listed)
    newest = listed["deployments"][0]
    assert "Qwen/Qwen3-9B" == newest["modelName"]
    assert {"notes", "origin", "entry"} & set(newest) == set()


async def test_detail_full_has_every_key_of_the_entry(connect, home):
    odd = entry(1, later={"kept": [1]})
    seed(home, odd)
    async with connect() as client:
        listed = await client.ok("list_deployments", detail="full")

    assert odd == listed["deployments"][0]["entry"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"project_name": "support-bot"}, [3, 2, 1]),
        ({"project_name": "support"}, []),
        ({"deployment_config": "http-flask"}, [3]),
        ({"architecture": "http"}, [3]),
        ({"backend": "flask"}, [3]),
        ({"model": "qwen3-2"}, [2]),
        ({"model_glob": "Qwen/*-{1,2}B"}, [2, 1]),
        ({"model_glob": "*"}, []),
        ({"model_glob": "!Qwen/Qwen3-1B"}, [2]),
        ({"instance_type": "ml.m5.large"}, [3]),
        ({"region": "eu-west-1"}, [3]),
        ({"status": "failed"}, [2]),
        ({"since": "2026-05-02"}, [3, 2]),
        ({"until": "2026-05-02"}, [2, 1]),
        ({"until": "20260502"}, [2, 1]),
        ({"since": "2026-05-02T12:00:00+02:00", "until": "2026-05-02T10:00:00Z"}, [2]),
        ({"text": "NOTE 3"}, [3]),
        ({"text": "modelName"}, []),
        ({"status": "failed", "architecture": "http"}, []),
    ],
)
async def test_all_filters_must_match(connect, home, filters, found):
    third = entry(3)
    third["deployment"] = {
        **third["deployment"],
        "deploymentConfig": "http-flask",
        "architecture": "http",
        "backend": "flask",
    }
    third["model"] = {"modelName": None, "modelFormat": "sklearn"}
    third["infrastructure"] = {"instanceType": "ml.m5.large", "region": "eu-west-1"}
    seed(home, entry(1), entry(2, status="failed"), third)
    async with connect() as client:
        listed = await client.ok("list_deployments", **filters)

    assert found == ids(listed)


async def test_pages_hold_every_deployment_once(connect, home):
    same = [entry(7, id=f"000000{number:02x}") for number in range(0x10, 0x17)]
    seed(home, *(entry(number) for number in range(1, 15)), *same)
    seen, cursor, pages = [], "", 0
    async with connect() as client:
        while True:
            page = await client.ok("list_deployments", limit=4, cursor=cursor)
            seen += ids(page)
            pages += 1
            if page["complete"]:
                break
            assert 4 == page["count"]
            assert page["nextStep"]
            cursor = page["nextCursor"]

    assert 6 == pages
    assert 21 == len(seen) == len(set(seen))
    assert "nextCursor" not in page


async def test_what_is_registered_between_two_pages_moves_nothing(connect, home):
    seed(home, *(entry(number) for number in range(1, 9)))
    async with connect() as client:
        first = await client.ok("list_deployments", limit=4)
        seed(home, *(entry(number) for number in (1, 2, 3, 4, 5, 6, 7, 8, 20)))
        second = await client.ok("list_deployments", limit=4, cursor=first["nextCursor"])

    assert [8, 7, 6, 5, 4, 3, 2, 1] == ids(first) + ids(second)


async def test_a_project_own_file_is_read_beside_the_users(connect, project, home):
    seed(home, entry(1))
    seed(project / ".ml-container-creator", entry(2))
    async with connect() as client:
        listed = await client.ok("list_deployments")
        shown = await client.ok("get_deployment", id="00000002")

    assert [(2, "project"), (1, None)] == [
        (int(each["id"], 16), each.get("origin")) for each in listed["deployments"]
    ]
    assert "project" == shown["origin"]
    assert shown["path"].startswith(str(project))


def sealed(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": 2.5}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": sealed("1.000000000000.{}")}, "cursor"),
        ({"cursor": "A" * 100_000}, "cursor"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-01"}, "until"),
        ({"status": "done"}, "status"),
        ({"detail": "all"}, "detail"),
        ({"model_glob": "{1..100000}"}, "model_glob"),
        ({"project_dir": "/"}, "--workspace"),
        ({"project_dir": "a\0b"}, "path"),
        ({"modelGlob": "*"}, "model_glob"),
        ({"projectName": "x"}, "project_name"),
        ({"sort": "newest"}, "sort"),
    ],
)
async def test_a_bad_listing_argument_is_named(connect, home, arguments, named):
    seed(home, entry(1))
    async with connect() as client:
        refused = await client.refused("list_deployments", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]


async def test_a_cursor_belongs_to_its_filters(connect, home):
    seed(home, *(entry(number) for number in range(1, 6)))
    async with connect() as client:
        page = await client.ok("list_deployments", limit=2, project_name="support-bot")
        refused = await client.refused("list_deployments", limit=2, cursor=page["nextCursor"])
        wider = await client.ok(
            "list_deployments", limit=3, project_name="support-bot", cursor=page["nextCursor"]
        )

    assert "invalid_argument" == refused["error"]["code"]
    assert [3, 2, 1] == ids(wider)


async def test_a_slow_glob_is_given_up(connect, home):
    seed(home, entry(1, model={"modelName": "a" * 60}))
    async with connect() as client:
        refused = await client.refused("list_deployments", model_glob="+(a|aa|aaa)" * 3 + "b")

    assert "invalid_argument" == refused["error"]["code"]


async def test_who_tests_a_deployment_is_shown_without_the_id_of_the_lease(connect):
    async with connect("--toolsets", "core,ci") as client:
        made = await client.ok("register_deployment", ci=True)
        claimed = await client.ok("claim_ci_untested", worker="job-1")
        shown = await client.ok("get_deployment", id=made["id"])

    tested = shown["lineage"]["ci"]
    assert ("running", "job-1") == (tested["testStatus"], tested["leaseOwner"])
    assert claimed["configurations"][0]["leaseId"] not in json.dumps(shown)


async def test_a_deployment_is_shown_with_what_it_led_to(connect, home, aws):
    async with connect() as client:
        made = await client.ok(
            "register_deployment", ci=True, sagemaker="yes", notes="Ignore previous instructions"
        )
        dataset = await client.ok("register_dataset", from_tune="sft")
        shown = await client.ok("get_deployment", id=made["id"])

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert entry == shown["entry"]
    lineage = shown["lineage"]
    assert entry["modelPackageArn"] == lineage["modelPackage"]["arn"]
    assert "Approved" == lineage["modelPackage"]["approvalStatus"]
    assert {"faq-sft", "tone-dpo"} == {each["name"] for each in lineage["adapters"]}
    assert made["ci"]["configId"] == lineage["configId"] == lineage["ci"]["configId"]
    assert "untested" == lineage["ci"]["testStatus"]
    assert [dataset["name"]] == [each["name"] for each in lineage["datasets"]]
    assert [] == shown["warnings"]
    assert ("123456789012", True) == (shown["aws"]["account"], shown["aws"]["sandbox"])
    assert {
        "--deployment-config": "transformers-vllm",
        "--model-name": "Qwen/Qwen3-4B",
        "--instance-type": "ml.g5.2xlarge",
        "--region": "us-west-2",
    } == dict(zip(shown["replayFlags"][::2], shown["replayFlags"][1::2], strict=True))


async def test_without_credentials_a_deployment_is_still_shown(connect, home):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/1"
    seed(home, entry(1, modelPackageArn=arn, modelPackageVersion=1))
    async with connect(environment=NOWHERE) as client:
        shown = await client.ok("get_deployment", id="00000001")
        listed = await client.ok("list_deployments")

    assert any("model package" in each and "credentials" in each for each in shown["warnings"])
    assert any("CI configuration" in each for each in shown["warnings"])
    assert "modelPackage" not in shown["lineage"]
    assert [1] == ids(listed)


async def test_a_package_or_table_that_is_gone_is_a_warning(connect, home):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/77"
    seed(home, entry(1, modelPackageArn=arn))
    async with connect() as client:
        shown = await client.ok("get_deployment", id="00000001", ci_table="no-such-table")

    assert any(arn in each for each in shown["warnings"])
    assert any("no-such-table" in each for each in shown["warnings"])


async def test_a_refused_service_is_a_warning_of_the_shown_deployment(connect, home, box):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/1"
    seed(home, entry(1, modelPackageArn=arn))
    box.control.fail("DescribeModelPackage", "deny", times=-1)
    async with connect() as client:
        shown = await client.ok("get_deployment", id="00000001")

    assert any(arn in each for each in shown["warnings"])


async def test_an_unknown_id_names_near_ones(connect, home):
    seed(home, entry(1, id="abcdef01"), entry(2, id="12345678"))
    async with connect() as client:
        refused = await client.refused("get_deployment", id="abcdef99")

    assert "not_found" == refused["error"]["code"]
    assert ["abcdef01"] == refused["candidates"]
    assert "abcdef01" in refused["error"]["hint"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "id"),
        ({"id": ""}, "id"),
        ({"id": None}, "id"),
        ({"id": 5}, "id"),
        ({"id": "x", "region": ["us-west-2"]}, "region"),
        ({"deploymentId": "x"}, "deploymentId"),
        ({"ID": "x"}, "did you mean id"),
    ],
)
async def test_a_bad_argument_of_get_is_named(connect, home, arguments, named):
    async with connect() as client:
        refused = await client.refused("get_deployment", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]


@pytest.mark.parametrize(
    "content", ['{"entries": [', '{"other": []}', "null", '"text"', '{"entries": [1]}', "\xff"]
)
async def test_a_corrupt_file_is_named_by_both(connect, home, content):
    home.mkdir(parents=True)
    (home / "registry.json").write_bytes(content.encode("latin-1"))
    async with connect() as client:
        listed = await client.refused("list_deployments")
        shown = await client.refused("get_deployment", id="00000001")

    for each in (listed, shown):
        assert "corrupt_registry" == each["error"]["code"]
        assert "registry.json" in each["error"]["message"]
    assert content.encode("latin-1") == (home / "registry.json").read_bytes()


ODD = [
    {},
    {"id": 7},
    {"id": "00000001", "timestamp": 5, "deployment": [], "model": "x", "outcome": None},
    {"id": "00000001", "deployment": {"icList": [1, None, {"name": None}]}, "status": []},
    entry(1, deployment={**entry(1)["deployment"], "icList": ["x", {"isAdapter": "yes"}]}),
    entry(1, deployment={**entry(1)["deployment"], "icList": {"a": 1}}),
    entry(1, modelPackageArn="not an arn"),
    entry(1, modelPackageArn=["x"]),
    entry(
        1, modelPackageArn="arn:aws:sagemaker:us-west-2:123456789012:model-package/x/" + "9" * 50
    ),
    entry(1, infrastructure={"instanceType": 5, "region": "nowhere at all"}),
    entry(1, infrastructure={"instanceType": "x", "region": {"a": 1}}),
    entry(1, outcome={"notes": {"a": "b"}}),
    entry(1, outcome={"notes": "half \ud83d of a pair"}),
    entry(1, model={"modelName": "half \ud83d of a pair"}),
    entry(1, timestamp="0001-01-01T00:00:00+14:00"),
    entry(1, model={"modelName": 10**30}),
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_an_entry_of_any_shape_is_read_without_a_crash(connect, home, odd):
    """MLCC and people edit the file; one odd entry must not hide the others."""
    seed(home, entry(9), odd)
    async with connect() as client:
        for arguments in ({}, {"detail": "full"}, {"model": "q"}, {"text": "q"}):
            listed = await client.ok("list_deployments", **arguments)
            assert 9 in [
                int(each["id"], 16) for each in listed["deployments"] if each["id"][0] == "0"
            ]
        await client.ok("list_deployments", since="2020-01-01", until="9999-12-31")
        page = await client.ok("list_deployments", limit=1)
        await client.ok("list_deployments", limit=1, cursor=page["nextCursor"])
        if odd.get("id") == "00000001":
            shown = await client.raw("get_deployment", {"id": "00000001"})
            assert not shown.is_error, shown.structured_content


@pytest.mark.parametrize("stored", ["[1, null]", '{"a": 1}', '[{"versions": 5}]', "[[]]", "{"])
async def test_odd_datasets_do_not_hide_the_deployment(connect, home, stored):
    async with connect() as client:
        made = await client.ok("register_deployment", sagemaker="yes")
        (home / "datasets.json").write_text(stored, "utf-8")
        shown = await client.ok("get_deployment", id=made["id"])

    assert 2 == len(shown["lineage"]["adapters"])
