"""The whole examination: repairs where they are asked for, then every check."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from registry.core import Registry
from registry.health.aws import check_aws
from registry.health.files import check_file, check_home
from registry.health.inspection import inspect
from registry.health.mending import repair
from registry.health.places import places_of
from registry.health.settings import check_settings, effective_settings
from registry.redaction import redact_parameters
from registry.settings import Settings
from registry.version import __version__
from schemas.doctor import DoctorReport, Finding, Level

_LEVELS: tuple[Level, ...] = ("problem", "warning", "ok")


def examine(
    registry: Registry, *, loaded: Settings, flags: Collection[str], mending: bool
) -> DoctorReport:
    """Return what the doctor finds, with whatever looks like a secret taken out.

    Args:
        loaded, flags: As in `effective_settings`.
        mending: Repair first; without it nothing is changed.
    """
    places = places_of(registry)
    at = registry.now()
    repairs = [done for place in places if mending and (done := repair(place, at=at))]
    seen = [(place, inspect(place)) for place in places]
    access, of_aws = check_aws(registry)
    findings = [
        *check_settings(registry),
        *check_home(registry.settings.home),
        *(each for place, inspected in seen for each in check_file(place, inspected)),
        *of_aws,
    ]
    report = DoctorReport(
        version=__version__,
        level=_worst(findings),
        home=str(registry.settings.home),
        settings=effective_settings(registry, loaded, flags),
        files=tuple(inspected.facts for _, inspected in seen),
        aws=access,
        repairs=tuple(repairs),
        findings=tuple(findings),
    )
    return DoctorReport.model_validate(redact_parameters(report.wire()))


def _worst(findings: Sequence[Finding]) -> Level:
    levels = {each.level for each in findings}
    return next(level for level in _LEVELS if level in levels or level == "ok")
