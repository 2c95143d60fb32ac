"""Who is calling, and which images there are."""

import pytest
from botocore.exceptions import ClientError

MANIFEST = '{"schemaVersion": 2, "layers": [{"size": 1000}, {"size": 24}]}'


@pytest.fixture
def ecr(clients):
    clients.ecr.create_repository(repositoryName="repo")
    return clients.ecr


def code(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_the_caller_is_the_sandboxs_user(clients):
    identity = clients.sts.get_caller_identity()

    assert identity["Arn"] == "arn:aws:iam::123456789012:user/mlcc-sandbox"
    assert identity["Account"] == "123456789012"


def test_another_sts_operation_is_unknown(clients):
    """The query protocol's word for an unknown operation is InvalidAction."""
    assert code(clients.sts.get_session_token) == "InvalidAction"


def test_an_image_is_found_by_tag_and_by_digest(ecr):
    pushed = ecr.put_image(repositoryName="repo", imageManifest=MANIFEST, imageTag="latest")
    digest = pushed["image"]["imageId"]["imageDigest"]

    by_tag = ecr.describe_images(repositoryName="repo", imageIds=[{"imageTag": "latest"}])
    by_digest = ecr.describe_images(repositoryName="repo", imageIds=[{"imageDigest": digest}])

    assert by_tag["imageDetails"] == by_digest["imageDetails"]
    assert by_tag["imageDetails"][0]["imageSizeInBytes"] == 1024


def test_a_tag_moves_to_the_image_pushed_last(ecr):
    ecr.put_image(repositoryName="repo", imageManifest=MANIFEST, imageTag="latest")
    ecr.put_image(repositoryName="repo", imageManifest="{}", imageTag="latest")

    images = ecr.describe_images(repositoryName="repo")["imageDetails"]

    assert [one.get("imageTags") for one in images] == [None, ["latest"]]


def test_what_is_absent_has_its_own_code(ecr):
    assert "RepositoryNotFoundException" == code(ecr.describe_images, repositoryName="absent")
    absent = [{"imageTag": "absent"}]
    assert "ImageNotFoundException" == code(
        ecr.describe_images, repositoryName="repo", imageIds=absent
    )
    assert "RepositoryNotFoundException" == code(
        ecr.describe_repositories, repositoryNames=["repo", "absent"]
    )


def test_what_is_there_already_has_its_own_code(ecr):
    ecr.put_image(repositoryName="repo", imageManifest=MANIFEST, imageTag="latest")

    again = {"repositoryName": "repo", "imageManifest": MANIFEST, "imageTag": "latest"}
    assert code(ecr.put_image, **again) == "ImageAlreadyExistsException"
    assert code(ecr.create_repository, repositoryName="repo") == "RepositoryAlreadyExistsException"


def test_a_registry_of_another_account_denies_access(ecr):
    """What is not ours to see is denied, as at AWS without a repository policy."""
    other = {"repositoryName": "repo", "registryId": "763104351884"}

    assert code(ecr.describe_images, **other) == "AccessDeniedException"


def test_images_and_repositories_come_in_pages(ecr):
    for number in range(3):
        ecr.put_image(
            repositoryName="repo", imageManifest=f'{{"n": {number}}}', imageTag=f"t{number}"
        )
        ecr.create_repository(repositoryName=f"repo-{number}")

    def pages(operation, member, **request):
        paged = ecr.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": 2})
        return [len(page[member]) for page in paged]

    assert [2, 1] == pages("describe_images", "imageDetails", repositoryName="repo")
    assert [2, 2] == pages("describe_repositories", "repositories")
