"""ECR, for looking whether an image is there."""

from __future__ import annotations

import re

from registry.aws.connection import Connection
from registry.errors import NotFound, PermissionDenied

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]{1,255})(:(?P<tag>[^:@\s]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


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
        match = _IMAGE.fullmatch(image)
        if not match:
            return None
        digest = match["digest"]
        try:
            self._connection.in_region(match["region"]).ecr(
                lambda ecr: ecr.describe_images(
                    registryId=match["account"],
                    repositoryName=match["repository"],
                    imageIds=[
                        {"imageDigest": digest}
                        if digest
                        else {"imageTag": match["tag"] or "latest"}
                    ],
                ),
                doing=f"look for image {image}",
                action="ecr:DescribeImages",
                resource=match["repository"],
            )
        except NotFound:
            return False
        except PermissionDenied:
            return None
        return True
