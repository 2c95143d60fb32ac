"""What a caller asks of a rollout or a removal."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import InvalidArgument

DEFAULT_WAIT_S = 20
MAX_WAIT_S = 50


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """One call; "" and 0 mean not given.

    Attributes:
        version: A version's number in the group of `source_project`.
        source_project: Default: the project that is deployed to.
        project_name, endpoint_name, base_component: The target, or what differs from the folder;
            the base by its component's name or its conf's.
        replace: Give a live component other weights.
        force: Go on in spite of what speaks against the plan.
        confirm: The digest of the plan that was agreed to.
        wait_s: How long to wait for the component, 0 to 50 seconds.
    """

    adapter_name: str = ""
    version_arn: str = ""
    version: int = 0
    source_project: str = ""
    project_name: str = ""
    endpoint_name: str = ""
    base_component: str = ""
    replace: bool = False
    force: bool = False
    confirm: str = ""
    wait_s: int = DEFAULT_WAIT_S
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """One call that takes an adapter off its endpoint; "" means not given.

    Attributes:
        ic_name: The component, where it is not the adapter's usual one.
        project_name: The adapter's project, where no folder says it.
        confirm: The digest of the plan that was agreed to.
        wait_s: How long to wait until the component is gone, 0 to 50 seconds.
    """

    adapter_name: str = ""
    project_name: str = ""
    ic_name: str = ""
    confirm: str = ""
    wait_s: int = DEFAULT_WAIT_S
    dry_run: bool = False


def check_wait(wait_s: int) -> int:
    """Return the seconds to wait. Raises InvalidArgument outside 0 to 50."""
    if not 0 <= wait_s <= MAX_WAIT_S:
        raise InvalidArgument(f"wait_s is {wait_s}, allowed are 0 to {MAX_WAIT_S}")
    return wait_s
