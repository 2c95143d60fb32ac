"""`list_adapters` through a real client and a real server process, in both eras."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.anyio

POLICIES = ("register", "read-only")

GROUP = "support-bot"
TONE = "s3://support-bot-adapters/tone-dpo/v1/"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
BASE = "support-bot-default-1770000000"
NOWHERE = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def publish(aws):
    """Write one version straight into a group, as any other program would; returns its ARN."""

    def write(group=GROUP, approval="Approved", **metadata):
        sagemaker = aws["sagemaker"]
        known = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if group not in {each["ModelPackageGroupName"] for each in known}:
            sagemaker.create_model_package_group(ModelPackageGroupName=group)
        return sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription="adapter (sft) on ml.g5.2xlarge",
            ModelApprovalStatus=approval,
            CustomerMetadataProperties=metadata,
        )["ModelPackageArn"]

    return write


@pytest.fixture
def adapters(publish):
    """A model version and five adapters of two techniques, one of them as `do/register` does."""
    parent = publish(modelName="Qwen/Qwen3-4B")
    link = {"isAdapter": "true", "parentModelVersionArn": parent}
    arns = [
        publish(**link, adapterName=f"faq-{number}", tuneTechnique="sft", modelDataUrl=FAQ)
        for number in range(4)
    ]
    arns.append(publish(**link, tuneTechnique="dpo", modelDataUrl=TONE.rstrip("/")))
    return arns


async def test_what_was_registered_is_listed_newest_first(connect, aws):
    async with connect() as client:
        made = await client.ok("register_deployment")
        listed = await client.ok("list_adapters")

    assert ["tone-dpo", "faq-sft"] == [each["name"] for each in listed["adapters"]]
    assert (2, True) == (listed["count"], listed["complete"])
    assert "success" == made["status"]
    assert "nextCursor" not in listed
    assert ("123456789012", "us-west-2") == (listed["aws"]["account"], listed["aws"]["region"])
    for shown in listed["adapters"]:
        version = aws["sagemaker"].describe_model_package(ModelPackageName=shown["arn"])
        metadata = version["CustomerMetadataProperties"]
        assert version["ModelPackageVersion"] == shown["version"]
        assert metadata["adapterName"] == shown["name"]
        assert metadata["tuneTechnique"] == shown["tuneTechnique"]
        assert metadata["datasetS3Uri"] == shown["datasetS3Uri"]
        assert metadata["parentModelVersionArn"] == shown["parentModelVersionArn"]
        assert made["modelPackage"]["arn"] == shown["parentModelVersionArn"]
        assert "Approved" == version["ModelApprovalStatus"] == shown["approvalStatus"]
        assert shown["createdAt"].endswith("Z")
        assert "live" not in shown
    assert [TONE, FAQ] == [
        each["modelDataUrl"] + ("/" if "tone" in each["modelDataUrl"] else "")
        for each in listed["adapters"]
    ]


@pytest.mark.parametrize(
    ("filters", "versions"),
    [
        ({}, [6, 5, 4, 3, 2]),
        ({"technique": "dpo"}, [6]),
        ({"technique": "rlvr"}, []),
        ({"name": "faq-2"}, [4]),
        ({"name": "", "technique": None, "limit": "3"}, [6, 5, 4]),
    ],
)
async def test_filters_choose_among_the_versions(connect, adapters, filters, versions):
    async with connect() as client:
        listed = await client.ok("list_adapters", project_name=GROUP, **filters)

    assert versions == [each["version"] for each in listed["adapters"]]


async def test_versions_of_one_parent_are_listed(connect, adapters, publish):
    other = publish(modelName="Qwen/Qwen3-8B")
    wanted = publish(isAdapter="true", parentModelVersionArn=other, adapterName="large")
    async with connect() as client:
        listed = await client.ok("list_adapters", parent_version_arn=other)

    assert [wanted] == [each["arn"] for each in listed["adapters"]]


async def test_a_name_that_matches_nothing_says_which_versions_have_none(connect, adapters):
    async with connect() as client:
        listed = await client.ok("list_adapters", name="nobody")

    assert [] == listed["adapters"]
    assert "no adapter version of support-bot matches" in listed["message"]
    assert "record no adapter name" in listed["warnings"][0]


async def test_pages_hold_every_adapter_once(connect, adapters):
    seen, cursor, calls = [], "", 0
    async with connect() as client:
        while calls == 0 or cursor:
            page = await client.ok("list_adapters", limit=2, cursor=cursor)
            seen += [each["arn"] for each in page["adapters"]]
            assert (not page["complete"]) == ("nextCursor" in page) == ("nextStep" in page)
            cursor = page.get("nextCursor", "")
            calls += 1

    assert adapters[::-1] == seen
    assert 3 == calls


async def test_a_cursor_serves_another_process(connect, adapters):
    async with connect() as client:
        page = await client.ok("list_adapters", limit=2)
    async with connect("--read-only") as client:
        rest = await client.ok("list_adapters", cursor=page["nextCursor"])

    assert adapters[2::-1] == [each["arn"] for each in rest["adapters"]]


async def test_a_cursor_of_other_filters_is_refused(connect, adapters):
    async with connect() as client:
        page = await client.ok("list_adapters", technique="sft", limit=2)
        refused = [
            await client.refused("list_adapters", cursor=page["nextCursor"], **other)
            for other in ({"technique": "dpo"}, {}, {"technique": "sft", "project_name": "other"})
        ]

    assert ["invalid_argument"] * 3 == [each["error"]["code"] for each in refused]
    assert all("cursor" in each["error"]["message"] for each in refused)


async def test_full_detail_adds_description_and_metadata(connect, adapters):
    async with connect() as client:
        plain = await client.ok("list_adapters", limit=1)
        full = await client.ok("list_adapters", limit=1, detail="full")

    assert not {"description", "metadata"} & set(plain["adapters"][0])
    assert "adapter (sft) on ml.g5.2xlarge" == full["adapters"][0]["description"]
    assert "true" == full["adapters"][0]["metadata"]["isAdapter"]


@pytest.mark.parametrize("named", [{}, {"project_name": GROUP}], ids=["folder", "name"])
async def test_what_the_endpoint_serves_is_joined(connect, aws, endpoint, adapters, named):
    aws["sagemaker"].create_inference_component(
        InferenceComponentName="support-bot-adapter-tone-dpo",
        EndpointName=endpoint,
        Specification={"BaseInferenceComponentName": BASE, "Container": {"ArtifactUrl": TONE}},
    )
    async with connect() as client:
        listed = await client.ok("list_adapters", live=True, **named)

    newest, *others = listed["adapters"]
    assert "support-bot-adapter-tone-dpo" == newest["live"]["icName"]
    assert endpoint == newest["live"]["endpointName"]
    assert newest["live"]["status"] in {"Creating", "InService"}
    assert not any("live" in each for each in others)
    assert "1 served now" in listed["message"]


async def test_a_group_without_adapters_is_an_empty_page_that_says_so(connect, publish):
    publish(modelName="Qwen/Qwen3-4B")
    async with connect() as client:
        listed = await client.ok("list_adapters")

    assert ([], 0, True) == (listed["adapters"], listed["count"], listed["complete"])
    assert "holds no adapters yet" in listed["message"]


async def test_an_absent_group_is_not_found_and_near_names_are_told(connect, publish):
    publish("support-bot-eu", modelName="Qwen/Qwen3-4B")
    async with connect() as client:
        refused = await client.refused("list_adapters")

    assert "not_found" == refused["error"]["code"]
    assert "support-bot-eu" in refused["error"]["hint"] + str(refused.get("candidates"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"projectName": GROUP}, "project_name"),
        ({"adapter": "faq-1"}, "adapter"),
        ({"technique": "lora"}, "technique"),
        ({"parent_version_arn": "support-bot/1"}, "support-bot/1"),
        ({"project_name": "no such name"}, "no such name"),
        ({"project_name": "-x"}, "-x"),
        ({"project_dir": "/etc"}, "--workspace"),
        ({"project_dir": "nowhere"}, "do/config"),
        ({"limit": 101}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"live": "perhaps"}, "live"),
        ({"detail": "some"}, "detail"),
        ({"cursor": "none of ours"}, "cursor"),
        ({"cursor": "MS5hYmNkZWYwMTIzNDUue30"}, "cursor"),
    ],
)
async def test_a_bad_argument_is_named(connect, adapters, arguments, named):
    async with connect() as client:
        refused = await client.refused("list_adapters", **arguments)

    assert "invalid_argument" == refused["error"]["code"]
    assert named in refused["error"]["message"] + refused["error"]["hint"]
    assert not refused["error"]["retryable"]


async def test_a_refused_call_names_what_was_not_allowed(connect, box, adapters):
    box.control.fail("ListModelPackages", "deny", times=-1)
    async with connect() as client:
        refused = await client.refused("list_adapters")

    assert "permission_denied" == refused["error"]["code"]
    assert "sagemaker:ListModelPackages" == refused["action"]
    assert refused["resource"]


async def test_without_permission_to_search_the_same_adapters_are_listed(connect, box, adapters):
    async with connect() as client:
        searched = await client.ok("list_adapters")
        box.control.fail("Search", "deny", times=-1)
        listed = await client.ok("list_adapters")

    assert searched["adapters"] == listed["adapters"]
    assert listed["complete"]


async def test_a_throttled_search_may_be_repeated(connect, box, adapters):
    box.control.fail("Search", "throttle", times=-1)
    async with connect() as client:
        refused = await client.refused("list_adapters")
        box.control.clear_faults()
        listed = await client.ok("list_adapters")

    assert ("throttled", True) == (refused["error"]["code"], refused["error"]["retryable"])
    assert 5 == listed["count"]


async def test_one_throttled_request_is_repeated_unseen(connect, box, adapters):
    box.control.fail("Search", "throttle", times=1)
    async with connect() as client:
        listed = await client.ok("list_adapters")

    assert 5 == listed["count"]


async def test_credentials_that_have_expired_are_read_again_once(connect, box, adapters):
    async with connect() as client:
        box.control.fail("Search", "expired_token", times=1)
        listed = await client.ok("list_adapters")
        box.control.fail("Search", "expired_token", times=-1)
        refused = await client.refused("list_adapters")

    assert 5 == listed["count"]
    assert "credentials" == refused["error"]["code"]


async def test_no_adapter_is_described_one_by_one(connect, box, adapters):
    """A version made in the last minutes that Search did not give may be looked at singly."""
    box.control.clear_log()
    async with connect() as client:
        listed = await client.ok("list_adapters")

    described = {
        each["request"]["ModelPackageName"] for each in box.control.calls("DescribeModelPackage")
    }
    assert 5 == listed["count"]
    assert set() == described & set(adapters)
    assert 1 == len(box.control.calls("Search"))


async def test_without_credentials_nothing_is_listed(connect):
    async with connect(environment=NOWHERE) as client:
        refused = await client.refused("list_adapters")

    assert "credentials" == refused["error"]["code"]
    assert "AWS_PROFILE" in refused["error"]["hint"]


async def test_without_region_or_project_the_settings_are_asked_for(connect, box, tmp_path):
    regionless = {k: v for k, v in box.environment().items() if "REGION" not in k}
    async with connect(environment=regionless, folder=tmp_path) as client:
        nameless = await client.refused("list_adapters")
        placeless = await client.refused("list_adapters", project_name=GROUP)

    assert "invalid_argument" == nameless["error"]["code"]
    assert "project_name" in nameless["error"]["hint"]
    assert "not_configured" == placeless["error"]["code"]
    assert "region" in placeless["error"]["message"]


async def test_a_group_is_looked_for_in_the_region_of_the_call(connect, adapters):
    async with connect() as client:
        refused = await client.refused("list_adapters", region="eu-west-1")

    assert "not_found" == refused["error"]["code"]
    assert "eu-west-1" in refused["error"]["message"] + refused["error"]["hint"]


async def test_a_pushed_image_goes_with_the_versions_and_their_weights(connect, aws):
    manifest = '{"schemaVersion": 2}'
    aws["ecr"].create_repository(repositoryName="ml-container-creator")
    aws["ecr"].put_image(
        repositoryName="ml-container-creator",
        imageManifest=manifest,
        imageTag="support-bot-latest",
    )
    async with connect() as client:
        made = await client.ok("register_deployment")
        listed = await client.ok("list_adapters", detail="full")

    model = aws["sagemaker"].describe_model_package(ModelPackageName=made["modelPackage"]["arn"])
    [container] = model["InferenceSpecification"]["Containers"]
    image = "123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-container-creator:support-bot-latest"
    assert image == container["Image"]
    faq = next(each for each in listed["adapters"] if each["name"] == "faq-sft")
    version = aws["sagemaker"].describe_model_package(ModelPackageName=faq["arn"])
    [container] = version["InferenceSpecification"]["Containers"]
    assert (image, FAQ) == (container["Image"], container["ModelDataUrl"])
    assert FAQ == faq["modelDataUrl"] == faq["metadata"]["modelDataUrl"]


async def test_versions_and_entry_name_the_generator_that_npm_installed(
    connect, aws, box, home, tmp_path
):
    package = tmp_path / "lib/node_modules/@aws/ml-container-creator/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "1.5.2"}', "utf-8")
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", "utf-8")
    npm.chmod(0o755)
    async with connect(environment=box.environment() | {"PATH": str(npm.parent)}) as client:
        made = await client.ok("register_deployment")

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    model = aws["sagemaker"].describe_model_package(ModelPackageName=made["modelPackage"]["arn"])
    assert "1.5.2" == entry["metadata"]["generatorVersion"]
    assert "1.5.2" == model["CustomerMetadataProperties"]["generatorVersion"]
    assert not (tmp_path / "ran").exists()
