"""The fixtures that every AWS test stands on."""


def test_each_client_reaches_the_sandbox(clients, bucket, ci_table_name, live_endpoint):
    assert clients.sts.get_caller_identity()["Account"] == "123456789012"
    assert clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    table = clients.dynamodb.describe_table(TableName=ci_table_name)["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == [
        "testStatus-lastTestTimestamp-index"
    ]
    assert clients.ecr.describe_repositories()["repositories"] == []
    endpoint = clients.sagemaker.describe_endpoint(EndpointName=live_endpoint.name)
    assert endpoint["EndpointStatus"] == "InService"


def test_each_test_starts_with_an_empty_sagemaker(clients):
    assert clients.sagemaker.list_endpoints()["Endpoints"] == []
