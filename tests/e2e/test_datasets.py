"""`register_dataset` and `register_evaluator` through a real client, in both eras."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register",)

DATA = "s3://support-bot-data/faq/train.jsonl"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-west-2"}


def stored(home, name="datasets.json"):
    return json.loads((home / name).read_text("utf-8"))


def etag(aws, key="faq/train.jsonl", bucket="support-bot-data"):
    return aws["s3"].head_object(Bucket=bucket, Key=key)["ETag"].strip('"')


async def test_a_dataset_is_recorded_with_the_hash_of_its_content(connect, home, aws):
    async with connect() as client:
        made = await client.ok(
            "register_dataset",
            name="faq",
            s3_uri=DATA,
            technique="dpo",
            format="csv",
            row_count=3,
            column_schema={"q": "int", "é": "text"},
        )

    [entry] = stored(home)
    assert ("faq", "1.0.0", 1) == (made["name"], made["version"], made["ordinal"])
    assert "created" == made["local"]["state"]
    assert made["contentChecked"] is True
    assert etag(aws)[:16] == made["contentHash"] == entry["content_hash"]
    assert ("dpo", "csv", 3) == (entry["technique"], entry["format"], entry["row_count"])
    assert {"q": "int", "é": "text"} == json.loads(entry["column_schema"])
    assert "support-bot" == entry["project_name"]
    assert entry["versions"][0]["hash"] == entry["content_hash"]
    assert "skipped" == made["hub"]["state"]
    assert made["hub"]["warning"]
    assert "123456789012" == made["aws"]["account"]
    assert made["aws"]["sandbox"] is True


async def test_defaults_are_recorded_as_the_specification_has_them(connect, home):
    async with connect() as client:
        await client.ok("register_dataset", s3_uri=DATA)

    [entry] = stored(home)
    assert ("jsonl", "sft") == (entry["format"], entry["technique"])
    assert 3 == entry["row_count"]
    salt = hashlib.sha1(f"{DATA}\n".encode(), usedforsecurity=False).hexdigest()[:4]
    assert f"train-{salt}" == entry["name"]


@pytest.mark.parametrize(
    ("job", "technique", "uri", "rows", "called"),
    [
        ("sft", "sft", DATA, 3, "customer-faq-"),
        ("latest", "dpo", "s3://support-bot-data/tone/pairs.jsonl", 2, "tone-pairs-"),
        ("DPO", "dpo", "s3://support-bot-data/tone/pairs.jsonl", 2, "tone-pairs-"),
    ],
)
async def test_a_tune_job_says_what_the_dataset_is(
    connect, home, job, technique, uri, rows, called
):
    async with connect() as client:
        made = await client.ok("register_dataset", from_tune=job)

    [entry] = stored(home)
    assert uri == entry["s3_uri"]
    assert technique == entry["technique"]
    assert rows == entry["row_count"] == made["rowCount"]
    assert entry["name"].startswith(called)
    assert entry["content_hash"]


async def test_a_train_job_says_what_the_dataset_is(connect, project, home):
    config = project / "do" / "config"
    lines = f'export TRAIN_TECHNIQUE="sft"\nexport TRAIN_DATASET_S3_URI_SFT="{DATA}"\n'
    config.write_text(config.read_text("utf-8") + lines, "utf-8")
    async with connect() as client:
        made = await client.ok("register_dataset", from_train="latest")

    [entry] = stored(home)
    assert (DATA, "sft") == (entry["s3_uri"], made["technique"])
    assert entry["name"].startswith("train-")


async def test_what_the_caller_says_wins_over_the_job(connect, home):
    async with connect() as client:
        await client.ok(
            "register_dataset", name="mine", from_tune="sft", technique="rlvr", row_count=0
        )

    [entry] = stored(home)
    assert ("mine", "rlvr", 0) == (entry["name"], entry["technique"], entry["row_count"])


async def test_changed_content_makes_a_version_and_equal_content_none(connect, home, aws):
    async with connect() as client:
        await client.ok("register_dataset", name="faq", s3_uri=DATA, row_count=3)
        before = (home / "datasets.json").read_bytes()
        again = await client.ok("register_dataset", name="faq", s3_uri=DATA)
        unwritten = (home / "datasets.json").read_bytes()
        aws["s3"].put_object(Bucket="support-bot-data", Key="faq/train.jsonl", Body=b"other\n")
        changed = await client.ok("register_dataset", name="faq", s3_uri=DATA)

    [entry] = stored(home)
    assert ("unchanged", "1.0.0", 3) == (
        again["local"]["state"],
        again["version"],
        again["rowCount"],
    )
    assert before == unwritten
    assert ("created", "1.1.0", 2) == (
        changed["local"]["state"],
        changed["version"],
        changed["ordinal"],
    )
    assert ["1.0.0", "1.1.0"] == [each["version"] for each in entry["versions"]]
    assert etag(aws)[:16] == entry["content_hash"]
    assert [3, 1] == [each["rows"] for each in entry["versions"]]


async def test_equal_content_with_other_facts_is_corrected_in_place(connect, home):
    async with connect() as client:
        await client.ok("register_dataset", name="faq", s3_uri=DATA)
        corrected = await client.ok("register_dataset", name="faq", s3_uri=DATA, technique="dpo")

    [entry] = stored(home)
    assert ("updated", "1.0.0") == (corrected["local"]["state"], corrected["version"])
    assert "dpo" == entry["technique"] == entry["versions"][0]["technique"]
    assert 1 == len(entry["versions"])


async def test_force_makes_a_version_of_equal_content(connect, home):
    async with connect() as client:
        await client.ok("register_dataset", name="faq", s3_uri=DATA)
        forced = await client.ok("register_dataset", name="faq", s3_uri=DATA, force=True)

    assert ("created", "1.1.0") == (forced["local"]["state"], forced["version"])
    assert 2 == len(stored(home)[0]["versions"])


async def test_rows_are_counted_and_what_cannot_be_counted_says_what_to_pass(connect, home, aws):
    put = aws["s3"].put_object
    put(Bucket="support-bot-data", Key="rows/t.csv", Body=b'q,a\n"two\nlines",1\n3,4')
    put(Bucket="support-bot-data", Key="rows/t.bin", Body=b"\xff")
    async with connect() as client:
        counted = await client.ok(
            "register_dataset", s3_uri="s3://support-bot-data/rows/t.csv", format="csv"
        )
        unknown = await client.ok("register_dataset", s3_uri="s3://support-bot-data/rows/t.bin")

    assert (2, []) == (counted["rowCount"], counted["warnings"])
    assert [2, None] == [each["row_count"] for each in stored(home)]
    assert "rowCount" not in unknown
    assert any("t.bin" in each and "pass row_count" in each for each in unknown["warnings"])


async def test_a_prefix_is_hashed_over_everything_under_it(connect, home, aws):
    put = aws["s3"].put_object
    async with connect() as client:
        first = await client.ok("register_dataset", name="all", s3_uri="s3://support-bot-data/faq")
        put(Bucket="support-bot-data", Key="faq/more.jsonl", Body=b"{}\n")
        second = await client.ok("register_dataset", name="all", s3_uri="s3://support-bot-data/faq")

    lines = f"faq/more.jsonl:{etag(aws, 'faq/more.jsonl')}\nfaq/train.jsonl:{etag(aws)}"
    assert hashlib.sha256(lines.encode()).hexdigest()[:16] == second["contentHash"]
    assert ("1.0.0", "1.1.0") == (first["version"], second["version"])
    assert second["contentHash"] == stored(home)[0]["content_hash"]


@pytest.mark.parametrize(
    "uri", ["s3://support-bot-data/faq/no-such.jsonl", "s3://no-such-bucket-of-ours/train.jsonl"]
)
async def test_what_is_not_there_is_recorded_without_a_hash_and_said(connect, home, uri):
    async with connect() as client:
        made = await client.ok("register_dataset", name="gone", s3_uri=uri)
        again = await client.ok("register_dataset", name="gone", s3_uri=uri)

    [entry] = stored(home)
    assert entry["content_hash"] is None
    assert made["contentChecked"] is False
    assert any(uri in each for each in made["warnings"])
    assert "unchanged" == again["local"]["state"]
    assert 1 == len(entry["versions"])


async def test_without_credentials_a_dataset_is_recorded_and_completed_later(connect, home, aws):
    async with connect(environment=NOWHERE) as client:
        alone = await client.ok("register_dataset", name="faq", s3_uri=DATA)
        repeated = await client.ok("register_dataset", name="faq", s3_uri=DATA)
    async with connect() as client:
        completed = await client.ok("register_dataset", name="faq", s3_uri=DATA)

    [entry] = stored(home)
    assert "created" == alone["local"]["state"]
    assert alone["contentChecked"] is False
    assert "contentHash" not in alone
    assert "aws" not in alone
    assert any("credentials" in each for each in alone["warnings"])
    assert ("unchanged", False) == (repeated["local"]["state"], repeated["contentChecked"])
    assert ("updated", "1.0.0") == (completed["local"]["state"], completed["version"])
    assert etag(aws)[:16] == entry["content_hash"] == entry["versions"][0]["hash"]


async def test_a_refused_caller_is_told_and_the_dataset_still_recorded(connect, home, box):
    box.control.fail("GetCallerIdentity", "deny", service="sts", times=-1)
    async with connect(environment=box.environment("AKIAREFUSEDCALLER000")) as client:
        made = await client.ok("register_dataset", name="faq", s3_uri=DATA)

    assert made["contentChecked"] is False
    assert made["warnings"]
    assert "faq" == stored(home)[0]["name"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "s3_uri"),
        ({"s3_uri": "https://bucket/key"}, "s3_uri"),
        ({"s3_uri": "s3:///key.jsonl"}, "s3_uri"),
        ({"s3_uri": "s3://b/a\nb.jsonl"}, "s3_uri"),
        ({"s3_uri": DATA, "name": "a/b"}, "name"),
        ({"s3_uri": DATA, "name": "a@v2"}, "name"),
        ({"s3_uri": DATA, "name": "../x"}, "name"),
        ({"s3_uri": DATA, "name": "x" * 64}, "name"),
        ({"s3_uri": DATA, "technique": "lora"}, "technique"),
        ({"s3_uri": DATA, "format": "xlsx"}, "format"),
        ({"s3_uri": DATA, "row_count": -2}, "row_count"),
        ({"s3_uri": DATA, "row_count": "many"}, "row_count"),
        ({"s3_uri": DATA, "row_count": 1.5}, "row_count"),
        ({"s3_uri": DATA, "column_schema": "[1]"}, "column_schema"),
        ({"s3_uri": DATA, "column_schema": "{oops"}, "column_schema"),
        ({"s3_uri": DATA, "force": "perhaps"}, "force"),
        ({"s3_uri": DATA, "s3Uri": DATA}, "s3_uri"),
        ({"s3_uri": DATA, "nonsense": 1}, "nonsense"),
        ({"s3_uri": DATA, "project_dir": ".."}, "--workspace"),
        ({"s3_uri": DATA, "project_dir": "nowhere"}, "do/config"),
        ({"from_tune": "rlvr"}, "sft"),
        ({"from_tune": "no such"}, "from_tune"),
        ({"from_tune": "sft", "from_train": "sft"}, "from_train"),
        ({"from_train": "latest"}, "from_train"),
        ({"s3_uri": ["x"]}, "s3_uri"),
        ({"s3_uri": {"a": 1}}, "s3_uri"),
    ],
)
async def test_a_bad_dataset_argument_is_named_and_nothing_written(connect, home, arguments, named):
    async with connect() as client:
        refused = await client.refused("register_dataset", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert not (home / "datasets.json").exists()


async def test_dataset_arguments_sent_for_nothing_mean_nothing(connect, home):
    async with connect() as client:
        await client.ok(
            "register_dataset",
            s3_uri=DATA,
            name=None,
            format="",
            technique=None,
            row_count="",
            column_schema="",
            from_tune="",
            force=None,
            region="",
            profile=None,
        )
        again = await client.ok("register_dataset", s3_uri=DATA, row_count="7", force="false")

    assert 7 == stored(home)[0]["row_count"] == again["rowCount"]


async def test_a_profile_that_does_not_exist_is_a_warning_of_the_dataset(connect, home):
    async with connect() as client:
        made = await client.ok("register_dataset", s3_uri=DATA, profile="no-such-profile")

    assert any("no-such-profile" in each for each in made["warnings"])
    assert 1 == len(stored(home))


async def test_foreign_keys_and_other_datasets_survive(connect, home):
    home.mkdir(parents=True)
    other = {"name": "other", "s3_uri": "s3://b/o.jsonl", "mine": {"kept": [1, 2.50]}}
    old = {
        "name": "faq",
        "s3_uri": DATA,
        "format": "jsonl",
        "technique": "sft",
        "row_count": 9,
        "registered_at": "2026-01-01T00:00:00.000000Z",
        "future": "kept",
    }
    (home / "datasets.json").write_text(json.dumps([other, old]), "utf-8")
    async with connect() as client:
        made = await client.ok("register_dataset", name="faq", s3_uri=DATA)

    first, second = stored(home)
    assert other == first
    assert "kept" == second["future"]
    assert "updated" == made["local"]["state"]
    assert 9 == second["row_count"]
    assert "2026-01-01T00:00:00.000000Z" == second["versions"][0]["registered_at"]


@pytest.mark.parametrize("content", ["[{", '{"name": "x"}', "[1]", '[{"name": "faq"}] trailing'])
@pytest.mark.parametrize("name", ["datasets.json", "evaluators.json"])
async def test_a_file_that_is_no_list_is_named_and_left_as_it_is(connect, home, content, name):
    home.mkdir(parents=True)
    (home / name).write_text(content, "utf-8")
    async with connect() as client:
        if name == "datasets.json":
            refused = await client.refused("register_dataset", name="faq", s3_uri=DATA)
        else:
            refused = await client.refused(
                "register_evaluator", name="r", type="lambda", arn=LAMBDA, technique="rlvr"
            )

    assert "corrupt_registry" == refused["error"]["code"]
    assert name in refused["error"]["message"]
    assert content == (home / name).read_text("utf-8")


async def test_a_reward_function_is_recorded(connect, home):
    async with connect() as client:
        made = await client.ok(
            "register_evaluator",
            name="code-quality",
            type="lambda",
            arn=f"{LAMBDA}:prod",
            technique="rlvr",
            description="judges code",
        )

    [entry] = stored(home, "evaluators.json")
    assert ("created", "skipped") == (made["local"]["state"], made["hub"]["state"])
    assert {
        "name": "code-quality",
        "type": "lambda",
        "arn_or_uri": f"{LAMBDA}:prod",
        "technique": "rlvr",
        "description": "judges code",
        "project_name": "support-bot",
    } == {key: entry[key] for key in list(entry)[:6]}
    assert f"{LAMBDA}:prod" == made["arn"]
    assert "history" not in entry


@pytest.mark.parametrize(
    "arn",
    [
        "s3://models/preference/v1/",
        "s3://models/preference.tar.gz",
        "arn:aws:sagemaker:us-west-2:123456789012:model-package/prefs/3",
        "arn:aws-cn:sagemaker:cn-north-1:123456789012:model-package/prefs/3",
    ],
)
async def test_a_preference_model_is_recorded(connect, home, arn):
    async with connect() as client:
        await client.ok(
            "register_evaluator", name="judge", type="model", arn=arn, technique="rlaif"
        )

    assert arn == stored(home, "evaluators.json")[0]["arn_or_uri"]


async def test_an_evaluator_is_updated_and_keeps_its_history(connect, home):
    base = {"name": "r", "type": "lambda", "technique": "rlvr"}
    async with connect() as client:
        await client.ok("register_evaluator", **base, arn=LAMBDA, description="first")
        same = await client.ok("register_evaluator", **base, arn=LAMBDA)
        newer = await client.ok("register_evaluator", **base, arn=f"{LAMBDA}2")
        emptied = await client.ok("register_evaluator", **base, arn=f"{LAMBDA}2", description="")

    [entry] = stored(home, "evaluators.json")
    assert ["unchanged", "updated", "updated"] == [
        each["local"]["state"] for each in (same, newer, emptied)
    ]
    assert "first" == newer["description"]
    assert "" == entry["description"]
    assert [LAMBDA, f"{LAMBDA}2"] == [each["arn_or_uri"] for each in entry["history"]]
    assert ["first", "first"] == [each["description"] for each in entry["history"]]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "a b"}, "name"),
        ({"type": ""}, "type"),
        ({"type": "function"}, "type"),
        ({"arn": ""}, "arn"),
        ({"arn": "arn:aws:lambda:us-west-2:1:function:x"}, "arn"),
        ({"arn": "s3://b/model/"}, "arn"),
        ({"type": "model"}, "arn"),
        ({"type": "model", "arn": "s3://bucket-only"}, "arn"),
        ({"technique": "sft"}, "technique"),
        ({"technique": None}, "technique"),
        ({"description": "x" * 4097}, "description"),
        ({"description": 5}, "description"),
        ({"evaluatorType": "lambda"}, "evaluatorType"),
        ({"project_dir": "/etc"}, "--workspace"),
    ],
)
async def test_a_bad_evaluator_argument_is_named_and_nothing_written(connect, home, changes, named):
    given = {"name": "r", "type": "lambda", "arn": LAMBDA, "technique": "rlvr"} | changes
    async with connect() as client:
        refused = await client.refused("register_evaluator", **given)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert not (home / "evaluators.json").exists()


async def test_an_evaluator_needs_neither_project_nor_credentials(connect, project, home):
    shutil.rmtree(project / "do")
    async with connect(environment=NOWHERE) as client:
        await client.ok("register_evaluator", name="r", type="lambda", arn=LAMBDA, technique="rlvr")

    assert "" == stored(home, "evaluators.json")[0]["project_name"]


async def test_secrets_in_a_description_are_redacted_and_said(connect, home):
    token = "hf_" + "Zq3kT9" * 5
    async with connect() as client:
        made = await client.ok(
            "register_evaluator",
            name="r",
            type="lambda",
            arn=LAMBDA,
            technique="rlvr",
            description=f"uses {token}",
        )

    assert token not in json.dumps(made) + (home / "evaluators.json").read_text("utf-8")
    assert made["warnings"]
