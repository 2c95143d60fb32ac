"""A CI report as a short text in Markdown, for a pipeline's summary page."""

from __future__ import annotations

from schemas.ci_report import CiReport

_ROWS = 40


def as_markdown(report: CiReport) -> str:
    """Return the report's figures as headings and tables; names are escaped."""
    tally = report.summary
    lines = [
        "## CI coverage",
        "",
        f"**{tally.coverage_percent}%** of {tally.total} configurations tested: {tally.passing} "
        f"pass, {tally.failing} fail, {tally.untested} untested, {tally.running} running, "
        f"{report.stuck_count} stuck.",
    ]
    lines += [f"> {warning}" for warning in report.warnings]
    if report.configurations:
        lines += ["", "| configuration | tested | pass | fail | last |", "|---|---|---|---|---|"]
        lines += [
            f"| {_cell(one.deployment_config)} | {one.tested} of {one.total} | {one.passing} "
            f"| {one.failing} | {_cell(one.status)} |"
            for one in report.configurations[:_ROWS]
        ]
    if report.failing_by_stage:
        stages = ", ".join(f"{_cell(name)} {n}" for name, n in report.failing_by_stage.items())
        lines += ["", f"Failing by stage: {stages}."]
    if report.regressions:
        lines += ["", f"### Regressions ({report.regression_count})", ""]
        lines += [
            f"- {_cell(one.deployment_config)} `{one.config_id}`: {_cell(one.status)} at "
            f"{one.failed_at}"
            for one in report.regressions
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Return a name that cannot break out of its cell or become markup."""
    plain = " ".join(text.split())[:80]
    for mark in "\\`*_|<>[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
