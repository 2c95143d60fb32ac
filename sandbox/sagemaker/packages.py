"""Model packages: the numbered versions of a group.

Choices where AWS says nothing, all but the last one settings: a client token is remembered for
ever; the same token with another request is a ConflictException; the number of a deleted version
does not return; ``group/7`` is not taken for an ARN; packages outside a group are refused.
"""

import json

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal, invalid
from sandbox.sagemaker import index, lifecycle, listing
from sandbox.sagemaker.groups import find_group

_METADATA_LIMIT = 50
_SUMMARY = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
)
_SORTS = {
    "CreationTime": ("CreationTime", "ModelPackageVersion"),
    "Name": ("ModelPackageGroupName", "ModelPackageVersion"),
}


def create_model_package(context: Context, request: Document) -> Document:
    """Add a version to a group, or return the one that the same token made before."""
    group_name = request.get("ModelPackageGroupName")
    if not group_name:
        raise invalid("The sandbox keeps versioned packages only: give a ModelPackageGroupName")
    for member in ("ModelPackageName", "Tags"):
        if member in request:
            raise invalid(f"{member} must not be given for a versioned model package")
    token = request.get("ClientToken", "")
    if (earlier := _done_before(context, token, request)) is not None:
        return {"ModelPackageArn": earlier}
    group = find_group(context, group_name)
    group["_last_version"] = _next_version(context, group)
    package = _new_package(context, group, request)
    arn: str = package["ModelPackageArn"]
    _remember(context, token, request, arn)
    _store(context, package)
    return {"ModelPackageArn": arn}


def describe_model_package(context: Context, request: Document) -> Document:
    """Describe one version, by ARN."""
    package = _find_package(context, request["ModelPackageName"], polled=True)
    left_out = "ModelCard" if request.get("IncludedData") == "MetadataOnly" else ""
    shown = {name: value for name, value in _public(package).items() if name != left_out}
    return {"ModelPackageName": package["ModelPackageGroupName"], **shown}


def list_model_packages(context: Context, request: Document) -> Document:
    """List versions of a group, or of all groups when versions are asked for, oldest first."""
    group = request.get("ModelPackageGroupName")
    group_name = find_group(context, group)["ModelPackageGroupName"] if group else ""
    kind = request.get("ModelPackageType", "Versioned" if group else "Unversioned")
    found = [
        _settled(context, package)
        for package in context.state.packages.values()
        if kind != "Unversioned"
        and group_name in {"", package["ModelPackageGroupName"]}
        and _listed(package, request)
    ]
    ordered = listing.sorted_by(found, request, _SORTS, "Ascending")
    shown, token = listing.page("ListModelPackages", request, ordered)
    members = (*_SUMMARY, "ModelLifeCycle")
    return {"ModelPackageSummaryList": [only(one, members) for one in shown], **token}


def update_model_package(context: Context, request: Document) -> Document:
    """Change a version: metadata is merged, listed keys are removed, the rest is replaced."""
    package = dict(_find_package(context, request["ModelPackageArn"]))
    arn: str = package["ModelPackageArn"]
    # A slash is in no token, so that one token may serve a creation and an update.
    token = f"update/{request['ClientToken']}" if "ClientToken" in request else ""
    if _done_before(context, token, request) is not None:
        return {"ModelPackageArn": arn}
    added = request.get("CustomerMetadataProperties", {})
    replaces = bool(added) and not context.settings.metadata_merges
    metadata = {**({} if replaces else package.get("CustomerMetadataProperties", {})), **added}
    for key in request.get("CustomerMetadataPropertiesToRemove", ()):
        metadata.pop(key, None)
    if len(metadata) > _METADATA_LIMIT:
        raise invalid(f"CustomerMetadataProperties would have more than {_METADATA_LIMIT} entries")
    package.update(only(request, _REPLACED))
    package["CustomerMetadataProperties"] = metadata
    if not metadata:
        del package["CustomerMetadataProperties"]
    if more := request.get("AdditionalInferenceSpecificationsToAdd"):
        kept = package.get("AdditionalInferenceSpecifications", [])
        package["AdditionalInferenceSpecifications"] = [*kept, *more]
    package["LastModifiedTime"] = context.now()
    _remember(context, token, request, arn)
    _store(context, package)
    return {"ModelPackageArn": arn}


_REPLACED = (
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


def delete_model_package(context: Context, request: Document) -> Document:
    """Remove one version; its number is not given out again."""
    arn = _find_package(context, request["ModelPackageName"])["ModelPackageArn"]
    del context.state.packages[arn]
    index.note(context, arn, None)
    context.state.changed = True
    return {}


def batch_describe_model_package(context: Context, request: Document) -> Document:
    """Describe up to 100 versions without their metadata; a failure is told per ARN.

    The answer's shape requires an inference specification, so a version without one is
    among the errors (a choice of the sandbox).
    """
    summaries: Document = {}
    errors: Document = {}
    for arn in request["ModelPackageArnList"]:
        try:
            package = _find_package(context, arn)
            if "InferenceSpecification" not in package:
                raise invalid(f"Model package {arn} has no inference specification")
            summaries[arn] = only(package, (*_SUMMARY, "InferenceSpecification"))
        except Refusal as refusal:
            errors[arn] = {"ErrorCode": refusal.code, "ErrorResponse": refusal.message}
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


def _new_package(context: Context, group: Document, request: Document) -> Document:
    name, version, now = group["ModelPackageGroupName"], group["_last_version"], context.now()
    in_arn = name.lower() if context.settings.lower_case_arns else name
    kept = {name: value for name, value in request.items() if name != "ClientToken"}
    package: Document = {
        "ModelApprovalStatus": "PendingManualApproval",
        **kept,
        "ModelPackageGroupName": name,
        "ModelPackageVersion": version,
        "ModelPackageArn": context.arn("sagemaker", f"model-package/{in_arn}/{version}"),
        "CreationTime": now,
        "LastModifiedTime": now,
        "ModelPackageStatus": "Pending",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }
    due_at = now + context.settings.package_seconds
    polls = context.settings.package_polls
    failure = context.settings.package_failure
    details: Document = {"ModelPackageStatusDetails": _failed(failure)} if failure else {}
    lifecycle.begin(
        package, to="Failed" if failure else "Completed", polls=polls, due_at=due_at, **details
    )
    return package


def _failed(reason: str) -> Document:
    validation = {"Name": "validation", "Status": "Failed", "FailureReason": reason}
    return {"ValidationStatuses": [validation]}


def _next_version(context: Context, group: Document) -> int:
    if not context.settings.version_numbers_return:
        return int(group["_last_version"]) + 1
    name = group["ModelPackageGroupName"]
    taken = [
        int(one["ModelPackageVersion"])
        for one in context.state.packages.values()
        if one["ModelPackageGroupName"] == name
    ]
    return max(taken, default=0) + 1


def _done_before(context: Context, token: str, request: Document) -> str | None:
    """Return the ARN that the same token got before, or None for a new or forgotten one."""
    known = context.state.tokens.get(token)
    if known is None:
        return None
    memory_s = context.settings.token_memory_s
    if 0 <= memory_s <= context.now() - known["at"]:
        return None
    if context.settings.token_conflicts and known["request"] != _canonical(request):
        raise Refusal(
            "ConflictException",
            f"ClientToken {request['ClientToken']} was used before with another request",
        )
    return str(known["arn"])


def _remember(context: Context, token: str, request: Document, arn: str) -> None:
    if token:
        kept = {"request": _canonical(request), "arn": arn, "at": context.now()}
        context.state.tokens[token] = kept


def _canonical(request: Document) -> str:
    return json.dumps(request, sort_keys=True, separators=(",", ":"))


def _store(context: Context, package: Document) -> None:
    context.state.packages[package["ModelPackageArn"]] = package
    context.state.changed = True
    index.note(context, package["ModelPackageArn"], package)


def _find_package(context: Context, arn: str, *, polled: bool = False) -> Document:
    full = arn if arn.startswith("arn:") else context.arn("sagemaker", f"model-package/{arn}")
    known = full if context.settings.version_names else arn
    package: Document | None = context.state.packages.get(known)
    if package is None:
        raise invalid(f"ModelPackage {full} {context.settings.absent_package_words}.")
    return _settled(context, package, polled=polled)


def _settled(context: Context, package: Document, *, polled: bool = False) -> Document:
    if "_change" in package:
        modified = package["LastModifiedTime"]
        lifecycle.settle(package, "ModelPackageStatus", context.now(), polled=polled)
        # Nobody modified it: its validation came to an end.
        package["LastModifiedTime"] = modified
        context.state.changed = True
    return package


def _listed(package: Document, request: Document) -> bool:
    approval = request.get("ModelApprovalStatus")
    return (
        request.get("NameContains", "") in package["ModelPackageGroupName"]
        and approval in {None, package["ModelApprovalStatus"]}
        and listing.within_times(package, request)
    )


def _public(package: Document) -> Document:
    return {name: value for name, value in package.items() if not name.startswith("_")}


OPERATIONS: dict[str, Handler] = {
    "CreateModelPackage": create_model_package,
    "DescribeModelPackage": describe_model_package,
    "ListModelPackages": list_model_packages,
    "UpdateModelPackage": update_model_package,
    "DeleteModelPackage": delete_model_package,
    "BatchDescribeModelPackage": batch_describe_model_package,
}
