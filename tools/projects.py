"""The project that a call is about, where it need not be about one."""

from __future__ import annotations

from registry.errors import InvalidArgument, RegistryError
from registry.project.folder import ProjectFolder
from registry.rollout.places import named_folder
from tools.context import ToolContext


def known_project(ctx: ToolContext, project_dir: str, *, needed: bool) -> ProjectFolder | None:
    """Return the project; one that was neither named nor needed may be broken."""
    try:
        return ctx.registry.project(project_dir)
    except RegistryError:
        if needed or project_dir:
            raise
        return None


def project_name_of(folder: ProjectFolder | None) -> str:
    """Return the project's name, "" when there is no project or it has none."""
    return (folder.config.get("PROJECT_NAME") or "") if folder else ""


def group_of(
    ctx: ToolContext, project_name: str, project_dir: str
) -> tuple[str, ProjectFolder | None]:
    """Return the model package group that a call means, and the folder that it names, if any.

    Raises:
        InvalidArgument: neither a name nor a folder says which project is meant.
    """
    folder = named_folder(ctx.registry, project_name, project_dir)
    group = project_name or (folder.require("PROJECT_NAME") if folder else "")
    if not group:
        raise InvalidArgument(
            "the project is not known", hint="pass project_name, or project_dir with do/config"
        )
    return group, folder
