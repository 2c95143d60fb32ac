"""Ids that records are found by, the names that become paths and resources, and ARNs.

Source: record contract, sections 1, 4, 5 and 7.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Container
from dataclasses import dataclass

from registry.errors import InvalidArgument
from registry.redaction import quoted

ARCHITECTURES = ("http", "transformers", "triton", "diffusors", "marketplace")
"""What a deployment config begins with."""

REALTIME = "realtime-inference"
"""The deployment target whose components and adapters are listed and counted."""

MAX_COMPONENT_NAME = 63
"""Longest name of an inference component (CreateInferenceComponent)."""

_PROJECT = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_ADAPTER = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")
_CONFIG = re.compile(r"[0-9a-zA-Z._-]{1,200}")
_PACKAGE_ARN = re.compile(
    r"arn:(aws[a-z-]*):sagemaker:([a-z0-9-]{1,32}):([0-9]{12}):"
    r"model-package/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/([0-9]{1,9})"
)
_TUNE_GROUP = "-tune-models"
_ECR_IMAGE = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]{1,255})"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def config_id(
    *,
    deployment_config: str,
    model_name: str,
    instance_type: str,
    region: str,
    deployment_target: str,
    ic_count: int,
    adapter_count: int,
) -> str:
    """Return the 16 hex digits by which the CI table knows a configuration.

    Source: record contract, section 7 (configId).
    """
    identity = (
        f"{deployment_config}:{model_name or 'none'}:{instance_type}:{region}:"
        f"{deployment_target}:ic{ic_count}:adapt{adapter_count}"
    )
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def check_config_id(config_id: str) -> str:
    """Return the id when the CI table may have a configuration of it.

    Raises:
        InvalidArgument: it is empty, too long, or holds what no id has.
    """
    if not _CONFIG.fullmatch(config_id):
        raise InvalidArgument(
            "config_id is not a configuration's id", hint="query_ci_untested answers configId"
        )
    return config_id


def entry_id(timestamp: str, deployment_config: str, taken: Container[str]) -> str:
    """Return the 8 hex digits of a new registry entry, none of those that are taken.

    Args:
        timestamp: The entry's own, as it is stored.

    Source: record contract, section 1 (id).
    """
    identity = f"{timestamp}:{deployment_config}"
    found = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    while found in taken:
        salted = f"{identity}:{secrets.token_hex(8)}"
        found = hashlib.sha256(salted.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return found


def check_project_name(name: str) -> str:
    """Return the name when a model package group can be called so.

    Raises:
        InvalidArgument: it is not 1 to 63 letters, digits and inner hyphens.

    Source: CreateModelPackageGroup, ModelPackageGroupName.
    """
    if len(name) > MAX_COMPONENT_NAME or not _PROJECT.fullmatch(name):
        raise InvalidArgument(
            f"project name {quoted(name, 100)} is not one that SageMaker accepts",
            hint="1 to 63 letters, digits and hyphens, with a letter or digit at both ends"
            + _crlf_hint(name),
        )
    return name


def deployment_group(project: str) -> str:
    """Return the group that a project's deployments are registered in, which has its name.

    Raises:
        InvalidArgument: no group can be called so, or it would be one that training fills.

    Source: specification, "Two Model Package Groups per project".
    """
    if project.endswith(_TUNE_GROUP):
        raise InvalidArgument(
            f"model package group {quoted(project, 100)} is training's, nobody else writes to it",
            hint=f"deployments are registered under the project's own name, without {_TUNE_GROUP}",
        )
    return check_project_name(project)


def check_adapter_name(name: str) -> str:
    """Return the name when it can name an adapter, its conf and its component.

    Raises:
        InvalidArgument: it is not 1 to 50 lower-case letters, digits and inner hyphens.

    Source: record contract, section 6 (name), D24.
    """
    if not _ADAPTER.fullmatch(name):
        raise InvalidArgument(
            f"adapter name {quoted(name, 100)} is not allowed",
            hint="1 to 50 lower-case letters, digits and hyphens, with a letter or digit "
            "at both ends" + _crlf_hint(name),
        )
    return name


def adapter_component_name(project: str, adapter: str) -> str:
    """Return the name of the inference component that serves an adapter.

    Raises:
        InvalidArgument: a name is not allowed, or both together are over 63 characters.

    Source: record contract, section 6, D24.
    """
    component = f"{check_project_name(project)}-adapter-{check_adapter_name(adapter)}"
    if len(component) > MAX_COMPONENT_NAME:
        room = max(0, MAX_COMPONENT_NAME - len(f"{project}-adapter-"))
        raise InvalidArgument(
            f"the component name {component!r} is {len(component)} characters long, "
            f"SageMaker allows {MAX_COMPONENT_NAME}",
            hint=f"an adapter of {project!r} can have a name of at most {room} characters",
        )
    return component


@dataclass(frozen=True, slots=True)
class PackageArn:
    """The ARN of one version in a model package group, taken apart."""

    partition: str
    region: str
    account: str
    group: str
    version: int

    @classmethod
    def parse(cls, text: str) -> PackageArn:
        """Return the parts of a versioned model package ARN.

        Raises:
            InvalidArgument: it is something else.
        """
        found = _PACKAGE_ARN.fullmatch(text)
        if not found:
            raise InvalidArgument(
                f"{quoted(text, 100)} is not the ARN of a model package version",
                hint="such as arn:aws:sagemaker:us-west-2:123456789012:model-package/my-project/24",
            )
        partition, region, account, group, version = found.groups()
        return cls(partition, region, account, group, int(version))

    def __str__(self) -> str:
        return (
            f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:"
            f"model-package/{self.group}/{self.version}"
        )

    @property
    def is_tune_group(self) -> bool:
        """Whether the version belongs to what training wrote, not to the deployments."""
        return self.group.endswith(_TUNE_GROUP)

    @property
    def project(self) -> str:
        """The project whose group, of either kind, the version is in."""
        return self.group.removesuffix(_TUNE_GROUP)


@dataclass(frozen=True, slots=True)
class EcrImage:
    """An image in a private ECR registry; `digest` is "" for one that is named by its tag."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> EcrImage | None:
        """Return the parts of an image's URI, None when it is not ECR's; the tag is `latest`."""
        found = _ECR_IMAGE.fullmatch(text)
        if not found:
            return None
        return cls(
            account=found["account"],
            region=found["region"],
            repository=found["repository"],
            tag=found["tag"] or "latest",
            digest=found["digest"] or "",
        )


def partition_of(region: str) -> str:
    """Return the ARN partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def split_deployment_config(deployment_config: str) -> tuple[str, str]:
    """Return architecture and backend; the backend of `marketplace` is empty.

    Raises:
        InvalidArgument: it does not begin with a known architecture, or has no backend.

    Source: record contract, section 4 (Architecture/backend).
    """
    architecture, _, backend = deployment_config.partition("-")
    if architecture not in ARCHITECTURES:
        raise InvalidArgument(
            f"deployment config {quoted(deployment_config, 100)} has no known architecture",
            hint=f"it begins with one of {', '.join(ARCHITECTURES)}, "
            "such as transformers-vllm" + _crlf_hint(deployment_config),
        )
    if not backend and architecture != "marketplace":
        raise InvalidArgument(
            f"deployment config {quoted(deployment_config, 100)} names no backend",
            hint="architecture and backend are joined by a hyphen, such as transformers-vllm",
        )
    return architecture, backend


def base_image_version(image: str) -> str:
    """Return the tag of an image, "" when it has none; a digest or a port is no tag.

    Source: record contract, section 4 (Base image version), D42.
    """
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def _crlf_hint(text: str) -> str:
    return "; the file has Windows line ends" if text.endswith("\r") else ""
