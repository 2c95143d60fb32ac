"""Private hubs, which hold hub contents. A hub is named by its name or its ARN.

Choices where AWS says nothing: a hub that holds contents, or is in change already, is in use
and stays; its name is free again once it is gone.
"""

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal
from sandbox.sagemaker import lifecycle

_MEMBERS = (
    "HubName",
    "HubArn",
    "HubDisplayName",
    "HubDescription",
    "HubSearchKeywords",
    "S3StorageConfig",
    "HubStatus",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
)


def create_hub(context: Context, request: Document) -> Document:
    """Start making a hub; its name must be free."""
    name, now = request["HubName"], context.now()
    arn = hub_arn(context, name)
    if _present(context, name) is not None:
        raise in_use(f"Hub {arn} already exists.")
    hub: Document = {
        **request,
        "HubArn": arn,
        "HubStatus": "Creating",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    due_at = now + context.settings.hub_seconds
    lifecycle.begin(hub, to="InService", polls=context.settings.hub_polls, due_at=due_at)
    context.state.hubs[name] = hub
    context.state.changed = True
    return {"HubArn": arn}


def describe_hub(context: Context, request: Document) -> Document:
    """Describe one hub; looking is what brings a new one into service."""
    return only(find_hub(context, request["HubName"], polled=True), _MEMBERS)


def delete_hub(context: Context, request: Document) -> Document:
    """Start removing a hub that holds nothing."""
    hub = find_hub(context, request["HubName"])
    arn = hub["HubArn"]
    if "_change" in hub:
        raise in_use(f"Hub {arn} is {hub['HubStatus']}.")
    if any(one["HubArn"] == arn for one in context.state.hub_contents.values()):
        raise in_use(f"Hub {arn} still has contents.")
    hub["HubStatus"] = "Deleting"
    due_at = context.now() + context.settings.deletion_seconds
    polls = context.settings.deletion_polls
    lifecycle.begin(hub, to=lifecycle.GONE, polls=polls, due_at=due_at)
    context.state.changed = True
    return {}


def hub_arn(context: Context, name: str) -> str:
    """Return the ARN of the hub ``name``."""
    return context.arn("sagemaker", f"hub/{name}")


def find_hub(context: Context, name_or_arn: str, *, polled: bool = False) -> Document:
    """Return the hub, brought up to date, or refuse."""
    name = name_or_arn.rpartition("/")[2]
    arn = name_or_arn if name_or_arn.startswith("arn:") else hub_arn(context, name)
    hub = _present(context, name, polled=polled)
    if hub is None or hub["HubArn"] != arn:
        raise Refusal("ResourceNotFound", f"Hub {arn} does not exist.")
    return hub


def in_use(message: str) -> Refusal:
    """Return the refusal by which hubs say that a name is taken or something is busy."""
    return Refusal("ResourceInUse", message)


def _present(context: Context, name: str, *, polled: bool = False) -> Document | None:
    hub: Document | None = context.state.hubs.get(name)
    if hub is None or "_change" not in hub:
        return hub
    context.state.changed = True
    if lifecycle.settle(hub, "HubStatus", context.now(), polled=polled) == lifecycle.GONE:
        del context.state.hubs[name]
        return None
    return hub


OPERATIONS: dict[str, Handler] = {
    "CreateHub": create_hub,
    "DescribeHub": describe_hub,
    "DeleteHub": delete_hub,
}
