"""Whether endpoint and base component are there and in service."""

from __future__ import annotations

from registry.errors import NotFound, NotReady, PreconditionFailed
from registry.rollout.target import Target
from registry.stores import InferenceComponents

_FOR_GOOD = frozenset({"Failed", "Deleting", "OutOfService", "UpdateRollbackFailed"})
"""What endpoints and components do not come back from by themselves."""


def check_live(target: Target, components: InferenceComponents) -> None:
    """Return when the base component is InService on the endpoint, which is alive then.

    The endpoint itself is only looked at when the base is not there.

    Raises:
        NotFound: one of them does not exist.
        PreconditionFailed: one of them is not InService, or not what it should be; NotReady
            when it is on its way there.
    """
    try:
        base = components.describe(target.base_component)
    except NotFound as error:
        check_endpoint(target.endpoint_name, components)
        raise NotFound(
            f"there is no base component {target.base_component!r}",
            hint="name the component that serves the base model with base_component, or deploy it",
            candidates=target.other_bases,
        ) from error
    if base.base_component:
        raise PreconditionFailed(
            f"{base.name!r} is itself an adapter, on {base.base_component!r}",
            hint=f"base_component={base.base_component}",
        )
    if base.endpoint_name != target.endpoint_name:
        check_endpoint(target.endpoint_name, components)
        raise PreconditionFailed(
            f"base component {base.name!r} is on endpoint {base.endpoint_name!r}, "
            f"not on {target.endpoint_name!r}",
            hint="name endpoint and base component that belong together",
        )
    _check_status(f"base component {base.name!r}", base.status)


def check_endpoint(name: str, components: InferenceComponents) -> None:
    """Return when an endpoint is InService. Raises as `check_live`."""
    endpoint = components.endpoint(name)
    _check_status(f"endpoint {endpoint.name!r}", endpoint.status)


def _check_status(what: str, status: str) -> None:
    if status == "InService":
        return
    if status in _FOR_GOOD:
        raise PreconditionFailed(
            f"{what} is {status}, not InService",
            hint="deploy it again (do/deploy), or name another with endpoint_name and "
            "base_component",
            state=status,
        )
    raise NotReady(
        f"{what} is {status}, not InService",
        hint="wait until it is, then repeat the call",
        state=status,
    )
