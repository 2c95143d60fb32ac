"""Which version is rolled out, where its weights are and what they say about themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.adapters import IS_ADAPTER, adapter_record, same_weights
from registry.calls import Call
from registry.errors import (
    InvalidArgument,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RegistryError,
)
from registry.identifiers import PackageArn, check_project_name, partition_of
from registry.rollout.archive import BEGINNING_BYTES, NotAnArchive, config_in_archive
from registry.rollout.request import RolloutRequest
from registry.stores import Aws, Objects
from schemas.adapter import Adapter
from schemas.model_package import ModelPackage

ADAPTER_CONFIG = "adapter_config.json"

_CANDIDATES = 5
_CONFIG_LIMIT_BYTES = 65_536
_APPROVED = "Approved"


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the weights are and what was found there.

    Attributes:
        base_model: `base_model_name_or_path` of adapter_config.json, "" when not known.
        rank: LoRA rank from there, None when not known.
        warnings: What could not be seen, and what differs.
    """

    uri: str
    base_model: str = ""
    rank: int | None = None
    warnings: tuple[str, ...] = ()


def chosen_version(
    request: RolloutRequest,
    aws: Aws,
    elsewhere: Callable[[str], Aws],
    target_project: str,
    call: Call,
    *,
    silence: str = "",
) -> ModelPackage:
    """Return the version that the call names, read afresh where it is registered.

    Args:
        elsewhere: Opens the same account in another region, for an ARN that names one.
        silence: Why a person who was asked did not choose, for the message.

    Raises:
        InvalidArgument: the call names none (the newest are `candidates`), it belongs to a
            tune group, or is no adapter.
        NotFound: there is no such version.
        PreconditionFailed: it is not approved.
    """
    if not request.version_arn and not request.version:
        raise _not_named(request, aws, target_project, call, silence)
    arn = _arn(request, aws, target_project)
    _refuse_tune_group(arn)
    home = aws if arn.region == aws.identity.region else elsewhere(arn.region)
    package = home.packages.describe(str(arn))
    if not package.is_adapter:
        raise InvalidArgument(
            f"version {package.version} of {package.group} is not an adapter but a model",
            hint="list_adapters gives the adapter versions",
            candidates=newest_adapters(home, package.group, "", call),
        )
    if package.approval_status != _APPROVED:
        raise PreconditionFailed(
            f"version {package.version} of {package.group} is "
            f"{package.approval_status or 'not approved'}, not {_APPROVED}",
            hint="approve it in the model registry, or choose another version",
            state=package.approval_status,
        )
    return package


def adapter_versions(
    aws: Aws, project: str, adapter_name: str, *, limit: int, call: Call
) -> Sequence[Adapter]:
    """Return the newest adapter versions of a project; of any name where none has this one.

    Raises:
        NotFound: the project has no group.
        RegistryError: they cannot be listed.
    """
    named = {"adapterName": adapter_name} if adapter_name else {}
    page = aws.packages.find(
        project, metadata=IS_ADAPTER | named, limit=limit, cursor=None, call=call
    )
    if not page.packages and adapter_name:
        return adapter_versions(aws, project, "", limit=limit, call=call)
    return [adapter_record(one) for one in page.packages]


def named_versions(aws: Aws, project: str, adapter_name: str, call: Call) -> tuple[str, ...]:
    """Return the ARNs of an adapter's newest versions in a project's group.

    Raises:
        RegistryError: they cannot be listed.
    """
    wanted = IS_ADAPTER | {"adapterName": adapter_name}
    page = aws.packages.find(
        check_project_name(project), metadata=wanted, limit=_CANDIDATES, cursor=None, call=call
    )
    return tuple(one.arn for one in page.packages)


def newest_adapters(
    aws: Aws, project: str, adapter_name: str, call: Call
) -> list[Mapping[str, Any]]:
    """Return the newest adapter versions of a project, none when they cannot be had."""
    try:
        found = adapter_versions(aws, project, adapter_name, limit=_CANDIDATES, call=call)
    except RegistryError:  # candidates are a courtesy beside the error that is being told
        return []
    return [one.wire() for one in found]


def find_weights(package: ModelPackage, aws: Aws) -> Weights:
    """Return where a version's weights are, after looking whether they are there.

    Args:
        aws: The account and region that the weights are to be served in.

    Raises:
        PreconditionFailed: it records no location, nothing is there any more, or what is there
            is in another region than the endpoint.

    Source: record contract, section 6, step 2; the endpoint's role reads the weights, so that
    the caller may not see them is only a warning. Weights have to be in the endpoint's region.
    """
    uri, warnings = _location(package)
    if PackageArn.parse(package.arn).region != aws.identity.region:
        warnings = (*warnings, *_check_region(uri, aws))
    look = _archive if uri.endswith(".tar.gz") else _prefix
    try:
        found = look(uri, aws.objects)
    except NotFound as error:
        raise _gone(uri) from error
    except PermissionDenied as error:
        found = Weights(uri, warnings=(f"weights not read: {error.message}",))
    return replace(found, warnings=(*warnings, *found.warnings))


def normalised(location: str) -> str:
    """Return an archive as it is, and a prefix with its last slash.

    Source: record contract, section 6, step 2.
    """
    return location if location.endswith(".tar.gz") else f"{location.removesuffix('/')}/"


def _not_named(
    request: RolloutRequest, aws: Aws, target_project: str, call: Call, silence: str
) -> InvalidArgument:
    project = check_project_name(request.source_project or target_project)
    return InvalidArgument(
        "the call does not say which version to roll out" + (f", and {silence}" if silence else ""),
        hint="pass version_arn, or version and source_project; the newest are in candidates",
        candidates=newest_adapters(aws, project, request.adapter_name, call),
    )


def _arn(request: RolloutRequest, aws: Aws, target_project: str) -> PackageArn:
    if not request.version_arn:
        return _numbered(request, aws, target_project)
    arn = PackageArn.parse(request.version_arn)
    if request.version and request.version != arn.version:
        raise InvalidArgument(f"version is {request.version}, version_arn names {arn.version}")
    if request.source_project and request.source_project.lower() != arn.group.lower():
        raise InvalidArgument(
            f"source_project is {request.source_project}, version_arn names {arn.group}"
        )
    return arn


def _numbered(request: RolloutRequest, aws: Aws, target_project: str) -> PackageArn:
    if request.version < 0:
        raise InvalidArgument("version is below 1")
    identity = aws.identity
    return PackageArn(
        partition=partition_of(identity.region),
        region=identity.region,
        account=identity.account,
        group=check_project_name(request.source_project or target_project),
        version=request.version,
    )


def _refuse_tune_group(arn: PackageArn) -> None:
    if arn.is_tune_group:
        raise InvalidArgument(
            f"{arn.group} is what training wrote; it lacks what a deployment needs",
            hint=f"use a version of group {arn.project}, where register_deployment puts adapters",
        )


def _location(package: ModelPackage) -> tuple[str, tuple[str, ...]]:
    specified, noted = package.model_data_url, package.metadata.get("modelDataUrl")
    location = specified or noted
    if not location:
        raise PreconditionFailed(
            f"version {package.version} of {package.group} records no location of its weights",
            hint="register the adapter again, from a folder whose conf has ADAPTER_WEIGHTS_URI",
        )
    if not location.startswith("s3://"):
        raise PreconditionFailed("the version's weights are not at an s3:// location")
    if specified and noted and not same_weights(specified, noted):
        warning = "the version's inference specification and metadata name different weights"
        return normalised(location), (f"{warning}; the specification's are used",)
    return normalised(location), ()


def _gone(uri: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"there are no weights at {uri} any more",
        hint="restore them, or register the adapter again with the place they are at",
    )


def _check_region(uri: str, aws: Aws) -> tuple[str, ...]:
    """Return a warning where nobody tells the bucket's region.

    Raises:
        PreconditionFailed: it is another one than the endpoint's.
    """
    try:
        there = aws.objects.region(uri)
    except NotFound as error:
        raise _gone(uri) from error
    except PermissionDenied as error:
        return (f"whether the weights are in {aws.identity.region} is not known: {error.message}",)
    if there != aws.identity.region:
        raise PreconditionFailed(
            f"the weights at {uri} are in {there}, the endpoint is in {aws.identity.region}",
            hint=f"copy them to a bucket in {aws.identity.region} and register the adapter there",
        )
    return ()


def _archive(uri: str, objects: Objects) -> Weights:
    beginning = objects.read(uri, limit_bytes=BEGINNING_BYTES)
    if not beginning:
        raise PreconditionFailed(f"the archive at {uri} is empty", hint="upload the weights again")
    try:
        text = config_in_archive(beginning, ADAPTER_CONFIG)
    except NotAnArchive as error:
        return Weights(uri, warnings=(f"the weights are not a .tar.gz ({error})",))
    return Weights(uri) if text is None else _described(uri, text)


def _prefix(uri: str, objects: Objects) -> Weights:
    """Return the weights under a prefix; its adapter_config.json shows that they are there."""
    try:
        text = objects.read(f"{uri}{ADAPTER_CONFIG}", limit_bytes=_CONFIG_LIMIT_BYTES)
    except NotFound:
        why = f"no {ADAPTER_CONFIG} beside the weights"
    except PermissionDenied as error:
        why = f"weights not read: {error.message}"
    else:
        return _described(uri, text)
    if next(objects.under(uri), None) is None:
        raise _gone(uri)
    return Weights(uri, warnings=(why,))


def _described(uri: str, text: bytes) -> Weights:
    """Return the weights with what their adapter_config.json tells."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return Weights(uri, warnings=(f"{ADAPTER_CONFIG} is not JSON",))
    if not isinstance(said, dict):
        return Weights(uri, warnings=(f"{ADAPTER_CONFIG} is no object",))
    base, rank = said.get("base_model_name_or_path"), said.get("r")
    return Weights(
        uri,
        base_model=base if isinstance(base, str) else "",
        rank=rank if isinstance(rank, int) and not isinstance(rank, bool) else None,
    )
