"""Which container image a registration's versions may name."""

from __future__ import annotations

from registry.errors import RegistryError
from registry.identifiers import EcrImage
from registry.stores import Aws
from schemas.facts import DeploymentFacts

_LONGEST = 255


def valid_image(
    facts: DeploymentFacts, aws: Aws, repository: str
) -> tuple[str | None, tuple[str, ...]]:
    """Return the ECR image of an inference specification, or None, and what to warn of.

    An image that was given is used when it has ECR's form; else `{project}-latest` in the
    bootstrap repository of the deployment's own region. Either must exist where we may look;
    where we may not, its form decides.

    Source: record contract, section 5 (D22); design, "Decided".
    """
    given = facts.container_image
    image = given or _derived(facts, aws, repository)
    if not EcrImage.parse(image):
        return None, (
            f"container image {image} is not an ECR image, so the model package has no "
            "inference specification",
        )
    if len(image) > _LONGEST:
        return None, (f"container image is longer than {_LONGEST} characters and was left out",)
    try:
        exists = aws.images.exists(image)
    except RegistryError as error:
        return image, (f"ECR could not be asked whether the image exists: {error.message}",)
    if exists is False:
        warning = f"container image {image} does not exist (yet) and was left out"
        return None, (warning,) if given else ()
    return image, ()


def _derived(facts: DeploymentFacts, aws: Aws, repository: str) -> str:
    region = facts.region or aws.identity.region
    suffix = ".cn" if region.startswith("cn-") else ""
    host = f"{aws.identity.account}.dkr.ecr.{region}.amazonaws.com{suffix}"
    return f"{host}/{repository}:{facts.project_name}-latest"
