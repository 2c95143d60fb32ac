"""Hubs and their contents: names, versions, imports that go on, pages."""

import datetime

import pytest
from botocore.exceptions import ClientError

HUB = "team-hub"
HUB_ARN = f"arn:aws:sagemaker:us-west-2:123456789012:hub/{HUB}"
CONTENT_ARN = f"arn:aws:sagemaker:us-west-2:123456789012:hub-content/{HUB}/DataSet/support"
EVERY_TEXT = {
    "HubContentDisplayName": "Support tone",
    "HubContentDescription": "how we answer",
    "HubContentMarkdown": "# Support\n\ntone",
    "SupportStatus": "Supported",
    "HubContentSearchKeywords": ["customization_technique:sft", "Big"],
}


@pytest.fixture
def sagemaker(clients):
    return clients.sagemaker


@pytest.fixture
def hub(sandbox, sagemaker):
    """The name of a hub in service."""
    sagemaker.create_hub(HubName=HUB, HubDescription="what the team shares")
    sandbox.control.advance(31)
    return HUB


def content(version="1.0.0", name="support", **changes):
    request = {
        "HubName": HUB,
        "HubContentType": "DataSet",
        "HubContentName": name,
        "HubContentVersion": version,
        "DocumentSchemaVersion": "2.0.0",
        "HubContentDocument": "{}",
        **changes,
    }
    return {member: value for member, value in request.items() if value is not None}


def about(name="support", **more):
    return {"HubName": HUB, "HubContentType": "DataSet", "HubContentName": name, **more}


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def status(sagemaker, name="support"):
    return sagemaker.describe_hub_content(**about(name))["HubContentStatus"]


def available(sandbox, sagemaker, *requests):
    for request in requests:
        sagemaker.import_hub_content(**request)
    sandbox.control.advance(31)


def numbers(answer):
    return [one["HubContentVersion"] for one in answer["HubContentSummaries"]]


def test_a_hub_is_in_service_at_the_second_look(sagemaker):
    made = sagemaker.create_hub(HubName=HUB, HubDescription="d", HubDisplayName="Team")

    looks = [sagemaker.describe_hub(HubName=HUB) for _ in range(2)]

    assert made["HubArn"] == HUB_ARN
    assert [look["HubStatus"] for look in looks] == ["Creating", "InService"]
    assert (looks[0]["HubDisplayName"], looks[0]["HubDescription"]) == ("Team", "d")


def test_a_hub_is_found_by_its_arn_and_by_no_other(sagemaker, hub):
    assert sagemaker.describe_hub(HubName=HUB_ARN)["HubName"] == hub

    for wrong in (HUB_ARN.replace("123456789012", "210987654321"), "nowhere"):
        code, said = refusal(sagemaker.describe_hub, HubName=wrong)
        assert (code, "does not exist" in said) == ("ResourceNotFound", True)


def test_a_taken_hub_name_is_in_use(sagemaker, hub):
    code, _said = refusal(sagemaker.create_hub, HubName=hub, HubDescription="")

    assert code == "ResourceInUse"


def test_a_hub_takes_contents_only_once_it_is_in_service(sandbox, sagemaker):
    sagemaker.create_hub(HubName=HUB, HubDescription="d")

    code, said = refusal(sagemaker.import_hub_content, **content())
    sandbox.control.advance(31)
    sagemaker.import_hub_content(**content())

    assert (code, "is Creating" in said) == ("ResourceInUse", True)


def test_a_hub_goes_when_it_is_empty_and_its_name_is_free_again(sandbox, sagemaker, hub):
    available(sandbox, sagemaker, content())
    code, said = refusal(sagemaker.delete_hub, HubName=hub)
    assert (code, "still has contents" in said) == ("ResourceInUse", True)

    sagemaker.delete_hub_content(**about(HubContentVersion="1.0.0"))
    sandbox.control.advance(61)
    refusal(sagemaker.describe_hub_content, **about())
    sagemaker.delete_hub(HubName=hub)
    assert sagemaker.describe_hub(HubName=hub)["HubStatus"] == "Deleting"

    assert refusal(sagemaker.describe_hub, HubName=hub)[0] == "ResourceNotFound"
    sagemaker.create_hub(HubName=hub, HubDescription="again")


def test_an_import_is_over_at_the_second_look(sagemaker, hub):
    made = sagemaker.import_hub_content(**content())

    assert (made["HubArn"], made["HubContentArn"]) == (HUB_ARN, f"{CONTENT_ARN}/1.0.0")
    assert [status(sagemaker) for _ in range(3)] == ["Importing", "Available", "Available"]


def test_looking_at_the_list_is_no_poll_but_time_ends_an_import(sandbox, sagemaker, hub):
    sagemaker.import_hub_content(**content())

    def listed():
        answer = sagemaker.list_hub_contents(HubName=hub, HubContentType="DataSet")
        return answer["HubContentSummaries"][0]["HubContentStatus"]

    assert [listed() for _ in range(3)] == ["Importing"] * 3
    sandbox.control.advance(31)
    assert listed() == "Available"


def test_the_number_of_looks_is_a_setting(sandbox, sagemaker, hub):
    sandbox.control.change_settings(import_polls=4)
    sagemaker.import_hub_content(**content())

    assert [status(sagemaker) for _ in range(4)] == ["Importing"] * 3 + ["Available"]


@pytest.mark.parametrize("first", ["plan", "import"])
def test_an_import_fails_as_planned_before_or_after_it_began(sandbox, sagemaker, hub, first):
    if first == "import":
        sagemaker.import_hub_content(**content())
    sandbox.control.plan_import("support", "ImportFailed", reason="the bucket is elsewhere")
    if first == "plan":
        sagemaker.import_hub_content(**content())
    sagemaker.import_hub_content(**content(name="other"))

    assert [status(sagemaker) for _ in range(2)] == ["Importing", "ImportFailed"]
    described = sagemaker.describe_hub_content(**about())
    assert described["FailureReason"] == "the bucket is elsewhere"
    assert [status(sagemaker, "other") for _ in range(2)] == ["Importing", "Available"]


def test_an_import_that_hangs_never_ends_until_it_is_planned_otherwise(sandbox, sagemaker, hub):
    sandbox.control.plan_import("support", "Hang")
    sagemaker.import_hub_content(**content())
    sandbox.control.advance(86_400)
    assert {status(sagemaker) for _ in range(5)} == {"Importing"}

    sandbox.control.plan_import("support", "Available")

    assert [status(sagemaker) for _ in range(2)] == ["Importing", "Available"]


@pytest.mark.parametrize("document", ["", "no json", "[]", '"text"'])
def test_a_document_that_is_no_json_object_fails_its_import(sandbox, sagemaker, hub, document):
    available(sandbox, sagemaker, content(HubContentDocument=document))

    described = sagemaker.describe_hub_content(**about())
    assert described["HubContentStatus"] == "ImportFailed"
    assert described["FailureReason"] == "HubContentDocument is not a JSON object."


def test_what_is_planned_comes_before_what_the_document_is(sandbox, sagemaker, hub):
    sandbox.control.plan_import("support", "Available")
    available(sandbox, sagemaker, content(HubContentDocument="no json"))

    assert status(sagemaker) == "Available"


def test_a_taken_version_is_in_use_also_when_its_import_failed(sandbox, sagemaker, hub):
    sandbox.control.plan_import("support", "ImportFailed")
    available(sandbox, sagemaker, content())

    code, said = refusal(sagemaker.import_hub_content, **content())

    assert (code, "already exists" in said) == ("ResourceInUse", True)
    sagemaker.import_hub_content(**content(HubContentType="JsonDoc"))


def test_a_version_that_is_not_given_is_picked(sagemaker, hub):
    picked = [
        sagemaker.import_hub_content(**content(version))["HubContentArn"].rpartition("/")[2]
        for version in (None, None, "3.7.1", None)
    ]

    assert picked == ["1.0.0", "1.1.0", "3.7.1", "3.8.0"]


@pytest.mark.parametrize("version", ["1a0b0", "1.0-0", "11111"])
def test_what_the_models_pattern_lets_pass_but_is_no_version_is_refused(sagemaker, hub, version):
    """The pattern's dots stand for any character, a slip in the model."""
    code, said = refusal(sagemaker.import_hub_content, **content(version))

    assert (code, "three numbers" in said) == ("ValidationException", True)


def test_the_latest_version_is_the_highest_number(sandbox, sagemaker, hub):
    available(sandbox, sagemaker, *[content(one) for one in ("1.9.0", "1.10.0", "1.2.0")])

    assert sagemaker.describe_hub_content(**about())["HubContentVersion"] == "1.10.0"
    listed = sagemaker.list_hub_contents(HubName=hub, HubContentType="DataSet")
    assert numbers(listed) == ["1.10.0"]


def test_each_text_that_is_taken_is_answered_and_can_be_updated(sandbox, sagemaker, hub):
    document = '{"DatasetType":"CUSTOMER_PROVIDED"}'
    tags = [{"Key": "team", "Value": "ml"}]
    request = content(HubContentDocument=document, Tags=tags, **EVERY_TEXT)
    available(sandbox, sagemaker, request)

    imported = sagemaker.describe_hub_content(**about())
    sagemaker.update_hub_content(
        **about(HubContentVersion="1.0.0", HubContentDescription="new", HubContentSearchKeywords=[])
    )
    updated = sagemaker.describe_hub_content(**about())
    row = sagemaker.list_hub_contents(HubName=hub, HubContentType="DataSet")["HubContentSummaries"]

    assert {name: imported[name] for name in EVERY_TEXT} == EVERY_TEXT
    assert imported["HubContentDocument"] == document
    assert (updated["HubContentDescription"], updated["HubContentSearchKeywords"]) == ("new", [])
    assert updated["HubContentMarkdown"] == EVERY_TEXT["HubContentMarkdown"]
    assert (row[0]["HubContentDescription"], "HubContentDocument" in row[0]) == ("new", False)


def test_what_is_in_change_can_be_neither_updated_nor_deleted(sandbox, sagemaker, hub):
    sagemaker.import_hub_content(**content())
    version = about(HubContentVersion="1.0.0")

    codes = [
        refusal(call, **version)[0]
        for call in (sagemaker.update_hub_content, sagemaker.delete_hub_content)
    ]

    assert codes == ["ResourceInUse"] * 2


def test_a_deleted_version_is_gone_at_the_second_look_and_an_older_one_leads(
    sandbox, sagemaker, hub
):
    available(sandbox, sagemaker, content("1.0.0"), content("1.1.0"))
    sagemaker.delete_hub_content(**about(HubContentVersion="1.1.0"))

    looks = [sagemaker.describe_hub_content(**about()) for _ in range(2)]

    assert [
        ("1.1.0", "Deleting"),
        ("1.0.0", "Available"),
    ] == [(look["HubContentVersion"], look["HubContentStatus"]) for look in looks]


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("describe_hub_content", {}),
        ("describe_hub_content", {"HubContentVersion": "9.9.9"}),
        ("list_hub_content_versions", {}),
        ("update_hub_content", {"HubContentVersion": "1.0.0"}),
        ("delete_hub_content", {"HubContentVersion": "1.0.0"}),
    ],
)
def test_an_absent_content_is_not_found(sagemaker, hub, operation, more):
    code, said = refusal(getattr(sagemaker, operation), **about("absent", **more))

    assert (code, "DataSet/absent" in said) == ("ResourceNotFound", True)


def test_every_operation_on_an_absent_hub_is_not_found(sagemaker):
    version = about(HubContentVersion="1.0.0")
    codes = [
        refusal(sagemaker.delete_hub, HubName=HUB),
        refusal(sagemaker.import_hub_content, **content()),
        refusal(sagemaker.describe_hub_content, **about()),
        refusal(sagemaker.list_hub_contents, HubName=HUB, HubContentType="DataSet"),
        refusal(sagemaker.list_hub_content_versions, **about()),
        refusal(sagemaker.update_hub_content, **version),
        refusal(sagemaker.delete_hub_content, **version),
    ]

    assert {"ResourceNotFound"} == {code for code, _said in codes}
    assert all(HUB_ARN in said for _code, said in codes)


def test_versions_come_in_pages_the_newest_first(sandbox, sagemaker, hub):
    sandbox.control.freeze()
    expected = [f"1.{minor}.0" for minor in range(25)]
    for version in expected:
        sagemaker.import_hub_content(**content(version))
        sandbox.control.advance(1)

    pages, token = [], {}
    while True:
        answer = sagemaker.list_hub_content_versions(**about(MaxResults=10, **token))
        pages.append(numbers(answer))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}

    assert [len(page) for page in pages] == [10, 10, 5]
    assert expected[::-1] == [version for page in pages for version in page]
    assert numbers(sagemaker.list_hub_content_versions(**about())) == expected[:14:-1]


def test_a_page_token_of_another_listing_is_refused(sagemaker, hub):
    for version in ("1.0.0", "1.1.0"):
        sagemaker.import_hub_content(**content(version))
    token = sagemaker.list_hub_content_versions(**about(MaxResults=1))["NextToken"]

    code, _said = refusal(
        sagemaker.list_hub_contents, HubName=hub, HubContentType="DataSet", NextToken=token
    )

    assert code == "ValidationException"


def test_contents_are_listed_by_type_part_of_name_schema_and_time(sandbox, sagemaker, hub):
    sandbox.control.freeze()
    sagemaker.import_hub_content(**content(name="support-tone"))
    sandbox.control.advance(100)
    sagemaker.import_hub_content(**content(name="sql-tone", DocumentSchemaVersion="10.0.0"))
    sagemaker.import_hub_content(**content(name="reward", HubContentType="JsonDoc"))
    created = sagemaker.describe_hub_content(**about("sql-tone"))["CreationTime"]
    between = created - datetime.timedelta(seconds=50)

    def names(kind="DataSet", **filters):
        answer = sagemaker.list_hub_contents(HubName=hub, HubContentType=kind, **filters)
        return [one["HubContentName"] for one in answer["HubContentSummaries"]]

    assert names() == ["sql-tone", "support-tone"]
    assert names(SortBy="HubContentName", SortOrder="Ascending") == ["sql-tone", "support-tone"]
    assert names("JsonDoc") == ["reward"]
    assert names(NameContains="port") == ["support-tone"]
    assert names(MaxSchemaVersion="9.0.0") == ["support-tone"]
    assert names(CreationTimeAfter=between) == ["sql-tone"]
    assert names(CreationTimeBefore=between) == ["support-tone"]


def test_versions_are_listed_from_a_least_one_on(sagemaker, hub):
    for version in ("1.2.0", "1.9.0", "1.10.0"):
        sagemaker.import_hub_content(**content(version))

    answer = sagemaker.list_hub_content_versions(**about(MinVersion="1.9.0"))

    assert {"1.9.0", "1.10.0"} == set(numbers(answer))


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_document_has_to_be_on_one_line_by_every_line_end(sagemaker, hub, end):
    """The pattern is ``.*``, and Java's dot stops at each of these."""
    code, said = refusal(
        sagemaker.import_hub_content, **content(HubContentDocument=f'{{"a":{end}1}}')
    )

    assert (code, "hubContentDocument" in said) == ("ValidationException", True)


def test_a_denial_names_the_hub_or_the_content(sandbox, sagemaker, hub):
    sandbox.control.fail("*", "deny", times=2)

    _code, about_hub = refusal(sagemaker.list_hub_contents, HubName=HUB, HubContentType="DataSet")
    _code, about_content = refusal(sagemaker.import_hub_content, **content(HubName=HUB_ARN))

    assert f"sagemaker:ListHubContents on resource: {HUB_ARN} " in about_hub
    assert f"sagemaker:ImportHubContent on resource: {CONTENT_ARN} " in about_content


def test_an_outcome_that_imports_cannot_have_is_refused(sandbox):
    with pytest.raises(Exception, match="no outcome 'InService'"):
        sandbox.control.plan_import("support", "InService")
