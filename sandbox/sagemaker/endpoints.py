"""Endpoint configurations and endpoints."""

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.model import load
from sandbox.protocol import invalid
from sandbox.sagemaker import lifecycle, listing

_CONFIG_MEMBERS = (
    "EndpointConfigName",
    "EndpointConfigArn",
    "ProductionVariants",
    "ShadowProductionVariants",
    "DataCaptureConfig",
    "KmsKeyId",
    "CreationTime",
    "AsyncInferenceConfig",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
)
_MEMBERS = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "EndpointStatus",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
)
_SUMMARY = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
_SORTS = {
    "CreationTime": ("CreationTime", "EndpointName"),
    "Name": ("EndpointName",),
    "Status": ("EndpointStatus", "EndpointName"),
}


def create_endpoint_config(context: Context, request: Document) -> Document:
    """Keep a configuration; its name must be free."""
    name = request["EndpointConfigName"]
    arn = context.arn("sagemaker", f"endpoint-config/{name}")
    if name in context.state.endpoint_configs:
        raise invalid(f'Cannot create already existing endpoint configuration "{arn}".')
    context.state.endpoint_configs[name] = {
        **request,
        "EndpointConfigArn": arn,
        "CreationTime": context.now(),
    }
    context.state.changed = True
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(context: Context, request: Document) -> Document:
    """Return a configuration as it was given."""
    return only(_find_config(context, request["EndpointConfigName"]), _CONFIG_MEMBERS)


def create_endpoint(context: Context, request: Document) -> Document:
    """Start an endpoint from a configuration; its name must be free."""
    name, now = request["EndpointName"], context.now()
    arn = endpoint_arn(context, name)
    if _present(context, name) is not None:
        raise invalid(f'Cannot create already existing endpoint "{arn}".')
    config = _find_config(context, request["EndpointConfigName"])
    endpoint: Document = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": config["EndpointConfigName"],
        "ProductionVariants": [_variant(one) for one in config["ProductionVariants"]],
        "EndpointStatus": "Creating",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    due_at = now + context.settings.endpoint_seconds
    polls = context.settings.endpoint_polls
    lifecycle.begin(endpoint, to="InService", polls=polls, due_at=due_at)
    context.state.endpoints[name] = endpoint
    context.state.changed = True
    return {"EndpointArn": arn}


def describe_endpoint(context: Context, request: Document) -> Document:
    """Describe one endpoint; looking is what brings a new one into service."""
    return only(find_endpoint(context, request["EndpointName"], polled=True), _MEMBERS)


def list_endpoints(context: Context, request: Document) -> Document:
    """List endpoints, newest first unless asked otherwise."""
    status = request.get("StatusEquals")
    present = [_present(context, name) for name in list(context.state.endpoints)]
    found = [
        one
        for one in present
        if one is not None
        and request.get("NameContains", "") in one["EndpointName"]
        and status in {None, one["EndpointStatus"]}
        and listing.within_times(one, request)
    ]
    ordered = listing.sorted_by(found, request, _SORTS, "Descending")
    shown, token = listing.page("ListEndpoints", request, ordered)
    return {"Endpoints": [only(one, _SUMMARY) for one in shown], **token}


def delete_endpoint(context: Context, request: Document) -> Document:
    """Start removing an endpoint that serves no component any more."""
    endpoint = find_endpoint(context, request["EndpointName"])
    name = endpoint["EndpointName"]
    if any(one["EndpointName"] == name for one in context.state.components.values()):
        raise invalid(f'Endpoint "{endpoint["EndpointArn"]}" still has inference components.')
    endpoint["EndpointStatus"] = "Deleting"
    due_at = context.now() + context.settings.deletion_seconds
    polls = context.settings.deletion_polls
    lifecycle.begin(endpoint, to=lifecycle.GONE, polls=polls, due_at=due_at)
    context.state.changed = True
    return {}


def put_into(context: Context, name: str, status: str, reason: str) -> None:
    """Let the endpoint ``name`` be in ``status`` from now on, as if something had happened to it.

    Raises:
        ValueError: there is no such endpoint or status.
    """
    statuses = load("sagemaker").shape("EndpointStatus").enum
    if status not in statuses:
        raise ValueError(f"no status {status!r} of an endpoint; they are {list(statuses)}")
    endpoint = _present(context, name)
    if endpoint is None:
        raise ValueError(f"no endpoint {name!r}")
    for member in ("_change", "FailureReason"):
        endpoint.pop(member, None)
    endpoint.update({"EndpointStatus": status, "LastModifiedTime": context.now()})
    if reason:
        endpoint["FailureReason"] = reason
    context.state.changed = True


def endpoint_arn(context: Context, name: str) -> str:
    """Return the ARN of the endpoint ``name``."""
    return context.arn("sagemaker", f"endpoint/{name}")


def find_endpoint(context: Context, name: str, *, polled: bool = False) -> Document:
    """Return the endpoint, brought up to date, or refuse."""
    endpoint = _present(context, name, polled=polled)
    if endpoint is None:
        raise invalid(f'Could not find endpoint "{endpoint_arn(context, name)}".')
    return endpoint


def _present(context: Context, name: str, *, polled: bool = False) -> Document | None:
    endpoint: Document | None = context.state.endpoints.get(name)
    if endpoint is None or "_change" not in endpoint:
        return endpoint
    context.state.changed = True
    status = lifecycle.settle(endpoint, "EndpointStatus", context.now(), polled=polled)
    if status == lifecycle.GONE:
        del context.state.endpoints[name]
        return None
    return endpoint


def _find_config(context: Context, name: str) -> Document:
    config: Document | None = context.state.endpoint_configs.get(name)
    if config is None:
        arn = context.arn("sagemaker", f"endpoint-config/{name}")
        raise invalid(f'Could not find endpoint configuration "{arn}".')
    return config


def _variant(variant: Document) -> Document:
    count = variant.get("InitialInstanceCount", 1)
    return {
        "VariantName": variant["VariantName"],
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }


OPERATIONS: dict[str, Handler] = {
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": describe_endpoint_config,
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": describe_endpoint,
    "ListEndpoints": list_endpoints,
    "DeleteEndpoint": delete_endpoint,
}
