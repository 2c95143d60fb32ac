"""Where a version's weights are, whether they are there, and what they say about themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from registry.adapters import same_weights
from registry.errors import NotFound, PermissionDenied, PreconditionFailed
from registry.identifiers import PackageArn
from registry.rollout.archive import BEGINNING_BYTES, NotAnArchive, config_in_archive
from registry.stores import Aws, Objects
from schemas.model_package import ModelPackage

ADAPTER_CONFIG = "adapter_config.json"

_CONFIG_LIMIT_BYTES = 65_536


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
