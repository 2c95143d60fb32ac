"""Which adapter version is rolled out, read afresh; and which there are to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry.adapters import IS_ADAPTER, adapter_record
from registry.calls import Call
from registry.errors import (
    InvalidArgument,
    PreconditionFailed,
    RegistryError,
)
from registry.identifiers import PackageArn, check_project_name, partition_of
from registry.rollout.request import RolloutRequest
from registry.stores import Aws
from schemas.adapter import Adapter
from schemas.model_package import ModelPackage

_CANDIDATES = 5
_APPROVED = "Approved"


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
