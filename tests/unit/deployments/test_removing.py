"""Removing one record: agreed to first, whole in the answer (design, `remove_record`)."""

from __future__ import annotations

import json

import pytest

from registry.errors import CorruptRegistry, NeedsConfirmation, NotFound, PreconditionFailed
from registry.local.deployments import project_registry, user_registry
from registry.local.documents import JsonFile
from registry.local.entries import schema_problems
from registry.removal.deployments import remove_deployment
from registry.removal.named import remove_dataset, remove_evaluator

PACKAGE = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/3"
ONE = "00000001"


def agreed(remove, *arguments):
    """Call once for the plan and again with its digest."""
    with pytest.raises(NeedsConfirmation) as asked:
        remove(*arguments, "")
    return asked.value.details["plan"], remove(*arguments, asked.value.details["digest"])


def stays(plan):
    return {each["what"]: each["name"] for each in plan.get("stays", [])}


def version(number, **more):
    return {
        "version": f"1.{number}.0",
        "s3_uri": f"s3://b/{number}.jsonl",
        "hash": f"{number:016x}",
        "technique": "sft",
        "rows": number,
        "registered_at": f"2026-05-0{number + 1}T00:00:00.000000Z",
        **more,
    }


def dataset(name, *versions, **more):
    newest = versions[-1]
    return {
        "name": name,
        "s3_uri": newest["s3_uri"],
        "format": "jsonl",
        "technique": newest["technique"],
        "row_count": newest["rows"],
        "column_schema": None,
        "project_name": "",
        "arn": None,
        "registered_at": newest["registered_at"],
        "latest_version": newest["version"],
        "content_hash": newest["hash"],
        "versions": list(versions),
        "later": 1,
        **more,
    }


@pytest.fixture
def stored(tmp_path):
    """A file of named records."""

    def make(*entries):
        path = tmp_path / "named.json"
        path.write_text(json.dumps(list(entries)), "utf-8")
        return JsonFile(path, ascii_only=True, final_newline=False), str(path)

    return make


def test_a_deployment_goes_once_its_plan_was_agreed_to(deployed, seeded):
    entry = deployed(1, modelPackageArn=PACKAGE, endpointName="e", later=[1])
    log = seeded(deployed(0), entry, deployed(2))

    plan, answer = agreed(remove_deployment, [("user", log)], ONE)

    assert [deployed(0), deployed(2)] == log.entries()
    assert entry == answer.record
    assert {
        "model package version, with the adapter versions linked to it": PACKAGE,
        "CI configuration": "077e3008d2633eb0",
        "endpoint": "e",
    } == stays(plan)
    assert stays(plan) == stays(answer.wire())


def test_the_users_file_comes_before_the_projects(deployed, seeded, tmp_path):
    user, project = seeded(deployed(1)), project_registry(tmp_path / "p")
    (tmp_path / "p").mkdir()
    project.append(lambda _: deployed(1, status="failed"))
    logs = [("user", user), ("project", project)]

    agreed(remove_deployment, logs, ONE)
    assert ([], 1) == (list(user.entries()), len(project.entries()))

    agreed(remove_deployment, logs, ONE)
    assert [] == list(project.entries())


def test_of_two_entries_with_one_id_the_first_goes(deployed, seeded):
    log = seeded(deployed(1, status="failed"), deployed(1))

    _, answer = agreed(remove_deployment, [("user", log)], ONE)

    assert "failed" == answer.record["status"]
    assert [deployed(1)] == log.entries()


def test_a_record_that_changed_since_has_to_be_agreed_to_again(deployed, seeded):
    log = seeded(deployed(1))
    logs = [("user", log)]
    with pytest.raises(NeedsConfirmation) as asked:
        remove_deployment(logs, ONE, "")
    log.patch(ONE, {"modelPackageArn": PACKAGE})

    with pytest.raises(NeedsConfirmation, match="changed") as again:
        remove_deployment(logs, ONE, asked.value.details["digest"])

    assert PACKAGE in json.dumps(again.value.details["plan"])
    assert asked.value.details["digest"] != again.value.details["digest"]
    assert 1 == len(log.entries())


def test_a_file_of_a_newer_format_is_refused_before_anybody_agrees(deployed, tmp_path):
    content = json.dumps({"schemaVersion": "2099-01-01", "entries": [deployed(1)]})
    (tmp_path / "registry.json").write_text(content, "utf-8")

    with pytest.raises(PreconditionFailed):
        remove_deployment([("user", user_registry(tmp_path))], ONE, "")

    assert content == (tmp_path / "registry.json").read_text("utf-8")


def test_what_was_removed_is_told_without_its_secrets(deployed, seeded):
    """Design, rule 3: MLCC stores some in clear (D12), and nothing secret is sent."""
    log = seeded(deployed(1, configuration__parameters={"DB_PASSWORD": "hunter2", "A": "1"}))

    _, answer = agreed(remove_deployment, [("user", log)], ONE)

    assert {"DB_PASSWORD": "***REDACTED***", "A": "1"} == answer.record["configuration"][
        "parameters"
    ]


def test_an_unknown_deployment_names_near_ones(deployed, seeded):
    with pytest.raises(NotFound) as refused:
        remove_deployment([("user", seeded(deployed(1)))], "0000000f", "")

    assert [ONE] == refused.value.details["candidates"]


def test_the_newest_version_of_a_dataset_goes_and_the_one_before_is_mirrored(stored):
    whole = dataset("a", version(0), version(1, technique="dpo"), arn="arn:hub/a/1.1.0")
    store, path = stored(dataset("other", version(0)), whole)

    plan, answer = agreed(remove_dataset, store, path, "a@v2")

    left = store.read()
    assert dataset("a", version(0)) == left[1]
    assert [] == schema_problems(left[1], "dataset")
    assert {"name": "a", **version(1, technique="dpo")} == answer.record
    assert ("dataset version", "a@1.1.0") == (plan["kind"], plan["name"])
    assert {"data": "s3://b/1.jsonl", "hub content": "arn:hub/a/1.1.0"} == stays(plan)
    assert dataset("other", version(0)) == left[0]


def test_an_older_version_goes_and_the_newest_stays_what_it_is(stored):
    old = version(0) | {"arn": "arn:hub/a/1.0.0"}
    whole = dataset("a", old, version(1), arn="arn:hub/a/1.1.0")
    store, path = stored(whole)

    plan, _ = agreed(remove_dataset, store, path, "a@v1.0.0")

    [left] = store.read()
    assert {**whole, "versions": [version(1)]} == left
    assert "one lower" in plan["note"]
    assert "arn:hub/a/1.0.0" == stays(plan)["hub content"]


def test_hub_content_of_every_version_stays_and_is_named(stored):
    versions = [version(place) | {"arn": f"arn:hub/a/{place}"} for place in range(2)]
    store, path = stored(dataset("a", *versions, arn="arn:hub/a/1"))

    newest, _ = agreed(remove_dataset, store, path, "a@v2")
    [left] = store.read()
    whole, _ = agreed(remove_dataset, store, path, "a")

    assert ["arn:hub/a/1"] == [each["name"] for each in newest["stays"][1:]]
    assert "arn:hub/a/0" == left["arn"]
    assert "arn:hub/a/0" == stays(whole)["hub content"]


def test_hub_content_of_an_evaluator_stays_with_that_of_its_history(stored):
    history = [{"type": "lambda", "arn": "arn:hub/r/1"}]
    gone = {"name": "r", "type": "lambda", "arn_or_uri": "arn:f", "history": history}
    store, path = stored(gone | {"arn": "arn:hub/r/2"})

    plan, _ = agreed(remove_evaluator, store, path, "r")

    assert ["arn:f", "arn:hub/r/1", "arn:hub/r/2"] == [each["name"] for each in plan["stays"]]


@pytest.mark.parametrize("reference", ["a", "a@v1", "a@v1.0.0", "a@1"])
def test_with_its_last_version_a_dataset_goes_whole(stored, reference):
    whole = dataset("a", version(0))
    store, path = stored(whole, dataset("b", version(0)))

    plan, answer = agreed(remove_dataset, store, path, reference)

    assert [dataset("b", version(0))] == store.read()
    assert whole == answer.record
    assert "dataset" == plan["kind"]


def test_a_name_alone_is_the_dataset_with_all_its_versions(stored):
    store, path = stored(dataset("a", version(0), version(1)))

    plan, _ = agreed(remove_dataset, store, path, "a")

    assert [] == store.read()
    assert "2 versions" in plan["says"]


def test_a_dataset_from_before_versions_goes_too(stored):
    store, path = stored({"name": "old", "s3_uri": "s3://b/o"})

    agreed(remove_dataset, store, path, "old@v1")

    assert [] == store.read()


@pytest.mark.parametrize(
    ("reference", "candidates"),
    [("alpacca", ["alpaca"]), ("alpaca@v3", [{"ordinal": 1, "version": "1.0.0"}])],
)
def test_an_unknown_dataset_or_version_names_those_there_are(stored, reference, candidates):
    store, path = stored(dataset("alpaca", version(0)))

    with pytest.raises(NotFound) as refused:
        remove_dataset(store, path, reference, "")

    assert candidates == refused.value.details["candidates"]


def test_an_evaluator_goes_with_its_history(stored):
    gone = {"name": "r", "type": "lambda", "arn_or_uri": "arn:f", "history": [{"type": "model"}]}
    store, path = stored({"name": "q"}, gone)

    plan, answer = agreed(remove_evaluator, store, path, "r")

    assert [{"name": "q"}] == store.read()
    assert gone == answer.record
    assert {"Lambda function": "arn:f"} == stays(plan)


def test_an_unknown_evaluator_names_near_ones(stored):
    store, path = stored({"name": "reward"})

    with pytest.raises(NotFound) as refused:
        remove_evaluator(store, path, "rewards", "")

    assert ["reward"] == refused.value.details["candidates"]


@pytest.mark.parametrize("content", ["{}", "[1]", '"x"', '[{"name": "a", "versions": 5}]'])
def test_a_file_of_another_shape_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "datasets.json"
    path.write_text(content, "utf-8")
    store = JsonFile(path, ascii_only=True, final_newline=False)

    with pytest.raises(CorruptRegistry):
        remove_dataset(store, str(path), "a", "")

    assert content == path.read_text("utf-8")


def test_no_file_is_nothing_to_remove(tmp_path):
    store = JsonFile(tmp_path / "none.json", ascii_only=True, final_newline=False)

    with pytest.raises(NotFound):
        remove_evaluator(store, "none.json", "a", "")
