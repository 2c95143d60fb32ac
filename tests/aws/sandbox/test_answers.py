"""The sandbox's own answers obey the service model, and a breach is its fault, not the caller's."""

import json

import pytest

from sandbox import constraints
from sandbox.dispatch import Dispatcher
from sandbox.identities import DEFAULT_KEY
from sandbox.model import load

HEADERS = {
    "X-Amz-Target": "SageMaker.DescribeEndpoint",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={DEFAULT_KEY}/20260101/us-west-2/sagemaker/x",
}
EVERYTHING = {
    "ModelPackageGroupName": "demo",
    "ModelPackageDescription": "all members that a registry may send",
    "ModelApprovalStatus": "Approved",
    "CertifyForMarketplace": False,
    "CustomerMetadataProperties": {"key": "value"},
    "MetadataProperties": {"CommitId": "abc", "GeneratedBy": "test"},
    "InferenceSpecification": {
        "Containers": [
            {
                "Image": "repo:tag",
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": "s3://bucket/prefix/",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                },
                "Environment": {"KEY": "value"},
            }
        ]
    },
    "ModelMetrics": {
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/quality.json"}
        }
    },
    "Domain": "NATURAL_LANGUAGE_PROCESSING",
    "Task": "OTHER",
    "SamplePayloadUrl": "s3://bucket/payload.tar.gz",
    "SkipModelValidation": "All",
    "SourceUri": "s3://bucket/source",
    "ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"},
    "ModelLifeCycle": {"Stage": "Development", "StageStatus": "Pending"},
}


@pytest.mark.parametrize("member", EVERYTHING)
def test_each_member_that_is_taken_can_be_answered(raw, member):
    """Describe, List, Search and BatchDescribe of a version that has the member: no 500."""
    raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": "demo"})
    request = {"ModelPackageGroupName": "demo", member: EVERYTHING[member]}

    created = raw.call("sagemaker", "CreateModelPackage", request)
    arn = created.members["ModelPackageArn"]
    described = raw.call("sagemaker", "DescribeModelPackage", {"ModelPackageName": arn})
    others = [
        raw.call("sagemaker", "ListModelPackages", {"ModelPackageGroupName": "demo"}),
        raw.call("sagemaker", "Search", {"Resource": "ModelPackage"}),
        raw.call("sagemaker", "BatchDescribeModelPackage", {"ModelPackageArnList": [arn]}),
    ]

    assert described.members[member] == EVERYTHING[member]
    assert [reply.status for reply in others] == [200, 200, 200]


def test_metadata_only_leaves_the_model_card_out(raw):
    raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": "demo"})
    arn = raw.call("sagemaker", "CreateModelPackage", EVERYTHING).members["ModelPackageArn"]

    request = {"ModelPackageName": arn, "IncludedData": "MetadataOnly"}
    described = raw.call("sagemaker", "DescribeModelPackage", request)

    assert "ModelCard" not in described.members
    assert described.members["CustomerMetadataProperties"] == {"key": "value"}


def test_an_answer_against_the_model_is_a_server_fault_that_says_what():
    dispatcher = Dispatcher()
    state = dispatcher.states.of("123456789012", "us-west-2")
    state.endpoints["broken"] = {
        "EndpointName": "broken",
        "EndpointArn": "arn:aws:sagemaker:us-west-2:123456789012:endpoint/broken",
        "EndpointStatus": "Bogus",
        "CreationTime": 0,
    }

    answer = dispatcher.answer(HEADERS, b'{"EndpointName": "broken"}')

    said = json.loads(answer.body)
    assert (answer.status, said["__type"]) == (500, "InternalFailure")
    assert "2 validation errors detected" in said["message"]
    assert "at 'endpointStatus'" in said["message"]
    assert "'lastModifiedTime' failed to satisfy constraint: Member must not be" in said["message"]


def test_a_good_answer_breaks_nothing():
    answer = {"ModelPackageGroupSummaryList": []}

    assert [] == constraints.breaches(load("sagemaker"), "ListModelPackageGroupsOutput", answer)


def test_a_call_that_nobody_signed_is_refused():
    answer = Dispatcher().answer({"X-Amz-Target": "SageMaker.Search"}, b"{}")

    assert json.loads(answer.body)["__type"] == "MissingAuthenticationTokenException"


def test_a_service_that_the_sandbox_lacks_is_an_unknown_operation():
    headers = {**HEADERS, "X-Amz-Target": "Logs_20140328.DescribeLogGroups"}

    answer = Dispatcher().answer(headers, b"{}")

    assert (answer.status, json.loads(answer.body)["__type"]) == (400, "UnknownOperationException")
