"""`ci`: what is untested, claiming it, recording how it went, and the report."""

from __future__ import annotations

from typing import Any

import click

from clients.command.front import Front
from clients.command.options import Command, as_json, aws, ci_table, given, most
from clients.command.output import (
    print_answer,
    print_asides,
    print_json,
    print_message,
    print_table,
)

_CONFIGURATIONS = {
    "CONFIG ID": "configId",
    "STATUS": "testStatus",
    "PROJECT": "projectName",
    "CONFIG": "deploymentConfig",
    "MODEL": "modelName",
    "INSTANCE": "instanceType",
    "REGION": "awsRegion",
    "LAST TEST": "lastTestTimestamp",
}


def _filters(command: Command) -> Command:
    """Add what untested configurations are chosen by."""
    for option in (
        click.option("--deployment-config", help="Architecture and backend."),
        click.option("--project-name", help="Project."),
        click.option("--stale-after-hours", type=click.IntRange(1), help="Default: 24."),
        click.option("--include-stale", is_flag=True, help="Also those tested too long ago."),
    ):
        command = option(command)
    return command


@click.group()
def ci() -> None:
    """Work through the configurations that CI tests."""


@ci.command()
@_filters
@click.option("--count", "count_only", is_flag=True, help="Print only how many there are.")
@click.option("--detail", type=click.Choice(["full"]), help="Add each whole configuration.")
@most
@ci_table
@aws
@as_json
@click.pass_obj
def untested(front: Front, /, as_json: bool, most: int | None, **options: Any) -> None:
    """List untested configurations, the longest waiting first."""
    if options["count_only"]:
        answer = front.call("query_ci_untested", given(options))
        return print_json(answer) if as_json else click.echo(answer["count"])
    answer = front.whole_list("query_ci_untested", "configurations", given(options), most or 0)
    if as_json:
        return print_json(answer)
    return print_table(_CONFIGURATIONS, answer["configurations"])


@ci.command()
@click.option("--worker", required=True, help="Who tests, such as the CI job's id.")
@click.option("-n", "n", type=click.IntRange(0, 25), help="How many; default: 1.")
@click.option("--lease-s", type=click.IntRange(1), help="Seconds; default: 3600.")
@_filters
@click.option("--idempotency-key", help="A repeat with the same key gets the same leases.")
@click.option("--renew", multiple=True, metavar="LEASE", help="Prolong a lease instead.")
@click.option("--release", multiple=True, metavar="LEASE", help="Give one back, untested.")
@click.option("--detail", type=click.Choice(["full"]), help="Add each whole configuration.")
@ci_table
@aws
@as_json
@click.pass_obj
def claim(front: Front, /, as_json: bool, **options: Any) -> None:
    """Lease configurations to one worker; no two workers get the same one."""
    answer = front.call("claim_ci_untested", given(options))
    if as_json:
        print_json(answer)
    else:
        leased = {"LEASE": "leaseId", "UNTIL": "leaseExpiresAt", **_CONFIGURATIONS}
        print_table(leased, answer["configurations"])
    print_asides(answer)


@ci.command()
@click.argument("config_id")
@click.argument("lease_id")
@click.argument("status", metavar="pass|fail-STAGE")
@click.option("--duration-s", type=click.FloatRange(0), help="Seconds of the whole test.")
@click.option("--stage-results", metavar="JSON", help="By stage: status, durationSeconds, ...")
@click.option("--error-message", help="Why it failed.")
@click.option("--tier", help="Tier of the test.")
@click.option("--e2e-catalog-id", help="Id in the catalog of end to end tests.")
@ci_table
@aws
@as_json
@click.pass_obj
def record(front: Front, /, as_json: bool, **options: Any) -> None:
    """Record how the test of a claimed configuration went; this ends its lease."""
    answer = front.call("record_ci_result", given(options))
    print_answer(answer, as_json=as_json)


@ci.command()
@click.option("--project-name", help="Project.")
@click.option("--deployment-config", help="Architecture and backend.")
@click.option("--tier", help="Tier.")
@click.option("--stuck-after-hours", type=click.IntRange(1), help="Default: 2.")
@click.option("--markdown", is_flag=True, help="Print the text for a CI summary page.")
@click.option("--detail", type=click.Choice(["full"]), help="Lists of 100, not of 20.")
@ci_table
@aws
@as_json
@click.pass_obj
def report(front: Front, /, as_json: bool, **options: Any) -> None:
    """Report how much CI has tested, and how that went."""
    answer = front.call("ci_report", given(options))
    if as_json:
        print_json(answer)
    elif options["markdown"]:
        click.echo(answer["markdown"])
    else:
        print_message(answer)
        coverage = {
            "CONFIG": "deploymentConfig",
            "TOTAL": "total",
            "PASS": "passing",
            "FAIL": "failing",
            "UNTESTED": "untested",
            "RUNNING": "running",
            "TESTED %": "coveragePercent",
        }
        print_table(coverage, answer["configurations"])
    print_asides(answer)
