"""Which IAM actions on which resources a call needs: one table per service.

Source: the actions and resource types of the service authorization reference. A call with
several rows needs all of them; operations that cannot be narrowed to a resource need ``*``.
"""

import re
from collections.abc import Iterator, Mapping

from sandbox.context import Context
from sandbox.documents import Document
from sandbox.permissions import Need
from sandbox.protocol import Call

_GROUP = "model-package-group/{ModelPackageGroupName}"
_COMPONENT = "inference-component/{InferenceComponentName}"
_HUB = "hub/{HubName}"
_CONTENT = "hub-content/{HubName}/{HubContentType}/{HubContentName}"

# Per operation: the resources that its action is needed on. ``{X}`` is the request's member X,
# a name or an ARN; a list stands for one resource per item.
RESOURCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sagemaker": {
        "CreateModelPackageGroup": (_GROUP,),
        "DescribeModelPackageGroup": (_GROUP,),
        "DeleteModelPackageGroup": (_GROUP,),
        "ListModelPackageGroups": ("*",),
        "CreateModelPackage": (_GROUP, "model-package/{ModelPackageGroupName}/*"),
        "DescribeModelPackage": ("model-package/{ModelPackageName}",),
        "UpdateModelPackage": ("model-package/{ModelPackageArn}",),
        "DeleteModelPackage": ("model-package/{ModelPackageName}",),
        "BatchDescribeModelPackage": ("model-package/{ModelPackageArnList}",),
        "ListModelPackages": ("*",),
        "Search": ("*",),
        "CreateEndpointConfig": ("endpoint-config/{EndpointConfigName}",),
        "DescribeEndpointConfig": ("endpoint-config/{EndpointConfigName}",),
        "CreateEndpoint": ("endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}"),
        "DescribeEndpoint": ("endpoint/{EndpointName}",),
        "DeleteEndpoint": ("endpoint/{EndpointName}",),
        "ListEndpoints": ("*",),
        "CreateInferenceComponent": ("endpoint/{EndpointName}", _COMPONENT),
        "DescribeInferenceComponent": (_COMPONENT,),
        "UpdateInferenceComponent": (_COMPONENT,),
        "DeleteInferenceComponent": (_COMPONENT,),
        "ListInferenceComponents": ("*",),
        "CreateHub": (_HUB,),
        "DescribeHub": (_HUB,),
        "UpdateHub": (_HUB,),
        "DeleteHub": (_HUB,),
        "ListHubs": ("*",),
        "ListHubContents": (_HUB,),
        "ListHubContentVersions": (_CONTENT, _HUB),
        "DescribeHubContent": (_CONTENT, _HUB),
        "ImportHubContent": (_CONTENT, _HUB),
        "UpdateHubContent": (_CONTENT, _HUB),
        "DeleteHubContent": (_CONTENT, _HUB),
    },
    "ecr": {
        "CreateRepository": ("repository/{repositoryName}",),
        "DescribeRepositories": ("repository/{repositoryNames}",),
        "PutImage": ("repository/{repositoryName}",),
        "DescribeImages": ("repository/{repositoryName}",),
    },
    # Who calls may always be asked.
    "sts": {"GetCallerIdentity": ()},
    "dynamodb": {
        "ListTables": ("*",),
        "Query": ("table/{TableName}/index/{IndexName}",),
        "Scan": ("table/{TableName}/index/{IndexName}",),
        "BatchGetItem": ("table/{RequestItems}",),
        "BatchWriteItem": ("table/{RequestItems}",),
    },
}
_NEW = re.compile(r"Create|Import")
# Every other operation of DynamoDB is about one table.
_TABLE = ("table/{TableName}",)
_ANY_INDEX = "/index/{IndexName}"

# S3's actions are not its operations; an operation that is not here is an action of its name.
S3_ACTIONS: Mapping[str, str] = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
    "GetObjectAttributes": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListBuckets": "s3:ListAllMyBuckets",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListParts": "s3:ListMultipartUploadParts",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
}
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}


def needs(context: Context, call: Call) -> list[Need]:
    """Return everything that ``call`` has to be allowed to do; nothing when it is free to all."""
    if call.service == "s3":
        return list(_s3_needs(context, call))
    if call.service == "dynamodb" and "TransactItems" in call.request:
        return list(_transacted(context, call))
    action = f"{call.service}:{call.operation}"
    default = _TABLE if call.service == "dynamodb" else ("*",)
    templates = RESOURCES[call.service].get(call.operation, default)
    found = [
        Need(action, arn)
        for template in templates
        for arn in _arns(context, call.service, template, call.request)
    ]
    if call.request.get("Tags") and _NEW.match(call.operation):
        found.append(Need(f"{call.service}:AddTags", found[-1].resource))
    return found


def object_listing(context: Context, bucket: str) -> Need:
    """Return what a caller needs to be told that an object is not there."""
    return Need("s3:ListBucket", _s3_arn(context, bucket))


def _arns(context: Context, service: str, template: str, request: Document) -> Iterator[str]:
    """Fill the request's members into a template; ``*`` when one of them is missing."""
    if template.endswith(_ANY_INDEX) and not request.get("IndexName"):
        template = template.removesuffix(_ANY_INDEX)
    resources = [template]
    for name in re.findall(r"\{(\w+)\}", template):
        values = request.get(name, "")
        # A map's keys are the names, as in BatchGetItem.
        each = values if isinstance(values, list | dict) else [values]
        if not each or not all(isinstance(one, str) and one for one in each):
            yield "*"
            return
        resources = [one.replace(f"{{{name}}}", v) for one in resources for v in each]
    for resource in resources:
        yield _arn(context, service, resource)


def _arn(context: Context, service: str, resource: str) -> str:
    if resource == "*":
        return resource
    kind, _, name = resource.partition("/")
    if not name.startswith("arn:"):
        return context.arn(service, resource)
    # "hub/<ARN of the hub>" is that ARN; "hub-content/<ARN of the hub>/..." is not.
    prefix, _, rest = name.partition("/")
    head, _, own_kind = prefix.rpartition(":")
    return name if own_kind == kind else f"{head}:{kind}/{rest}"


def _transacted(context: Context, call: Call) -> Iterator[Need]:
    for item in call.request["TransactItems"]:
        for kind, request in item.items():
            action = f"dynamodb:{_TRANSACTED.get(kind, 'ConditionCheckItem')}"
            for arn in _arns(context, "dynamodb", _TABLE[0], request):
                yield Need(action, arn)


def _s3_needs(context: Context, call: Call) -> Iterator[Need]:
    action = S3_ACTIONS.get(call.operation, f"s3:{call.operation}")
    bucket, key = call.request.get("Bucket", ""), call.request.get("Key", "")
    if source := call.request.get("CopySource"):
        yield Need("s3:GetObject", _s3_arn(context, source.lstrip("/").partition("?")[0]))
    if not bucket:
        yield Need(action, "*")
    elif call.operation == "DeleteObjects":
        yield Need(action, _s3_arn(context, f"{bucket}/*"))
    else:
        yield Need(action, _s3_arn(context, f"{bucket}/{key}" if key else bucket))


def _s3_arn(context: Context, resource: str) -> str:
    return f"arn:{context.partition}:s3:::{resource}"
