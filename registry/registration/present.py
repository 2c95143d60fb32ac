"""Which versions an earlier, perhaps interrupted, call of the same registration made already.

How long SageMaker remembers a client token is not published, so nothing is made before this
look. What an earlier call made is younger than the local entry, or than the base version, and
has the description that would be given now: both are in the service's lists, and only such
versions are read. Without Search, which lags and may be denied, and whatever else the group holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.adapters import IS_ADAPTER
from registry.calls import Call
from registry.errors import NotFound, PreconditionFailed, RegistryError
from registry.stores import ModelPackages
from schemas.model_package import ModelPackage, ModelPackageDraft

_CLOCKS_APART = timedelta(minutes=5)
"""How far this machine's clock and the service's may be apart."""

_BENCHMARK = "benchmark_"
_LOCATION = "modelDataUrl"
_LINEAGE = ("tuneTechnique", "datasetS3Uri")


@dataclass(slots=True)
class WantedAdapter:
    """An adapter's version that is to be there.

    Attributes:
        has_own_lineage: The folder tells how it was trained. Where another version has to be
            asked, it may answer now and not have answered then, so the lineage tells nothing.
        unread: Why how it was trained is not known yet, though the version it came from may tell
            when it is asked again: a version that is made without that would keep lacking it.
        version: The one that an earlier call made; None unless it was found.
    """

    name: str
    draft: ModelPackageDraft
    has_own_lineage: bool = True
    unread: RegistryError | None = None
    version: ModelPackage | None = None


def find_model(
    packages: ModelPackages, draft: ModelPackageDraft, *, since: datetime, call: Call
) -> ModelPackage | None:
    """Return the version that records the same deployment, None when there is none.

    Args:
        since: When the registration began, by this machine's clock.

    Raises:
        PreconditionFailed: more versions were made since than a call may look at.
    """
    begin = since - _CLOCKS_APART
    for package in _made(packages, draft.group, begin, draft.description, {"isAdapter": ""}, call):
        if _same_model(package, draft):
            return package
    return None


def find_adapters(
    packages: ModelPackages,
    base: ModelPackage,
    wanted: Sequence[WantedAdapter],
    *,
    since: datetime,
    call: Call,
) -> None:
    """Set the versions of the adapters that are linked to the base already.

    What was found before an error stays found.

    Args:
        since: When the registration began, for a base whose own time is not known.

    Raises:
        PreconditionFailed: more versions were made since than a call may look at.
    """
    if not wanted:
        return
    begin = base.created_at or since - _CLOCKS_APART
    linked = IS_ADAPTER | {"parentModelVersionArn": base.arn}
    for package in _made(packages, base.group, begin, f", parent: {base.arn}", linked, call):
        alike = [one for one in wanted if not one.version and _same_adapter(package, one)]
        if "adapterName" not in package.metadata:
            del alike[1:]  # it is one adapter's; another one needs a version of its own
        for one in alike:
            one.version = package
        if all(one.version for one in wanted):
            return


def _made(
    packages: ModelPackages,
    group: str,
    since: datetime,
    description: str,
    metadata: Mapping[str, str],
    call: Call,
) -> Iterator[ModelPackage]:
    try:
        yield from packages.made_since(
            group,
            since - timedelta(seconds=1),  # the service's times may be whole seconds
            wanted=lambda told: told.endswith(description),
            metadata=metadata,
            call=call,
        )
    except NotFound:
        return  # no group yet: no version of it either
    except PreconditionFailed as error:
        error.message = f"whether an earlier call made the version is not known: {error.message}"
        error.hint = "other notes, or another idempotency_key, register the deployment anew"
        raise


def _same_model(package: ModelPackage, draft: ModelPackageDraft) -> bool:
    # Where the model is stands in the specification or in the metadata, as there was an image or
    # not when the version was made; benchmark figures are no part of what a deployment is.
    return (
        package.approval_status == draft.approval_status
        and _identity(package.metadata) == _identity(draft.metadata)
        and _location(package) == _location(draft)
    )


def _identity(metadata: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in metadata.items()
        if key != _LOCATION and not key.startswith(_BENCHMARK)
    }


def _location(version: ModelPackage | ModelPackageDraft) -> str:
    return version.model_data_url or version.metadata.get(_LOCATION, "")


def _same_adapter(package: ModelPackage, wanted: WantedAdapter) -> bool:
    # A key that one writer leaves out and another writes as "" means the same; only a version
    # that names its adapter can be another one's (D17, D20).
    keys = [_LOCATION, *(_LINEAGE if wanted.has_own_lineage else ())]
    if "adapterName" in package.metadata:
        keys.append("adapterName")
    told, draft = package.metadata, wanted.draft.metadata
    return all(told.get(key, "") == draft.get(key, "") for key in keys)


def unrecorded_benchmark(found: ModelPackage, draft: ModelPackageDraft) -> list[str]:
    """Return a warning when figures were given that the version there is does not hold."""
    differing = [
        key
        for key, value in draft.metadata.items()
        if key.startswith(_BENCHMARK) and found.metadata.get(key) != value
    ]
    if not differing:
        return []
    return [
        f"version {found.version} was registered without these benchmark figures and is not "
        f"changed: {', '.join(differing)}; other notes register a version with them"
    ]
