"""An evaluator in the hub: each update of it is the hub's next version.

Source: design, `register_evaluator`; two writers may pick one number, so the loser counts anew.
"""

from __future__ import annotations

import re

from registry.errors import Conflict, PreconditionFailed
from registry.hub.documents import (
    evaluator_draft,
    is_evaluator_document,
    same_document,
    takes_description,
)
from registry.hub.importing import Hub, has_failed
from registry.hub.keywords import is_evaluator
from registry.hub.naming import FIRST, content_name, next_version
from registry.stores import HubContent, HubContentType, JsonObject
from schemas.hub import HubOutcome

_TRIES = 5
_ARN = re.compile(r".*:hub-content/([^/]+)/JsonDoc/([^/]+)/([0-9.]+)")
_TYPE: HubContentType = "JsonDoc"


def publish_evaluator(hub: Hub, entry: JsonObject) -> HubOutcome:
    """Import an evaluator's entry as the hub's next version, unless the hub has it.

    Args:
        entry: An entry of `evaluators.json`; its `arn` names the version that holds it already.

    Raises:
        RegistryError: the hub cannot have it or cannot be used; the message says why.
    """
    outcome = _recorded(hub, entry) or _imported(hub, entry)
    if outcome.warning or takes_description(str(entry.get("description") or "")):
        return outcome
    warning = "the description is not one line of 1,023 characters: the hub goes without it"
    return outcome.model_copy(update={"warning": warning})


def _recorded(hub: Hub, entry: JsonObject) -> HubOutcome | None:
    """Return the outcome when the version that the record names is there.

    What others imported since is newer than this record, and stays the hub's latest.
    """
    named = _ARN.fullmatch(str(entry.get("arn") or ""))
    if not named or (named[1], named[2]) != (hub.contents.hub, entry["name"]):
        return None
    present = hub.found(_TYPE, str(entry["name"]), version=named[3])
    return _unchanged(hub, entry, present)


def _imported(hub: Hub, entry: JsonObject) -> HubOutcome:
    name = content_name(str(entry["name"]))
    latest = hub.found(_TYPE, name)
    for _ in range(_TRIES):
        if latest:
            _check_kind(hub, latest)
        if unchanged := _unchanged(hub, entry, latest):
            return unchanged
        draft = evaluator_draft(entry, next_version(latest.version) if latest else FIRST)
        try:
            return hub.settled(hub.imported(draft), "updated" if latest else "created")
        except Conflict:
            # Another writer took the number, or an earlier answer of our own was lost.
            latest = hub.contents.describe(_TYPE, name, version=draft.version)
    raise Conflict(
        f"every number for the next version of {name!r} was taken by somebody else",
        hint="repeat the call",
    )


def _check_kind(hub: Hub, latest: HubContent) -> None:
    if is_evaluator(latest.keywords) or is_evaluator_document(latest.document):
        return
    raise PreconditionFailed(
        f"hub {hub.contents.hub} has a document {latest.name!r} that is no evaluator",
        hint="register the evaluator under another name",
    )


def _unchanged(hub: Hub, entry: JsonObject, present: HubContent | None) -> HubOutcome | None:
    """Return the outcome when the hub's version says what the entry says."""
    if present is None or has_failed(present):
        return None
    if not same_document(present, evaluator_draft(entry, present.version)):
        return None
    return hub.settled(present, "unchanged")
