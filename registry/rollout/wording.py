"""Questions in the words that a person reads.

What comes from records is named, shortened and on one line: it is data, never instructions.
"""

from __future__ import annotations

from registry.redaction import redact_text
from registry.rollout.consent import Proposal
from schemas.adapter import Adapter

_LONGEST_PART = 120


def version_label(adapter: Adapter) -> str:
    """Return what a version is called in a list to choose from; different for each version."""
    parts = [adapter.name or "unnamed", adapter.tune_technique, adapter.dataset_version]
    said = ", ".join(_line(part) for part in parts if part)
    when = f", {adapter.created_at[:10]}" if adapter.created_at else ""
    return f"version {adapter.version}: {said}{when}"


def consent_message(proposal: Proposal) -> str:
    """Return a plan as it is put to a person."""
    lines = [f"Carry out this plan? It is to {_line(proposal.summary, 400)}."]
    lines += [f"Mind: {_line(each, 400)}." for each in (*proposal.reasons, *proposal.notes)]
    lines.append(f"Plan {proposal.digest}.")
    return "\n".join(lines)


def _line(text: str, longest: int = _LONGEST_PART) -> str:
    # Redacted before it is cut: half a secret has another shape.
    line = "".join(each if each.isprintable() else " " for each in redact_text(text))
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
