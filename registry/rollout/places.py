"""Which project folder and which region a call about adapters means."""

from __future__ import annotations

from functools import partial

from registry.core import Registry
from registry.project.folder import ProjectFolder
from registry.rollout.consent import ConsentPolicy
from registry.rollout.deploy import Rollout
from registry.rollout.removal import Removal
from registry.rollout.request import RolloutRequest
from registry.stores import Aws


def named_folder(registry: Registry, project_name: str, project_dir: str) -> ProjectFolder | None:
    """Return the folder that a call means: a project that is named alone needs none."""
    if project_name and not project_dir:
        return None
    return registry.project(project_dir)


def own_folder(registry: Registry, project_name: str, project_dir: str) -> ProjectFolder | None:
    """Return the folder of a project that is to be changed, None where none is known.

    The working folder serves for the project that it holds and for no other that is named.
    """
    folder = registry.project(project_dir)
    if folder and project_name and not project_dir:
        return folder if folder.config.get("PROJECT_NAME") == project_name else None
    return folder


def deployed_folder(
    registry: Registry, request: RolloutRequest, project_dir: str
) -> ProjectFolder | None:
    """Return the folder to deploy from, None for a target that is given by name."""
    if request.project_name and request.endpoint_name and not project_dir:
        return None
    return own_folder(registry, request.project_name, project_dir)


def region_of(folder: ProjectFolder | None) -> str:
    """Return the region that a project folder names, "" for none."""
    return folder.value("AWS_REGION") if folder else ""


def open_rollout(
    registry: Registry,
    folder: ProjectFolder | None,
    *,
    writing: bool,
    region: str,
    profile: str,
) -> Rollout:
    """Return what rolls adapters out in the account and region that a call means.

    Raises:
        NotConfigured, CredentialsFailed, PermissionDenied: as `Registry.writable`.
    """
    opened = registry.writable if writing else registry.account
    return Rollout(
        aws=opened(region=region, profile=profile, folder=region_of(folder)),
        elsewhere=partial(_elsewhere, registry, profile),
        policy=consent_policy(registry),
        now=registry.now,
        poll_s=registry.settings.poll_s,
    )


def open_removal(
    registry: Registry,
    folder: ProjectFolder | None,
    *,
    writing: bool,
    region: str,
    profile: str,
) -> Removal:
    """Return what takes adapters off, in the account and region that a call means.

    Raises:
        NotConfigured, CredentialsFailed, PermissionDenied: as `Registry.writable`.
    """
    opened = registry.writable if writing else registry.account
    return Removal(
        aws=opened(region=region, profile=profile, folder=region_of(folder)),
        policy=consent_policy(registry),
        poll_s=registry.settings.poll_s,
    )


def consent_policy(registry: Registry) -> ConsentPolicy:
    """Return what the server was told to demand."""
    settings = registry.settings
    return ConsentPolicy(
        require_confirm=settings.require_confirm,
        require_human=settings.require_human,
        auto_approve=settings.auto_approve,
    )


def _elsewhere(registry: Registry, profile: str, region: str) -> Aws:
    return registry.account(region=region, profile=profile)
