"""Keys that may do what their policy says and nothing else, in every service."""

import re

import pytest
from botocore.exceptions import ClientError

from sandbox.control import ControlRefused
from sandbox.dispatch import OPERATIONS
from sandbox.iam import RESOURCES, S3_ACTIONS
from sandbox.model import load

USER_KEY = "AKIASANDBOXUSER00000"
SAGEMAKER = "arn:aws:sagemaker:us-west-2:123456789012:"
TABLES = "arn:aws:dynamodb:us-west-2:123456789012:table/"
KEY = {"configId": {"S": "one"}}
WHO = "User: arn:aws:iam::123456789012:user/ada is not authorized to perform:"


@pytest.fixture
def user(sandbox, front_env, clients_of):
    """Clients of the user Ada, who may do nothing yet."""
    sandbox.control.add_key(USER_KEY, user="ada")
    sandbox.control.allow(USER_KEY, {"Statement": []})
    return clients_of(sandbox.environment(USER_KEY, through_front=True), attempts=1)


@pytest.fixture
def allow(sandbox, user):
    """Allow Ada actions on resources, one statement for each pair."""

    def allow(*pairs):
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in pairs
        ]
        sandbox.control.allow(USER_KEY, {"Version": "2012-10-17", "Statement": statements})

    return allow


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def lacks(call, action, resource, **arguments):
    """Return whether the call is refused for lack of exactly this."""
    said = refusal(call, **arguments)
    expected = (
        f"{WHO} {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
    assert ("AccessDeniedException", expected) == said
    return True


def test_a_refusal_names_who_may_not_do_what_to_which(user, bucket, ci_table_name):
    """In the words of AWS; S3 puts the resource in quotes and says nothing to HEAD."""
    assert lacks(
        user.sagemaker.describe_endpoint,
        "sagemaker:DescribeEndpoint",
        f"{SAGEMAKER}endpoint/demo",
        EndpointName="demo",
    )
    assert lacks(user.sagemaker.search, "sagemaker:Search", "*", Resource="ModelPackage")
    assert lacks(
        user.dynamodb.get_item,
        "dynamodb:GetItem",
        TABLES + ci_table_name,
        TableName=ci_table_name,
        Key=KEY,
    )
    assert lacks(
        user.ecr.describe_images,
        "ecr:DescribeImages",
        "arn:aws:ecr:us-west-2:123456789012:repository/repo",
        repositoryName="repo",
    )
    assert (
        "AccessDenied",
        f'{WHO} s3:PutObject on resource: "arn:aws:s3:::{bucket}/k" '
        "because no identity-based policy allows the s3:PutObject action",
    ) == refusal(user.s3.put_object, Bucket=bucket, Key="k", Body=b"")
    assert ("403", "Forbidden") == refusal(user.s3.head_object, Bucket=bucket, Key="k")


def test_who_calls_may_always_be_asked(user):
    assert "arn:aws:iam::123456789012:user/ada" == user.sts.get_caller_identity()["Arn"]


def test_a_refused_call_leaves_its_work_undone(user, clients, bucket, ci_table_name):
    refusal(user.s3.put_object, Bucket=bucket, Key="k", Body=b"")
    refusal(user.dynamodb.put_item, TableName=ci_table_name, Item=KEY)
    refusal(user.sagemaker.create_model_package_group, ModelPackageGroupName="demo")

    assert 0 == clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    assert 0 == clients.dynamodb.scan(TableName=ci_table_name)["Count"]
    listed = clients.sagemaker.list_model_package_groups()
    assert [] == listed["ModelPackageGroupSummaryList"]


def test_actions_and_resources_have_wildcards(user, allow, clients):
    """Actions in any case; ``*`` spans everything, ``?`` is one character."""
    for name in ("team-a", "team-b", "other"):
        clients.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    allow(("SageMaker:Describe*", [f"{SAGEMAKER}model-package-group/team-?"]))

    def may_describe(name):
        try:
            user.sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    assert ["", "", "AccessDeniedException"] == [
        may_describe(name) for name in ("team-a", "team-b", "other")
    ]
    assert "AccessDeniedException" == refusal(user.sagemaker.list_model_package_groups)[0]


def test_a_component_is_made_by_who_may_touch_its_endpoint_and_itself(user, allow, live_endpoint):
    request = {
        "InferenceComponentName": "demo-adapter-one",
        "EndpointName": live_endpoint.name,
        "Specification": {
            "BaseInferenceComponentName": live_endpoint.base_component,
            "Container": {"ArtifactUrl": "s3://bucket/adapter.tar.gz"},
        },
    }
    create, action = user.sagemaker.create_inference_component, "sagemaker:CreateInferenceComponent"
    endpoint = f"{SAGEMAKER}endpoint/{live_endpoint.name}"
    component = f"{SAGEMAKER}inference-component/demo-adapter-one"

    allow((action, component))
    assert lacks(create, action, endpoint, **request)
    allow((action, endpoint))
    assert lacks(create, action, component, **request)
    allow((action, [endpoint, f"{SAGEMAKER}inference-component/demo-adapter-*"]))
    assert component == create(**request)["InferenceComponentArn"]


def test_a_version_is_made_by_who_may_touch_its_group_and_its_versions(user, allow, clients):
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="demo")
    group = f"{SAGEMAKER}model-package-group/demo"
    action = "sagemaker:CreateModelPackage"

    allow((action, group))
    assert lacks(
        user.sagemaker.create_model_package,
        action,
        f"{SAGEMAKER}model-package/demo/*",
        ModelPackageGroupName=group,
    )
    allow((action, [group, f"{SAGEMAKER}model-package/demo/*"]))
    made = user.sagemaker.create_model_package(ModelPackageGroupName=group)
    assert f"{SAGEMAKER}model-package/demo/1" == made["ModelPackageArn"]


def test_tags_on_what_is_made_need_a_permission_of_their_own(user, allow):
    group = f"{SAGEMAKER}model-package-group/demo"
    request = {"ModelPackageGroupName": "demo", "Tags": [{"Key": "team", "Value": "a"}]}
    create = user.sagemaker.create_model_package_group

    allow(("sagemaker:CreateModelPackageGroup", group))
    assert lacks(create, "sagemaker:AddTags", group, **request)
    allow((["sagemaker:CreateModelPackageGroup", "sagemaker:AddTags"], group))
    assert group == create(**request)["ModelPackageGroupArn"]


def test_an_index_is_a_resource_of_its_own(user, allow, ci_table_name):
    index = "testStatus-lastTestTimestamp-index"
    request = {
        "TableName": ci_table_name,
        "KeyConditionExpression": "testStatus = :s",
        "ExpressionAttributeValues": {":s": {"S": "untested"}},
    }

    allow(("dynamodb:Query", TABLES + ci_table_name))
    assert lacks(
        user.dynamodb.query,
        "dynamodb:Query",
        f"{TABLES}{ci_table_name}/index/{index}",
        **request,
        IndexName=index,
    )
    allow(("dynamodb:Query", f"{TABLES}*/index/{index}"))
    assert 0 == user.dynamodb.query(**request, IndexName=index)["Count"]
    assert lacks(user.dynamodb.query, "dynamodb:Query", TABLES + ci_table_name, **request)


def test_batches_and_transactions_need_what_their_parts_need(user, allow, ci_table_name):
    table = TABLES + ci_table_name
    put = {"Put": {"TableName": ci_table_name, "Item": KEY}}
    batch = {"RequestItems": {ci_table_name: {"Keys": [KEY]}}}

    assert lacks(user.dynamodb.transact_write_items, "dynamodb:PutItem", table, TransactItems=[put])
    assert lacks(user.dynamodb.batch_get_item, "dynamodb:BatchGetItem", table, **batch)
    allow((["dynamodb:PutItem", "dynamodb:BatchGetItem"], table))
    user.dynamodb.transact_write_items(TransactItems=[put])
    assert [KEY] == user.dynamodb.batch_get_item(**batch)["Responses"][ci_table_name]


def test_who_may_not_list_a_bucket_is_not_told_that_an_object_is_missing(user, allow, bucket):
    """GetObject and HeadObject answer 403, not 404, to a caller without s3:ListBucket."""
    absent = {"Bucket": bucket, "Key": "absent"}
    at = f"arn:aws:s3:::{bucket}"

    allow(("s3:GetObject", f"{at}/*"))
    code, message = refusal(user.s3.get_object, **absent)
    assert ("AccessDenied", True) == (code, f's3:ListBucket on resource: "{at}"' in message)
    assert "403" == refusal(user.s3.head_object, **absent)[0]
    allow(("s3:GetObject", f"{at}/*"), ("s3:ListBucket", at))
    assert "NoSuchKey" == refusal(user.s3.get_object, **absent)[0]
    assert "404" == refusal(user.s3.head_object, **absent)[0]


def test_a_copy_needs_its_source_too(user, allow, clients, bucket):
    clients.s3.put_object(Bucket=bucket, Key="from", Body=b"")
    at = f"arn:aws:s3:::{bucket}"
    request = {"Bucket": bucket, "Key": "to", "CopySource": {"Bucket": bucket, "Key": "from"}}

    allow(("s3:PutObject", f"{at}/to"))
    assert f's3:GetObject on resource: "{at}/from"' in refusal(user.s3.copy_object, **request)[1]
    allow(("s3:PutObject", f"{at}/to"), ("s3:GetObject", f"{at}/from"))
    user.s3.copy_object(**request)
    assert "s3:DeleteObject" in refusal(user.s3.delete_object, Bucket=bucket, Key="to")[1]


def test_search_can_be_denied_while_the_rest_is_allowed(user, allow, clients):
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="demo")
    allow((["sagemaker:List*", "sagemaker:Describe*"], "*"))

    assert lacks(user.sagemaker.search, "sagemaker:Search", "*", Resource="ModelPackage")
    listed = user.sagemaker.list_model_packages(ModelPackageGroupName="demo")
    assert [] == listed["ModelPackageSummaryList"]


def test_other_keys_are_not_concerned(user, clients_of, front_env, ci_table_name):
    free = clients_of(front_env)

    assert 0 == free.dynamodb.scan(TableName=ci_table_name)["Count"]
    assert "AccessDeniedException" == refusal(user.dynamodb.scan, TableName=ci_table_name)[0]


UNKNOWN = {
    "sagemaker": ("UnrecognizedClientException", lambda made: made.sagemaker.list_endpoints()),
    "ecr": ("UnrecognizedClientException", lambda made: made.ecr.describe_repositories()),
    "sts": ("InvalidClientTokenId", lambda made: made.sts.get_caller_identity()),
    "dynamodb": ("UnrecognizedClientException", lambda made: made.dynamodb.list_tables()),
    "s3": ("InvalidAccessKeyId", lambda made: made.s3.list_buckets()),
}


@pytest.mark.parametrize("service", sorted(UNKNOWN))
def test_an_unknown_key_is_refused_in_the_services_words_when_told_so(
    sandbox, front_env, clients_of, service
):
    code, call = UNKNOWN[service]
    stranger = clients_of(sandbox.environment("AKIASTRANGER", through_front=True), attempts=1)
    call(stranger)
    sandbox.control.change_settings(known_keys_only=True)

    assert code == refusal(lambda: call(stranger))[0]
    sandbox.control.add_key("AKIASTRANGER")
    call(stranger)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"Statement": "everything"},
        {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]},
        {"Statement": {"Effect": "Allow", "Action": "*"}},
        {"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}},
    ],
)
def test_a_policy_that_is_more_than_an_allow_list_is_refused(sandbox, front_env, policy):
    """A condition that nobody checks must not make a test believe in it."""
    with pytest.raises(ControlRefused):
        sandbox.control.allow(USER_KEY, policy)


def test_a_policy_needs_the_front(sandbox, aws_env):
    with pytest.raises(ControlRefused, match="a policy needs the front"):
        sandbox.control.allow(USER_KEY, {"Statement": []})


def test_a_reset_forgets_policies(sandbox, user):
    sandbox.control.reset()

    assert [] == user.sagemaker.list_endpoints()["Endpoints"]


@pytest.mark.parametrize("service", sorted(OPERATIONS))
def test_every_operation_has_its_resources_by_members_that_it_has(service):
    model = load(service)
    assert OPERATIONS[service].keys() <= RESOURCES[service].keys()
    for operation, templates in RESOURCES[service].items():
        named = {name for one in templates for name in re.findall(r"\{(\w+)\}", one)}

        assert named <= model.shape(model.operation(operation).input).members.keys(), operation


def test_every_action_of_s3_is_mapped_from_an_operation_of_s3():
    for operation in S3_ACTIONS:
        assert operation == load("s3").operation(operation).name
