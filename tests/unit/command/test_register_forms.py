"""The forms and flags of MLCC's `do/register`, as the command line takes them."""

from __future__ import annotations

import json

import pytest

RECORD_KEYS = [
    "projectName",
    "deploymentConfig",
    "architecture",
    "backend",
    "modelName",
    "instanceType",
    "awsRegion",
    "deploymentTarget",
    "buildTarget",
    "baseImage",
    "status",
    "endpointConfig",
    "icConfig",
    "icList",
    "parameters",
    "id",
]
SENTENCE = "⚠️  MPG registration failed (non-fatal) — local registry is the primary record"


def entries(home):
    return json.loads((home / "registry.json").read_text("utf-8"))["entries"]


def stored(home, name):
    return json.loads((home / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("form", [["register"], ["register", "model"]])
def test_a_deployment_is_registered_with_or_without_the_word_model(command, home, form):
    done = command(*form, "--status", "partial", "--notes", "tune ran out of memory")

    assert 0 == done.status
    assert [("partial", "tune ran out of memory")] == [
        (each["status"], each["outcome"]["notes"]) for each in entries(home)
    ]


def test_a_refusal_of_sagemaker_is_a_warning_in_the_specifications_words(command):
    done = command("register")

    assert 0 == done.status
    assert SENTENCE in done.err.splitlines()
    assert "local registry\tcreated" in done.out


def test_json_prints_the_record_with_mlccs_keys_in_order_then_the_id_and_nothing_else(
    command, home
):
    done = command("register", "--json")

    assert set(RECORD_KEYS) >= set(done.json)
    assert [key for key in RECORD_KEYS if key in done.json] == list(done.json)
    assert entries(home)[0]["id"] == done.json["id"]


def test_ci_implies_json_and_what_was_asked_for_and_not_done_is_an_error(command, home):
    done = command("register", "--ci")

    assert 8 == done.status
    assert "credentials" == done.json["error"]["code"]
    assert [done.json["done"]["id"]] == [each["id"] for each in entries(home)]


def test_project_writes_the_projects_own_file(command, home, project):
    done = command("register", "--project")

    own = json.loads((project / ".ml-container-creator/registry.json").read_text("utf-8"))
    assert 0 == done.status
    assert 1 == len(own["entries"])
    assert not (home / "registry.json").exists()


@pytest.mark.parametrize(
    "flags",
    [
        ["--exclude", "faq-sft", "--exclude", "tone-dpo"],
        ["--exclude", "faq-sft,tone-dpo"],
        ["--exclude=faq-sft,tone-dpo"],
        ["--base-only"],
    ],
)
def test_adapters_can_be_left_out_in_every_spelling(command, flags):
    done = command("register", *flags)

    rows = [line.split("\t")[:2] for line in done.out.splitlines() if line.startswith("adapter")]
    assert 0 == done.status
    assert [["adapter faq-sft", "skipped"], ["adapter tone-dpo", "skipped"]] == rows


def test_an_excluded_name_that_is_none_is_a_warning(command):
    done = command("register", "--exclude", "faq")

    assert any(line.startswith("⚠️  ") and "faq-sft" in line for line in done.err.splitlines())


def test_the_shells_values_are_passed_on_and_no_others(command, home, monkeypatch):
    monkeypatch.setenv("VLLM_MAX_MODEL_LEN", "4096")
    monkeypatch.setenv("UNRELATED", "stays here")
    command("register")

    parameters = entries(home)[0]["configuration"]["parameters"]
    assert "4096" == parameters["VLLM_MAX_MODEL_LEN"]
    assert "stays here" not in (home / "registry.json").read_text("utf-8")


def test_a_dry_run_writes_nothing(command, home):
    done = command("register", "--dry-run")

    assert 0 == done.status
    assert not home.exists()


def test_a_dataset_is_registered_with_every_flag(command, home):
    done = command(
        "register", "dataset", "alpaca", "--s3-uri", "s3://b/data.csv", "--format", "csv",
        "--technique", "dpo", "--row-count", "7", "--column-schema", '{"q":"text"}', "--json",
    )  # fmt: skip

    wanted = {
        "name": "alpaca",
        "s3_uri": "s3://b/data.csv",
        "format": "csv",
        "technique": "dpo",
        "row_count": 7,
        "column_schema": '{"q":"text"}',
    }
    entry = stored(home, "datasets")[0]
    assert 0 == done.status
    assert wanted == {key: entry[key] for key in wanted}
    assert "1.0.0" == done.json["version"]


@pytest.mark.parametrize(
    "naming", [["own", "--s3-uri=s3://b/d"], ["--name", "own", "--s3-uri", "s3://b/d"]]
)
def test_a_dataset_is_named_by_position_or_flag(command, home, naming):
    assert 0 == command("register", "dataset", *naming).status
    assert ["own"] == [each["name"] for each in stored(home, "datasets")]


@pytest.mark.parametrize("flag", [["--from-tune"], ["--from-tune", "dpo"]])
def test_the_technique_of_the_last_tune_job_may_be_left_out(command, home, project, flag):
    with (project / "do/config").open("a", encoding="utf-8") as config:
        config.write('export TUNE_TECHNIQUE="dpo"\n')
        config.write('export TUNE_DATASET_S3_URI_DPO="s3://b/pairs.jsonl"\n')

    assert 0 == command("register", "dataset", "pairs", *flag).status
    assert [("pairs", "dpo")] == [
        (each["name"], each["technique"]) for each in stored(home, "datasets")
    ]


def test_a_count_that_a_script_leaves_empty_is_none(command, home):
    done = command("register", "dataset", "d", "--s3-uri", "s3://b/d", "--row-count", "")

    assert 0 == done.status
    assert [None] == [each["row_count"] for each in stored(home, "datasets")]


def test_a_train_job_says_what_the_dataset_is(command, home, project):
    with (project / "do/config").open("a", encoding="utf-8") as config:
        config.write('export TRAIN_DATASET_S3_URI_SFT="s3://b/custom.jsonl"\n')

    assert 0 == command("register", "dataset", "--from-train", "sft").status
    assert ["s3://b/custom.jsonl"] == [each["s3_uri"] for each in stored(home, "datasets")]


def test_force_makes_a_version_of_equal_content(command, home):
    for flags in ([], ["--force"]):
        command("register", "dataset", "d", "--s3-uri", "s3://b/d.jsonl", *flags)

    assert ["1.0.0", "1.1.0"] == [
        each["version"] for each in stored(home, "datasets")[0]["versions"]
    ]


ARN = "arn:aws:lambda:us-west-2:123456789012:function:reward"


@pytest.mark.parametrize("arn", ["--arn", "--arn-or-uri"])
def test_an_evaluator_is_registered_with_every_flag(command, home, arn):
    done = command(
        "register", "evaluator", "reward", "--type", "lambda", arn, ARN,
        "--technique", "rlvr", "--description", "counts",
    )  # fmt: skip

    wanted = {
        "name": "reward",
        "type": "lambda",
        "arn_or_uri": ARN,
        "technique": "rlvr",
        "description": "counts",
    }
    assert 0 == done.status
    assert wanted == {key: stored(home, "evaluators")[0][key] for key in wanted}


def test_the_deprecated_dataset_form_works_with_a_warning(command, home):
    done = command(
        "register", "--dataset", "--dataset-name", "old", "--dataset-s3-uri=s3://b/o.jsonl",
        "--dataset-technique", "dpo",
    )  # fmt: skip

    assert 0 == done.status
    assert [("old", "dpo")] == [
        (each["name"], each["technique"]) for each in stored(home, "datasets")
    ]
    assert "⚠️  register --dataset is deprecated: use register dataset" in done.err.splitlines()
    assert "⚠️  --dataset-name is deprecated: use --name" in done.err.splitlines()


def test_the_deprecated_evaluator_form_works_with_a_warning(command, home):
    done = command(
        "register", "--evaluator", "--evaluator-name", "old", "--evaluator-type", "lambda",
        "--evaluator-arn-or-uri", ARN, "--evaluator-technique", "rlvr",
        "--evaluator-description", "d",
    )  # fmt: skip

    assert 0 == done.status
    assert ["old"] == [each["name"] for each in stored(home, "evaluators")]
    assert "⚠️  register --evaluator is deprecated: use register evaluator" in (
        done.err.splitlines()
    )


@pytest.mark.parametrize("flag", ["--with-endpoint", "--with-metrics", "--ic"])
def test_a_flag_that_only_checked_says_that_it_is_to_be_left_out(command, home, flag):
    done = command("register", flag)

    assert 2 == done.status
    assert "leave them out" in done.err
    assert not home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["register", "--status", "fine"],
        ["register", "deployment"],
        ["register", "--bogus"],
        ["register", "--status", "partial", "dataset", "d"],
        ["register", "dataset", "d", "--format", "xml"],
        ["register", "dataset", "d"],
        ["register", "evaluator", "e", "--type", "lambda"],
        ["register", "--benchmark-status", "completed"],
        ["bogus"],
    ],
)
def test_a_wrong_command_line_ends_with_status_two_and_writes_nothing(command, home, words):
    done = command(*words)

    assert 2 == done.status
    assert done.err
    assert not done.out
    assert not home.exists()
