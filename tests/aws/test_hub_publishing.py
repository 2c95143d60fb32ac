"""Datasets and evaluators in a hub: published, repeated, listed, and what may come between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoDirectory
from registry.aws.sessions import FixedAccess
from registry.calls import Call
from registry.core import Registry
from registry.errors import PermissionDenied
from registry.hub.publishing import NOT_FATAL
from registry.settings import Settings
from registry.workspace import Workspace
from sandbox.service import Sandbox
from tools import datasets, evaluators
from tools.context import ToolContext

HUB = "team-hub"
ARN = f"arn:aws:sagemaker:us-west-2:123456789012:hub-content/{HUB}"
ROLE = "arn:aws:iam::123456789012:role/execution"
LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:reward"
SERVICES = ("sagemaker", "s3", "dynamodb", "ecr", "sts")


class Member:
    """Somebody of the team, with a registry home of their own and the tools to work on it."""

    def __init__(self, home: Path, directory: BotoDirectory, **settings: Any) -> None:
        home.mkdir(exist_ok=True)
        self.home = home
        said = {"home": home, "hub": HUB, "region": "us-west-2", "poll_s": 0.001} | settings
        self.registry = Registry(
            settings=Settings(**said),
            workspace=Workspace([home]),
            directory=directory,
            environment={},
            now=lambda: datetime.now(UTC),
        )

    def call(self, tool: Callable[..., Any], call: Call | None = None, **said: Any) -> Any:
        context = ToolContext(self.registry, call or Call(sent=frozenset(said)))
        return tool(context, **said)

    def dataset(self, s3_uri: str, name: str = "faq", **said: Any) -> Any:
        return self.call(datasets.register_dataset, name=name, s3_uri=s3_uri, **said)

    def evaluator(self, name: str = "reward", **said: Any) -> Any:
        facts = {"type": "lambda", "arn": LAMBDA, "technique": "rlvr"} | said
        return self.call(evaluators.register_evaluator, name=name, **facts)

    def entry(self, file: str = "datasets.json") -> dict[str, Any]:
        [entry] = json.loads((self.home / file).read_text("utf-8"))
        return dict(entry)


@pytest.fixture(scope="module")
def directory(sandbox: Sandbox) -> Iterator[BotoDirectory]:
    """Clients made once: making them takes longer than most tests here."""
    found = sandbox.environment()
    endpoints = {name: found[f"AWS_ENDPOINT_URL_{name.upper()}"] for name in SERVICES}
    access = FixedAccess(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], endpoints)
    opened = BotoDirectory(access=access)
    yield opened
    opened.close()


@pytest.fixture
def front_directory(front_env: dict[str, str]) -> Iterator[BotoDirectory]:
    """Clients that meet faults in S3 too."""
    opened = BotoDirectory()
    yield opened
    opened.close()


@pytest.fixture
def hub(clients, sandbox: Sandbox) -> str:
    """The name of a hub in service; the call log is empty."""
    clients.sagemaker.create_hub(HubName=HUB, HubDescription="what the team shares")
    sandbox.control.advance(60)
    sandbox.control.clear_log()
    return HUB


@pytest.fixture
def member(hub: str, directory: BotoDirectory, tmp_path: Path) -> Callable[..., Member]:
    def join(name: str = "ann", directory: BotoDirectory = directory, **settings: Any) -> Member:
        return Member(tmp_path / name, directory, **settings)

    return join


@pytest.fixture
def put(clients, bucket: str) -> Callable[..., str]:
    def store(text: str = '{"q":1}\n', key: str = "d/train.jsonl") -> str:
        clients.s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        return f"s3://{bucket}/{key}"

    return store


@pytest.fixture
def content(clients, hub: str) -> Callable[..., dict[str, Any]]:
    def described(kind: str, name: str, version: str = "") -> dict[str, Any]:
        named = {"HubContentVersion": version} if version else {}
        return dict(
            clients.sagemaker.describe_hub_content(
                HubName=hub, HubContentType=kind, HubContentName=name, **named
            )
        )

    return described


def _operations(sandbox: Sandbox) -> list[str]:
    return [each["operation"] for each in sandbox.control.calls() if "Hub" in each["operation"]]


def _imports(sandbox: Sandbox) -> int:
    return _operations(sandbox).count("ImportHubContent")


def test_a_dataset_is_imported_with_the_document_that_the_sdk_writes(
    member, put, bucket, content
) -> None:
    """SageMaker SDK 3 (ai_registry): type, schema version, keys and keywords."""
    ann = member()
    profile = {"roleArn": ROLE}
    (ann.home / "config.json").write_text(
        json.dumps({"activeProfile": "p", "profiles": {"p": profile}})
    )

    made = ann.dataset(put(), technique="dpo", column_schema={"q": "int"})

    found = content("DataSet", "faq")
    entry = ann.entry()
    assert {
        "DatasetType": "CUSTOMER_PROVIDED",
        "DatasetRoleArn": ROLE,
        "DatasetS3Bucket": bucket,
        "DatasetS3Prefix": "d/train.jsonl",
        "DatasetContextS3Uri": '""',
        "ConversationId": "default-conversation",
        "ConversationCheckpointId": "default-checkpoint",
        "Dependencies": [],
        "ContentMetadata": {
            "ContentHash": made.content_hash,
            "Format": "jsonl",
            "RowCount": "1",
            "ColumnSchema": entry["column_schema"],
        },
    } == json.loads(found["HubContentDocument"])
    assert ("2.0.0", "1.0.0", "Available") == (
        found["DocumentSchemaVersion"],
        found["HubContentVersion"],
        found["HubContentStatus"],
    )
    assert ["method:generated", "customization_technique:dpo"] == found["HubContentSearchKeywords"]
    arn = f"{ARN}/DataSet/faq/1.0.0"
    assert {"state": "created", "hub": HUB, "version": "1.0.0", "arn": arn} == made.hub.wire()
    assert (arn, arn) == (entry["arn"], entry["versions"][0]["arn"])
    assert ("123456789012", ()) == (made.aws.account, made.warnings)


def test_the_same_again_imports_nothing_and_writes_nothing(member, put, sandbox) -> None:
    ann, uri = member(), put()
    ann.dataset(uri)
    before = (ann.home / "datasets.json").stat().st_mtime_ns

    again = ann.dataset(uri)

    assert ("unchanged", "unchanged", None) == (
        again.local.state,
        again.hub.state,
        again.hub.warning,
    )
    assert (1, before) == (_imports(sandbox), (ann.home / "datasets.json").stat().st_mtime_ns)


def test_changed_content_is_the_hubs_next_version_under_the_same_number(
    member, put, content
) -> None:
    ann = member()
    ann.dataset(put())
    second = ann.dataset(put('{"q":2}\n'))

    entry = ann.entry()
    arns = [f"{ARN}/DataSet/faq/{version}" for version in ("1.0.0", "1.1.0")]
    assert ("1.1.0", "1.1.0") == (second.version, content("DataSet", "faq")["HubContentVersion"])
    assert (arns[1], arns) == (entry["arn"], [each["arn"] for each in entry["versions"]])


def test_what_was_corrected_in_place_is_told_to_differ_from_the_hub_until_forced(
    member, put, content
) -> None:
    ann, uri = member(), put()
    ann.dataset(uri, technique="sft")

    corrected = ann.dataset(uri, technique="dpo", row_count=7)
    forced = ann.dataset(uri, force=True)

    assert ("updated", "unchanged") == (corrected.local.state, corrected.hub.state)
    assert "other values of RowCount, technique; force=true" in corrected.hub.warning
    assert (corrected.hub.warning,) == corrected.warnings
    assert ("created", "1.1.0", None) == (forced.hub.state, forced.hub.version, forced.hub.warning)
    keywords = content("DataSet", "faq")["HubContentSearchKeywords"]
    assert "customization_technique:dpo" in keywords


def test_a_technique_that_the_sdk_does_not_know_has_a_keyword_of_its_own(
    member, put, content
) -> None:
    """The SDK's reader gives up at a `customization_technique` other than sft, dpo and rlvr."""
    ann = member()
    ann.dataset(put(), technique="rlaif")

    assert ["method:generated", "technique:rlaif"] == content("DataSet", "faq")[
        "HubContentSearchKeywords"
    ]
    assert "rlaif" == ann.call(datasets.list_datasets).datasets[0].technique


def test_a_colleagues_version_of_the_same_content_is_ours_too(member, put, sandbox) -> None:
    uri = put()
    member("ann").dataset(uri)

    ben = member("ben")
    found = ben.dataset(uri)

    assert ("created", "unchanged") == (found.local.state, found.hub.state)
    assert (1, f"{ARN}/DataSet/faq/1.0.0") == (_imports(sandbox), ben.entry()["arn"])


def test_a_version_of_other_content_stays_and_force_records_the_next(member, put) -> None:
    first = put()
    member("ann").dataset(first)
    other = put('{"q":2}\n', "other/train.jsonl")

    ben = member("ben")
    taken = ben.dataset(other)
    forced = ben.dataset(other, force=True)

    assert ("created", "failed") == (taken.local.state, taken.hub.state)
    assert f"other content as version 1.0.0 of faq ({first})" in taken.hub.warning
    assert (NOT_FATAL, taken.hub.warning) == taken.warnings
    assert "register_dataset again" in taken.next_step
    assert ("1.1.0", "created") == (forced.version, forced.hub.state)


def test_two_writers_of_one_version_leave_one_content_and_one_told(member, put) -> None:
    homes = [member("ann"), member("ben")]
    uris = [put(), put('{"q":2}\n', "other/train.jsonl")]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda each: each[0].dataset(each[1]), zip(homes, uris, strict=True)))

    assert ["created", "failed"] == sorted(each.hub.state for each in made)


def test_an_import_that_fails_is_a_warning_and_can_be_mended(member, put, sandbox, clients) -> None:
    ann, uri = member(), put()
    sandbox.control.plan_import("faq", "ImportFailed", reason="the role cannot read the bucket")
    failed = ann.dataset(uri)
    again = ann.dataset(uri)
    sandbox.control.plan_import("faq", "Available")
    clients.sagemaker.delete_hub_content(
        HubName=HUB, HubContentType="DataSet", HubContentName="faq", HubContentVersion="1.0.0"
    )
    sandbox.control.advance(120)
    mended = ann.dataset(uri)

    assert ("created", "failed", None) == (failed.local.state, failed.hub.state, failed.hub.arn)
    assert "the role cannot read the bucket" in failed.hub.warning
    assert NOT_FATAL in failed.warnings
    assert ("failed", True) == (again.hub.state, "remove that version" in again.hub.warning)
    assert ("unchanged", "created") == (mended.local.state, mended.hub.state)
    assert mended.hub.arn == ann.entry()["arn"]


def test_an_import_that_takes_longer_than_the_call_is_told_by_the_next(
    member, put, sandbox
) -> None:
    ann, uri = member(poll_s=30), put()
    patient = Call(wait=lambda _: None)
    sandbox.control.plan_import("faq", "Hang")

    waiting = ann.call(datasets.register_dataset, patient, name="faq", s3_uri=uri)
    sandbox.control.plan_import("faq", "Available")
    settled = ann.call(datasets.register_dataset, patient, name="faq", s3_uri=uri)

    assert ("created", waiting.hub.arn) == (waiting.hub.state, ann.entry()["arn"])
    assert "still being imported; the same call tells later" in waiting.hub.warning
    assert ("unchanged", None) == (settled.hub.state, settled.hub.warning)
    assert 1 == _imports(sandbox)


def test_a_lost_answer_is_found_by_the_client_or_the_repeat(member, put, sandbox, content) -> None:
    ann, uri = member(), put()
    sandbox.control.fail("ImportHubContent", "lost_answer")

    made = ann.dataset(uri)

    assert made.hub.state in {"created", "unchanged"}
    assert content("DataSet", "faq")["HubContentArn"] == ann.entry()["arn"]


@pytest.mark.parametrize("kind", ["deny", "throttle"])
def test_a_refusal_never_fails_a_registration_and_the_repeat_completes_it(
    member, put, sandbox, kind
) -> None:
    ann, uri = member(), put()
    sandbox.control.fail("ImportHubContent", kind, times=-1)
    refused = ann.dataset(uri)
    sandbox.control.clear_faults()
    completed = ann.dataset(uri)

    assert ("created", "failed") == (refused.local.state, refused.hub.state)
    assert (NOT_FATAL, refused.hub.warning) == refused.warnings
    if kind == "deny":
        assert "sagemaker:ImportHubContent" in refused.hub.warning
    assert ("unchanged", "created") == (completed.local.state, completed.hub.state)


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
def test_a_dataset_that_cannot_be_read_just_now_is_imported_whole_by_the_repeat(
    member, put, sandbox, content, front_directory, operation
) -> None:
    ann, uri = member(directory=front_directory), put()
    sandbox.control.fail(operation, "throttle", service="s3", times=-1)
    unread = ann.dataset(uri)
    sandbox.control.clear_faults()
    completed = ann.dataset(uri)

    assert ("created", "failed", None) == (unread.local.state, unread.hub.state, unread.row_count)
    assert "the same call imports it then" in unread.hub.warning
    assert ("updated", "created", 1) == (
        completed.local.state,
        completed.hub.state,
        completed.row_count,
    )
    assert '"RowCount": "1"' in content("DataSet", "faq")["HubContentDocument"]


def test_a_hub_that_is_absent_is_named_and_the_record_is_there(member, put) -> None:
    ann = member(hub="no-such-hub")

    made = ann.dataset(put())
    judged = ann.evaluator()

    assert ("created", "failed") == (made.local.state, made.hub.state)
    assert "no-such-hub" in made.hub.warning
    assert "--hub" in made.hub.warning
    assert ("created", "failed") == (judged.local.state, judged.hub.state)


def test_an_account_that_is_not_allowed_gets_no_content(member, put, sandbox) -> None:
    ann = member(allowed_accounts=("999999999999",))

    made, judged = ann.dataset(put()), ann.evaluator()

    assert ["failed", "failed"] == [made.hub.state, judged.hub.state]
    assert "--allowed-accounts" in made.hub.warning
    assert [] == _operations(sandbox)


def test_without_credentials_the_hub_is_skipped(aws_env, tmp_path) -> None:
    opened = BotoDirectory()
    ann = Member(tmp_path / "ann", opened, profile="no-such-profile")

    judged = ann.evaluator()
    opened.close()

    assert ("created", "skipped") == (judged.local.state, judged.hub.state)
    assert (NOT_FATAL, judged.hub.warning) == judged.warnings
    assert "no-such-profile" in judged.hub.warning


def test_where_no_hub_is_configured_the_local_record_is_all(member, put, sandbox) -> None:
    ann = member(hub="")

    made, judged = ann.dataset(put()), ann.evaluator()

    for each in (made, judged):
        assert ("created", "skipped", ()) == (each.local.state, each.hub.state, each.warnings)
        assert "aiRegistryHubName" in each.hub.warning
    assert [] == _operations(sandbox)


@pytest.mark.parametrize("name", ["under_score", "dotted.name"])
def test_a_name_that_no_hub_content_can_have_is_never_altered(member, put, sandbox, name) -> None:
    ann = member()

    made, judged = ann.dataset(put(), name), ann.evaluator(name)

    assert ["failed", "failed"] == [made.hub.state, judged.hub.state]
    assert f"cannot be called '{name}'" in made.hub.warning
    assert [] == _operations(sandbox)
    assert name == ann.call(datasets.list_datasets, name=name).datasets[0].name


@pytest.mark.parametrize(
    ("version", "numbered"), [("2", "2.0.0"), ("v1.2", "1.2.0"), ("first", None)]
)
def test_a_version_is_adapted_where_it_can_be(member, put, version, numbered) -> None:
    ann, uri = member(), put()
    ann.dataset(uri)
    entry = ann.entry() | {"arn": None, "latest_version": version}
    entry["versions"] = [{**entry["versions"][0], "version": version, "arn": None}]
    (ann.home / "datasets.json").write_text(json.dumps([entry]))

    again = ann.dataset(uri)

    assert ("created" if numbered else "failed", numbered) == (again.hub.state, again.hub.version)
    if numbered:
        [found] = ann.call(datasets.list_datasets, name="faq").datasets
        of_both = [each.version for each in found.versions if each.origin == "both"]
        assert [version] == of_both


@pytest.mark.parametrize(
    ("facts", "kind", "keywords"),
    [
        (
            {},
            "RewardFunction",
            ["method:lambda", "@evaluatortype:rewardfunction", "@contenttype:byolambda"],
        ),
        (
            {"type": "model", "arn": "s3://models/preference/", "technique": "rlaif"},
            "RewardPrompt",
            ["@evaluatortype:rewardprompt", "@contenttype:byocode"],
        ),
    ],
)
def test_an_evaluator_is_imported_with_the_document_that_the_sdk_writes(
    member, content, facts, kind, keywords
) -> None:
    """SageMaker SDK 3 (ai_registry): a `JsonDoc`, the evaluator as JSON text inside it."""
    ann = member()

    made = ann.evaluator(description="judges", **facts)

    found = content("JsonDoc", "reward")
    document = json.loads(found["HubContentDocument"])
    assert "AWS/Evaluator" == document["SubType"]
    assert {"Reference": made.arn, "EvaluatorType": kind} == json.loads(document["JsonContent"])
    wanted = {*keywords, "@subtype:aws/evaluator", f"technique:{made.technique}"}
    assert wanted == set(found["HubContentSearchKeywords"])
    assert "judges" == found["HubContentDescription"]
    arn = f"{ARN}/JsonDoc/reward/1.0.0"
    assert ("created", arn, arn) == (
        made.hub.state,
        made.hub.arn,
        ann.entry("evaluators.json")["arn"],
    )


def test_each_update_of_an_evaluator_is_the_hubs_next_version(member, content, sandbox) -> None:
    ann = member()
    ann.evaluator()
    updated = ann.evaluator(arn=f"{LAMBDA}:2")
    described = ann.evaluator(arn=f"{LAMBDA}:2", description="stricter")
    again = ann.evaluator(arn=f"{LAMBDA}:2")

    entry = ann.entry("evaluators.json")
    states = [(each.hub.state, each.hub.version) for each in (updated, described, again)]
    assert [("updated", "1.1.0"), ("updated", "1.2.0"), ("unchanged", "1.2.0")] == states
    arns = [f"{ARN}/JsonDoc/reward/{version}" for version in ("1.0.0", "1.1.0", "1.2.0")]
    assert arns == [*(each["arn"] for each in entry["history"]), entry["arn"]]
    assert ("stricter", 3) == (
        content("JsonDoc", "reward")["HubContentDescription"],
        _imports(sandbox),
    )


def test_a_repeat_leaves_what_a_colleague_imported_since(member, content) -> None:
    ann, ben = member("ann"), member("ben")
    ann.evaluator()
    ben.evaluator(arn=f"{LAMBDA}:2")

    again = ann.evaluator()

    assert ("unchanged", "1.0.0") == (again.hub.state, again.hub.version)
    assert "1.1.0" == content("JsonDoc", "reward")["HubContentVersion"]


def test_two_updates_at_once_get_two_numbers(member) -> None:
    homes = [member(name) for name in ("ann", "ben", "cem")]
    with ThreadPoolExecutor(3) as pool:
        made = list(
            pool.map(
                lambda each: each[1].evaluator(arn=f"{LAMBDA}:{each[0]}"), enumerate(homes, start=1)
            )
        )

    assert {"1.0.0", "1.1.0", "1.2.0"} == {each.hub.version for each in made}


def test_another_document_of_that_name_is_left_alone(member, clients, sandbox) -> None:
    clients.sagemaker.import_hub_content(
        HubName=HUB,
        HubContentType="JsonDoc",
        HubContentName="reward",
        HubContentVersion="1.0.0",
        DocumentSchemaVersion="2.0.0",
        HubContentDocument='{"SubType":"AWS/Specification"}',
    )
    sandbox.control.advance(60)
    ann = member()

    made = ann.evaluator()

    assert ("failed", 1) == (made.hub.state, _imports(sandbox))
    assert "is no evaluator" in made.hub.warning
    assert ["local"] == [each.origin for each in ann.call(evaluators.list_evaluators).evaluators]


def test_a_description_that_no_hub_takes_stays_local_and_is_said(member, content) -> None:
    ann = member()

    made = ann.evaluator(description="first\nsecond")
    again = ann.evaluator(description="first\nsecond")

    assert "goes without it" in made.hub.warning
    assert "first\nsecond" == ann.entry("evaluators.json")["description"]
    assert "" == content("JsonDoc", "reward").get("HubContentDescription", "")
    assert ("created", "unchanged") == (made.hub.state, again.hub.state)


def test_datasets_of_home_and_hub_are_one_list_read_in_one_call(member, put, sandbox) -> None:
    ann, ben = member("ann"), member("ben")
    ann.dataset(put(), technique="dpo")
    ann.dataset(put('{"q":2}\n'), technique="dpo")
    ben.call(datasets.register_dataset, name="bens", s3_uri=put(key="b.jsonl"))
    member("cem", hub="").dataset(put(), "cems")
    sandbox.control.clear_log()

    page = ben.call(datasets.list_datasets)

    assert [("bens", "both", "sft"), ("faq", "hub", "dpo")] == [
        (each.name, each.origin, each.technique) for each in page.datasets
    ]
    assert (True, (), "123456789012") == (page.complete, page.warnings, page.aws.account)
    assert ["ListHubContents"] == _operations(sandbox)
    [old] = ann.call(datasets.list_datasets, name="faq@v1").datasets
    assert ("1.0.0", "both", 1) == (old.version, old.origin, old.ordinal)
    assert ["faq"] == [
        each.name for each in ben.call(datasets.list_datasets, technique="dpo").datasets
    ]


def test_a_named_dataset_that_only_the_hub_has_is_shown_with_its_versions(
    member, put, sandbox
) -> None:
    ann, ben = member("ann"), member("ben")
    uri = put()
    ann.dataset(uri)
    ann.dataset(put('{"q":2}\n'))
    sandbox.control.clear_log()

    [found] = ben.call(datasets.list_datasets, name="faq").datasets
    [old] = ben.call(datasets.list_datasets, name="faq@v1.0.0").datasets

    assert ("1.1.0", "hub", uri) == (found.version, found.origin, found.s3_uri)
    assert ["1.1.0", "1.0.0"] == [each.version for each in found.versions]
    assert ("1.0.0", uri) == (old.version, old.s3_uri)
    assert 2 * ["ListHubContentVersions", "DescribeHubContent"] == _operations(sandbox)


def test_what_is_only_said_to_be_imported_is_not_listed(member, put, sandbox) -> None:
    sandbox.control.plan_import("faq", "ImportFailed")
    ann = member()
    ann.dataset(put())

    assert ["local"] == [each.origin for each in ann.call(datasets.list_datasets).datasets]
    assert [] == list(member("ben").call(datasets.list_datasets).datasets)


def test_evaluators_of_home_and_hub_are_one_list(member, sandbox) -> None:
    ann, ben = member("ann"), member("ben")
    ann.evaluator("shared", description="of ann")
    ann.evaluator("shared", arn=f"{LAMBDA}:2")
    ben.evaluator("own", type="model", arn="s3://models/p/", technique="rlaif")
    sandbox.control.clear_log()

    page = ben.call(evaluators.list_evaluators)
    operations = _operations(sandbox)
    [named] = ben.call(evaluators.list_evaluators, name="shared").evaluators
    [anns] = ann.call(evaluators.list_evaluators, name="shared").evaluators

    assert [
        ("own", "model", "rlaif", "both", "1.0.0"),
        ("shared", "lambda", "rlvr", "hub", "1.1.0"),
    ] == [
        (each.name, each.type, each.technique, each.origin, each.hub_version)
        for each in page.evaluators
    ]
    assert ["ListHubContents"] == operations
    assert (f"{LAMBDA}:2", "of ann") == (named.arn, named.description)
    assert ("both", 1, LAMBDA) == (anns.origin, anns.history_count, anns.history[0].arn)
    assert f"{ARN}/JsonDoc/shared/1.0.0" == anns.history[0].hub_arn


@pytest.mark.parametrize("tool", [datasets.list_datasets, evaluators.list_evaluators])
@pytest.mark.parametrize("named", [True, False])
def test_a_hub_that_cannot_be_read_leaves_a_list_of_the_local_records(
    member, put, sandbox, tool, named
) -> None:
    ann = member()
    ann.dataset(put(), "both")
    ann.evaluator("both")
    sandbox.control.fail("*", "deny", times=-1)

    page = ann.call(tool, **({"name": "both"} if named else {}))

    assert (1, False) == (page.count, page.complete)
    assert f"what hub {HUB} has is missing here" in page.warnings[0]
    assert "sagemaker:" in page.warnings[0]


@pytest.mark.parametrize("tool", [datasets.list_datasets, evaluators.list_evaluators])
def test_what_only_the_hub_may_have_is_not_called_absent_while_the_hub_is_unread(
    member, sandbox, tool
) -> None:
    ann = member()
    sandbox.control.fail("*", "deny", times=-1)

    with pytest.raises(PermissionDenied, match="on this machine, and what hub"):
        ann.call(tool, name="shared")
