"""Importing an exchange document: every entry checked, the valid ones stored in one change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registry.calls import Call
from registry.deployments.candidates import Candidate, candidates, entries_of
from registry.deployments.merging import Joined, joined
from registry.errors import PreconditionFailed
from registry.local.json_text import fingerprint
from registry.redaction import redact_text, redaction_warning
from registry.stores import DeploymentLog, JsonObject
from schemas.exchange import ImportDeploymentsResult, Refusal, Strategy
from schemas.registration import LocalOutcome

_SHOWN = 50
_LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class Import:
    """What to import, and how.

    Attributes:
        document: The parsed exchange document.
        source_name: Where it came from, stored as `importedFrom`; "" for null.
    """

    document: object
    source_name: str
    strategy: Strategy
    dry_run: bool


def import_deployments(log: DeploymentLog, wanted: Import, call: Call) -> ImportDeploymentsResult:
    """Store the valid entries of a document in one change of the file, and name the others.

    Raises:
        InvalidArgument: it is no exchange document.
        PreconditionFailed: the file is of a newer format, which we only read.
        Conflict, CorruptRegistry, Unavailable: as `DeploymentLog.change`; nothing was stored.
        Cancelled, DeadlineExceeded: before anything was stored.
    """
    source = redact_text(wanted.source_name)[:_LONGEST_SOURCE]
    good, refused = candidates(entries_of(wanted.document), source, call)
    before, after = _dry(log, wanted, good) if wanted.dry_run else _stored(log, wanted, good)
    changed = fingerprint(list(before)) != fingerprint(after.entries)
    state = "unchanged" if not changed else "updated" if before else "created"
    return ImportDeploymentsResult(
        added=after.added,
        skipped=after.skipped,
        conflicts=after.conflicts,
        merged=after.merged,
        replaced=after.replaced,
        refused_count=len(refused),
        refused=_shown(refused),
        entries=tuple(after.stored[:_SHOWN]),
        local=LocalOutcome.model_validate(
            {"state": state, "path": log.path, "dryRun": wanted.dry_run or None}
        ),
        message=_message(after, len(refused), dry=wanted.dry_run),
        warnings=_warnings(good, source != wanted.source_name[:_LONGEST_SOURCE]),
        next_step=_next_step(refused, dry=wanted.dry_run),
        dry_run=wanted.dry_run or None,
    )


def _stored(
    log: DeploymentLog, wanted: Import, good: Sequence[Candidate]
) -> tuple[Sequence[JsonObject], Joined]:
    seen: list[tuple[Sequence[JsonObject], Joined]] = []

    def edit(present: list[JsonObject]) -> list[JsonObject]:
        seen.append((present, joined(present, good, wanted.strategy)))
        return seen[-1][1].entries

    log.change(edit)
    return seen[-1]


def _dry(
    log: DeploymentLog, wanted: Import, good: Sequence[Candidate]
) -> tuple[Sequence[JsonObject], Joined]:
    if newer := log.format_warning():
        raise PreconditionFailed(newer, hint="a newer version of this server may write it")
    present = [dict(entry) for entry in log.entries()]
    return present, joined(present, good, wanted.strategy)


def _shown(refused: Sequence[Sequence[Refusal]]) -> tuple[Refusal, ...]:
    """Return every refused entry's first problem before any second one, as far as room is."""
    first = [problems[0] for problems in refused]
    rest = [each for problems in refused for each in problems[1:]]
    chosen = [*first, *rest][:_SHOWN]
    return tuple(sorted(chosen, key=lambda each: each.index))


def _warnings(good: Sequence[Candidate], source_redacted: bool) -> tuple[str, ...]:
    count = sum(each.redacted for each in good)
    told = [redaction_warning(f"{count} entr{'y' if count == 1 else 'ies'}")] if count else []
    return (*told, *([redaction_warning("source_name")] if source_redacted else []))


def _message(after: Joined, refused: int, *, dry: bool) -> str:
    parts = [f"{after.added} added", f"{after.skipped} skipped"]
    parts += [f"{after.merged} kept beside what was there"] if after.merged else []
    parts += [f"{after.replaced} replaced"] if after.replaced else []
    parts += [f"{after.conflicts} in conflict with an entry of the file"] if after.conflicts else []
    parts += [f"{refused} refused, see refused"] if refused else []
    return f"{'Would import' if dry else 'Imported'}: {', '.join(parts)}."


def _next_step(refused: Sequence[object], *, dry: bool) -> str | None:
    if dry:
        return "call again without dry_run to store them"
    if refused:
        return "put right what refused names and import again: what is there is skipped"
    return None
