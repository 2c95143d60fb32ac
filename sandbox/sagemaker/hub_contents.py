"""Hub contents: imported versions of datasets, JSON documents and the rest.

Choices where AWS says nothing: a version that was not given is 1.0.0, then the next minor one;
the latest version is the highest number, whatever its status; a version whose import failed
keeps its number; the versions of an unknown content are ResourceNotFound, not an empty list;
a hub that is not InService, and a content in change, are in use; a document that is no JSON
object ends in ImportFailed, and nothing else about a document is looked at.
"""

import json
import re
from collections.abc import Callable, Iterable

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal, invalid
from sandbox.sagemaker import lifecycle, listing
from sandbox.sagemaker.hubs import find_hub, in_use

_NEVER = 1e12
_FIRST_VERSION = "1.0.0"
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_TEXTS = (
    "HubContentDisplayName",
    "HubContentDescription",
    "HubContentMarkdown",
    "SupportStatus",
    "HubContentSearchKeywords",
)
_SUMMARY = (
    "HubContentName",
    "HubContentArn",
    "HubContentVersion",
    "HubContentType",
    "DocumentSchemaVersion",
    "HubContentDisplayName",
    "HubContentDescription",
    "SupportStatus",
    "HubContentSearchKeywords",
    "HubContentStatus",
    "CreationTime",
)
_MEMBERS = (
    *_SUMMARY,
    "HubName",
    "HubArn",
    "HubContentMarkdown",
    "HubContentDocument",
    "FailureReason",
    "LastModifiedTime",
)
_SORTS = {
    "CreationTime": ("CreationTime", "HubContentName", "_number"),
    "HubContentName": ("HubContentName", "_number"),
    "HubContentStatus": ("HubContentStatus", "HubContentName", "_number"),
}


def import_hub_content(context: Context, request: Document) -> Document:
    """Start importing a version; it must be free."""
    hub = find_hub(context, request["HubName"])
    if hub["HubStatus"] != "InService":
        raise in_use(f"Hub {hub['HubArn']} is {hub['HubStatus']}.")
    kind, name = request["HubContentType"], request["HubContentName"]
    versions = _versions(context, hub, kind, name)
    version = request.get("HubContentVersion") or _next_version(versions)
    number, now = _number(version), context.now()
    if any(one["_number"] == number for one in versions):
        raise in_use(f"Version {version} of hub content {name} already exists.")
    arn = context.arn("sagemaker", f"hub-content/{hub['HubName']}/{kind}/{name}/{version}")
    content: Document = {
        **request,
        "HubName": hub["HubName"],
        "HubArn": hub["HubArn"],
        "HubContentArn": arn,
        "HubContentVersion": version,
        "HubContentStatus": "Importing",
        "CreationTime": now,
        "LastModifiedTime": now,
        "_number": number,
    }
    context.state.hub_contents[arn] = content
    _begin_import(context, content)
    return only(content, ("HubArn", "HubContentArn"))


def describe_hub_content(context: Context, request: Document) -> Document:
    """Describe one version, the latest unless one is named; looking is what ends its import."""
    return only(_find(context, request, polled=True), _MEMBERS)


def list_hub_contents(context: Context, request: Document) -> Document:
    """List the latest version of each content of a type, newest first unless asked otherwise."""
    hub = find_hub(context, request["HubName"])
    part = request.get("NameContains", "")
    found = _settled(
        context,
        lambda one: (
            (one["HubArn"], one["HubContentType"]) == (hub["HubArn"], request["HubContentType"])
            and part in one["HubContentName"]
            and _listed(one, request)
        ),
    )
    latest = {one["HubContentName"]: one for one in sorted(found, key=_by_number)}
    return _summaries("ListHubContents", request, latest.values())


def list_hub_content_versions(context: Context, request: Document) -> Document:
    """List every version of one content, newest first unless asked otherwise."""
    hub = find_hub(context, request["HubName"])
    kind, name = request["HubContentType"], request["HubContentName"]
    versions = _versions(context, hub, kind, name)
    if not versions:
        raise _absent(hub, kind, name)
    least = _number(request.get("MinVersion", "0.0.0"))
    found = [one for one in versions if one["_number"] >= least and _listed(one, request)]
    return _summaries("ListHubContentVersions", request, found)


def update_hub_content(context: Context, request: Document) -> Document:
    """Change the texts and keywords of one version, never its document."""
    content = _find(context, request)
    _refuse_in_change(content)
    content.update(only(request, _TEXTS))
    content["LastModifiedTime"] = context.now()
    context.state.changed = True
    return only(content, ("HubArn", "HubContentArn"))


def delete_hub_content(context: Context, request: Document) -> Document:
    """Start removing one version."""
    content = _find(context, request)
    _refuse_in_change(content)
    content["HubContentStatus"] = "Deleting"
    due_at = context.now() + context.settings.deletion_seconds
    polls = context.settings.deletion_polls
    lifecycle.begin(content, to=lifecycle.GONE, polls=polls, due_at=due_at)
    context.state.changed = True
    return {}


def plan_import(context: Context, name: str, outcome: str, reason: str) -> None:
    """Decide how imports of the content ``name`` end, those under way and those yet to come.

    Args:
        context: the account and region it is in.
        name: the content's name, in whatever hub and of whatever type.
        outcome: "Available", "ImportFailed" or "Hang" (no end).
        reason: FailureReason, for ImportFailed.
    """
    context.state.import_outcomes[name] = {"outcome": outcome, "reason": reason}
    context.state.changed = True
    for content in context.state.hub_contents.values():
        if content["HubContentName"] == name and content["HubContentStatus"] == "Importing":
            looks_left = content["_change"]["polls_left"]
            _begin_import(context, content)
            content["_change"]["polls_left"] = min(content["_change"]["polls_left"], looks_left)


def _begin_import(context: Context, content: Document) -> None:
    """Start the import that the plan, or else the document, calls for."""
    plan = context.state.import_outcomes.get(content["HubContentName"], {})
    outcome, reason = plan.get("outcome", "Available"), plan.get("reason", "")
    if not plan and not _is_json_object(content["HubContentDocument"]):
        outcome, reason = "ImportFailed", "HubContentDocument is not a JSON object."
    if outcome == "ImportFailed":
        reason = reason or "The hub content could not be imported."
    polls = context.settings.import_polls
    due_at = context.now() + context.settings.import_seconds
    if outcome == "Hang":
        outcome, polls, due_at = "Available", int(_NEVER), _NEVER
    lifecycle.begin(content, to=outcome, polls=polls, due_at=due_at, reason=reason)
    context.state.changed = True


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _find(context: Context, request: Document, *, polled: bool = False) -> Document:
    """Return the version that the request is about, the latest when it names none, or refuse."""
    hub = find_hub(context, request["HubName"])
    kind, name = request["HubContentType"], request["HubContentName"]
    versions = _versions(context, hub, kind, name)
    if wanted := request.get("HubContentVersion"):
        number = _number(wanted)
        versions = [one for one in versions if one["_number"] == number]
    while versions:
        latest = versions.pop()
        if _stays(context, latest, polled=polled):
            return latest
    raise _absent(hub, kind, name)


def _versions(context: Context, hub: Document, kind: str, name: str) -> list[Document]:
    """Return every version of one content, brought up to date, the lowest number first."""
    wanted = (hub["HubArn"], kind, name)
    found = _settled(
        context,
        lambda one: (one["HubArn"], one["HubContentType"], one["HubContentName"]) == wanted,
    )
    return sorted(found, key=_by_number)


def _settled(context: Context, wanted: Callable[[Document], bool]) -> list[Document]:
    found = [one for one in context.state.hub_contents.values() if wanted(one)]
    return [one for one in found if _stays(context, one, polled=False)]


def _stays(context: Context, content: Document, *, polled: bool) -> bool:
    """Bring a content up to date and return whether it is still there."""
    if "_change" not in content:
        return True
    context.state.changed = True
    now = context.now()
    if lifecycle.settle(content, "HubContentStatus", now, polled=polled) != lifecycle.GONE:
        return True
    del context.state.hub_contents[content["HubContentArn"]]
    return False


def _refuse_in_change(content: Document) -> None:
    if "_change" in content:
        raise in_use(f"Hub content {content['HubContentArn']} is {content['HubContentStatus']}.")


def _absent(hub: Document, kind: str, name: str) -> Refusal:
    return Refusal(
        "ResourceNotFound", f"Hub content {kind}/{name} of hub {hub['HubArn']} does not exist."
    )


def _listed(content: Document, request: Document) -> bool:
    schema = _number(content["DocumentSchemaVersion"])
    greatest = request.get("MaxSchemaVersion")
    fits = greatest is None or schema <= _number(greatest)
    return fits and listing.within_times(content, request)


def _summaries(operation: str, request: Document, found: Iterable[Document]) -> Document:
    ordered = listing.sorted_by(list(found), request, _SORTS, "Descending")
    shown, token = listing.page(operation, request, ordered)
    return {"HubContentSummaries": [only(one, _SUMMARY) for one in shown], **token}


def _next_version(versions: list[Document]) -> str:
    if not versions:
        return _FIRST_VERSION
    major, minor, _patch = versions[-1]["_number"]
    return f"{major}.{minor + 1}.0"


def _by_number(content: Document) -> list[int]:
    number: list[int] = content["_number"]
    return number


def _number(version: str) -> list[int]:
    """Return a version's numbers; the model's pattern lets more pass than versions are."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise invalid(f"Version {version} is not three numbers with dots between them")
    return [int(part) for part in match.groups()]


OPERATIONS: dict[str, Handler] = {
    "ImportHubContent": import_hub_content,
    "DescribeHubContent": describe_hub_content,
    "ListHubContents": list_hub_contents,
    "ListHubContentVersions": list_hub_content_versions,
    "UpdateHubContent": update_hub_content,
    "DeleteHubContent": delete_hub_content,
}
