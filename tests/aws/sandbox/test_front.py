"""The front before S3 and DynamoDB: passing through, failing in their own words, logging."""

import contextlib
import http.client
import json
import socket

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.control import ControlRefused

KEY = {"configId": {"S": "one"}}


@pytest.fixture
def once(front_env, clients_of):
    """Clients through the front that never try again."""
    return clients_of(front_env, attempts=1)


@pytest.fixture
def patient(front_env, clients_of):
    """Clients through the front that try three times."""
    return clients_of(front_env)


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def test_objects_pass_through_unchanged(patient, clients, bucket):
    key, body = "a folder/b+c=é/weights.bin", bytes(range(256)) * 40
    patient.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="x/y", Metadata={"m": "1"})

    through = patient.s3.get_object(Bucket=bucket, Key=key)
    part = patient.s3.get_object(Bucket=bucket, Key=key, Range="bytes=5-9")
    head = patient.s3.head_object(Bucket=bucket, Key=key)
    direct = clients.s3.get_object(Bucket=bucket, Key=key)

    assert through["Body"].read() == direct["Body"].read() == body
    assert (through["ContentType"], through["Metadata"]) == ("x/y", {"m": "1"})
    assert (part["Body"].read(), part["ContentRange"]) == (body[5:10], "bytes 5-9/10240")
    assert (head["ContentLength"], head["ETag"]) == (len(body), direct["ETag"])
    listed = patient.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in listed] == [key]


def test_what_the_engine_refuses_is_refused_alike(patient, clients, bucket, ci_table_name):
    """Status, code and message are the engine's own."""
    absent = {"Bucket": bucket, "Key": "absent"}
    empty = {"TableName": "no-such-table", "Key": KEY}

    assert refusal(clients.s3.head_object, **absent) == refusal(patient.s3.head_object, **absent)
    assert refusal(clients.s3.get_object, **absent) == refusal(patient.s3.get_object, **absent)
    assert refusal(clients.dynamodb.get_item, **empty) == refusal(
        patient.dynamodb.get_item, **empty
    )


def test_items_pass_through_with_conditions(patient, clients, ci_table_name):
    item = {**KEY, "testStatus": {"S": "untested"}, "lastTestTimestamp": {"S": "1970"}}
    fresh = {"TableName": ci_table_name, "Item": item}
    patient.dynamodb.put_item(**fresh, ConditionExpression="attribute_not_exists(configId)")

    again = refusal(
        patient.dynamodb.put_item,
        **fresh,
        ConditionExpression="attribute_not_exists(configId)",
    )

    assert "ConditionalCheckFailedException" == again[1]
    assert item == clients.dynamodb.get_item(TableName=ci_table_name, Key=KEY)["Item"]


S3_WORDS = {
    "throttle": (503, "SlowDown", "Please reduce your request rate."),
    "server_error": (500, "InternalError", "We encountered an internal error. Please try again."),
    "unavailable": (503, "ServiceUnavailable", "Service is unable to handle request."),
    "expired_token": (400, "ExpiredToken", "The provided token has expired."),
    "clock_skew": (
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    ),
    "conflict": (
        409,
        "OperationAborted",
        "A conflicting conditional operation is currently in progress against this resource.",
    ),
    "deny": (
        403,
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/mlcc-sandbox is not authorized to perform: "
        's3:GetObject on resource: "arn:aws:s3:::{bucket}/k" because no identity-based policy '
        "allows the s3:GetObject action",
    ),
}
DYNAMODB_WORDS = {
    "throttle": (
        400,
        "ThrottlingException",
        "Throughput exceeds the current capacity of your table or index.",
    ),
    "server_error": (500, "InternalServerError", "Internal server error"),
    "unavailable": (503, "ServiceUnavailable", "The service is temporarily unavailable."),
    "conflict": (
        400,
        "TransactionConflictException",
        "The resource was changed by another request.",
    ),
    "clock_skew": (
        400,
        "InvalidSignatureException",
        "Signature expired: the request is older than what is accepted",
    ),
    "expired_token": (
        400,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "deny": (
        400,
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/mlcc-sandbox is not authorized to perform: "
        "dynamodb:GetItem on resource: arn:aws:dynamodb:us-west-2:123456789012:table/{table} "
        "because no identity-based policy allows the dynamodb:GetItem action",
    ),
}


@pytest.mark.parametrize("kind", sorted(S3_WORDS))
def test_s3_fails_in_its_own_words(sandbox, once, bucket, kind):
    once.s3.put_object(Bucket=bucket, Key="k", Body=b"b")
    sandbox.control.fail("GetObject", kind, service="s3")

    said = refusal(once.s3.get_object, Bucket=bucket, Key="k")

    status, code, message = S3_WORDS[kind]
    assert (status, code, message.format(bucket=bucket)) == said
    assert once.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"b"


def test_a_denied_head_has_a_status_and_no_text(sandbox, once, bucket):
    sandbox.control.fail("HeadObject", "deny", service="s3")

    assert refusal(once.s3.head_object, Bucket=bucket, Key="k") == (403, "403", "Forbidden")
    assert ["AccessDenied"] == [call["code"] for call in sandbox.control.calls("HeadObject")]


@pytest.mark.parametrize("kind", sorted(DYNAMODB_WORDS))
def test_dynamodb_fails_in_its_own_words(sandbox, once, ci_table_name, kind):
    sandbox.control.fail("GetItem", kind, service="dynamodb")

    said = refusal(once.dynamodb.get_item, TableName=ci_table_name, Key=KEY)

    status, code, message = DYNAMODB_WORDS[kind]
    assert (status, code, message.format(table=ci_table_name)) == said


WRITES = {
    "s3": ("PutObject", lambda made, at: made.s3.put_object(Bucket=at[0], Key="k", Body=b"b")),
    "dynamodb": ("PutItem", lambda made, at: made.dynamodb.put_item(TableName=at[1], Item=KEY)),
    "sagemaker": (
        "CreateModelPackageGroup",
        lambda made, _: made.sagemaker.create_model_package_group(ModelPackageGroupName="g"),
    ),
    "ecr": (
        "CreateRepository",
        lambda made, _: made.ecr.create_repository(repositoryName="repo"),
    ),
    "sts": ("GetCallerIdentity", lambda made, _: made.sts.get_caller_identity()),
}
FOUND = {
    "s3": lambda made, at: "Contents" in made.s3.list_objects_v2(Bucket=at[0]),
    "dynamodb": lambda made, at: made.dynamodb.scan(TableName=at[1])["Count"] == 1,
    "sagemaker": lambda made, _: bool(
        made.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    ),
    "ecr": lambda made, _: bool(made.ecr.describe_repositories()["repositories"]),
    "sts": lambda _made, _at: None,
}


@pytest.mark.parametrize(("kind", "is_done"), [("reset", False), ("lost_answer", True)])
@pytest.mark.parametrize("service", sorted(WRITES))
def test_a_connection_breaks_before_the_work_or_after_it(
    sandbox, once, clients, bucket, ci_table_name, service, kind, is_done
):
    operation, write = WRITES[service]
    sandbox.control.fail(operation, kind, service=service)

    with pytest.raises(ConnectionClosedError) as caught:
        write(once, (bucket, ci_table_name))

    assert ("reset by peer" in str(caught.value.kwargs["error"])) == (not is_done)
    assert FOUND[service](clients, (bucket, ci_table_name)) in {is_done, None}
    [rule] = sandbox.control.faults()
    assert 1 == rule["used"]


@pytest.mark.parametrize("service", sorted(WRITES))
def test_a_slow_call_does_its_work_and_is_answered_late(
    sandbox, front_env, clients_of, clients, bucket, ci_table_name, service
):
    """A client that does not wait so long gives up on work that is done."""
    operation, write = WRITES[service]
    hasty = clients_of(front_env, attempts=1, read_timeout_s=0.2)
    sandbox.control.fail(operation, "slow", service=service, delay_s=30)

    with pytest.raises(Exception, match="Read timeout"):
        write(hasty, (bucket, ci_table_name))

    assert FOUND[service](clients, (bucket, ci_table_name)) in {True, None}


def test_the_first_calls_go_through_when_they_are_skipped(sandbox, once, ci_table_name):
    sandbox.control.fail("GetItem", "server_error", service="dynamodb", skip=2, times=1)

    def look():
        try:
            once.dynamodb.get_item(TableName=ci_table_name, Key=KEY)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    assert [look() for _ in range(4)] == ["", "", "InternalServerError", ""]


def test_only_the_object_with_the_text_fails(sandbox, once, bucket):
    sandbox.control.fail("*", "deny", service="s3", match="/second", times=-1)
    once.s3.put_object(Bucket=bucket, Key="first", Body=b"")

    assert 403 == refusal(once.s3.put_object, Bucket=bucket, Key="second/part", Body=b"")[0]


def test_every_service_fails_at_once(sandbox, once, bucket, ci_table_name):
    sandbox.control.fail("*", "server_error", service="*", times=-1)

    assert 500 == refusal(once.s3.list_objects_v2, Bucket=bucket)[0]
    assert 500 == refusal(once.dynamodb.scan, TableName=ci_table_name)[0]
    assert 500 == refusal(once.sagemaker.list_endpoints)[0]
    assert 500 == refusal(once.ecr.describe_repositories)[0]
    assert 500 == refusal(once.sts.get_caller_identity)[0]


def test_a_client_gets_through_after_its_retries(sandbox, patient, bucket, ci_table_name):
    sandbox.control.fail("ListObjectsV2", "server_error", service="s3", times=2)
    sandbox.control.fail("Scan", "reset", service="dynamodb")

    listed = patient.s3.list_objects_v2(Bucket=bucket)
    scanned = patient.dynamodb.scan(TableName=ci_table_name)

    assert 2 == listed["ResponseMetadata"]["RetryAttempts"]
    assert 1 == scanned["ResponseMetadata"]["RetryAttempts"]


def test_the_log_counts_what_came_through_the_front(sandbox, once, clients, bucket, ci_table_name):
    once.s3.put_object(Bucket=bucket, Key="a b", Body=b"b")
    refusal(once.s3.head_object, Bucket=bucket, Key="absent")
    once.s3.list_objects_v2(Bucket=bucket, Prefix="a", MaxKeys=1)
    once.dynamodb.get_item(TableName=ci_table_name, Key=KEY)
    sandbox.control.fail("Scan", "reset", service="dynamodb")
    with pytest.raises(ConnectionClosedError):
        once.dynamodb.scan(TableName=ci_table_name)
    clients.s3.list_objects_v2(Bucket=bucket)

    logged = [
        (one["service"], one["operation"], one["status"], one["code"])
        for one in sandbox.control.calls()
    ]
    objects = sandbox.control.calls(service="s3")

    assert logged == [
        ("s3", "PutObject", 200, ""),
        ("s3", "HeadObject", 404, "404"),
        ("s3", "ListObjectsV2", 200, ""),
        ("dynamodb", "GetItem", 200, ""),
        ("dynamodb", "Scan", 0, "ConnectionReset"),
    ]
    assert {"Bucket": bucket, "Key": "a b"}.items() <= objects[0]["request"].items()
    assert {"prefix": "a", "max-keys": "1"}.items() <= objects[2]["request"].items()
    assert {(one["access_key"], one["region"]) for one in sandbox.control.calls()} == {
        ("AKIASANDBOX000000000", "us-west-2")
    }


def test_many_operations_of_s3_are_told_apart(sandbox, once, bucket):
    """S3 names no operation: it follows from method, path, parameters and headers."""
    s3, at = once.s3, {"Bucket": bucket}
    s3.put_object(**at, Key="k", Body=b"b")
    s3.copy_object(**at, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    upload = s3.create_multipart_upload(**at, Key="big")["UploadId"]
    s3.upload_part(**at, Key="big", UploadId=upload, PartNumber=1, Body=b"b")
    s3.list_parts(**at, Key="big", UploadId=upload)
    s3.abort_multipart_upload(**at, Key="big", UploadId=upload)
    s3.get_bucket_location(**at)
    s3.list_objects(**at)
    s3.head_bucket(**at)
    s3.delete_objects(**at, Delete={"Objects": [{"Key": "copy"}]})
    s3.delete_object(**at, Key="k")
    s3.list_buckets()

    assert [one["operation"] for one in sandbox.control.calls()] == [
        "PutObject",
        "CopyObject",
        "CreateMultipartUpload",
        "UploadPart",
        "ListParts",
        "AbortMultipartUpload",
        "GetBucketLocation",
        "ListObjects",
        "HeadBucket",
        "DeleteObjects",
        "DeleteObject",
        "ListBuckets",
    ]


def test_another_expected_owner_is_denied(once, bucket):
    """The engine itself ignores whose bucket a caller expects."""
    once.s3.put_object(Bucket=bucket, Key="k", Body=b"", ExpectedBucketOwner="123456789012")

    said = refusal(once.s3.get_object, Bucket=bucket, Key="k", ExpectedBucketOwner="999999999999")

    assert (403, "AccessDenied", "Access Denied") == said


def sent(environment, method, path, headers):
    """Send what no client would, and return status, content type and body."""
    address = environment["AWS_ENDPOINT_URL_S3"].removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address)) as connection:
        connection.request(method, path, b"{}" if method == "POST" else b"", headers)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()


def test_a_client_that_waits_to_be_asked_is_asked_for_its_body(front_env):
    """Clients send Expect with PutObject, and wait a second for nothing if nobody answers it."""
    host, _, port = front_env["AWS_ENDPOINT_URL_S3"].removeprefix("http://").partition(":")
    head = "PUT /bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())

        assert connection.recv(12) == b"HTTP/1.1 100"


def test_each_service_writes_its_errors_in_its_own_form(front_env):
    """Nobody signed these: S3 answers in XML, DynamoDB in JSON 1.0 with a qualified type."""
    object_status, object_type, xml = sent(front_env, "GET", "/bucket/key", {})
    table_status, table_type, json_text = sent(
        front_env, "POST", "/", {"X-Amz-Target": "DynamoDB_20120810.GetItem"}
    )

    assert (403, "application/xml") == (object_status, object_type)
    assert "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>" in xml
    assert (400, "application/x-amz-json-1.0") == (table_status, table_type)
    kind = "com.amazon.coral.service#MissingAuthenticationTokenException"
    assert {"__type": kind, "message": "Missing Authentication Token"} == json.loads(json_text)


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_a_rule_that_nobody_would_meet_is_refused(sandbox, aws_env, service):
    with pytest.raises(ControlRefused, match="needs the front: open it"):
        sandbox.control.fail("*", "deny", service=service)


def test_the_front_stands_only_while_it_is_open(sandbox, once, clients, bucket):
    """Whoever is led to the engine never meets it, and it comes back where it was."""
    sandbox.control.close_front()
    sandbox.control.clear_log()
    with pytest.raises(Exception, match="Could not connect"):
        once.s3.list_objects_v2(Bucket=bucket)
    assert 0 == clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"]

    sandbox.control.open_front()

    assert 0 == once.s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    assert 1 == len(sandbox.control.calls(service="s3"))


def test_the_front_stands_before_another_engine_for_tables_until_it_closes(
    sandbox, once, dynalite, bucket, ci_table_name
):
    sandbox.control.open_front(tables=dynalite)

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        once.dynamodb.get_item(TableName=ci_table_name, Key=KEY)
    assert 0 == once.s3.list_objects_v2(Bucket=bucket)["KeyCount"]

    sandbox.control.close_front()
    sandbox.control.open_front()

    assert "Item" not in once.dynamodb.get_item(TableName=ci_table_name, Key=KEY)
