"""Listing evaluators: those of `evaluators.json` and of a hub as one, by name.

Source: record contract, section 2 (Evaluator); design, `list_evaluators`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.named_entries import no_such_entry
from registry.paging import named_page, page_limit, query_key
from schemas.evaluator import EvaluatorView, EvaluatorWas, ListEvaluatorsResult
from schemas.hub import RecordOrigin

_OF_ONE, _OF_ONE_FULL, _OF_EACH_FULL = 20, 50, 5
"""Earlier states shown: of the evaluator that a call names, the same in full, of each in full."""

_GLANCE = 60
"""Characters of a description where several are shown; the whole is in the named or full record."""


@dataclass(frozen=True, slots=True)
class EvaluatorInHub:
    """The latest version of an evaluator that a hub has; None for what its listing leaves out.

    Attributes:
        type: `lambda` or `model`.
        reference: The function's ARN, or where the model is.
    """

    name: str
    version: str
    arn: str
    type: str | None = None
    technique: str | None = None
    reference: str | None = None
    description: str = ""
    registered_at: str | None = None


def list_evaluators(
    entries: Sequence[Mapping[str, Any]],
    in_hub: Sequence[EvaluatorInHub],
    *,
    hub_warning: str,
    name: str,
    technique: str,
    kind: str,
    limit: int,
    cursor: str,
    full: bool,
) -> ListEvaluatorsResult:
    """Return one page of evaluators by name; a limit of 0 means the default.

    What the local record says of an evaluator comes before what the hub says.

    Args:
        entries: The entries of `evaluators.json`.
        in_hub: The latest version of each evaluator that a hub has.
        hub_warning: Why `in_hub` may lack some, "" when it does not.
        name: One evaluator, "" for all.
        technique: `rlvr` or `rlaif`, "" for both.
        kind: `lambda` or `model`, "" for both.
        full: With what each was before, and the stored entry.

    Raises:
        NotFound: no evaluator is called that; the details' `candidates` are near names.
        InvalidArgument: the limit is out of bounds, or the cursor is another query's.
    """
    limit = page_limit(limit, full=full)
    known = _merged(entries, in_hub)
    if name and name not in known:
        raise no_such_entry("evaluator", name, known, warning=hub_warning)
    room = (_OF_ONE_FULL if full else _OF_ONE) if name else _OF_EACH_FULL if full else 0
    matching = {
        called: view
        for called, (view, _) in known.items()
        if (not name or called == name)
        and (not technique or view.technique == technique)
        and (not kind or view.type == kind)
    }
    query = query_key("evaluators", name, technique, kind, full)
    page = named_page(matching, query, limit=limit, cursor=cursor)
    shown = [
        _shown(matching[each], known[each][1], room, full=full, alone=bool(name))
        for each in page.names
    ]
    return ListEvaluatorsResult(
        evaluators=tuple(shown),
        count=len(shown),
        next_cursor=page.next_cursor,
        complete=not page.next_cursor and not hub_warning,
        message=_message(len(shown), len(matching), name),
        warnings=(hub_warning,) if hub_warning else (),
        next_step=page.next_step,
    )


def earlier_states(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what an evaluator's entry was before, oldest first; what is no object is left out."""
    history = entry.get("history")
    if not isinstance(history, list):
        return []
    return [each for each in history if isinstance(each, Mapping)]


def _merged(
    entries: Sequence[Mapping[str, Any]], in_hub: Sequence[EvaluatorInHub]
) -> dict[str, tuple[EvaluatorView, Mapping[str, Any]]]:
    """Return each evaluator as it is shown, with its stored entry; of two, the first counts."""
    local = {str(entry.get("name")): entry for entry in reversed(entries)}
    published = {each.name: each for each in in_hub}
    return {
        name: (_view(name, local.get(name), published.get(name)), local.get(name, {}))
        for name in sorted({*local, *published})
    }


def _view(
    name: str, entry: Mapping[str, Any] | None, content: EvaluatorInHub | None
) -> EvaluatorView:
    origin: RecordOrigin = "hub" if entry is None else "both" if content else "local"
    said = entry or {}
    in_hub = content or EvaluatorInHub(name, "", "")
    return EvaluatorView(
        name=name,
        type=_text(said.get("type")) or in_hub.type,
        arn=_text(said.get("arn_or_uri")) or in_hub.reference,
        technique=_text(said.get("technique")) or in_hub.technique,
        description=_text(said.get("description", in_hub.description)) or None,
        registered_at=_text(said.get("registered_at")) or in_hub.registered_at,
        origin=origin,
        hub_version=in_hub.version or None,
        hub_arn=in_hub.arn or _text(said.get("arn")),
    )


def _shown(
    view: EvaluatorView, entry: Mapping[str, Any], room: int, *, full: bool, alone: bool
) -> EvaluatorView:
    was = earlier_states(entry)
    stored = {key: value for key, value in entry.items() if key != "history"}
    changes: dict[str, Any] = {"history_count": len(was) or None}
    if not alone:
        changes["description"] = _at_a_glance(view.description)
    if room:
        changes["history"] = tuple(_was(each) for each in reversed(was[-room:]))
    else:
        changes["hub_arn"] = None
    if full and stored:
        changes["entry"] = stored
    return view.model_copy(update=changes)


def _was(before: Mapping[str, Any]) -> EvaluatorWas:
    return EvaluatorWas(
        type=_text(before.get("type")),
        arn=_text(before.get("arn_or_uri")),
        technique=_text(before.get("technique")),
        description=_at_a_glance(_text(before.get("description"))),
        registered_at=_text(before.get("registered_at")),
        hub_arn=_text(before.get("arn")),
    )


def _at_a_glance(description: str | None) -> str | None:
    if not description or len(description) <= _GLANCE:
        return description or None
    return f"{description[: _GLANCE - 1]}…"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _message(shown: int, matching: int, name: str) -> str:
    if matching == 0:
        return (
            f"Evaluator {name} is of another type or technique."
            if name
            else "No evaluator matches."
        )
    if shown == matching:
        return f"{matching} evaluator{'s' if matching != 1 else ''}, by name."
    return f"{shown} of {matching} evaluators, by name."
