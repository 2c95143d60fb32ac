"""The commands as one program: what each is called, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from clients.command.adapters import adapter_alias, adapters
from clients.command.answers import Refused
from clients.command.anything import call, tools
from clients.command.ci import ci
from clients.command.completion import completion
from clients.command.config import config
from clients.command.exits import Exit
from clients.command.front import Front
from clients.command.output import print_json, print_refusal
from clients.command.register import register
from clients.command.registry import registry
from clients.command.starting import COMPLETION
from clients.command.version import version

_EPILOG = (
    "Exit status: 0 done; 1 what was watched failed; 2 wrong arguments; 3 not found; 4 conflict; "
    "5 a precondition failed; 6 confirmation needed; 7 not configured; 8 credentials; 9 permission "
    "denied; 10 throttled; 11 unavailable; 12 timeout; 13 corrupt registry; 14 cancelled; "
    "70 internal; 130 interrupted."
)

_SAYS_JSON = {"--json", "--ci"}
"""Options after which standard output holds JSON, a refusal too."""


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(version())
        context.exit()


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
def program() -> None:
    """Work with the deployment registry of ml-container-creator projects."""


for each in (register, registry, adapters, adapter_alias, ci, call, tools, config, completion):
    program.add_command(each)


def run(arguments: Sequence[str], front: Front) -> int:
    """Run a command line and return its exit status."""
    try:
        status = program.main(
            list(arguments),
            prog_name="mlcc-registry",
            complete_var=COMPLETION,
            standalone_mode=False,
            obj=front,
        )
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except SystemExit as completed:  # how completions end
        return int(completed.code or 0)
    except click.ClickException as wrong:
        wrong.show()
        return Exit.INVALID_ARGUMENT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except Refused as refused:
        if not _SAYS_JSON.isdisjoint(arguments):
            print_json(refused.answer)
        sys.stdout.flush()
        print_refusal(refused)
        return refused.exit
    return status if isinstance(status, int) else Exit.DONE
