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
    "CreateRepository": ("repository", "repositoryName"),
    "PutImage": ("repository", "repositoryName"),
    "DescribeImages": ("repository", "repositoryName"),
}


def resource_arn(context: Context, service: str, operation: str, request: Document) -> str:
    """Return the ARN of what the call is about, or ``*``."""
    kind, member = _NAMED.get(operation, ("", ""))
    name = request.get(member, "")
    if not isinstance(name, str) or not name:
        return "*"
    return name if name.startswith("arn:") else context.arn(service, f"{kind}/{name}")
