import pytest
import regex
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.aws.checks import (
    check_client_token,
    check_content_description,
    check_content_document,
    check_content_version,
    check_description,
    check_hub,
    check_image,
    check_keywords,
    check_metadata,
    check_name,
    check_url,
    check_version_arn,
    s3_parts,
)
from registry.errors import InvalidArgument

MODEL = get_session().get_service_model("sagemaker")
ARN = "arn:aws:sagemaker:us-west-2:123456789012:model-package/tv/7"


def _fits(shape_name: str, text: str) -> bool:
    """What the service model says of a text: length and pattern, whole."""
    rules = MODEL.shape_for(shape_name).metadata
    return (
        rules.get("min", 0) <= len(text) <= rules.get("max", len(text))
        and regex.fullmatch(rules.get("pattern", ".*"), text) is not None
    )


def _accepted(check, *arguments: object) -> bool:
    try:
        check(*arguments)
    except InvalidArgument:
        return False
    return True


NAMES = st.one_of(
    st.text(alphabet="aZ09-_./ ", max_size=70), st.text(max_size=5), st.from_regex(r"[a-z-]{60,66}")
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(NAMES)
def test_names_are_those_of_the_service_model(name: str) -> None:
    assert _accepted(check_name, "group", name) == _fits("EntityName", name)


@pytest.mark.parametrize("shape", ["EndpointName", "InferenceComponentName"])
@settings(derandomize=True, max_examples=100, deadline=None)
@given(name=NAMES)
def test_a_name_that_we_take_is_one_of_endpoints_and_components(shape: str, name: str) -> None:
    if _accepted(check_name, "name", name):
        assert _fits(shape, name)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="ab \n\t\x00", max_size=30)))
def test_a_description_that_we_take_is_one_of_the_service_model(description: str) -> None:
    if _accepted(check_description, description):
        assert _fits("EntityDescription", description)


def test_a_description_without_control_characters_is_taken() -> None:
    assert _accepted(check_description, "transformers-vllm on ml.g5.xlarge, 20% (é)")
    assert not _accepted(check_description, "two\nlines")
    assert not _accepted(check_description, "x" * 1025)


VERSIONS = st.from_regex(r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}", fullmatch=True)
HUB_NAMES = st.one_of(
    NAMES,
    st.from_regex(
        r"arn:aws(-cn)?:sagemaker:[a-z0-9-]{1,9}:([0-9]{12}|aws):hub/[a-z-]{1,3}", fullmatch=True
    ),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(HUB_NAMES)
def test_a_hub_that_we_take_is_one_of_the_service_model(name: str) -> None:
    if _accepted(check_hub, name):
        assert _fits("HubNameOrArn", name)
        assert _fits("HubName", check_hub(name))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_hub_is_told_by_name_or_arn(partition: str) -> None:
    arn = f"arn:{partition}:sagemaker:us-west-2:123456789012:hub/team-hub"

    assert [check_hub("team-hub"), check_hub(arn)] == ["team-hub", "team-hub"]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.one_of(st.text(alphabet="019.a-\n٣", max_size=15), VERSIONS))
def test_a_version_of_hub_content_is_one_of_the_service_model_with_dots(version: str) -> None:
    numbers = version.split(".")
    three = len(numbers) == 3 and all(part.isascii() and part.isdigit() for part in numbers)

    assert _accepted(check_content_version, version) == (
        three and _fits("HubContentVersion", version)
    )


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(alphabet="ab \n\r\x85\u2028\u2029", max_size=4)))
def test_texts_of_hub_content_are_on_one_line_as_the_service_reads_it(text: str) -> None:
    """The service's patterns are Java's, whose dot stops at these five line ends."""
    one_line = not set(text) & set("\n\r\x85\u2028\u2029")

    assert {one_line} == {
        _accepted(check_content_document, text),
        _accepted(check_content_description, text),
        _accepted(check_keywords, ("first", text)),
    }


@pytest.mark.parametrize(
    ("check", "shape"),
    [
        (check_content_document, "HubContentDocument"),
        (check_content_description, "HubContentDescription"),
        (lambda keyword: check_keywords([keyword]), "HubContentSearchKeyword"),
        (lambda names: check_keywords(names.split()), "HubContentSearchKeywordList"),
    ],
)
def test_texts_of_hub_content_are_as_long_as_the_service_model_allows(check, shape: str) -> None:
    most = MODEL.shape_for(shape).metadata["max"]
    unit = "k " if shape.endswith("List") else "k"

    assert _accepted(check, unit * most)
    assert not _accepted(check, unit * (most + 1))


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        (ARN, True),
        (ARN.replace("aws:", "aws-cn:", 1), True),
        (ARN.removesuffix("/7"), False),
        (ARN.replace("123456789012", "1"), False),
        (ARN.replace("/tv/", "/a_b/"), False),
        (f"{ARN}\n", False),
        ("tv/7", False),
        ("", False),
    ],
)
def test_a_version_arn_is_whole(arn: str, taken: bool) -> None:
    assert _accepted(check_version_arn, arn) == taken


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("s3://b/k", True),
        ("https://h/k", True),
        ("s3://b/" + "x" * 1017, True),
        ("s3://b/" + "x" * 1018, False),
        ("ftp://b/k", False),
        ("/k", False),
        ("", False),
    ],
)
def test_a_url_of_weights_is_s3_or_https(url: str, taken: bool) -> None:
    assert _accepted(check_url, "weights", url) == taken
    if taken:
        assert _fits("Url", url)


def test_an_image_and_a_token_are_checked_by_length_and_alphabet() -> None:
    assert _accepted(check_image, "repo/image:tag")
    assert not _accepted(check_image, "")
    assert not _accepted(check_image, "a b")
    assert not _accepted(check_image, "x" * 256)
    assert _accepted(check_client_token, "3e0a2b2c-9a0e-5d5f-8a0e-2b2c9a0e5d5f")
    assert not _accepted(check_client_token, "")
    assert not _accepted(check_client_token, "x" * 37)
    assert not _accepted(check_client_token, "a_b")


@pytest.mark.parametrize(
    "metadata", [{"a": ""}, {"": "a"}, {"a": "\n"}, {"a": "x" * 257}, {"k" * 129: "x"}, {"a,": "x"}]
)
def test_metadata_that_breaks_a_limit_is_refused(metadata: dict[str, str]) -> None:
    assert not _accepted(check_metadata, metadata)


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("s3://b/k", ("b", "k")),
        ("s3://b/a/b c.txt", ("b", "a/b c.txt")),
        ("s3://b//k", ("b", "/k")),
        ("s3://b", ("b", "")),
        ("s3://b/", ("b", "")),
    ],
)
def test_an_s3_uri_has_a_bucket_and_a_key(uri: str, parts: tuple[str, str]) -> None:
    assert s3_parts(uri) == parts


@pytest.mark.parametrize("uri", ["", "s3://", "s3:///k", "https://b/k", "b/k", "S3://b/k"])
def test_what_is_no_s3_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidArgument):
        s3_parts(uri)
