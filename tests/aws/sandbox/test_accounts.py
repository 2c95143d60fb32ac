"""Two accounts and several regions at once, in every service."""

import pytest

from sandbox import sample
from sandbox.control import ControlRefused
from sandbox.identities import DEFAULT_KEY, SECOND_KEY

HOMES = [
    (key, account, region)
    for key, account in ((DEFAULT_KEY, "123456789012"), (SECOND_KEY, "210987654321"))
    for region in ("us-west-2", "eu-west-1")
]


@pytest.fixture(params=[False, True], ids=["direct", "through the front"])
def made(request, sandbox, aws_env, clients_of):
    """Clients of both accounts in both regions, led to the engines or through the front."""
    made = [
        clients_of(sandbox.environment(key, region=region, through_front=request.param))
        for key, _, region in HOMES
    ]
    yield made
    sandbox.control.close_front()


def tables_of(clients) -> list[str]:
    """Every table's name: other tests' tables fill more than one page of a hundred."""
    pages = clients.dynamodb.get_paginator("list_tables").paginate()
    return [name for page in pages for name in page["TableNames"]]


def test_each_account_and_region_has_what_it_made_and_nothing_else(made, sandbox):
    for (_, account, region), clients in zip(HOMES, made, strict=True):
        name = f"of-{account}-{region}"
        clients.sagemaker.create_model_package_group(ModelPackageGroupName=name)
        clients.ecr.create_repository(repositoryName=name)
        if name not in tables_of(clients):
            sample.create_ci_table(clients.dynamodb, name)

    for (_, account, region), clients in zip(HOMES, made, strict=True):
        name = f"of-{account}-{region}"
        [group] = clients.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        [repository] = clients.ecr.describe_repositories()["repositories"]
        tables = tables_of(clients)
        table = clients.dynamodb.describe_table(TableName=name)["Table"]
        at = f"{region}:{account}"

        assert f"arn:aws:sagemaker:{at}:model-package-group/{name}" == group["ModelPackageGroupArn"]
        assert f"arn:aws:ecr:{at}:repository/{name}" == repository["repositoryArn"]
        assert f"arn:aws:dynamodb:{at}:table/{name}" == table["TableArn"]
        assert [name] == [one for one in tables if one.startswith("of-")]
        assert account == clients.sts.get_caller_identity()["Account"]


def test_buckets_belong_to_an_account(made):
    """Of all its regions: S3 lists every bucket of the account everywhere."""
    name = f"bucket-of-one-account-{id(made)}"
    made[0].s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )

    def sees(clients):
        return name in [one["Name"] for one in clients.s3.list_buckets().get("Buckets", [])]

    assert [True, True, False, False] == [sees(clients) for clients in made]


def test_the_log_tells_whose_key_called_for_which_region(sandbox, front_env, clients_of):
    for key, _, region in HOMES:
        clients_of(
            sandbox.environment(key, region=region, through_front=True)
        ).dynamodb.list_tables()

    calls = sandbox.control.calls("ListTables")

    assert HOMES == [(one["access_key"], one["account"], one["region"]) for one in calls]
    assert 2 == len(sandbox.control.calls(service="dynamodb", access_key=SECOND_KEY))


def test_a_key_of_a_third_account_has_an_account_of_its_own(sandbox, aws_env, clients_of):
    sandbox.control.add_key("AKIASANDBOX000000003", account="333333333333", user="grace")
    third = clients_of(sandbox.environment("AKIASANDBOX000000003"))

    assert "arn:aws:iam::333333333333:user/grace" == third.sts.get_caller_identity()["Arn"]
    assert [] == third.dynamodb.list_tables()["TableNames"]


def test_an_account_is_twelve_digits(sandbox):
    with pytest.raises(ControlRefused, match="twelve digits"):
        sandbox.control.add_key("AKIAOTHER", account="../../elsewhere")


def test_plans_hold_in_their_own_account_and_region(sandbox, aws_env, clients_of):
    here, there = (
        clients_of(sandbox.environment(key, region=region)) for key, _, region in HOMES[:4:3]
    )
    for clients in (here, there):
        sample.start_endpoint(clients.sagemaker, "image:1")
    where = {"region": "eu-west-1", "access_key": SECOND_KEY}

    sandbox.control.plan_component("one", "Failed", reason="out of memory", **where)
    adapter = {
        "InferenceComponentName": "one",
        "EndpointName": sample.ENDPOINT,
        "Specification": {
            "BaseInferenceComponentName": sample.BASE_COMPONENT,
            "Container": {"ArtifactUrl": "s3://bucket/adapter.tar.gz"},
        },
    }

    def end(clients):
        clients.sagemaker.create_inference_component(**adapter)
        looks = [
            clients.sagemaker.describe_inference_component(InferenceComponentName="one")
            for _ in range(3)
        ]
        return looks[-1]["InferenceComponentStatus"]

    assert ["InService", "Failed"] == [end(here), end(there)]
    sandbox.control.put_endpoint_into(sample.ENDPOINT, "RollingBack", **where)
    statuses = [
        clients.sagemaker.describe_endpoint(EndpointName=sample.ENDPOINT)["EndpointStatus"]
        for clients in (here, there)
    ]
    assert ["InService", "RollingBack"] == statuses
