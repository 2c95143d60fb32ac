"""Search over model packages."""

import datetime

import pytest
from botocore.exceptions import ClientError

IS_ADAPTER = "CustomerMetadataProperties.isAdapter"


@pytest.fixture
def sagemaker(sandbox, clients):
    """Ten versions in ``demo``: the even ones adapters, one a second; one more in ``other``."""
    made = clients.sagemaker
    sandbox.control.freeze()
    for group in ("demo", "other"):
        made.create_model_package_group(ModelPackageGroupName=group)
    for number in range(1, 11):
        metadata = {"isAdapter": "true", "n": str(number)} if number % 2 == 0 else {"n": "base"}
        made.create_model_package(
            ModelPackageGroupName="demo",
            ModelPackageDescription=f"number {number}",
            CustomerMetadataProperties=metadata,
        )
        sandbox.control.advance(1)
    made.create_model_package(ModelPackageGroupName="other")
    return made


def where(name, value=None, operator=None):
    given = {"Name": name, "Value": value, "Operator": operator}
    return {key: item for key, item in given.items() if item is not None}


IN_DEMO = where("ModelPackageGroupName", "demo")


def found(sagemaker, *filters, **members):
    answer = sagemaker.search(
        Resource="ModelPackage",
        SearchExpression={"Filters": [IN_DEMO, *filters]},
        **{"MaxResults": 100, **members},
    )
    return [one["ModelPackage"]["ModelPackageVersion"] for one in answer["Results"]]


def refusal(sagemaker, **request):
    with pytest.raises(ClientError) as caught:
        sagemaker.search(**{"Resource": "ModelPackage", **request})
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]


@pytest.mark.parametrize(
    ("one", "versions"),
    [
        (where(IS_ADAPTER, "true"), [10, 8, 6, 4, 2]),
        (where(IS_ADAPTER, "true", "NotEquals"), [9, 7, 5, 3, 1]),
        (where(IS_ADAPTER, operator="Exists"), [10, 8, 6, 4, 2]),
        (where(IS_ADAPTER, operator="NotExists"), [9, 7, 5, 3, 1]),
        (where("CustomerMetadataProperties.n", "4,base, 8", "In"), [9, 8, 7, 5, 4, 3, 1]),
        (where("ModelPackageDescription", "ber 1", "Contains"), [10, 1]),
        (where("ModelPackageVersion", "8", "GreaterThan"), [10, 9]),
        (where("ModelPackageVersion", "9", "GreaterThanOrEqualTo"), [10, 9]),
        (where("ModelPackageVersion", "3", "LessThan"), [2, 1]),
        (where("ModelPackageVersion", "2", "LessThanOrEqualTo"), [2, 1]),
        (where("ModelPackageVersion", "5"), [5]),
        (where("ModelApprovalStatus", "PendingManualApproval"), list(range(10, 0, -1))),
    ],
)
def test_each_operator_selects_as_documented(sagemaker, one, versions):
    assert found(sagemaker, one) == versions


def test_times_are_compared_in_iso_form_and_in_epoch_seconds(sandbox, sagemaker):
    now = sandbox.control.advance(0)
    moment = datetime.datetime.fromtimestamp(now - 2.5, datetime.UTC)

    for value in (moment.isoformat(), moment.strftime("%Y-%m-%dT%H:%M:%S.%f"), str(now - 2.5)):
        assert found(sagemaker, where("LastModifiedTime", value, "GreaterThan")) == [10, 9]


def test_or_and_sub_expressions_combine(sagemaker):
    either = {
        "Filters": [where("ModelPackageVersion", "1"), where("ModelPackageVersion", "2")],
        "Operator": "Or",
    }
    expression = {"Filters": [where(IS_ADAPTER, "true")], "SubExpressions": [either]}

    answer = sagemaker.search(Resource="ModelPackage", SearchExpression=expression)

    assert [one["ModelPackage"]["ModelPackageVersion"] for one in answer["Results"]] == [2]


def test_the_last_modified_comes_first_unless_asked_otherwise(sandbox, sagemaker):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/demo/3"
    sandbox.control.advance(1)
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    assert found(sagemaker)[:2] == [3, 10]
    assert found(sagemaker, SortBy="ModelPackageVersion", SortOrder="Ascending")[:2] == [1, 2]


def test_pages_are_whole_and_count_all_hits(sagemaker):
    request = {
        "Resource": "ModelPackage",
        "SearchExpression": {"Filters": [IN_DEMO]},
        "MaxResults": 4,
    }

    pages = list(sagemaker.get_paginator("search").paginate(**request))

    versions = [
        one["ModelPackage"]["ModelPackageVersion"] for page in pages for one in page["Results"]
    ]
    assert [len(page["Results"]) for page in pages] == [4, 4, 2]
    assert versions == list(range(10, 0, -1))
    assert [page["TotalHits"] for page in pages] == [{"Value": 10, "Relation": "EqualTo"}] * 3


@pytest.mark.parametrize(
    ("counted", "total"),
    [
        (9, {"Value": 9, "Relation": "GreaterThanOrEqualTo"}),
        (10, {"Value": 10, "Relation": "EqualTo"}),
    ],
)
def test_many_hits_are_counted_to_a_floor_and_still_all_paged(sandbox, sagemaker, counted, total):
    """GreaterThanOrEqualTo tells that the count is no more than a floor."""
    sandbox.control.change_settings(search_counts_up_to=counted)
    request = {"Resource": "ModelPackage", "SearchExpression": {"Filters": [IN_DEMO]}}

    pages = list(sagemaker.get_paginator("search").paginate(**request, MaxResults=4))

    assert [total] * 3 == [page["TotalHits"] for page in pages]
    assert 10 == sum(len(page["Results"]) for page in pages)


def test_a_record_carries_its_metadata(sagemaker):
    answer = sagemaker.search(
        Resource="ModelPackage",
        SearchExpression={"Filters": [IN_DEMO, where("ModelPackageVersion", "4")]},
    )

    record = answer["Results"][0]["ModelPackage"]
    assert record["CustomerMetadataProperties"] == {"isAdapter": "true", "n": "4"}


def test_nested_names_are_refused_when_told_so(sandbox, sagemaker):
    """Whether the service takes them is not documented: both answers can be rehearsed."""
    sandbox.control.change_settings(search_nested_names=False)

    said = refusal(sagemaker, SearchExpression={"Filters": [where(IS_ADAPTER, "true")]})

    assert "Unknown property name: CustomerMetadataProperties.isAdapter" in said


@pytest.mark.parametrize("name", ["Bogus", "InferenceSpecification", "modelPackageVersion"])
def test_an_unknown_name_is_refused(sagemaker, name):
    filters = [where(name, "x")]

    assert "Unknown property name" in refusal(sagemaker, SearchExpression={"Filters": filters})
    assert "Unknown property name" in refusal(sagemaker, SortBy=name)


@pytest.mark.parametrize(
    "filters",
    [
        [where("ModelPackageDescription", "a", "GreaterThan")],
        [where("ModelPackageVersion", "many")],
        [where("ModelPackageVersion", "1", "Contains")],
        [where("ModelPackageDescription", "a", "Exists")],
        [where("ModelPackageDescription")],
        [where("ModelPackageDescription", "a", "Contains"), where(IS_ADAPTER, "t", "Contains")],
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(sagemaker, filters):
    assert refusal(sagemaker, SearchExpression={"Filters": filters})


def test_more_than_fifty_filters_in_all_are_refused(sagemaker):
    level = {"Filters": [where("ModelPackageVersion", "1")] * 17}

    assert "50" in refusal(sagemaker, SearchExpression={"SubExpressions": [level] * 3})


def test_what_the_sandbox_cannot_search_is_said(sagemaker):
    assert "Endpoint" in refusal(sagemaker, Resource="Endpoint")
    nested = {"NestedPropertyName": "x", "Filters": [where("x.y", "z")]}
    assert "NestedFilters" in refusal(sagemaker, SearchExpression={"NestedFilters": [nested]})


def test_the_index_lags_behind_creation_update_and_deletion(sandbox, sagemaker):
    sandbox.control.advance(60)
    sandbox.control.change_settings(search_lag_s=5)
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/demo/10"
    sagemaker.create_model_package(ModelPackageGroupName="demo")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    sagemaker.delete_model_package(ModelPackageName=arn.replace("/10", "/9"))
    approved = where("ModelApprovalStatus", "Approved")

    before = (found(sagemaker)[:3], found(sagemaker, approved))
    sandbox.control.advance(5)
    after = (sorted(found(sagemaker))[-3:], found(sagemaker, approved))

    assert before == ([10, 9, 8], [])
    assert after == ([8, 10, 11], [10])


def test_groups_can_be_searched_too(sagemaker):
    answer = sagemaker.search(
        Resource="ModelPackageGroup",
        SearchExpression={"Filters": [where("ModelPackageGroupName", "oth", "Contains")]},
    )

    assert [one["ModelPackageGroup"]["ModelPackageGroupName"] for one in answer["Results"]] == [
        "other"
    ]
