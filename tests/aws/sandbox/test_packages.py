"""Groups and their versions, as boto3 sees them."""

import pytest
from botocore.exceptions import ClientError

GROUP = "demo"


@pytest.fixture
def sagemaker(clients):
    clients.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    return clients.sagemaker


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def create(sagemaker, **members):
    answer = sagemaker.create_model_package(ModelPackageGroupName=GROUP, **members)
    return answer["ModelPackageArn"]


def test_a_group_is_found_by_name_and_by_arn(sagemaker):
    by_name = sagemaker.describe_model_package_group(ModelPackageGroupName=GROUP)
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package-group/demo"

    by_arn = sagemaker.describe_model_package_group(ModelPackageGroupName=arn)

    assert by_name["ModelPackageGroupArn"] == arn
    assert by_arn["ModelPackageGroupName"] == GROUP


def test_a_taken_group_name_is_refused(sagemaker):
    code, message = refusal(sagemaker.create_model_package_group, ModelPackageGroupName=GROUP)

    assert code == "ValidationException"
    assert "Model Package Group already exists" in message


@pytest.mark.parametrize(
    "name", ["absent", "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/demo"]
)
def test_an_absent_group_is_a_validation_error(sagemaker, name):
    """The older SageMaker operations have no code of their own for what is not there."""
    code, message = refusal(sagemaker.describe_model_package_group, ModelPackageGroupName=name)

    assert code == "ValidationException"
    assert "does not exist" in message


def test_groups_are_listed_newest_first_in_pages(sandbox, sagemaker):
    for number in range(12):
        sandbox.control.advance(1)
        sagemaker.create_model_package_group(ModelPackageGroupName=f"g-{number}")

    first = sagemaker.list_model_package_groups(NameContains="g-")
    rest = sagemaker.list_model_package_groups(NameContains="g-", NextToken=first["NextToken"])

    names = [
        one["ModelPackageGroupName"]
        for page in (first, rest)
        for one in page["ModelPackageGroupSummaryList"]
    ]
    assert names == [f"g-{number}" for number in reversed(range(12))]


def test_versions_are_numbered_and_a_deleted_number_does_not_return(sagemaker):
    first, second = create(sagemaker), create(sagemaker)
    sagemaker.delete_model_package(ModelPackageName=second)

    third = create(sagemaker)

    assert [first.rpartition("/")[2], third.rpartition("/")[2]] == ["1", "3"]
    code, message = refusal(sagemaker.describe_model_package, ModelPackageName=second)
    assert (code, "does not exist" in message) == ("ValidationException", True)


def test_a_version_is_described_as_it_was_given(sagemaker):
    given = {
        "ModelPackageDescription": "adapter (sft) on ml.g5.xlarge",
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {"isAdapter": "true", "technique": "sft"},
        "InferenceSpecification": {
            "Containers": [{"Image": "repo:tag", "ModelDataUrl": "s3://b/a.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
        },
        "SourceUri": "s3://bucket/weights",
    }
    arn = create(sagemaker, **given)

    described = sagemaker.describe_model_package(ModelPackageName=arn)

    assert {name: described[name] for name in given} == given
    assert described["ModelPackageVersion"] == 1
    assert described["ModelPackageGroupName"] == GROUP


@pytest.mark.parametrize(
    "member", [{"ModelPackageName": "x"}, {"Tags": [{"Key": "a", "Value": "b"}]}]
)
def test_a_versioned_package_takes_no_name_and_no_tags(sagemaker, member):
    code, message = refusal(sagemaker.create_model_package, ModelPackageGroupName=GROUP, **member)

    assert code == "ValidationException"
    assert next(iter(member)) in message


def test_the_same_token_with_the_same_request_is_one_version(sagemaker):
    request = {"ClientToken": "token-1", "ModelPackageDescription": "once"}

    assert create(sagemaker, **request) == create(sagemaker, **request)
    listed = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    assert len(listed["ModelPackageSummaryList"]) == 1


def test_the_same_token_with_another_request_is_a_conflict(sagemaker):
    create(sagemaker, ClientToken="token-1", ModelPackageDescription="once")

    code, _ = refusal(
        sagemaker.create_model_package,
        ModelPackageGroupName=GROUP,
        ClientToken="token-1",
        ModelPackageDescription="twice",
    )

    assert code == "ConflictException"


def test_an_update_merges_metadata_removes_keys_and_keeps_the_rest(sagemaker):
    arn = create(sagemaker, CustomerMetadataProperties={"a": "1", "b": "2", "c": "3"})

    sagemaker.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"b": "20", "d": "4"},
        CustomerMetadataPropertiesToRemove=["c", "never-there"],
    )
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["CustomerMetadataProperties"] == {"a": "1", "b": "20", "d": "4"}
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["LastModifiedTime"] >= described["CreationTime"]


def test_an_update_may_not_bring_metadata_over_fifty_entries(sagemaker):
    arn = create(sagemaker, CustomerMetadataProperties={f"k{n}": "v" for n in range(50)})

    code, message = refusal(
        sagemaker.update_model_package,
        ModelPackageArn=arn,
        CustomerMetadataProperties={"one-more": "v"},
    )

    assert (code, "50" in message) == ("ValidationException", True)


def test_a_version_is_pending_until_it_was_looked_at_or_its_time_has_come(sandbox, sagemaker):
    sandbox.control.change_settings(package_polls=2, package_seconds=30)
    looked_at, left_alone = create(sagemaker), create(sagemaker)

    def status(arn):
        return sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageStatus"]

    assert [status(looked_at), status(looked_at)] == ["Pending", "Completed"]
    listed = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    by_arn = {one["ModelPackageArn"]: one for one in listed["ModelPackageSummaryList"]}
    assert by_arn[left_alone]["ModelPackageStatus"] == "Pending"
    sandbox.control.advance(31)
    assert status(left_alone) == "Completed"


def test_versions_are_listed_oldest_first_ten_a_page_without_metadata(sagemaker):
    for _ in range(11):
        create(sagemaker, CustomerMetadataProperties={"a": "1"})

    first = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)
    rest = sagemaker.list_model_packages(ModelPackageGroupName=GROUP, NextToken=first["NextToken"])

    listed = [*first["ModelPackageSummaryList"], *rest["ModelPackageSummaryList"]]
    assert [one["ModelPackageVersion"] for one in listed] == list(range(1, 12))
    assert not any("CustomerMetadataProperties" in one for one in listed)


def test_versions_are_filtered_by_time_and_approval(sandbox, sagemaker):
    sandbox.control.freeze()
    create(sagemaker, ModelApprovalStatus="Approved")
    noted = sandbox.control.advance(600)
    sandbox.control.advance(1)
    create(sagemaker)

    later = sagemaker.list_model_packages(ModelPackageGroupName=GROUP, CreationTimeAfter=noted)
    approved = sagemaker.list_model_packages(
        ModelPackageGroupName=GROUP, ModelApprovalStatus="Approved"
    )

    assert [one["ModelPackageVersion"] for one in later["ModelPackageSummaryList"]] == [2]
    assert [one["ModelPackageVersion"] for one in approved["ModelPackageSummaryList"]] == [1]


def test_without_a_group_only_unversioned_packages_are_listed_by_default(sagemaker):
    create(sagemaker)

    assert sagemaker.list_model_packages()["ModelPackageSummaryList"] == []
    versioned = sagemaker.list_model_packages(ModelPackageType="Versioned")
    assert len(versioned["ModelPackageSummaryList"]) == 1


def test_a_page_token_belongs_to_its_question(sagemaker):
    for _ in range(3):
        create(sagemaker)
    token = sagemaker.list_model_packages(ModelPackageGroupName=GROUP, MaxResults=1)["NextToken"]

    code, message = refusal(
        sagemaker.list_model_packages, ModelPackageType="Versioned", NextToken=token
    )
    assert (code, "NextToken" in message) == ("ValidationException", True)
    made_up = refusal(sagemaker.list_model_packages, NextToken="made-up")
    assert made_up == ("ValidationException", "Invalid NextToken")


def test_a_batch_describes_what_it_can_and_says_what_it_cannot(sagemaker):
    given = {"Containers": [{"Image": "repo:tag"}]}
    there = create(sagemaker, InferenceSpecification=given, CustomerMetadataProperties={"a": "1"})
    absent = there.replace("/1", "/99")

    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[there, absent])

    summary = answer["ModelPackageSummaries"][there]
    assert summary["InferenceSpecification"] == given
    assert "CustomerMetadataProperties" not in summary
    assert list(answer["BatchDescribeModelPackageErrorMap"]) == [absent]


def test_a_group_goes_only_after_its_versions(sagemaker):
    arn = create(sagemaker)
    code, _ = refusal(sagemaker.delete_model_package_group, ModelPackageGroupName=GROUP)
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)

    assert code == "ConflictException"
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_each_account_and_region_has_groups_of_its_own(sandbox, raw):
    """Account and region come from the signature, as at AWS."""
    name = {"ModelPackageGroupName": GROUP}
    other = {"key": "AKIASANDBOX000000002", "region": "eu-central-1"}
    raw.call("sagemaker", "CreateModelPackageGroup", name)
    created = raw.call("sagemaker", "CreateModelPackageGroup", name, **other)

    arn = "arn:aws:sagemaker:eu-central-1:210987654321:model-package-group/demo"
    assert created.members == {"ModelPackageGroupArn": arn}
    assert (
        raw.call("sagemaker", "DescribeModelPackageGroup", name, region="us-east-1").status == 400
    )


def test_the_partition_follows_the_region(raw):
    created = raw.call(
        "sagemaker",
        "CreateModelPackageGroup",
        {"ModelPackageGroupName": GROUP},
        region="cn-north-1",
    )

    assert created.members["ModelPackageGroupArn"].startswith("arn:aws-cn:sagemaker:cn-north-1:")


def version_of(arn):
    return int(arn.rpartition("/")[2])


def metadata_of(sagemaker, arn):
    return sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]


def test_a_version_fails_when_told_so_with_its_reason(sandbox, sagemaker):
    sandbox.control.change_settings(
        package_failure="the image cannot be pulled", package_polls=2, package_seconds=30
    )
    arn = create(sagemaker)

    first = sagemaker.describe_model_package(ModelPackageName=arn)
    second = sagemaker.describe_model_package(ModelPackageName=arn)

    assert ("Pending", "Failed") == (first["ModelPackageStatus"], second["ModelPackageStatus"])
    [validation] = second["ModelPackageStatusDetails"]["ValidationStatuses"]
    assert "the image cannot be pulled" == validation["FailureReason"]


def test_every_operation_takes_a_group_by_its_arn(sagemaker):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package-group/demo"
    made = sagemaker.create_model_package(ModelPackageGroupName=arn)["ModelPackageArn"]

    listed = sagemaker.list_model_packages(ModelPackageGroupName=arn)["ModelPackageSummaryList"]
    assert [(GROUP, made)] == [
        (one["ModelPackageGroupName"], one["ModelPackageArn"]) for one in listed
    ]
    sagemaker.delete_model_package(ModelPackageName=made)
    sagemaker.delete_model_package_group(ModelPackageGroupName=arn)
    assert [] == sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]


def test_an_update_with_the_same_token_is_done_once(sandbox, sagemaker):
    arn = create(sagemaker, CustomerMetadataProperties={"a": "1"})
    update = {"ModelPackageArn": arn, "ClientToken": "token-1"}
    first = {**update, "CustomerMetadataProperties": {"a": "2"}}
    sagemaker.update_model_package(**first)
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "3"})
    sagemaker.update_model_package(**first)

    assert {"a": "3"} == metadata_of(sagemaker, arn)
    code, _ = refusal(sagemaker.update_model_package, **update, SourceUri="s3://b/other")
    assert "ConflictException" == code


def test_a_creation_and_an_update_may_share_a_token(sagemaker):
    arn = create(sagemaker, ClientToken="token-1")

    updated = sagemaker.update_model_package(
        ModelPackageArn=arn, ClientToken="token-1", ModelApprovalStatus="Approved"
    )

    assert arn == updated["ModelPackageArn"]


@pytest.mark.parametrize(("memory_s", "versions"), [(-1.0, [1, 1]), (60.0, [1, 2])])
def test_how_long_a_token_is_remembered_is_a_setting(sandbox, sagemaker, memory_s, versions):
    """How long the service remembers a token is not published."""
    sandbox.control.change_settings(token_memory_s=memory_s)
    first = create(sagemaker, ClientToken="token-1")
    assert first == create(sagemaker, ClientToken="token-1")
    sandbox.control.advance(61)

    assert versions == [version_of(first), version_of(create(sagemaker, ClientToken="token-1"))]


def test_a_token_with_another_request_may_get_the_first_answer(sandbox, sagemaker):
    sandbox.control.change_settings(token_conflicts=False)
    first = create(sagemaker, ClientToken="token-1", ModelPackageDescription="once")

    assert first == create(sagemaker, ClientToken="token-1", ModelPackageDescription="twice")


@pytest.mark.parametrize(("returns", "third"), [(False, 3), (True, 2)])
def test_whether_a_deleted_number_returns_is_a_setting(sandbox, sagemaker, returns, third):
    sandbox.control.change_settings(version_numbers_return=returns)
    create(sagemaker)
    sagemaker.delete_model_package(ModelPackageName=create(sagemaker))

    assert third == version_of(create(sagemaker))


@pytest.mark.parametrize(
    ("merges", "expected"), [(True, {"a": "1", "b": "2"}), (False, {"b": "2"})]
)
def test_whether_an_update_merges_metadata_is_a_setting(sandbox, sagemaker, merges, expected):
    sandbox.control.change_settings(metadata_merges=merges)
    arn = create(sagemaker, CustomerMetadataProperties={"a": "1"})
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"b": "2"})
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    assert expected == metadata_of(sagemaker, arn)


def test_whether_a_version_has_a_name_is_a_setting(sandbox, sagemaker):
    arn = create(sagemaker)
    code, message = refusal(sagemaker.describe_model_package, ModelPackageName="demo/1")
    assert ("ValidationException", f"ModelPackage {arn} does not exist.") == (code, message)

    sandbox.control.change_settings(version_names=True)
    described = sagemaker.describe_model_package(ModelPackageName="demo/1")
    assert arn == described["ModelPackageArn"]


def test_an_absent_version_is_told_in_the_words_of_a_setting(sandbox, sagemaker):
    sandbox.control.change_settings(absent_package_words="was not found")
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/demo/7"

    said = refusal(sagemaker.describe_model_package, ModelPackageName=arn)

    assert ("ValidationException", f"ModelPackage {arn} was not found.") == said


def test_an_arn_may_have_its_group_in_lower_case(sandbox, sagemaker):
    """Seen in the wild: the group's name is the response's, never the ARN's."""
    sandbox.control.change_settings(lower_case_arns=True)
    sagemaker.create_model_package_group(ModelPackageGroupName="Demo-LLM")

    made = sagemaker.create_model_package(ModelPackageGroupName="Demo-LLM")["ModelPackageArn"]

    assert made.endswith(":model-package/demo-llm/1")
    described = sagemaker.describe_model_package(ModelPackageName=made)
    assert "Demo-LLM" == described["ModelPackageGroupName"]
