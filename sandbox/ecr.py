"""ECR: repositories and their images, as far as naming a deployable image needs them."""

import hashlib
import json
from typing import Any

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal
from sandbox.sagemaker import listing

_DEFAULT_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def create_repository(context: Context, request: Document) -> Document:
    """Make an empty repository; its name must be free."""
    name = request["repositoryName"]
    if name in context.state.repositories:
        raise Refusal(
            "RepositoryAlreadyExistsException",
            f"The repository with name '{name}' already exists in the registry "
            f"with id '{context.account}'",
        )
    repository = {
        "repositoryArn": context.arn("ecr", f"repository/{name}"),
        "registryId": context.account,
        "repositoryName": name,
        "repositoryUri": f"{context.account}.dkr.ecr.{context.region}.amazonaws.com/{name}",
        "createdAt": context.now(),
        "imageTagMutability": request.get("imageTagMutability", "MUTABLE"),
        "images": {},
    }
    context.state.repositories[name] = repository
    context.state.changed = True
    return {"repository": _public(repository)}


def describe_repositories(context: Context, request: Document) -> Document:
    """List the repositories, or the named ones; one missing name refuses the call."""
    _refuse_other_registry(context, request, "DescribeRepositories", "*")
    names = request.get("repositoryNames") or sorted(context.state.repositories)
    found = [_public(_repository(context, name)) for name in names]
    shown, token = _page("DescribeRepositories", request, found)
    return {"repositories": shown, **token}


def put_image(context: Context, request: Document) -> Document:
    """Store a manifest under its digest and tag; the same pair again is refused."""
    name = request["repositoryName"]
    _refuse_other_registry(context, request, "PutImage", name)
    repository = _repository(context, name)
    manifest = request["imageManifest"]
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    tag = request.get("imageTag", "")
    images: Document = repository["images"]
    known = images.get(digest)
    if known is not None and (not tag or tag in known["imageTags"]):
        raise Refusal(
            "ImageAlreadyExistsException",
            f"Image with digest '{digest}' and tag '{tag}' already exists in the repository "
            f"with name '{name}' in registry with id '{context.account}'",
        )
    image = known or _new_image(context, request, digest)
    images[digest] = image
    if tag:
        for other in images.values():
            other["imageTags"] = [one for one in other["imageTags"] if one != tag]
        image["imageTags"].append(tag)
    context.state.changed = True
    return {
        "image": {
            "registryId": context.account,
            "repositoryName": name,
            "imageId": {"imageDigest": digest, **({"imageTag": tag} if tag else {})},
            "imageManifest": manifest,
        }
    }


def describe_images(context: Context, request: Document) -> Document:
    """Describe a repository's images, or those asked for; one missing image refuses the call."""
    name = request["repositoryName"]
    _refuse_other_registry(context, request, "DescribeImages", name)
    images = list(_repository(context, name)["images"].values())
    if wanted := request.get("imageIds"):
        images = [_image(context, name, images, one) for one in wanted]
    details = [
        {"registryId": context.account, "repositoryName": name, **_detail(one)} for one in images
    ]
    shown, token = _page("DescribeImages", request, details)
    return {"imageDetails": shown, **token}


def _page(
    operation: str, request: Document, found: list[Document]
) -> tuple[list[Document], Document]:
    """Return one page, of 100 unless asked otherwise, and the nextToken if another follows."""
    named = {"NextToken": request.get("nextToken"), "MaxResults": request.get("maxResults", 100)}
    shown, token = listing.page(operation, {**request, **named}, found)
    return shown, {"nextToken": token["NextToken"]} if token else {}


def _new_image(context: Context, request: Document, digest: str) -> Document:
    return {
        "imageDigest": digest,
        "imageTags": [],
        "imageSizeInBytes": _layers_size(request["imageManifest"]),
        "imagePushedAt": context.now(),
        "imageManifestMediaType": request.get("imageManifestMediaType", _DEFAULT_MANIFEST_TYPE),
    }


def _layers_size(manifest: str) -> int:
    try:
        parsed: Any = json.loads(manifest)
        return sum(int(layer["size"]) for layer in parsed["layers"])
    except (ValueError, KeyError, TypeError):
        # Not every manifest lists layers; its own size is what is left to report.
        return len(manifest)


def _image(context: Context, name: str, images: list[Document], wanted: Document) -> Document:
    for image in images:
        by_tag = "imageTag" not in wanted or wanted["imageTag"] in image["imageTags"]
        if by_tag and wanted.get("imageDigest", image["imageDigest"]) == image["imageDigest"]:
            return image
    shown = ", ".join(f"{key}:'{value}'" for key, value in sorted(wanted.items()))
    raise Refusal(
        "ImageNotFoundException",
        f"The image with imageId {{{shown}}} does not exist within the repository "
        f"with name '{name}' in the registry with id '{context.account}'",
    )


def _detail(image: Document) -> Document:
    return {name: value for name, value in image.items() if value != []}


def _repository(context: Context, name: str) -> Document:
    found: Document | None = context.state.repositories.get(name)
    if found is None:
        raise Refusal(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry "
            f"with id '{context.account}'",
        )
    return found


def _refuse_other_registry(
    context: Context, request: Document, operation: str, repository: str
) -> None:
    registry = request.get("registryId", context.account)
    if registry != context.account:
        arn = f"arn:{context.partition}:ecr:{context.region}:{registry}:repository/{repository}"
        raise Refusal(
            "AccessDeniedException",
            f"User: {context.caller} is not authorized to perform: ecr:{operation} on "
            f"resource: {arn} because no resource-based policy allows the ecr:{operation} action",
        )


def _public(repository: Document) -> Document:
    return only(repository, tuple(name for name in repository if name != "images"))


OPERATIONS: dict[str, Handler] = {
    "CreateRepository": create_repository,
    "DescribeRepositories": describe_repositories,
    "PutImage": put_image,
    "DescribeImages": describe_images,
}
