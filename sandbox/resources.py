"""Which resource a call is about, as a denial names it.

Source: the resource types of the service authorization reference; operations that cannot be
narrowed to a resource say ``*``.
"""

from sandbox.context import Context
from sandbox.documents import Document

# Per operation: the kind of resource in its ARN and the member that names it.
_NAMED = {
    "CreateModelPackageGroup": ("model-package-group", "ModelPackageGroupName"),
    "DescribeModelPackageGroup": ("model-package-group", "ModelPackageGroupName"),
    "DeleteModelPackageGroup": ("model-package-group", "ModelPackageGroupName"),
    "CreateModelPackage": ("model-package-group", "ModelPackageGroupName"),
    "DescribeModelPackage": ("model-package", "ModelPackageName"),
    "UpdateModelPackage": ("model-package", "ModelPackageArn"),
    "DeleteModelPackage": ("model-package", "ModelPackageName"),
    "CreateEndpointConfig": ("endpoint-config", "EndpointConfigName"),
    "DescribeEndpointConfig": ("endpoint-config", "EndpointConfigName"),
    "CreateEndpoint": ("endpoint", "EndpointName"),
    "DescribeEndpoint": ("endpoint", "EndpointName"),
    "DeleteEndpoint": ("endpoint", "EndpointName"),
    "CreateInferenceComponent": ("inference-component", "InferenceComponentName"),
    "DescribeInferenceComponent": ("inference-component", "InferenceComponentName"),
    "UpdateInferenceComponent": ("inference-component", "InferenceComponentName"),
    "DeleteInferenceComponent": ("inference-component", "InferenceComponentName"),
    "CreateHub": ("hub", "HubName"),
    "DescribeHub": ("hub", "HubName"),
    "DeleteHub": ("hub", "HubName"),
    "ListHubContents": ("hub", "HubName"),
    "CreateRepository": ("repository", "repositoryName"),
    "PutImage": ("repository", "repositoryName"),
    "DescribeImages": ("repository", "repositoryName"),
}

_ABOUT_HUB_CONTENT = frozenset(
    {
        "ImportHubContent",
        "DescribeHubContent",
        "ListHubContentVersions",
        "UpdateHubContent",
        "DeleteHubContent",
    }
)
_HUB_CONTENT_NAMES = ("HubName", "HubContentType", "HubContentName")


def resource_arn(context: Context, service: str, operation: str, request: Document) -> str:
    """Return the ARN of what the call is about, or ``*``."""
    if operation in _ABOUT_HUB_CONTENT:
        hub, *rest = (str(request.get(member, "*")) for member in _HUB_CONTENT_NAMES)
        return context.arn(service, "/".join(["hub-content", hub.rpartition("/")[2], *rest]))
    kind, member = _NAMED.get(operation, ("", ""))
    name = request.get(member, "")
    if not isinstance(name, str) or not name:
        return "*"
    return name if name.startswith("arn:") else context.arn(service, f"{kind}/{name}")
