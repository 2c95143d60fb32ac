"""Failures on request, the log of calls, and the other control calls."""

import contextlib
import datetime
import http.client
from email.utils import parsedate_to_datetime

import pytest
from botocore.exceptions import ClientError

from sandbox.control import ControlRefused

GROUP = {"ModelPackageGroupName": "demo"}


def test_the_next_calls_are_throttled_and_the_client_gets_through(sandbox, clients):
    sandbox.control.fail("CreateModelPackageGroup", "throttle", times=2)

    answer = clients.sagemaker.create_model_package_group(**GROUP)

    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    logged = sandbox.control.calls("CreateModelPackageGroup")
    assert [call["code"] for call in logged] == ["ThrottlingException"] * 2 + [""]


def test_a_denial_names_caller_action_and_resource(sandbox, raw):
    """The wording is AWS's, so that a product can show the action and the resource."""
    sandbox.control.fail("CreateModelPackageGroup", "deny")

    reply = raw.call("sagemaker", "CreateModelPackageGroup", GROUP)

    assert (reply.status, reply.code) == (400, "AccessDeniedException")
    assert reply.message == (
        "User: arn:aws:iam::123456789012:user/mlcc-sandbox is not authorized to perform: "
        "sagemaker:CreateModelPackageGroup on resource: "
        "arn:aws:sagemaker:us-west-2:123456789012:model-package-group/demo "
        "because no identity-based policy allows the sagemaker:CreateModelPackageGroup action"
    )
    assert raw.call("sagemaker", "CreateModelPackageGroup", GROUP).status == 200


def test_a_denied_search_is_about_every_resource(sandbox, raw):
    sandbox.control.fail("Search", "deny")

    reply = raw.call("sagemaker", "Search", {"Resource": "ModelPackage"})

    assert "sagemaker:Search on resource: * because" in reply.message


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttle", 400, "ThrottlingException"),
        ("server_error", 500, "InternalFailure"),
        ("unavailable", 503, "ServiceUnavailable"),
        ("quota", 400, "ResourceLimitExceeded"),
        ("conflict", 400, "ConflictException"),
        ("clock_skew", 400, "InvalidSignatureException"),
        ("expired_token", 400, "ExpiredTokenException"),
    ],
)
def test_each_kind_of_failure_has_its_code(sandbox, raw, kind, status, code):
    sandbox.control.fail("Search", kind)

    reply = raw.call("sagemaker", "Search", {"Resource": "ModelPackage"})

    assert (reply.status, reply.code) == (status, code)


def test_a_failed_call_leaves_its_work_undone(sandbox, raw):
    sandbox.control.fail("CreateModelPackageGroup", "server_error")

    raw.call("sagemaker", "CreateModelPackageGroup", GROUP)

    assert raw.call("sagemaker", "DescribeModelPackageGroup", GROUP).status == 400


def test_a_lost_answer_leaves_its_work_done(sandbox, clients):
    """The client sends again and finds its own work: "already exists" after one retry."""
    sandbox.control.fail("CreateModelPackageGroup", "lost_answer")

    with pytest.raises(ClientError, match="already exists") as caught:
        clients.sagemaker.create_model_package_group(**GROUP)

    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 1


def test_only_the_call_with_the_text_fails(sandbox, raw):
    sandbox.control.fail("CreateModelPackageGroup", "deny", match='"second"', times=-1)

    replies = [
        raw.call("sagemaker", "CreateModelPackageGroup", {"ModelPackageGroupName": name})
        for name in ("first", "second", "third", "second")
    ]

    assert [reply.status for reply in replies] == [200, 400, 200, 400]
    sandbox.control.clear_faults()
    assert raw.call("sagemaker", "ListModelPackageGroups", {}).status == 200


def test_sts_and_ecr_fail_in_their_own_words(sandbox, clients):
    sandbox.control.fail("GetCallerIdentity", "expired_token", service="sts")
    sandbox.control.fail("*", "deny", service="ecr")

    with pytest.raises(ClientError) as expired:
        clients.sts.get_caller_identity()
    with pytest.raises(ClientError) as denied:
        clients.ecr.describe_images(repositoryName="repo")

    assert expired.value.response["Error"]["Code"] == "ExpiredToken"
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "arn:aws:ecr:us-west-2:123456789012:repository/repo" in str(denied.value)
    assert clients.sts.get_caller_identity()["Account"] == "123456789012"


def test_a_denied_key_is_unknown_to_the_service(sandbox, raw, clients):
    sandbox.control.change_settings(denied_keys=["AKIASANDBOX000000000"])

    assert raw.call("sagemaker", "Search", {}).code == "UnrecognizedClientException"
    with pytest.raises(ClientError) as caught:
        clients.sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"
    other = raw.call(
        "sagemaker", "Search", {"Resource": "ModelPackage"}, key="AKIASANDBOX000000002"
    )
    assert other.status == 200


def test_the_log_tells_each_call_with_its_request_and_outcome(sandbox, raw):
    raw.call("sagemaker", "CreateModelPackageGroup", GROUP)
    raw.call("sagemaker", "CreateModelPackageGroup", {})

    good, bad = sandbox.control.calls()

    assert (good["operation"], good["request"], good["status"]) == (
        "CreateModelPackageGroup",
        GROUP,
        200,
    )
    assert (bad["status"], bad["code"]) == (400, "ValidationException")
    assert (good["account"], good["region"]) == ("123456789012", "us-west-2")
    sandbox.control.clear_log()
    assert sandbox.control.calls() == []


def test_a_reset_forgets_everything(sandbox, raw):
    raw.call("sagemaker", "CreateModelPackageGroup", GROUP)
    sandbox.control.fail("ListModelPackageGroups", "deny")
    sandbox.control.change_settings(component_polls=9)
    sandbox.control.advance(1000)

    sandbox.control.reset()

    listed = raw.call("sagemaker", "ListModelPackageGroups", {})
    assert listed.members == {"ModelPackageGroupSummaryList": []}
    assert sandbox.control.change_settings()["component_polls"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda control: control.fail("Search", "explode"),
        lambda control: control.fail("Search", "slow"),
        lambda control: control.change_settings(no_such_setting=1),
        lambda control: control.change_settings(component_polls="three"),
        lambda control: control.plan_component("x", "Explode"),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused(sandbox, wrong):
    with pytest.raises(ControlRefused, match="ValueError"):
        wrong(sandbox.control)


def test_the_date_header_goes_by_the_sandboxs_clock(sandbox, clients):
    """Products take the time from that header, so it has to be the records' time."""
    sandbox.control.advance(86_400)
    clients.sagemaker.create_model_package_group(**GROUP)

    described = clients.sagemaker.describe_model_package_group(**GROUP)

    date = parsedate_to_datetime(described["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(date - described["CreationTime"]) < datetime.timedelta(seconds=5)
    assert date - datetime.datetime.now(datetime.UTC) > datetime.timedelta(hours=23)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", ""])
def test_a_call_under_another_host_name_is_refused(sandbox, host):
    """A web page whose name resolves to loopback must not reach the sandbox."""
    assert status_of(sandbox, "/_sandbox/log", {"Host": host}) == 403


def test_a_control_path_that_is_not_there_is_404(sandbox):
    assert status_of(sandbox, "/_sandbox/bogus", {}) == 404


def status_of(sandbox, path, headers):
    connection = http.client.HTTPConnection(sandbox.urls.app.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
