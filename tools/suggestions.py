"""Where values for an argument are found while somebody types it: files first.

AWS is asked only where they have no match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from registry.datasets.entry import FILE as DATASETS_FILE
from registry.deployments.names import known_adapters, known_ids, known_projects
from registry.errors import Unavailable
from registry.evaluators.register import FILE as EVALUATORS_FILE
from registry.hub.reading import HubReading
from registry.named_entries import named_entries
from registry.paging import MAX_LIMIT
from registry.project.folder import ProjectFolder
from tools import adapters, ci
from tools.context import ToolContext
from tools.projects import known_project, project_name_of

Place = Callable[[ToolContext, Mapping[str, str]], Iterable[str]]
"""Returns names, the likeliest first; takes what was chosen for other arguments already."""

_LONGEST = 200
"""Characters of a name that somebody may want to type; anybody may have written the files."""


def _nowhere(_ctx: ToolContext, _chosen: Mapping[str, str]) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Where values for one argument are found.

    Attributes:
        near: In files.
        far: In AWS, which may be slow to answer.
    """

    near: Place = _nowhere
    far: Place = _nowhere


def suggested(
    ctx: ToolContext,
    places: Suggestions,
    typed: str,
    chosen: Mapping[str, str],
    *,
    looking_far: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[str]:
    """Return the names that begin with what was typed, in any case, then those that contain it.

    Args:
        looking_far: Entered while AWS is asked; may raise instead.

    Raises:
        RegistryError: a place could not be read, and no nearer one has a match.
    """
    found = _matching(places.near(ctx, chosen), typed.casefold())
    if found or places.far is _nowhere:
        return found
    with looking_far():
        return _matching(places.far(ctx, chosen), typed.casefold())


def _matching(names: Iterable[str], typed: str) -> list[str]:
    usable = [
        name
        for name in dict.fromkeys(names)
        if typed in name.casefold() and 0 < len(name) <= _LONGEST and name.isprintable()
    ]
    return sorted(usable, key=lambda name: not name.casefold().startswith(typed))


def _deployment_ids(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    return known_ids(ctx.registry.logs(""))


def _projects(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    here = project_name_of(_working_project(ctx))
    return (
        [here, *known_projects(ctx.registry.logs(""))]
        if here
        else known_projects(ctx.registry.logs(""))
    )


def _deployed_adapters(ctx: ToolContext, chosen: Mapping[str, str]) -> Iterable[str]:
    folder = _working_project(ctx)
    here = project_name_of(folder)
    project = chosen.get("project") or here
    own = [each.name for each in folder.adapters] if folder and project == here else []
    return [*own, *known_adapters(ctx.registry.logs(""), project)]


def _registered_adapters(ctx: ToolContext, chosen: Mapping[str, str]) -> Iterable[str]:
    project = chosen.get("project") or project_name_of(_working_project(ctx))
    if not project:
        return []
    page = adapters.list_adapters(ctx, project_name=project, limit=MAX_LIMIT)
    return [each.name for each in page.adapters if each.name]


def _datasets(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    entries = named_entries(ctx.registry.datasets(), DATASETS_FILE)
    return sorted(str(each.get("name")) for each in entries)


def _hub_datasets(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    reading = ctx.registry.hub_reader(ctx.call, region="", profile="").datasets("", ())
    return [each.name for each in _read(reading).datasets()]


def _evaluators(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    entries = named_entries(ctx.registry.evaluators(), EVALUATORS_FILE)
    return sorted(str(each.get("name")) for each in entries)


def _hub_evaluators(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    reading = ctx.registry.hub_reader(ctx.call, region="", profile="").evaluators("")
    return [each.name for each in _read(reading).evaluators()]


def _read(reading: HubReading) -> HubReading:
    if reading.warning:
        raise Unavailable(reading.warning)
    return reading


def _untested(ctx: ToolContext, _: Mapping[str, str]) -> Iterable[str]:
    page = ci.query_ci_untested(ctx, limit=MAX_LIMIT)
    return [each.config_id for each in page.configurations]


def _working_project(ctx: ToolContext) -> ProjectFolder | None:
    return known_project(ctx, "", needed=False)


OWN_WORDS = Suggestions()
DEPLOYMENT_IDS = Suggestions(_deployment_ids)
PROJECTS = Suggestions(_projects)
ADAPTERS = Suggestions(_deployed_adapters, far=_registered_adapters)
DATASETS = Suggestions(_datasets, far=_hub_datasets)
EVALUATORS = Suggestions(_evaluators, far=_hub_evaluators)
CONFIGURATION_IDS = Suggestions(far=_untested)
