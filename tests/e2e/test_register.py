"""`register_deployment` through a real client and a real server process, in both eras."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "ci")
NOT_FATAL = "MPG registration failed (non-fatal) — local registry is the primary record"
"""The specification's sentence."""


def stored(home):
    return json.loads((home / "registry.json").read_text("utf-8"))["entries"]


def versions(aws, group="support-bot"):
    listed = aws["sagemaker"].list_model_packages(ModelPackageGroupName=group, MaxResults=100)
    arns = [each["ModelPackageArn"] for each in listed["ModelPackageSummaryList"]]
    return [aws["sagemaker"].describe_model_package(ModelPackageName=arn) for arn in arns]


async def test_a_dry_run_shows_every_write_and_writes_nothing(connect, home, aws):
    async with connect() as client:
        shown = await client.ok("register_deployment", dry_run=True, ci=True, sagemaker="yes")

    assert shown["dryRun"] is True
    assert "created" == shown["local"]["state"]
    assert "created" == shown["modelPackage"]["state"]
    assert ["created", "created"] == [each["state"] for each in shown["adapters"]]
    assert "created" == shown["ci"]["state"]
    assert not (home / "registry.json").exists()
    assert [] == aws["sagemaker"].list_model_package_groups()["ModelPackageGroupSummaryList"]


async def test_a_deployment_is_recorded_in_every_place(connect, home, aws, ci_table):
    async with connect() as client:
        made = await client.ok(
            "register_deployment", notes="first", ci=True, sagemaker="yes", benchmark={"rps": 12.5}
        )

    [entry] = stored(home)
    assert made["id"] == entry["id"]
    assert "support-bot" == entry["projectName"]
    assert "first" == entry["outcome"]["notes"]
    assert "***REDACTED***" == entry["configuration"]["parameters"]["HF_TOKEN"]
    assert "4096" == entry["configuration"]["parameters"]["VLLM_MAX_NUM_BATCHED_TOKENS"]
    model, *adapters = sorted(versions(aws), key=lambda each: each["ModelPackageVersion"])
    assert model["ModelPackageArn"] == entry["modelPackageArn"]
    assert "12.5" == model["CustomerMetadataProperties"]["benchmark_rps"]
    assert {"faq-sft", "tone-dpo"} == {
        each["CustomerMetadataProperties"]["adapterName"] for each in adapters
    }
    for each in adapters:
        metadata = each["CustomerMetadataProperties"]
        assert model["ModelPackageArn"] == metadata["parentModelVersionArn"]
        assert "true" == metadata["isAdapter"]
    item = aws["dynamodb"].get_item(
        TableName=ci_table, Key={"configId": {"S": made["ci"]["configId"]}}
    )["Item"]
    assert "untested" == item["testStatus"]["S"]
    assert "1970-01-01T00:00:00Z" == item["lastTestTimestamp"]["S"]
    assert made["id"] == item["registrationId"]["S"]
    config = json.loads(item["configJson"]["S"])
    assert ["default", "faq-sft", "tone-dpo"] == [each["name"] for each in config["icList"]]


async def test_the_same_call_again_changes_nothing(connect, home, aws, ci_table):
    async with connect() as client:
        first = await client.ok("register_deployment", ci=True, sagemaker="yes")
        again = await client.ok("register_deployment", ci=True, sagemaker="yes")

    assert first["id"] == again["id"]
    assert "unchanged" == again["local"]["state"]
    assert "unchanged" == again["modelPackage"]["state"]
    assert ["unchanged", "unchanged"] == [each["state"] for each in again["adapters"]]
    assert "unchanged" == again["ci"]["state"]
    assert 1 == len(stored(home))
    assert 3 == len(versions(aws))


async def test_other_notes_make_a_new_entry(connect, home):
    async with connect() as client:
        await client.ok("register_deployment", notes="one", sagemaker="no")
        await client.ok("register_deployment", notes="two", sagemaker="no")

    assert ["one", "two"] == [each["outcome"]["notes"] for each in stored(home)]


async def test_without_credentials_the_local_entry_is_written_and_completed_later(
    connect, home, aws
):
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true"}
    async with connect(environment=nowhere) as client:
        alone = await client.ok("register_deployment")
    async with connect() as client:
        completed = await client.ok("register_deployment")

    assert "created" == alone["local"]["state"]
    assert "skipped" == alone["modelPackage"]["state"]
    assert ["skipped", "skipped"] == [each["state"] for each in alone["adapters"]]
    assert NOT_FATAL in alone["warnings"]
    assert "again" in alone["nextStep"]
    assert alone["id"] == completed["id"]
    assert "unchanged" == completed["local"]["state"]
    assert "created" == completed["modelPackage"]["state"]
    [entry] = stored(home)
    assert completed["modelPackage"]["arn"] == entry["modelPackageArn"]
    assert 3 == len(versions(aws))


async def test_an_entry_made_without_a_region_is_completed_with_one(connect, project, home):
    config = project / "do" / "config"
    config.write_text(config.read_text("utf-8").replace("AWS_REGION", "NO_REGION"), "utf-8")
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true"}
    async with connect(environment=nowhere) as client:
        alone = await client.ok("register_deployment")
    async with connect() as client:
        completed = await client.ok("register_deployment")

    assert "region" in alone["modelPackage"]["warning"]
    assert alone["id"] == completed["id"]
    [entry] = stored(home)
    assert "us-west-2" == entry["infrastructure"]["region"]
    assert "modelPackageArn" in entry


async def test_a_refused_package_is_a_warning_and_its_adapters_are_skipped(connect, box, home):
    box.control.fail("CreateModelPackage", "deny", times=-1)
    async with connect() as client:
        made = await client.ok("register_deployment")

    assert "failed" == made["modelPackage"]["state"]
    assert "CreateModelPackage" in made["modelPackage"]["warning"]
    assert NOT_FATAL in made["warnings"]
    assert ["skipped", "skipped"] == [each["state"] for each in made["adapters"]]
    assert 1 == len(stored(home))


async def test_a_name_that_no_group_can_have_fails_the_package_alone(connect, home):
    async with connect() as client:
        made = await client.ok("register_deployment", project_name="support_bot")

    assert "failed" == made["modelPackage"]["state"]
    assert "support_bot" in made["modelPackage"]["warning"]
    assert NOT_FATAL in made["warnings"]
    assert ["skipped", "skipped"] == [each["state"] for each in made["adapters"]]
    assert ["support_bot"] == [each["projectName"] for each in stored(home)]


async def test_a_data_url_that_metadata_cannot_hold_fails_the_package_and_is_not_cut(connect, home):
    long = "s3://bucket/" + "x" * 300
    async with connect() as client:
        made = await client.ok("register_deployment", model_data_url=long)

    assert "failed" == made["modelPackage"]["state"]
    assert "modelDataUrl" in made["modelPackage"]["warning"]
    assert 1 == len(stored(home))


async def test_one_refused_adapter_does_not_stop_the_other(connect, box):
    box.control.fail("CreateModelPackage", "deny", times=1, match='"faq-sft"')
    async with connect() as client:
        made = await client.ok("register_deployment")
        completed = await client.ok("register_deployment")

    assert ["failed", "created"] == [each["state"] for each in made["adapters"]]
    assert ["created", "unchanged"] == [each["state"] for each in completed["adapters"]]


async def test_a_ci_table_that_is_missing_is_an_error_that_says_what_was_recorded(connect, home):
    async with connect() as client:
        refused = await client.refused(
            "register_deployment", ci=True, ci_table="no-such-table", sagemaker="yes"
        )

    assert "not_found" == refused["error"]["code"]
    [entry] = stored(home)
    assert entry["id"] == refused["done"]["id"]
    assert entry["modelPackageArn"] == refused["done"]["modelPackage"]["arn"]


async def test_a_ci_record_without_credentials_is_an_error(connect, home):
    async with connect(environment={"AWS_EC2_METADATA_DISABLED": "true"}) as client:
        refused = await client.refused("register_deployment", ci=True)

    assert "credentials" == refused["error"]["code"]
    assert 1 == len(stored(home))


async def test_excluded_adapters_and_base_only_concern_sagemaker_alone(connect, aws):
    async with connect() as client:
        excluded = await client.ok("register_deployment", exclude="faq-sft,nobody", notes="a")
        base = await client.ok("register_deployment", base_only=True, notes="b")

    assert ["skipped", "created"] == [each["state"] for each in excluded["adapters"]]
    assert any("nobody" in each and "tone-dpo" in each for each in excluded["warnings"])
    assert ["skipped", "skipped"] == [each["state"] for each in base["adapters"]]
    assert 4 == len(base["record"]["icList"])
    made = [each["CustomerMetadataProperties"].get("adapterName", "") for each in versions(aws)]
    assert ["", "", "tone-dpo"] == sorted(made)


async def test_a_call_can_do_without_a_folder(connect, tmp_path, home):
    empty = tmp_path / "empty"
    empty.mkdir()
    async with connect(folder=empty) as client:
        made = await client.ok(
            "register_deployment",
            project_name="alone",
            deployment_config="http-flask",
            instance_type="ml.m5.large",
            region="eu-west-1",
            deployment_target="realtime-inference",
            ic_list="[]",
            parameters='{"LOG_LEVEL": "info", "DB_PASSWORD": "x"}',
            sagemaker="no",
        )

    [entry] = stored(home)
    assert [] == entry["deployment"]["icList"]
    assert "***REDACTED***" == entry["configuration"]["parameters"]["DB_PASSWORD"]
    assert "unchanged" != made["local"]["state"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"projectDir": "."}, "project_dir"),
        ({"status": "done"}, "status"),
        ({"ic_list": "{oops"}, "ic_list"),
        ({"ic_list": [{"gpuCount": 1}]}, "ic_list"),
        ({"parameters": "[1]"}, "parameters"),
        ({"project_dir": "/etc"}, "--workspace"),
        ({"project_dir": "nowhere"}, "do/config"),
        ({"deployment_config": "cobol-vllm"}, "cobol-vllm"),
        ({"benchmark": {"nobody": {"rps": 1}}}, "benchmark.nobody"),
        ({"sagemaker": "perhaps"}, "sagemaker"),
        ({"ci": "perhaps"}, "ci"),
    ],
)
async def test_a_bad_argument_is_named_and_nothing_is_written(connect, home, arguments, named):
    async with connect() as client:
        refused = await client.refused("register_deployment", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert not (home / "registry.json").exists()


async def test_arguments_that_models_send_for_nothing_mean_nothing(connect, home):
    async with connect() as client:
        await client.ok(
            "register_deployment",
            project_name="",
            instance_type=None,
            exclude="",
            parameters=None,
            ic_list="",
            ci="",
            status="",
            benchmark="{}",
            sagemaker="no",
        )

    [entry] = stored(home)
    assert "support-bot" == entry["projectName"]
    assert 4 == len(entry["deployment"]["icList"])


async def test_an_idempotency_key_finds_its_entry_and_refuses_another_deployment(connect, home):
    async with connect() as client:
        first = await client.ok("register_deployment", idempotency_key="k1", sagemaker="no")
        again = await client.ok("register_deployment", idempotency_key="k1", sagemaker="no")
        refused = await client.refused(
            "register_deployment", idempotency_key="k1", notes="other", sagemaker="no"
        )

    assert first["id"] == again["id"]
    assert "conflict" == refused["error"]["code"]
    assert 1 == len(stored(home))


async def test_a_project_can_have_a_registry_file_of_its_own(connect, project, home):
    async with connect() as client:
        await client.ok("register_deployment", project_level=True, sagemaker="no")
        listed = await client.ok("list_deployments", project_name="support-bot")

    own = json.loads((project / ".ml-container-creator/registry.json").read_text("utf-8"))
    assert "support-bot" == own["entries"][0]["project"]["name"]
    assert not (home / "registry.json").exists()
    assert ["project"] == [each["origin"] for each in listed["deployments"]]


async def test_a_required_value_that_only_a_shell_could_know_is_named(connect, project, home):
    config = project / "do" / "config"
    config.write_text(config.read_text("utf-8") + 'export PROJECT_NAME="$(hostname)"\n', "utf-8")
    async with connect() as client:
        refused = await client.refused("register_deployment", sagemaker="no")

    assert "invalid_argument" == refused["error"]["code"]
    assert "PROJECT_NAME" in refused["error"]["message"]
    assert not (home / "registry.json").exists()


async def test_a_corrupt_registry_is_named_and_left_as_it_is(connect, home):
    home.mkdir(parents=True)
    (home / "registry.json").write_text('{"entries": [', "utf-8")
    async with connect() as client:
        refused = await client.refused("register_deployment", sagemaker="no")

    assert "corrupt_registry" == refused["error"]["code"]
    assert '{"entries": [' == (home / "registry.json").read_text("utf-8")


async def test_parameters_too_deep_to_be_read_back_are_refused_and_not_stored(connect, home):
    deep: object = "end"
    for _ in range(60):
        deep = {"a": deep}
    async with connect() as client:
        refused = await client.refused("register_deployment", parameters=deep, sagemaker="no")

    assert "invalid_argument" == refused["error"]["code"]
    assert not (home / "registry.json").exists()


async def test_a_stored_entry_that_is_too_deep_for_clients_is_shown_cut(connect, home):
    async with connect() as client:
        made = await client.ok("register_deployment", sagemaker="no")
        document = json.loads((home / "registry.json").read_text("utf-8"))
        deep: object = "end"
        for _ in range(400):
            deep = [deep]
        document["entries"][0]["byHand"] = deep
        (home / "registry.json").write_text(json.dumps(document), "utf-8")
        shown = await client.ok("get_deployment", id=made["id"])

    assert "nested too deeply" in json.dumps(shown["entry"]["byHand"])


def item(aws, table, config_id):
    return aws["dynamodb"].get_item(TableName=table, Key={"configId": {"S": config_id}})["Item"]


def noted(aws, table, config_id, **values):
    """Set attributes of a configuration, as another registration or the CI harness would."""
    aws["dynamodb"].update_item(
        TableName=table,
        Key={"configId": {"S": config_id}},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
        ExpressionAttributeValues={f":{name}": {"S": value} for name, value in values.items()},
    )


async def test_a_late_repeat_of_an_older_registration_leaves_a_newer_one(connect, aws, ci_table):
    """Decision 6: completing a registration never resets what was registered or tested since."""
    again = {"ci": True, "notes": "A", "base_image": "img:1", "idempotency_key": "a"}
    async with connect() as client:
        older = await client.ok("register_deployment", **again)
        config = older["ci"]["configId"]
        noted(
            aws,
            ci_table,
            config,
            registrationId="bbbbbbbb",
            updatedAt="2999-01-01T00:00:00Z",
            baseImage="img:2",
            testStatus="pass",
        )
        shown = await client.ok("register_deployment", **again, dry_run=True)
        repeated = await client.ok("register_deployment", **again)

    assert "unchanged" == shown["ci"]["state"] == repeated["ci"]["state"]
    assert any("bbbbbbbb" in each for each in repeated["warnings"])
    assert "pass" == item(aws, ci_table, config)["testStatus"]["S"]
    assert "img:2" == item(aws, ci_table, config)["baseImage"]["S"]


@pytest.mark.parametrize(
    ("tested_at", "state", "status"),
    [
        ("2026-01-01T00:00:00Z", "updated", "untested"),
        ("2999-01-01T00:00:00.123Z", "unchanged", "pass"),
    ],
)
async def test_what_mlcc_recorded_is_left_when_it_was_tested_since(
    connect, aws, ci_table, tested_at, state, status
):
    async with connect() as client:
        first = await client.ok("register_deployment", sagemaker="no")
        config = first["ci"]["configId"]
        made = {"testStatus": "pass", "lastTestTimestamp": tested_at, "createdAt": "2025-12-31"}
        noted(aws, ci_table, config, **made)
        again = await client.ok("register_deployment", sagemaker="no", ci=True)

    assert first["id"] == again["id"]
    assert state == again["ci"]["state"]
    assert status == item(aws, ci_table, config)["testStatus"]["S"]
    assert "2025-12-31" == item(aws, ci_table, config)["createdAt"]["S"]


async def test_a_version_that_somebody_deleted_is_registered_anew(connect, aws, home):
    async with connect() as client:
        first = await client.ok("register_deployment", base_only=True)
        aws["sagemaker"].delete_model_package(ModelPackageName=first["modelPackage"]["arn"])
        again = await client.ok("register_deployment", base_only=True)

    assert "created" == again["modelPackage"]["state"]
    assert first["modelPackage"]["arn"] != again["modelPackage"]["arn"]
    assert any("gone" in each for each in again["warnings"])
    assert again["modelPackage"]["arn"] == stored(home)[0]["modelPackageArn"]


async def test_a_lost_answer_is_said_to_be_unknown_and_the_repeat_finds_the_version(
    connect, box, aws
):
    box.control.fail("CreateModelPackage", "lost_answer", times=3)
    async with connect() as client:
        lost = await client.ok("register_deployment", base_only=True)
        box.control.clear_faults()
        again = await client.ok("register_deployment", base_only=True)

    assert "failed" == lost["modelPackage"]["state"]
    assert "unknown" in lost["modelPackage"]["warning"]
    assert again["modelPackage"]["state"] in {"created", "unchanged"}
    assert 1 == len(versions(aws))


async def test_benchmark_figures_that_are_recorded_nowhere_are_warned_of(connect):
    async with connect() as client:
        await client.ok("register_deployment", notes="a")
        late = await client.ok(
            "register_deployment", notes="a", benchmark={"rps": 3, "faq-sft": {"f1": 0.5}}
        )
        local = await client.ok(
            "register_deployment", notes="b", benchmark={"rps": 3}, sagemaker="no"
        )

    assert any("benchmark_rps" in each for each in late["warnings"])
    assert any("benchmark_f1" in each for each in late["warnings"])
    assert any("benchmark figures were not recorded" in each for each in local["warnings"])


async def test_two_confs_of_one_adapter_name_are_both_found_again(connect, project):
    conf = (project / "do/adapters/faq-sft.conf").read_text("utf-8")
    other = conf.replace("faq-sft/v1", "faq-sft/v2")
    (project / "do/adapters/zz-second.conf").write_text(other, "utf-8")
    async with connect() as client:
        await client.ok("register_deployment")
        again = await client.ok("register_deployment")

    assert ["unchanged"] * 3 == [each["state"] for each in again["adapters"]]


async def test_a_dry_run_on_a_file_of_a_newer_format_says_that_it_cannot_be_written(connect, home):
    home.mkdir(parents=True)
    text = '{"schemaVersion": "2999-01-01", "entries": []}'
    (home / "registry.json").write_text(text, "utf-8")
    async with connect() as client:
        shown = await client.refused("register_deployment", sagemaker="no", dry_run=True)
        real = await client.refused("register_deployment", sagemaker="no")

    assert "precondition_failed" == shown["error"]["code"] == real["error"]["code"]
    assert text == (home / "registry.json").read_text("utf-8")


async def test_a_key_given_later_is_noted_and_finds_the_entry_from_then_on(connect, home):
    async with connect() as client:
        first = await client.ok("register_deployment", sagemaker="no")
        again = await client.ok("register_deployment", sagemaker="no", idempotency_key="k")

    assert first["id"] == again["id"]
    assert ["k"] == [each["idempotencyKey"] for each in stored(home)]
