import json
from itertools import islice

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.objects import S3Objects
from registry.errors import InvalidArgument, NotFound
from sandbox.service import Sandbox


def test_an_object_has_a_size_and_a_bare_etag(aws: BotoAws, bucket: str, clients) -> None:
    clients.s3.put_object(Bucket=bucket, Key="a/b c é.txt", Body=b"hello")

    found = aws.objects.head(f"s3://{bucket}/a/b c é.txt")

    assert (found.key, found.size_bytes) == ("a/b c é.txt", 5)
    assert found.etag == "5d41402abc4b2a76b9719d911017c592"


def test_what_is_absent_is_not_found(aws: BotoAws, bucket: str) -> None:
    for uri in (f"s3://{bucket}/none", "s3://no-such-bucket-anywhere/none"):
        with pytest.raises(NotFound):
            aws.objects.head(uri)
        with pytest.raises(NotFound):
            aws.objects.read(uri, limit_bytes=10)
    with pytest.raises(NotFound):
        list(aws.objects.under("s3://no-such-bucket-anywhere/none"))


def test_everything_under_a_prefix_is_yielded_page_by_page(
    connection: Connection, bucket: str, clients
) -> None:
    for number in range(25):
        clients.s3.put_object(Bucket=bucket, Key=f"p/{number:04}", Body=b"")
    clients.s3.put_object(Bucket=bucket, Key="q", Body=b"")
    objects = S3Objects(connection, page_size=10)

    keys = [one.key for one in objects.under(f"s3://{bucket}/p/")]

    assert [f"p/{number:04}" for number in range(25)] == keys


def test_an_empty_prefix_yields_nothing(aws: BotoAws, bucket: str) -> None:
    assert list(islice(aws.objects.under(f"s3://{bucket}/p/"), 1)) == []


@pytest.mark.parametrize(("size", "limit"), [(0, 5), (3, 5), (5, 5), (9, 5)])
def test_reading_gives_at_most_the_beginning(
    aws: BotoAws, bucket: str, clients, size: int, limit: int
) -> None:
    content = b"123456789"[:size]
    clients.s3.put_object(Bucket=bucket, Key="k", Body=content)

    assert content[:limit] == aws.objects.read(f"s3://{bucket}/k", limit_bytes=limit)


@pytest.mark.parametrize("uri", ["", "s3://", "https://x/y", "s3://bucket", "s3://bucket/", "x"])
def test_what_is_no_object_is_refused(aws: BotoAws, uri: str) -> None:
    with pytest.raises(InvalidArgument):
        aws.objects.head(uri)


def test_an_image_is_there_by_tag_and_by_digest(aws: BotoAws, clients) -> None:
    repository = clients.ecr.create_repository(repositoryName="models")["repository"]
    pushed = clients.ecr.put_image(
        repositoryName="models", imageManifest=json.dumps({"schemaVersion": 2}), imageTag="tv"
    )["image"]
    uri = repository["repositoryUri"]
    digest = pushed["imageId"]["imageDigest"]

    assert True is aws.images.exists(f"{uri}:tv")
    assert True is aws.images.exists(f"{uri}@{digest}")
    assert False is aws.images.exists(f"{uri}:other")
    assert False is aws.images.exists(uri)
    assert False is aws.images.exists(uri.replace("models", "none") + ":tv")


def test_an_image_that_we_may_not_look_for_is_unknown(aws: BotoAws, sandbox: Sandbox) -> None:
    sandbox.control.fail("DescribeImages", "deny", service="ecr")

    assert None is aws.images.exists("123456789012.dkr.ecr.us-west-2.amazonaws.com/m:tv")


@pytest.mark.parametrize("image", ["", "vllm/vllm-openai:v0.8.5", "x.dkr.ecr.y.amazonaws.com/m"])
def test_an_image_of_no_ecr_registry_is_unknown(aws: BotoAws, image: str) -> None:
    assert None is aws.images.exists(image)
