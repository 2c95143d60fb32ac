"""Recording how a test or a benchmark of a configuration went.

Source: record contract, section 7 (Other attributes, Statuses, Benchmark update), D27, D30.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any, get_args

from registry.ci.leases import leased_configuration
from registry.errors import Conflict, InvalidArgument, TooLarge
from registry.identifiers import check_config_id
from registry.instants import whole_seconds
from registry.redaction import redact_text
from registry.stores import CiTable
from schemas.ci import (
    FINISHED_STATUS,
    STAGES,
    BenchmarkStatus,
    CiBenchmark,
    CiResult,
    RecordBenchmarkResult,
    RecordResultResult,
    StageResult,
    StageStatus,
)

LONGEST_MESSAGE = 4_000
"""Bytes of an error message that are kept. An item has room for 400 KB, of which results may take
140 KB: a message thirteen times, and the texts of forty stages."""

_LONGEST_SUMMARY = 1_000
_LONGEST_BRIEF = 200
_MOST_STAGES = 40
_STAGE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RUN = re.compile(r"[\w.:/@=+-]{1,200}")
_LABEL = re.compile(r"[\w.:/@=+-]{0,128}")
_CUT = "... (cut)"
_KEYS = {
    "status": "status",
    "durationSeconds": "duration_seconds",
    "logPointer": "log_pointer",
    "errorSummary": "error_summary",
}


@dataclass(frozen=True, slots=True)
class ResultRequest:
    """What a worker reports.

    Attributes:
        duration_s: Of the whole test; below 0 when it is not known.
        stage_results: By stage: `{status, durationSeconds, logPointer, errorSummary}`.
    """

    config_id: str
    lease_id: str
    status: str
    duration_s: float = -1
    stage_results: Mapping[str, Any] = field(default_factory=dict)
    error_message: str = ""
    tier: str = ""
    e2e_catalog_id: str = ""


def record_result(
    table: CiTable, request: ResultRequest, *, now: Callable[[], datetime]
) -> RecordResultResult:
    """Write a test's result under its lease; the same result again changes nothing.

    Raises:
        InvalidArgument: a part of it has a form that MLCC's readers would not know.
        TooLarge: the item has no room, not even for what is left when texts are cut.
        Conflict: the lease was lost, by expiry and another worker's claim or because the
            configuration was registered again, or another result ended it; this one is kept as
            history.
        NotFound: there is no such configuration, or no such table.
    """
    result, warnings = _checked(request, whole_seconds(now()))
    try:
        state = table.results.record(result)
    except TooLarge:
        # Somebody else's item: those that we register leave room.
        result, warnings = _brief(result), (*warnings, _NO_ROOM)
        state = table.results.record(result)
    if state == "late":
        raise Conflict(
            f"lease {request.lease_id} of {request.config_id} was lost: it expired and another "
            "worker claimed the configuration, or it was registered again, or another result was "
            "recorded under it",
            hint="the result is kept as history (lateResults) and is not the status; claim it anew",
            wanted={"configId": result.config_id, "testStatus": result.status},
        )
    done = "was recorded already" if state == "unchanged" else "recorded"
    return RecordResultResult(
        message=f"Result {result.status} of configuration {result.config_id} {done}.",
        config_id=result.config_id,
        state=state,
        test_status=result.status,
        last_test_timestamp=result.at,
        warnings=warnings,
    )


def record_benchmark(
    table: CiTable, config_id: str, run_id: str, status: str, *, now: Callable[[], datetime]
) -> RecordBenchmarkResult:
    """Write a configuration's last benchmark: three fields, and nothing else of it.

    Raises:
        InvalidArgument: an id or the status is not usable.
        NotFound: there is no such configuration, or no such table.
    """
    check_config_id(config_id)
    if not _RUN.fullmatch(run_id):
        raise InvalidArgument("run_id is required: 1 to 200 letters, digits or . _ : / @ = + -")
    choices: tuple[BenchmarkStatus, ...] = get_args(BenchmarkStatus)
    chosen = next((each for each in choices if each == status), None)
    if chosen is None:
        raise InvalidArgument(f"status must be one of {', '.join(choices)}")
    benchmark = CiBenchmark(
        config_id=config_id, run_id=run_id, status=chosen, at=whole_seconds(now())
    )
    table.results.mark_benchmark(benchmark)
    return RecordBenchmarkResult(
        message=f"Benchmark {run_id} of configuration {config_id} recorded as {status}.",
        config_id=config_id,
        last_benchmark_run_id=run_id,
        last_benchmark_timestamp=benchmark.at,
        last_benchmark_status=chosen,
    )


def _checked(request: ResultRequest, at: str) -> tuple[CiResult, tuple[str, ...]]:
    check_config_id(request.config_id)
    if leased_configuration(request.lease_id) != request.config_id:
        raise InvalidArgument(
            "lease_id is another configuration's", hint="pass both as claim_ci_untested gave them"
        )
    if not FINISHED_STATUS.fullmatch(request.status):
        raise InvalidArgument(
            "status must be pass, or fail- and the stage that failed",
            hint=f"for example fail-build; stages: {', '.join(STAGES)}",
        )
    for name, value in (("tier", request.tier), ("e2e_catalog_id", request.e2e_catalog_id)):
        if not _LABEL.fullmatch(value):
            raise InvalidArgument(f"{name} takes letters, digits and . _ : / @ = + -")
    warnings: list[str] = []
    result = CiResult(
        config_id=request.config_id,
        lease_id=request.lease_id,
        status=request.status,
        at=at,
        duration_s=request.duration_s if request.duration_s >= 0 else None,
        stage_results=_stages(request.stage_results, warnings),
        error_message=_kept(request.error_message, LONGEST_MESSAGE, "error_message", warnings),
        tier=request.tier,
        e2e_catalog_id=request.e2e_catalog_id,
    )
    return result, tuple(warnings)


def _stages(given: Mapping[str, Any], warnings: list[str]) -> dict[str, StageResult]:
    if len(given) > _MOST_STAGES:
        raise InvalidArgument(f"stage_results has {len(given)} stages, allowed are {_MOST_STAGES}")
    return {name: _stage(name, stage, warnings) for name, stage in given.items()}


def _stage(name: str, given: object, warnings: list[str]) -> StageResult:
    where = f"stage_results.{name[:40]}"
    if not _STAGE.fullmatch(name):
        raise InvalidArgument(f"{where}: a stage is named like {', '.join(STAGES[:3])}")
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"{where} must be an object with a status")
    for key in given:
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(_KEYS)}"
            raise InvalidArgument(f"{where} has an unknown key {str(key)[:40]!r}", hint=hint)
    if given.get("status") not in get_args(StageStatus):
        raise InvalidArgument(f"{where}.status must be one of {', '.join(get_args(StageStatus))}")
    duration = given.get("durationSeconds")
    if duration is not None and (
        isinstance(duration, bool) or not isinstance(duration, int | float) or duration < 0
    ):
        raise InvalidArgument(f"{where}.durationSeconds must be a number of seconds, 0 or more")
    return StageResult(
        status=given["status"],
        duration_seconds=duration,
        log_pointer=_said(given, "logPointer", where, warnings),
        error_summary=_said(given, "errorSummary", where, warnings),
    )


def _said(given: Mapping[str, Any], key: str, where: str, warnings: list[str]) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidArgument(f"{where}.{key} must be text")
    return _kept(value, _LONGEST_SUMMARY, f"{where}.{key}", warnings)


def _kept(text: str, longest: int, name: str, warnings: list[str]) -> str:
    """Return a text as it is stored: without secrets, and no longer than there is room for."""
    safe = redact_text(text)
    if safe != text:
        warnings.append(f"{name} held what looks like a secret; it was redacted")
    kept = _cut(safe, longest)
    if kept != safe:
        warnings.append(f"{name} was cut: {len(safe)} characters, {longest} bytes are kept")
    return kept


def _cut(text: str, longest: int) -> str:
    """Return a text of no more bytes than that; a mark says where it was cut."""
    stored = text.encode()
    if len(stored) <= longest:
        return text
    return stored[: longest - len(_CUT)].decode(errors="ignore") + _CUT


def _brief(result: CiResult) -> CiResult:
    return result.model_copy(
        update={
            "stage_results": {},
            "error_message": _cut(result.error_message, _LONGEST_BRIEF),
        }
    )


_NO_ROOM = (
    "the item is near DynamoDB's limit of 400 KB: the results of stages were left out, and "
    f"{_LONGEST_BRIEF} bytes of error_message are kept; register the configuration smaller"
)
