"""The project that a call is about, where it need not be about one."""

from __future__ import annotations

from registry.errors import RegistryError
from registry.project.folder import ProjectFolder
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
