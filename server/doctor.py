"""`mlcc-registry-mcp doctor`: shows what the server would find where it is started."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Generator, Iterator

from registry.health.examination import examine
from registry.settings import Settings
from schemas.doctor import DoctorReport, EffectiveSetting, Finding, Repair
from server.assembling import build_registry, surroundings

_HEADINGS = {"setting": "Settings", "home": "Files", "file": "Files", "aws": "AWS"}


def doctor(settings: Settings, flags: Collection[str], *, as_json: bool, mending: bool) -> int:
    """Print the report on stdout; return 1 when something is a problem, else 0.

    Args:
        flags: The settings that the command line named.
        mending: Repair what can be repaired first.

    Raises:
        RegistryError: the sandbox was asked for and cannot run here.
    """
    with surroundings(settings) as actual:
        registry = build_registry(actual, os.environ)
        report = examine(registry, loaded=settings, flags=flags, mending=mending)
        text = json.dumps(report.wire(), indent=2) if as_json else "\n".join(_lines(report))
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    return int(report.level == "problem")


def _lines(report: DoctorReport) -> Iterator[str]:
    yield f"mlcc-registry-mcp {report.version}: {_verdict(report)}"
    heading = ""
    for each in report.repairs:
        heading = yield from _headed("Repairs", heading)
        yield from _repair(each)
    heading = yield from _headed("Settings", heading)
    width = max(len(each.name) for each in report.settings)
    for setting in report.settings:
        yield f"  {setting.name:{width}}  {_value(setting)}  ({_origin(setting)})"
    for finding in report.findings:
        heading = yield from _headed(_HEADINGS[finding.subject], heading)
        yield from _finding(finding)


def _headed(heading: str, present: str) -> Generator[str, None, str]:
    """Yield a heading unless it stands already; return it."""
    if heading != present:
        yield ""
        yield heading
    return heading


def _verdict(report: DoctorReport) -> str:
    counts = {
        level: sum(each.level == level for each in report.findings)
        for level in ("problem", "warning")
    }
    said = [
        f"{number} {level}{'s' if number > 1 else ''}" for level, number in counts.items() if number
    ]
    return ", ".join(said) or "everything is in order"


def _repair(done: Repair) -> Iterator[str]:
    yield f"  {done.state:9}  {_plain(done.path)}: {_plain(done.message)}"
    for place in done.lost:
        yield f"             not read: {_plain(place)}"


def _finding(finding: Finding) -> Iterator[str]:
    about = finding.about.replace("_", " ") if finding.subject == "aws" else finding.about
    yield f"  {finding.level:7}  {_plain(about)}: {_plain(finding.message)}"
    if finding.next_step:
        yield f"           -> {_plain(finding.next_step)}"


def _value(setting: EffectiveSetting) -> str:
    value = setting.value
    if isinstance(value, tuple):
        return _plain(", ".join(value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(str(value)) or "-"


def _origin(setting: EffectiveSetting) -> str:
    kind = setting.source.replace("_", " ")
    if setting.source in ("flag", "variable", "project"):
        return _plain(setting.source_name or kind)
    return _plain(f"{kind}: {setting.source_name}" if setting.source_name else kind)


def _plain(text: str) -> str:
    """Return a text that moves no terminal's cursor: names in files may be anybody's."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
