"""`register`: in the shape of MLCC's `do/register`, so that a script changes one word.

Its older forms go on working: `--dataset` and `--evaluator` where a subcommand stands now, and
their options with the noun in front.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from clients.command.environment import shell_values
from clients.command.front import Front
from clients.command.options import as_json, aws, ci_table, given, project_dir
from clients.command.output import (
    print_answer,
    print_asides,
    print_json,
    print_message,
    print_table,
    states,
    warn,
)

_NOUNS = ("dataset", "evaluator")
_OUR_OWN = {"buildStrategy"}
"""Keys of a record that MLCC's script stores but does not print."""

_NO_COUNT = -1

_PLACES = {"PLACE": "place", "STATE": "state", "WHAT": "what"}


class _Forms(click.Group):
    """Reads the forms that MLCC's script takes, the deprecated ones too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite what the first word says, then read on as usual."""
        first = args[0] if args else ""
        noun = first.removeprefix("--")
        if first == "model":
            args = args[1:]
        elif noun in _NOUNS:
            args = [noun, *_modern(noun, args[1:])]
            if first != noun:
                warn(f"register {first} is deprecated: use register {noun}")
        return super().parse_args(ctx, args)


def _modern(noun: str, args: list[str]) -> list[str]:
    """Return a noun's options without the noun in front of each."""
    old = [each for each in args if each.startswith(f"--{noun}-")]
    for each in old:
        name = each.partition("=")[0]
        warn(f"{name} is deprecated: use {name.replace(f'{noun}-', '', 1)}")
    return [each.replace(f"--{noun}-", "--", 1) if each in old else each for each in args]


class _Count(click.IntRange):
    """A count; a script's empty variable gives none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the count, or what the tool takes for none."""
        return _NO_COUNT if value == "" else super().convert(value, param, ctx)


def _refuse_checks(_context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        raise click.UsageError(
            "--with-endpoint, --with-metrics and --ic checked that a deployment is active and "
            "changed nothing that is recorded: leave them out, or check first with "
            "mlcc-registry call audit_deployments"
        )


@click.group(cls=_Forms, invoke_without_command=True, options_metavar="[model] [OPTIONS]")
@click.option(
    "--status", type=click.Choice(["success", "partial", "failed"]), help="Default: success."
)
@click.option("--notes", help="Free text.")
@as_json
@click.option("--ci", is_flag=True, help="Also queue the configuration for CI; implies --json.")
@ci_table
@click.option("--build-strategy", help="How the image was built; default: codebuild-submit.")
@click.option(
    "--project", "project_level", is_flag=True, help="Write the project's own registry file."
)
@click.option("--base-only", is_flag=True, help="Register no adapter versions.")
@click.option(
    "--exclude", multiple=True, metavar="NAME", help="Skip an adapter; repeat, or use commas."
)
@click.option(
    "--benchmark-status",
    type=click.Choice(["completed", "failed", "in-progress"]),
    help="Only record how a benchmark run of this configuration went.",
)
@click.option("--benchmark-run-id", help="That run's id.")
@click.option(
    "--with-endpoint",
    "--with-metrics",
    "--ic",
    is_flag=True,
    hidden=True,
    expose_value=False,
    callback=_refuse_checks,
)
@click.option("--dry-run", is_flag=True, help="Show every write that would happen.")
@click.option("--idempotency-key", help="A repeat with the same key finds its entry, at any time.")
@project_dir
@aws
@click.pass_context
def register(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Record what was deployed: the model and its adapters, a dataset, or an evaluator."""
    front: Front = context.obj
    if context.invoked_subcommand:
        if given(options) or as_json:
            raise click.UsageError(f"put the options after {context.invoked_subcommand}")
    elif {"benchmark_run_id", "benchmark_status"} & given(options).keys():
        _benchmark(front, options)
    else:
        _deployment(front, options, as_json=as_json or options["ci"])


def _deployment(front: Front, options: dict[str, Any], *, as_json: bool) -> None:
    arguments = given(options)
    folder = Path(options["project_dir"] or Path.cwd())
    environment = shell_values(folder, os.environ)
    if environment:
        arguments["environment"] = environment
    answer = front.call("register_deployment", arguments)
    if as_json:
        record = {key: value for key, value in answer["record"].items() if key not in _OUR_OWN}
        if options["ci"]:
            record = _as_queued(record)
        print_json({**record, "id": answer["id"]})
    else:
        print_message(answer)
        print_table(_PLACES, states(_outcomes(answer)))
    print_asides(answer)


def _as_queued(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as the CI table has it: of several components the first alone."""
    if "icList" not in record:
        return record
    components = [each for each in record["icList"] if not each.get("isAdapter")]
    kept = [each for each in record["icList"] if each not in components[1:]]
    return {**record, "icList": kept}


def _outcomes(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    adapters = [(f"adapter {each['name']}", each) for each in answer["adapters"]]
    return [
        ("local registry", answer["local"]),
        ("model package", answer["modelPackage"]),
        *adapters,
        ("CI table", answer["ci"]),
    ]


def _benchmark(front: Front, /, options: dict[str, Any]) -> None:
    if not (options["benchmark_status"] and options["benchmark_run_id"]):
        raise click.UsageError("--benchmark-status and --benchmark-run-id go together")
    folder = options["project_dir"] or str(Path.cwd())
    wanted = {
        "run_id": options["benchmark_run_id"],
        "status": options["benchmark_status"],
        "project_dir": folder,
    }
    others = ("ci_table", "region", "profile")
    answer = front.call(
        "record_benchmark", wanted | given({name: options[name] for name in others})
    )
    print_answer(answer, as_json=False)


@register.command()
@click.argument("positional", metavar="[NAME]", required=False)
@click.option("--name", help="The same as NAME; derived from the job when absent.")
@click.option("--s3-uri", help="S3 URI of the dataset; required unless from tune or train.")
@click.option("--format", type=click.Choice(["jsonl", "parquet", "csv"]), help="Default: jsonl.")
@click.option(
    "--technique", type=click.Choice(["sft", "dpo", "rlaif", "rlvr"]), help="Default: sft."
)
@click.option("--row-count", type=_Count(0), help="Records; counted when absent.")
@click.option("--column-schema", metavar="JSON", help="The columns, as a JSON object.")
@click.option(
    "--from-tune",
    is_flag=False,
    flag_value="latest",
    metavar="[TECHNIQUE]",
    help="Take the rest from the last tune job.",
)
@click.option(
    "--from-train",
    is_flag=False,
    flag_value="latest",
    metavar="[TECHNIQUE]",
    help="The same for custom training.",
)
@click.option("--force", is_flag=True, help="A new version even if the content is unchanged.")
@project_dir
@aws
@as_json
@click.pass_obj
def dataset(front: Front, /, positional: str | None, as_json: bool, **options: Any) -> None:
    """Register a training dataset; changed content makes a new version, equal content none."""
    _record(front, "register_dataset", _named(positional, options), as_json=as_json)


@register.command()
@click.argument("positional", metavar="[NAME]", required=False)
@click.option("--name", help="The same as NAME.")
@click.option("--type", type=click.Choice(["lambda", "model"]), help="Required.")
@click.option("--arn", "--arn-or-uri", help="Lambda ARN or model S3 URI; required.")
@click.option("--technique", type=click.Choice(["rlvr", "rlaif"]), help="Required.")
@click.option("--description", help="Free text.")
@project_dir
@aws
@as_json
@click.pass_obj
def evaluator(front: Front, /, positional: str | None, as_json: bool, **options: Any) -> None:
    """Register a reward function (lambda, rlvr) or preference model (model, rlaif)."""
    _record(front, "register_evaluator", _named(positional, options), as_json=as_json)


def _named(positional: str | None, options: dict[str, Any]) -> dict[str, Any]:
    return given({**options, "name": options["name"] or positional})


def _record(front: Front, /, tool: str, arguments: dict[str, Any], *, as_json: bool) -> None:
    print_answer(front.call(tool, arguments), as_json=as_json)
