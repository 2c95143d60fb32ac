"""Model packages: the numbered versions of a group.

Choices where AWS says nothing: a client token is remembered for ever; the same token with
another request is a ConflictException; the number of a deleted version does not return;
``group/7`` is not taken for an ARN; packages outside a group are refused.
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
    if (earlier := _made_before(context, request)) is not None:
        return {"ModelPackageArn": earlier}
    group = find_group(context, group_name)
    group["_last_version"] += 1
    package = _new_package(context, group, request)
    arn = package["ModelPackageArn"]
    if token := request.get("ClientToken"):
        context.state.tokens[token] = {"request": _canonical(request), "arn": arn}
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
    metadata = {
        **package.get("CustomerMetadataProperties", {}),
        **request.get("CustomerMetadataProperties", {}),
    }
    for key in request.get("CustomerMetadataPropertiesToRemove", ()):
        metadata.pop(key, None)
    if len(metadata) > _METADATA_LIMIT:
        raise invalid(f"CustomerMetadataProperties would have more than {_METADATA_LIMIT} entries")
    package.update(only(request, _REPLACED))
    package["CustomerMetadataProperties"] = metadata
    if not metadata:
        del package["CustomerMetadataProperties"]
    if added := request.get("AdditionalInferenceSpecificationsToAdd"):
        kept = package.get("AdditionalInferenceSpecifications", [])
        package["AdditionalInferenceSpecifications"] = [*kept, *added]
    package["LastModifiedTime"] = context.now()
    _store(context, package)
    return {"ModelPackageArn": package["ModelPackageArn"]}


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
    kept = {name: value for name, value in request.items() if name != "ClientToken"}
    package: Document = {
        "ModelApprovalStatus": "PendingManualApproval",
        **kept,
        "ModelPackageGroupName": name,
        "ModelPackageVersion": version,
        "ModelPackageArn": context.arn("sagemaker", f"model-package/{name}/{version}"),
        "CreationTime": now,
        "LastModifiedTime": now,
        "ModelPackageStatus": "Pending",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }
    due_at = now + context.settings.package_seconds
    polls = context.settings.package_polls
    lifecycle.begin(package, to="Completed", polls=polls, due_at=due_at)
    return package


def _made_before(context: Context, request: Document) -> str | None:
    token = request.get("ClientToken", "")
    known = context.state.tokens.get(token)
    if known is None:
        return None
    if known["request"] != _canonical(request):
        raise Refusal(
            "ConflictException", f"ClientToken {token} was used before with another request"
        )
    return str(known["arn"])


def _canonical(request: Document) -> str:
    return json.dumps(request, sort_keys=True, separators=(",", ":"))


def _store(context: Context, package: Document) -> None:
    context.state.packages[package["ModelPackageArn"]] = package
    context.state.changed = True
    index.note(context, package["ModelPackageArn"], package)


def _find_package(context: Context, arn: str, *, polled: bool = False) -> Document:
    package: Document | None = context.state.packages.get(arn)
    if package is None:
        shown = arn if arn.startswith("arn:") else context.arn("sagemaker", f"model-package/{arn}")
        raise invalid(f"ModelPackage {shown} does not exist.")
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
