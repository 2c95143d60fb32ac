"""The command `mlcc-registry-mcp`: reads flags, then serves one client over stdio.

Or it examines (`doctor`), or makes the CI table (`ci-table create`).

`--help`, `--version` and a bad flag answer without importing the protocol library.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from registry.errors import RegistryError
from registry.redaction import redact_text
from registry.settings import TOOLSETS, Settings, load_settings
from registry.version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0 at the end of input, from a doctor who found no problem, and when the CI table is there;
        1 from a doctor who found one; 2 for a setting that cannot be used or a table that could
        not be made.
    """
    parser = _parser()
    given = vars(parser.parse_intermixed_args(argv))
    command = " ".join(given.pop("command"))
    if command not in _COMMANDS:
        parser.error(f"there is no command {command!r}; known: {', '.join(_COMMANDS[1:])}")
    options = {name: given.pop(name, False) for name in ("as_json", "mending")}
    if command != "doctor" and any(options.values()):
        parser.error("--json and --repair belong to doctor")
    try:
        settings = load_settings(given)
        if command == "doctor":
            from server.doctor import doctor  # noqa: PLC0415 - as below

            return doctor(settings, given.keys(), **options)
        if command == "ci-table create":
            from server.ci_table import create_ci_table  # noqa: PLC0415 - as below

            return create_ci_table(settings)
        gc.disable()  # what is loaded stays: looking for garbage in it is a tenth of the start
        from server.stdio import serve  # noqa: PLC0415 - half a second that --help need not take

        gc.freeze()
        gc.enable()
        serve(settings)
    except RegistryError as error:
        hint = f" ({error.hint})" if error.hint else ""
        said = redact_text(f"{error.message}{hint}")
        print(f"mlcc-registry-mcp: {said}", file=sys.stderr)  # noqa: T201 - no log yet
        return 2
    return 0


_COMMANDS = ("", "doctor", "ci-table create")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line: a host shows its user the last lines of our stderr."""

    def error(self, message: str) -> NoReturn:
        """End with status 2, as for any setting that cannot be used."""
        self.exit(2, f"{self.prog}: {redact_text(message)} (--help lists the flags)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mlcc-registry-mcp",
        description="Serve the deployment registry to one MCP client over stdio. Each flag is "
        "also an environment variable: --ci-table is MLCC_REGISTRY_CI_TABLE.",
        epilog="Exit status: 0 at the end of input, 2 for a setting that cannot be used. doctor: "
        "0 when nothing is a problem (warnings can be lived with), 1 when something is, 2 for a "
        "setting that cannot be used. ci-table create: 0 when the table is there, 2 when it could "
        "not be made.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "command",
        nargs="*",
        default=[],
        help="doctor: show each setting and where it came from, check files and AWS, and say what "
        "to do; ci-table create: make the CI table with its index, where no stack has; without a "
        "command the server serves",
    )
    parser.add_argument(
        "--json", dest="as_json", action="store_true", help="doctor: print one JSON object"
    )
    parser.add_argument(
        "--repair",
        dest="mending",
        action="store_true",
        help="doctor: put damaged files aside and save what can be read of them",
    )
    parser.add_argument("--version", action="version", version=__version__)
    for flags, options in _FLAGS:
        parser.add_argument(*flags, **options)
    return parser


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _value(name: str, text: str, **options: Any) -> tuple[tuple[str, ...], dict[str, Any]]:  # noqa: ANN401 - argparse's own
    metavar = None if "choices" in options else name.upper()
    default = _default(name)
    text = f"{text} (default {default})" if default else text
    flag = f"--{name.replace('_', '-')}"
    return (flag,), {"dest": name, "help": text, "metavar": metavar, **options}


def _switch(name: str, text: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    flag = f"--{name.replace('_', '-')}"
    return (flag,), {"dest": name, "help": text, "action": "store_const", "const": True}


_FLAGS = (
    _value("home", "the registry home"),
    _value("region", "AWS region where neither call nor project names one"),
    _value("profile", "AWS profile where the call names none"),
    _value("hub", "SageMaker hub for datasets and evaluators; else the bootstrap profile's"),
    _value(
        "ci_table",
        "DynamoDB table of CI configurations; else CI_TABLE_NAME, the bootstrap "
        "profile's, mlcc-ci-table",
    ),
    _value("ci_region", "its region, where it is not the call's"),
    _value("stale_statuses", "test statuses whose configurations may be stale, comma-separated"),
    _value(
        "stuck_after_hours",
        "hours that a configuration may run without a live lease before it is stuck",
        type=int,
    ),
    _switch("read_only", "publish no tool that writes"),
    _value("toolsets", f"toolsets to publish, comma-separated, of: {', '.join(TOOLSETS)}"),
    _value("allowed_accounts", "refuse writes in any other AWS account; comma-separated"),
    _value(
        "workspace",
        "a folder that path arguments may be in; repeatable; default: the working folder",
        action="append",
    ),
    _switch("require_confirm", "a rollout always needs the digest of its plan"),
    _switch("require_human", "a rollout always needs an answered question"),
    _switch("auto_approve", "a rollout needs neither digest nor question"),
    _value("ask", "ask a person before a rollout, where the client can", choices=["auto", "never"]),
    _value("ask_s", "seconds that a person has to answer, where the call waits", type=float),
    _value(
        "poll_s", "seconds before the first look at a component that is being created", type=float
    ),
    _value(
        "log_level",
        "least severe log lines on stderr",
        choices=["DEBUG", "INFO", "WARNING", "ERROR"],
    ),
    _switch("sandbox", "serve against a private local AWS; nothing reaches a real account"),
    _value("sandbox_dir", "keep the local AWS's state in this folder"),
)


if __name__ == "__main__":
    sys.exit(main())
