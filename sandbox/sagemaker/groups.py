"""Model package groups."""

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal, invalid
from sandbox.sagemaker import listing

_ANSWERED = (
    "ModelPackageGroupName",
    "ModelPackageGroupArn",
    "ModelPackageGroupDescription",
    "CreationTime",
    "ModelPackageGroupStatus",
    "ManagedConfiguration",
)
_SORTS = {
    "CreationTime": ("CreationTime", "ModelPackageGroupName"),
    "Name": ("ModelPackageGroupName",),
}


def create_model_package_group(context: Context, request: Document) -> Document:
    """Make an empty group; its name must be free."""
    name = request["ModelPackageGroupName"]
    arn = group_arn(context, name)
    if name in context.state.groups:
        raise invalid(f"Model Package Group already exists: {arn}")
    context.state.groups[name] = {
        **request,
        "ModelPackageGroupArn": arn,
        "CreationTime": context.now(),
        "ModelPackageGroupStatus": "Completed",
        "_last_version": 0,
    }
    context.state.changed = True
    return {"ModelPackageGroupArn": arn}


def describe_model_package_group(context: Context, request: Document) -> Document:
    """Describe one group, by name or ARN."""
    group = find_group(context, request["ModelPackageGroupName"])
    return {**only(group, _ANSWERED), "CreatedBy": {}}


def list_model_package_groups(context: Context, request: Document) -> Document:
    """List groups, newest first unless asked otherwise."""
    part = request.get("NameContains", "")
    found = [
        group
        for group in context.state.groups.values()
        if part in group["ModelPackageGroupName"] and listing.within_times(group, request)
    ]
    ordered = listing.sorted_by(found, request, _SORTS, "Descending")
    shown, token = listing.page("ListModelPackageGroups", request, ordered)
    return {"ModelPackageGroupSummaryList": [only(one, _ANSWERED) for one in shown], **token}


def delete_model_package_group(context: Context, request: Document) -> Document:
    """Remove a group that has no versions left."""
    group = find_group(context, request["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    if any(one["ModelPackageGroupName"] == name for one in context.state.packages.values()):
        raise Refusal("ConflictException", f"Model Package Group {name} still has model packages")
    del context.state.groups[name]
    context.state.changed = True
    return {}


def group_arn(context: Context, name: str) -> str:
    """Return the ARN of the group ``name``."""
    return context.arn("sagemaker", f"model-package-group/{name}")


def find_group(context: Context, name_or_arn: str) -> Document:
    """Return the stored group, or refuse: absent groups are validation errors here."""
    name = name_or_arn.rpartition("/")[2]
    arn = name_or_arn if name_or_arn.startswith("arn:") else group_arn(context, name)
    group: Document | None = context.state.groups.get(name)
    if group is None or group["ModelPackageGroupArn"] != arn:
        raise invalid(f"ModelPackageGroup {arn} does not exist.")
    return group


OPERATIONS: dict[str, Handler] = {
    "CreateModelPackageGroup": create_model_package_group,
    "DescribeModelPackageGroup": describe_model_package_group,
    "ListModelPackageGroups": list_model_package_groups,
    "DeleteModelPackageGroup": delete_model_package_group,
}
