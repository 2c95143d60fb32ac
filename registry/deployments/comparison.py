"""Comparing registered deployments: some by id, or a project's newest of each region."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from registry.deployments.differences import Differing, differences
from registry.deployments.filters import value_at
from registry.deployments.finding import find_entry
from registry.deployments.listing import Located, located, summary
from registry.deployments.values import cut, size_bytes, unkeepable
from registry.errors import InvalidArgument, NotFound
from registry.paging import PAGE_BYTES
from registry.redaction import redact_parameters
from registry.stores import DeploymentLog
from schemas.base import TOO_DEEP
from schemas.comparison import (
    ComparedDeployment,
    CompareDeploymentsResult,
    Comparison,
    Difference,
)
from schemas.deployment_views import Origin

Logs = Sequence[tuple[Origin, DeploymentLog]]

MOST = 10
"""Deployments in one comparison."""

_LONGEST_VALUE = 600
_LONGEST_PATH = 400
_LONGEST_HEAD = 160


def compare_deployments(
    logs: Logs, ids: Sequence[str], project_name: str
) -> CompareDeploymentsResult:
    """Return what differs between the first of these deployments and each other one.

    Args:
        ids: Two to ten; none for the project's newest entry of each region.
        project_name: Whose entries are meant where no ids are given.

    Raises:
        InvalidArgument: neither ids nor a project, one id alone, or too many.
        NotFound: no such id, or no entry of that project that has a region.
        CorruptRegistry: a registry file does not parse.
    """
    warnings = [note for _, log in logs if (note := log.format_warning())]
    if ids:
        chosen = _by_id(logs, ids)
    elif project_name:
        newest = _newest_by_region(logs, project_name)
        chosen = newest[:MOST]
        if len(newest) > MOST:
            warnings.append(f"{len(newest) - MOST} more regions, registered earlier, are left out")
    else:
        raise InvalidArgument(
            "nothing to compare", hint="pass two ids (list_deployments gives them) or project_name"
        )
    heads = tuple(_head(each) for each in chosen)
    room = PAGE_BYTES - sum(size_bytes(each.wire()) for each in heads)
    first, others = chosen[0], chosen[1:]
    comparisons = tuple(_comparison(first, each, room // max(1, len(others))) for each in others)
    return CompareDeploymentsResult(
        deployments=heads,
        comparisons=comparisons,
        message=_message(chosen, comparisons, project_name),
        warnings=tuple(warnings),
        next_step=_next_step(comparisons),
    )


def _by_id(logs: Logs, ids: Sequence[str]) -> list[Located]:
    wanted = list(dict.fromkeys(ids))
    if len(wanted) < 2 or len(wanted) > MOST:
        raise InvalidArgument(
            f"ids names {len(wanted)} deployment{'s' if len(wanted) != 1 else ''}",
            hint=f"name two to {MOST} different ones; each is compared with the first",
        )
    return [find_entry(logs, each) for each in wanted]


def _newest_by_region(logs: Logs, project_name: str) -> list[Located]:
    newest: dict[str, Located] = {}
    projects: set[str] = set()
    for each in located(logs):
        project = value_at(each.entry, "projectName")
        projects |= {project} if isinstance(project, str) else set()
        region = value_at(each.entry, "infrastructure", "region")
        if project != project_name or not isinstance(region, str) or not region:
            continue
        if region not in newest or each.key > newest[region].key:
            newest[region] = each
    if not newest:
        near = get_close_matches(project_name, projects, n=3, cutoff=0.5)
        raise NotFound(
            f"no registered deployment of project {project_name[:80]!r} names a region",
            hint="MLCC's own entries name no project: compare them by ids"
            + (f"; near: {', '.join(near)}" if near else ""),
            candidates=near,
        )
    return sorted(newest.values(), key=lambda each: each.key, reverse=True)


def _comparison(first: Located, other: Located, room: int) -> Comparison:
    shown: list[Difference] = []
    count = 0
    for each in differences(first.entry, other.entry):
        count += 1
        if room <= 0:
            continue
        made = _difference(each)
        room -= size_bytes(made.wire())
        if room > 0:
            shown.append(made)
    return Comparison(
        from_id=_id(first),
        to_id=_id(other),
        count=count,
        differences=tuple(shown),
        omitted=count - len(shown) or None,
    )


def _difference(each: Differing) -> Difference:
    return Difference(
        path=cut(each.path, _LONGEST_PATH),
        change=each.change,
        before=_shown(each.key, each.before),
        after=_shown(each.key, each.after),
    )


def _shown(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as an answer shows it: without secrets, and cut where it is long."""
    if unkeepable(value):
        return TOO_DEEP
    safe = redact_parameters({key: value})[key]
    text = safe if isinstance(safe, str) else json.dumps(safe, ensure_ascii=False)
    return safe if len(text) <= _LONGEST_VALUE else cut(text, _LONGEST_VALUE)


def _id(each: Located) -> str:
    return cut(str(each.entry.get("id")), _LONGEST_HEAD)


def _head(each: Located) -> ComparedDeployment:
    entry = each.entry
    stored = {
        **summary(each, full=False).model_dump(exclude={"origin", "entry"}),
        "model_package_arn": entry.get("modelPackageArn"),
        "model_package_version": entry.get("modelPackageVersion"),
        "source": value_at(entry, "metadata", "source"),
        "imported_from": value_at(entry, "metadata", "importedFrom"),
    }
    texts = {
        name: None if value is None else cut(str(value), _LONGEST_HEAD)
        for name, value in stored.items()
    }
    return ComparedDeployment.model_validate(
        {**texts, "origin": "project" if each.origin == "project" else None}
    )


def _message(
    chosen: Sequence[Located], comparisons: Sequence[Comparison], project_name: str
) -> str:
    region = value_at(chosen[0].entry, "infrastructure", "region")
    first = f"{_id(chosen[0])} ({cut(str(region), _LONGEST_HEAD)})"
    if not comparisons:
        return (
            f"Project {project_name} is registered in one region only, by {first}: "
            "there is nothing to compare it with."
        )
    counts = ", ".join(f"{each.to_id} in {each.count or 'no'} places" for each in comparisons)
    omitted = sum(each.omitted or 0 for each in comparisons)
    more = "more differences than the answer has room for are counted only"
    note = f" {omitted} {more}." if omitted else ""
    return f"Compared with {first}, these differ: {counts}.{note}"


def _next_step(comparisons: Sequence[Comparison]) -> str | None:
    if any(each.omitted for each in comparisons):
        return "get_deployment with either id shows an entry whole"
    return None
