"""Inference components: base components and the adapters that are loaded into them.

Choices where AWS says nothing: an adapter is refused at once unless its base exists, serves
the same endpoint, is InService and is no adapter itself (all but the first by setting); a base
needs a variant of the endpoint, compute requirements, and a model or an image; a failed update
ends Failed with the new artifact, or, by setting or by plan, InService with the old one.
"""

from sandbox.context import Context, Handler
from sandbox.documents import Document, only
from sandbox.protocol import Refusal, invalid
from sandbox.sagemaker import lifecycle, listing
from sandbox.sagemaker.endpoints import find_endpoint

_NEVER = 1e12
_MEMBERS = (
    "InferenceComponentName",
    "InferenceComponentArn",
    "EndpointName",
    "EndpointArn",
    "VariantName",
    "FailureReason",
    "Specification",
    "Specifications",
    "RuntimeConfig",
    "CreationTime",
    "LastModifiedTime",
    "InferenceComponentStatus",
)
_SUMMARY = (
    "CreationTime",
    "InferenceComponentArn",
    "InferenceComponentName",
    "EndpointArn",
    "EndpointName",
    "VariantName",
    "InferenceComponentStatus",
    "LastModifiedTime",
)
_SORTS = {
    "CreationTime": ("CreationTime", "InferenceComponentName"),
    "Name": ("InferenceComponentName",),
    "Status": ("InferenceComponentStatus", "InferenceComponentName"),
}


def create_inference_component(context: Context, request: Document) -> Document:
    """Start a component on an endpoint; its name must be free."""
    name, now = request["InferenceComponentName"], context.now()
    arn = component_arn(context, name)
    if _present(context, name) is not None:
        raise invalid(f'{context.settings.taken_component_words} "{arn}".')
    endpoint = find_endpoint(context, request["EndpointName"])
    if endpoint["EndpointStatus"] != "InService":
        raise invalid(f'Endpoint "{endpoint["EndpointArn"]}" is not InService.')
    if ("Specification" in request) == ("Specifications" in request):
        raise invalid("Give either Specification or Specifications")
    specification = (request.get("Specification") or request["Specifications"][0]).copy()
    is_adapter = "BaseInferenceComponentName" in specification
    members = (_adapter if is_adapter else _base)(context, request, specification, endpoint)
    component: Document = {
        "InferenceComponentName": name,
        "InferenceComponentArn": arn,
        "EndpointName": endpoint["EndpointName"],
        "EndpointArn": endpoint["EndpointArn"],
        "InferenceComponentStatus": "Creating",
        "CreationTime": now,
        "LastModifiedTime": now,
        "_hidden_polls": context.settings.component_hidden_polls,
        **members,
    }
    context.state.components[name] = component
    _begin(context, component)
    return {"InferenceComponentArn": arn}


def describe_inference_component(context: Context, request: Document) -> Document:
    """Describe one component; looking is what brings a new one into service."""
    name = request["InferenceComponentName"]
    component = _find(context, name, polled=True)
    if component.get("_hidden_polls", 0) > 0:
        component["_hidden_polls"] -= 1
        raise _not_found(context, name)
    shown = only(component, _MEMBERS)
    specification = {**component["Specification"]}
    if base := context.state.components.get(specification.get("BaseInferenceComponentName", "")):
        compute = base["Specification"].get("ComputeResourceRequirements")
        if compute is not None:
            specification["ComputeResourceRequirements"] = compute
    shown["Specification"] = specification
    return shown


def list_inference_components(context: Context, request: Document) -> Document:
    """List components, newest first unless asked otherwise; the default page is 10."""
    wanted = {
        "EndpointName": request.get("EndpointNameEquals"),
        "VariantName": request.get("VariantNameEquals"),
        "InferenceComponentStatus": request.get("StatusEquals"),
    }
    present = [_present(context, name) for name in list(context.state.components)]
    found = [
        one
        for one in present
        if one is not None
        and request.get("NameContains", "") in one["InferenceComponentName"]
        and all(value in {None, one[name]} for name, value in wanted.items())
        and listing.within_times(one, request)
    ]
    ordered = listing.sorted_by(found, request, _SORTS, "Descending")
    shown, token = listing.page("ListInferenceComponents", request, ordered)
    return {"InferenceComponents": [only(one, _SUMMARY) for one in shown], **token}


def update_inference_component(context: Context, request: Document) -> Document:
    """Start serving another artifact or number of copies."""
    component = _find(context, request["InferenceComponentName"])
    arn, old = component["InferenceComponentArn"], component["Specification"]
    new = request.get("Specification", {})
    if not new and "RuntimeConfig" not in request:
        raise invalid("Give a Specification or a RuntimeConfig")
    if "BaseInferenceComponentName" in old and not context.settings.adapter_updates:
        raise invalid(f'Update operation is not supported for inference component "{arn}".')
    if component["InferenceComponentStatus"] != "InService":
        status = component["InferenceComponentStatus"]
        raise invalid(f'Cannot update inference component "{arn}" while it is {status}.')
    named = new.get("BaseInferenceComponentName")
    if named not in {None, old.get("BaseInferenceComponentName")}:
        raise invalid(f'The base of inference component "{arn}" cannot be changed.')
    container = {**old.get("Container", {}), **_container(context, new.get("Container", {}))}
    updated = {**old, **new, **({"Container": container} if container else {})}
    component["_before_update"] = old
    component["Specification"] = updated
    if "RuntimeConfig" in request and "RuntimeConfig" in component:
        component["RuntimeConfig"] = _copies(request)
    component["InferenceComponentStatus"] = "Updating"
    _begin(context, component)
    return {"InferenceComponentArn": arn}


def delete_inference_component(context: Context, request: Document) -> Document:
    """Start removing a component; a base goes last."""
    component = _find(context, request["InferenceComponentName"])
    name, arn = component["InferenceComponentName"], component["InferenceComponentArn"]
    if component["InferenceComponentStatus"] == "Deleting":
        raise invalid(f'Inference component "{arn}" has an operation DELETE_IN_PROGRESS.')
    present = [_present(context, other) for other in list(context.state.components)]
    if any(
        one and one["Specification"].get("BaseInferenceComponentName") == name for one in present
    ):
        raise invalid(
            f'Inference component "{arn}" is a base inference component for one or more '
            "associated adapter inference components."
        )
    component["InferenceComponentStatus"] = "Deleting"
    due_at = context.now() + context.settings.deletion_seconds
    polls = context.settings.deletion_polls
    lifecycle.begin(component, to=lifecycle.GONE, polls=polls, due_at=due_at)
    context.state.changed = True
    return {}


def component_arn(context: Context, name: str) -> str:
    """Return the ARN of the component ``name``."""
    return context.arn("sagemaker", f"inference-component/{name}")


def plan_outcome(context: Context, name: str, outcome: str, reason: str) -> None:
    """Decide how the component ``name`` ends, whether it is there already or yet to come.

    Args:
        context: the account and region it is in.
        name: the component's name.
        outcome: "InService", "Failed", "Vanish" (gone while Creating), "Hang" (no end) or
            "Rollback" (an update ends with the old artifact).
        reason: FailureReason, for Failed and Rollback.
    """
    context.state.outcomes[name] = {"outcome": outcome, "reason": reason}
    context.state.changed = True
    component = context.state.components.get(name)
    if component is not None and component["InferenceComponentStatus"] in {"Creating", "Updating"}:
        polls_left = component.get("_change", {}).get("polls_left", 1)
        _begin(context, component)
        component["_change"]["polls_left"] = min(component["_change"]["polls_left"], polls_left)


def _begin(context: Context, component: Document) -> None:
    """Start the change that the plan, or else what the component is made of, calls for."""
    settings = context.settings
    outcome, reason = _end(context, component)
    polls, due_at = settings.component_polls, context.now() + settings.component_seconds
    members: Document = {}
    if outcome == "Hang":
        polls, due_at = int(_NEVER), _NEVER
    elif outcome == "Vanish":
        polls -= 1
    elif outcome == "Rollback":
        members = {"Specification": component.get("_before_update", component["Specification"])}
    elif outcome == "Failed":
        reason = reason or "The container did not become ready."
    ends = {"Vanish": lifecycle.GONE, "Failed": "Failed"}
    lifecycle.begin(
        component,
        to=ends.get(outcome, "InService"),
        polls=polls,
        due_at=due_at,
        reason=reason,
        **members,
    )
    context.state.changed = True


def _end(context: Context, component: Document) -> tuple[str, str]:
    """Return the outcome of a change and the reason for it, "" for a good one."""
    plan = context.state.outcomes.get(component["InferenceComponentName"])
    if plan is not None:
        return plan["outcome"], plan["reason"]
    flaw = component.get("_flaw") or _artifact_flaw(context, component["Specification"])
    if not flaw:
        return "InService", ""
    is_update = component["InferenceComponentStatus"] == "Updating"
    rolls_back = is_update and context.settings.failed_updates_roll_back
    return "Rollback" if rolls_back else "Failed", flaw


def _artifact_flaw(context: Context, specification: Document) -> str:
    artifact = specification.get("Container", {}).get("ArtifactUrl", "")
    marker = context.settings.failing_artifact_marker
    is_prefix = bool(artifact) and not artifact.endswith(".tar.gz")
    if (marker and marker in artifact) or (is_prefix and not context.settings.prefix_artifacts):
        return f"The artifact {artifact} could not be loaded."
    return ""


def _adapter(
    context: Context, request: Document, specification: Document, endpoint: Document
) -> Document:
    for member in ("VariantName", "RuntimeConfig"):
        if member in request:
            raise invalid(f"{member} must not be given for an adapter inference component")
    for member in ("ComputeResourceRequirements", "ModelName", "StartupParameters"):
        if member in specification:
            raise invalid(f"{member} must not be given for an adapter inference component")
    container = specification.get("Container", {})
    if "ArtifactUrl" not in container:
        raise invalid("An adapter inference component needs Container.ArtifactUrl")
    base = _find(context, specification["BaseInferenceComponentName"])
    flaw = _flaw_of_base(base, endpoint)
    if flaw and context.settings.adapter_checks_at_once:
        raise invalid(flaw)
    kept = {**specification, "Container": _container(context, container)}
    return {"VariantName": base["VariantName"], "Specification": kept, "_flaw": flaw}


def _flaw_of_base(base: Document, endpoint: Document) -> str:
    arn = base["InferenceComponentArn"]
    if base["EndpointName"] != endpoint["EndpointName"]:
        return f'Base inference component "{arn}" is on another endpoint.'
    if "BaseInferenceComponentName" in base["Specification"]:
        return f'Inference component "{arn}" is an adapter itself, not a base.'
    if base["InferenceComponentStatus"] != "InService":
        return f'Base inference component "{arn}" is not InService.'
    return ""


def _base(
    context: Context, request: Document, specification: Document, endpoint: Document
) -> Document:
    variants = [one["VariantName"] for one in endpoint["ProductionVariants"]]
    variant = request.get("VariantName")
    if variant not in variants:
        raise invalid(
            f'VariantName {variant} is no variant of endpoint "{endpoint["EndpointArn"]}".'
        )
    if "ComputeResourceRequirements" not in specification:
        raise invalid("A base inference component needs ComputeResourceRequirements")
    if "ModelName" not in specification and "Image" not in specification.get("Container", {}):
        raise invalid("A base inference component needs a ModelName or a Container.Image")
    if "RuntimeConfig" not in request:
        raise invalid("A base inference component needs a RuntimeConfig")
    if "Container" in specification:
        specification["Container"] = _container(context, specification["Container"])
    return {
        "VariantName": variant,
        "Specification": specification,
        "RuntimeConfig": _copies(request),
    }


def _container(context: Context, container: Document) -> Document:
    """Return a container as Describe shows it: the image with what it was resolved to."""
    shown = {name: value for name, value in container.items() if name != "Image"}
    if image := container.get("Image"):
        shown["DeployedImage"] = {
            "SpecifiedImage": image,
            "ResolvedImage": image,
            "ResolutionTime": context.now(),
        }
    return shown


def _copies(request: Document) -> Document:
    count = request["RuntimeConfig"]["CopyCount"]
    return {"DesiredCopyCount": count, "CurrentCopyCount": count}


def _find(context: Context, name: str, *, polled: bool = False) -> Document:
    component = _present(context, name, polled=polled)
    if component is None:
        raise _not_found(context, name)
    return component


def _not_found(context: Context, name: str) -> Refusal:
    return invalid(f'Could not find inference component "{component_arn(context, name)}".')


def _present(context: Context, name: str, *, polled: bool = False) -> Document | None:
    component: Document | None = context.state.components.get(name)
    if component is None or "_change" not in component:
        return component
    context.state.changed = True
    status = lifecycle.settle(component, "InferenceComponentStatus", context.now(), polled=polled)
    if status == lifecycle.GONE:
        del context.state.components[name]
        return None
    return component


OPERATIONS: dict[str, Handler] = {
    "CreateInferenceComponent": create_inference_component,
    "DescribeInferenceComponent": describe_inference_component,
    "ListInferenceComponents": list_inference_components,
    "UpdateInferenceComponent": update_inference_component,
    "DeleteInferenceComponent": delete_inference_component,
}
