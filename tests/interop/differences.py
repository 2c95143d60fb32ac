"""Where what ours records may differ from what MLCC records, and why.

Each row names its defect in the record contract, section 8 (`D..`), or the design's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

NOTHING = "<nothing>"
"""What a document has where it lacks a key."""


@dataclass(frozen=True, slots=True)
class Row:
    """A place where documents may differ, as a glob, and what each has there."""

    place: str
    why: str
    holds: Callable[[Any, Any], bool]


def apart(theirs: Any, ours: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield every place where two documents differ, with what each has there."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in {**theirs, **ours}:
            there = f"{place}/{key}" if place else key
            yield from apart(theirs.get(key, NOTHING), ours.get(key, NOTHING), there)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from apart(one, other, f"{place}/{index}")
    elif theirs != ours or type(theirs) is not type(ours):
        yield place, theirs, ours


def unexplained(
    theirs: Any, ours: Any, rows: Mapping[str, Row], expected: set[str]
) -> tuple[list[tuple[str, Any, Any]], set[str]]:
    """Return the differences that no expected row explains, and the expected rows without one."""
    left, used = [], set[str]()
    for place, one, other in apart(theirs, ours):
        found = {
            name
            for name in expected
            if fnmatchcase(place, rows[name].place) and rows[name].holds(one, other)
        }
        used |= found
        if not found:
            left.append((place, one, other))
    return left, expected - used


def _only_ours(theirs: Any, ours: Any) -> bool:
    return theirs == NOTHING and ours != NOTHING


def _hidden(theirs: Any, ours: Any) -> bool:
    return theirs == "local-development-key" and ours == "***REDACTED***"


def _pending(theirs: Any, ours: Any) -> bool:
    return (theirs, ours) == ("Approved", "PendingManualApproval")


METADATA = "packages/*/CustomerMetadataProperties"

ROWS: dict[str, Row] = {
    "D1": Row("packages", "empty values made the service refuse every version", _only_ours),
    "D12": Row("*/VLLM_API_KEY", "a key of an API was stored and printed in clear", _hidden),
    "D16": Row(
        "*icList/*/baseIcName",
        "the adapter's own component, here none, stood for its base component's conf",
        lambda theirs, ours: (theirs, ours) == ("", "default"),
    ),
    "D18": Row(
        f"{METADATA}/datasetS3Uri",
        "every adapter got the project's latest dataset",
        lambda theirs, ours: theirs.endswith("pairs.jsonl") and ours.endswith("train.jsonl"),
    ),
    "D20": Row(f"{METADATA}/adapterName", "versions could not be found by name", _only_ours),
    "D27": Row(
        "mlcc-ci-table/*",
        "the benchmark was recorded on an item of its own, which nobody queued",
        lambda theirs, ours: ours == NOTHING and "testStatus" not in theirs,
    ),
    "D27, the item": Row(
        "mlcc-ci-table/*/lastBenchmark*", "and not on the configuration's", _only_ours
    ),
    "D33": Row(
        "registry.json", "--json and --ci printed, or wrote the table, and nothing else", _only_ours
    ),
    "D36": Row(
        "datasets.json/*/name",
        "the slug came from the latest source instead of the technique's",
        lambda theirs, ours: (theirs[:-4], ours[:-4]) == ("tone-pairs-", "customer-faq-"),
    ),
    "D42": Row(
        "ci-e2e/*/baseImageVersion",
        "a registry's port was taken for a tag",
        lambda theirs, ours: (theirs, ours) == ("5000/x", ""),
    ),
    "1.6.0 has no local registry": Row(
        "registry.json", "D41; specification, Local Registry (Default)", _only_ours
    ),
    "approval": Row(
        "packages/*/ModelApprovalStatus",
        "design, register_deployment: Approved for status success alone",
        _pending,
    ),
    "endpoint": Row(
        f"{METADATA}/endpointName",
        "design, register_deployment: versions are registered with their endpoint",
        _only_ours,
    ),
    "id": Row("printed/id", "issue: the record, then id", _only_ours),
    "our entry keys": Row("registry.json/entries/*", "design, Decided: extra keys", _only_ours),
    "our item keys": Row("*/*/r*", "design, register_deployment: the entry's id", _only_ours),
    "history": Row("evaluators.json/*", "design, register_evaluator: keeps history", _only_ours),
}
