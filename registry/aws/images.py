"""ECR, for looking whether an image is there."""

from __future__ import annotations

from registry.aws.connection import Connection
from registry.errors import NotFound, PermissionDenied
from registry.identifiers import EcrImage


class EcrImages:
    """Images of any registry that the caller may look into."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def exists(self, image: str) -> bool | None:
        """Tell whether repository and tag exist; None when we may not look, or it is not ECR's.

        Raises:
            CredentialsFailed, Throttled, Unavailable: looking failed for another reason.

        Source: ECR DescribeImages.
        """
        named = EcrImage.parse(image)
        if not named:
            return None
        try:
            self._connection.in_region(named.region).ecr(
                lambda ecr: ecr.describe_images(
                    registryId=named.account,
                    repositoryName=named.repository,
                    imageIds=[
                        {"imageDigest": named.digest} if named.digest else {"imageTag": named.tag}
                    ],
                ),
                doing=f"look for image {image}",
                action="ecr:DescribeImages",
                resource=named.repository,
            )
        except NotFound:
            return False
        except PermissionDenied:
            return None
        return True
