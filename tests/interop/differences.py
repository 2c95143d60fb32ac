"""Where what ours records may differ from what MLCC records, and why.

Each row names its defect in the record contract, section 8 (`D..`), or the design's decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "<nothing>"
"""What a document has where it lacks a key."""


@dataclass(frozen=True, slots=True)
class Row:
    """A place where documents may differ, as a pattern, and what each has there."""

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
            if re.fullmatch(rows[name].place, place) and rows[name].holds(one, other)
        }
        used |= found
        if not found:
            left.append((place, one, other))
    return left, expected - used


def _only_ours(theirs: Any, ours: Any) -> bool:
    return theirs == NOTHING and ours != NOTHING


def _hidden(theirs: Any, ours: Any) -> bool:
    return theirs == "local-development-key" and ours == "***REDACTED***"


METADATA = r"packages/\d/CustomerMetadataProperties"
ITEM = "(mlcc-ci-table|ci-e2e)/[0-9a-f]{16}"

ROWS: dict[str, Row] = {
    "D1": Row("packages", "empty values made the service refuse every version", _only_ours),
    "D12": Row(".*parameters/VLLM_API_KEY", "a key was stored and printed in clear", _hidden),
    "D13": Row(
        ".*/parameters/VLLM_NEW",
        "whatever the shell had under the engine's prefix was taken for the project's",
        lambda theirs, ours: (theirs, ours) == ("x", NOTHING),
    ),
    "D16": Row(
        r".*icList/\d/baseIcName",
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
        ITEM,
        "the benchmark was recorded on an item of its own, which nobody queued",
        lambda theirs, ours: ours == NOTHING and "testStatus" not in theirs,
    ),
    "D27, the item": Row(f"{ITEM}/lastBenchmark.*", "and not on the configuration's", _only_ours),
    "D33": Row(
        "registry.json|packages",
        "--json only printed and --ci only wrote the table",
        _only_ours,
    ),
    "D35": Row(
        r"datasets.json/\d/(row_count|versions/\d/rows)",
        "the rows of a prefix were not counted",
        lambda theirs, ours: (theirs, ours) == (None, 2),
    ),
    "D36": Row(
        r"datasets.json/\d/name",
        "the slug came from the latest source instead of the technique's",
        lambda theirs, ours: (theirs[:-4], ours[:-4]) == ("tone-pairs-", "customer-faq-"),
    ),
    "D25": Row("datasets.json", "--from-train was unknown", _only_ours),
    "D36, said": Row(
        r"datasets.json/\d/(versions/\d/)?technique",
        "an sft that was said was taken for the default",
        lambda theirs, ours: (theirs, ours) == ("dpo", "sft"),
    ),
    "D42": Row(
        f"{ITEM}/baseImageVersion",
        "a registry's port was taken for a tag",
        lambda theirs, ours: (theirs, ours) == ("5000/x", ""),
    ),
    "1.6.0 has no local registry": Row(
        "registry.json", "D41; specification, Local Registry (Default)", _only_ours
    ),
    "approval": Row(
        r"packages/\d/ModelApprovalStatus",
        "design, register_deployment: Approved for status success alone",
        lambda theirs, ours: (theirs, ours) == ("Approved", "PendingManualApproval"),
    ),
    "endpoint": Row(
        f"{METADATA}/endpointName",
        "design, register_deployment: versions are registered with their endpoint",
        _only_ours,
    ),
    "id": Row("printed/id", "the record, then the entry's id", _only_ours),
    "our entry keys": Row(
        r".*registry.json/entries/\d/(projectName|buildStrategy|endpointName|project)",
        "design, Decided: extra keys of a local entry",
        _only_ours,
    ),
    "D5": Row(
        r"project/registry.json/entries/\d/modelPackage(Arn|Version)",
        "the version was written into the user's last entry, whichever had been logged",
        _only_ours,
    ),
    "our item keys": Row(
        f"{ITEM}/(registrationId|writeRequestId|previousStatus|revision|updatedAt)",
        "design, register_deployment and claim_ci_untested; docs/ci.md, Attributes of ours",
        _only_ours,
    ),
    "history": Row(
        r"evaluators.json/\d/history", "design, register_evaluator: keeps history", _only_ours
    ),
    "arn": Row(
        "evaluators.json",
        "design, register_evaluator: a model is an S3 URI or a model package",
        lambda theirs, ours: theirs != NOTHING and ours == NOTHING,
    ),
    "not sent": Row(
        r"evaluators.json/\d/description",
        "design, register_evaluator: updates; what is not sent stays",
        lambda theirs, ours: theirs == "" and ours != "",
    ),
    "columns": Row(
        r"datasets.json/\d/column_schema",
        "design, register_dataset: an object; as text it has no spaces, and none is null",
        lambda theirs, ours: json.loads(theirs) == json.loads(ours or "{}"),
    ),
    "technique": Row(
        "do/adapters/polite.conf",
        "design, list_adapters: technique; ours goes from the version into the conf and on",
        lambda theirs, ours: [*theirs, 'export ADAPTER_TECHNIQUE="dpo"'] == ours,
    ),
}
