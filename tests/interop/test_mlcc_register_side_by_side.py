"""Every flag and form of MLCC's `do/register`, beside ours: what each recorded, as a whole.

MLCC's own script runs in a copy of the example project, its `aws` and its register helper on an
account of the sandbox; our command line reads the same words in another copy, on another account.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clients.command.app import run
from clients.command.front import Front
from sandbox.identities import DEFAULT_ACCOUNT, SECOND_ACCOUNT
from sandbox.sample import REPOSITORY, TABLE, start_endpoint
from sandbox.service import Sandbox

from ..unit.command.conftest import InMemory
from .conftest import PIN, ran, registry_command
from .differences import ROWS
from .mlcc_programs import Programs, Ran
from .side_by_side import NAMED_TABLE, Accounts, Both, Shell, Side

pytestmark = pytest.mark.timeout(300)  # the first test may wait for what npm and pip install

GENERATED = {
    "framework": "transformers",
    "deploymentTarget": "realtime-inference",
    "modelFormat": None,  # asked of projects without a transformers architecture only
    "endpointInitialInstanceCount": 1,
    "endpointDataCapturePercent": None,
    "endpointVariantName": "AllTraffic",
    "endpointVolumeSize": None,
    "icCpuCount": None,
    "icMemorySize": None,
    "icGpuCount": None,
    "icCopyCount": 1,
    "icModelWeight": None,
    "modelEnvVars": {},
    "serverEnvVars": {},
}
"""What the generator knew when it wrote the example project's scripts."""


@pytest.fixture(scope="module")
def box():
    with Sandbox(region="us-west-2") as opened:
        yield opened


@pytest.fixture(scope="module")
def accounts(box: Sandbox):
    made = Accounts.of(box)
    yield made
    for each in made.clients.values():
        for client in each.values():
            client.close()


@pytest.fixture(scope="module")
def helper(pip_install, npm_packages: Path, accounts: Accounts):
    """MLCC's register helper: arguments and variables in, exit status and answer out."""
    sagemaker = pip_install(PIN.with_name("sagemaker_core.txt"))
    script = npm_packages / "node_modules/ml-container-creator-1-6/templates/do/.register_helper.py"
    with subprocess.Popen(
        [sys.executable, str(PIN.with_name("register_helper.py")), str(script)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "PYTHONPATH": str(sagemaker),
            **accounts.environments[DEFAULT_ACCOUNT],
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def answered(arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps([arguments, variables]) + "\n")
            process.stdin.flush()
            status, said = json.loads(process.stdout.readline())
            return status, said

        yield answered
        process.communicate()


@pytest.fixture(scope="module")
def programs(helper, package: Path, tmp_path_factory):
    """The scripts' PATH: our stand-ins, and MLCC 1.5.2 as npm installs it globally."""
    opened = Programs(tmp_path_factory.mktemp("programs"), helper)
    with opened.opened():
        installed = opened.folder / "lib/node_modules/@aws"
        installed.mkdir(parents=True)
        (installed / "ml-container-creator").symlink_to(package)
        opened.write("npm", f"echo {installed.parent}")
        generator = " ".join(registry_command(package)[:-1])
        opened.write("ml-container-creator", f'exec {generator} "$@"')
        yield opened


@pytest.fixture(scope="module")
def scripts(script, npm_packages: Path):
    """The `do/` scripts of both versions, as the generator writes them for the project."""

    def rendered(package: str, *names: str) -> dict[str, str]:
        do = npm_packages / "node_modules" / package / "templates/do"
        given = {"templates": [str(do / name) for name in names], "variables": GENERATED}
        return dict(zip(names, script("render.mjs", given), strict=True))

    return {
        "1.6.0": rendered("ml-container-creator-1-6", "register", "adapter"),
        "1.5.2": rendered("@aws/ml-container-creator", "register"),
    }


@pytest.fixture
def shell(programs: Programs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run our command line in a side's folder, with its own home, account and shell."""

    def ran(side: Side, words: list[str], variables: dict[str, str]) -> Ran:
        path = f"{programs.bin}{os.pathsep}{os.environ['PATH']}"
        with monkeypatch.context() as there:
            there.chdir(side.project)
            own = {**side.environment, "HOME": str(side.user), "PATH": path, **variables}
            for name, value in own.items():
                there.setenv(name, value)
            capfd.readouterr()
            status = run(words, Front(InMemory, person=False))
        printed = capfd.readouterr()
        return Ran(int(status), printed.out, printed.err)

    return ran


@pytest.fixture
def both(accounts: Accounts, programs: Programs, scripts, shell: Shell, npm_packages, tmp_path):
    """The example project on either side, MLCC's scripts in theirs; nothing is recorded yet."""
    accounts.emptied()
    theirs = accounts.side(DEFAULT_ACCOUNT, tmp_path / "theirs")
    ours = accounts.side(SECOND_ACCOUNT, tmp_path / "ours")
    do = theirs.project / "do"
    for version, texts in scripts.items():
        for name, text in texts.items():
            (do / f"{name}-{version}").write_text(text, "utf-8")
    lib = npm_packages / "node_modules/ml-container-creator-1-6/templates/do/lib"
    (do / "lib").symlink_to(lib)
    venv = theirs.project / ".mlcc/hey-venv/bin"
    venv.mkdir(parents=True)
    (venv / "activate").touch()
    return Both(theirs, ours, programs, shell)


SENTENCE = "⚠️  MPG registration failed (non-fatal) — local registry is the primary record"
LAMBDA = "arn:aws:lambda:us-west-2:111122223333:function:reward"
ENDPOINT = "support-bot-endpoint"
BASE = "support-bot-default-1770000000"
LATEST = "s3://support-bot-data/tone/pairs.jsonl"


@pytest.fixture
def tuned(both: Both) -> Both:
    """What the last tune job leaves in do/config, beside the values of its technique."""
    both.append("config", f'export TUNE_DATASET_S3_URI="{LATEST}"')
    both.append("config", 'export TUNE_DATASET_ROW_COUNT="2"')
    both.append("config", 'export TUNE_DATASET_SOURCE="hf://acme-support/tone-pairs"')
    return both


PACKAGES = {"D18", "D20", "endpoint"}
ENTRY = {"D16", "D12", "our entry keys"}


def test_base_and_adapters_become_versions_of_the_same_group(tuned: Both):
    """With an account in the profile and the image pushed, as after do/build and do/push."""
    tuned.push_image()
    theirs, ours = tuned.run(GENERATOR_VERSION="1.5.2")

    assert (0, 0) == (theirs.status, ours.status)
    tuned.differ(*PACKAGES, "1.6.0 has no local registry")
    assert ["1", "2", "3"] == [each["ModelPackageArn"][-1] for each in tuned.packages()]


def test_the_local_entry_with_status_notes_and_excluded_adapters(tuned: Both):
    flags = ["--notes", 'said "20 % faster" — 日本', "--status=partial"]
    excluded = ["--exclude", "other", "--exclude=more,faq-sft"]
    theirs, ours = tuned.run("model", *flags, *excluded, version="1.5.2")

    assert (0, 0) == (theirs.status, ours.status)
    tuned.differ(*PACKAGES - {"D18"}, *ENTRY, "approval")
    assert "exclude names no adapter: other, more" in ours.err


def test_the_projects_own_file_with_the_base_model_alone(tuned: Both):
    flags = ["--project", "--base-only", "--status", "failed", "--notes=no capacity"]
    theirs, ours = tuned.run(*flags, version="1.5.2")

    assert (0, 0) == (theirs.status, ours.status)
    tuned.differ("endpoint", "approval", *ENTRY, "D5")


def test_a_refused_model_package_is_the_same_warning_and_fails_neither(tuned: Both, box: Sandbox):
    """The specification's sentence is that of 1.5.2."""
    box.control.fail("CreateModelPackage", "deny", times=2)
    theirs, ours = tuned.run(version="1.5.2")

    assert (0, 0) == (theirs.status, ours.status)
    assert SENTENCE in theirs.out.splitlines()
    assert SENTENCE in ours.err.splitlines()
    tuned.differ(*ENTRY)


def test_where_1_6_0_can_write_no_version_ours_does(tuned: Both):
    """D1, D41: an empty generator version is a value that the service refuses."""
    theirs, ours = tuned.run("--base-only")

    assert (0, 0) == (theirs.status, ours.status)
    assert "MPG registration failed" in theirs.out
    tuned.differ("D1", "1.6.0 has no local registry")


def test_json_prints_the_record_and_the_shells_values_are_in_it(tuned: Both):
    shell = {
        "AWS_REGION": "eu-west-1",
        "BASE_IMAGE": "a/b:c",
        "INSTANCE_TYPE": "ml.p5.48xlarge",
        "OTHER": "no",
        "VLLM_MAX_MODEL_LEN": "16384",
        "VLLM_NEW": "x",
    }
    theirs, ours = tuned.run("--json", "--status", "partial", "--notes", "n", **shell)

    assert (0, 0) == (theirs.status, ours.status)
    assert [*theirs.json, "id"] == [*ours.json]
    tuned.differ("D33", "id", "D12", "D13", "D16", printed=(theirs.json, ours.json))


def test_the_ci_table_is_written_and_written_again_after_a_test(tuned: Both):
    first = tuned.run("--ci", "--build-strategy", "docker")
    tuned.differ("D33", "id", "D16", "D12", "our item keys", printed=(first[0].json, first[1].json))
    tuned.tested()
    again = tuned.run("--ci", "--build-strategy=local", "--ci-table", TABLE, "--status=partial")
    named = tuned.run("--json", "--ci", f"--ci-table={NAMED_TABLE}", BASE_IMAGE="host:5000/x")
    tuned.differ("D33", "D16", "D12", "D42", "our item keys")

    assert [0] * 6 == [each.status for pair in (first, again, named) for each in pair]
    assert ["untested"] == [each["testStatus"] for each in tuned.ours.items(TABLE).values()]


def test_a_benchmark_is_recorded_on_the_item_of_the_configuration(both: Both):
    """Of one component without adapters; of more, MLCC makes a stray item (D27)."""
    both.remove("ic", "adapters")
    queued = both.run("--ci")
    flags = ["--benchmark-status", "completed", "--benchmark-run-id", "run-7"]
    recorded = both.run(*flags)
    table = ["--ci-table", TABLE]  # stronger than the shell's
    again = both.run(
        "--benchmark-status=failed", "--benchmark-run-id=run-8", *table, CI_TABLE_NAME="absent"
    )

    assert [0] * 6 == [each.status for pair in (queued, recorded, again) for each in pair]
    both.differ("D33", "D12", "our item keys")
    assert [("run-8", "failed")] == [
        (each["lastBenchmarkRunId"], each["lastBenchmarkStatus"])
        for each in both.ours.items(TABLE).values()
    ]


def test_a_benchmark_of_a_project_with_adapters_is_no_stray_item(both: Both):
    both.run("--ci")
    both.run("--benchmark-status", "in-progress", "--benchmark-run-id", "run-7")

    both.differ("D33", "D16", "D12", "D27", "D27, the item", "our item keys")
    assert (2, 1) == (len(both.theirs.items(TABLE)), len(both.ours.items(TABLE)))


def test_a_table_that_is_not_there_is_a_remark_there_and_a_failure_here(both: Both):
    """Design: what was asked for by name and not got is an error."""
    theirs, ours = both.run("--ci", "--ci-table", "absent")

    assert 0 == theirs.status
    assert 3 == ours.status
    assert "CI infrastructure not provisioned" in theirs.out
    assert "absent" in ours.json["error"]["message"]
    both.differ("D33")


FAQ = "s3://support-bot-data/faq/train.jsonl"
COLUMNS = '{"q": "text"}'
ROWS_CSV = "s3://support-bot-data/custom/rows.csv"


def test_datasets_with_every_flag_and_their_versions(both: Both):
    """Equal content makes no version unless it is forced; a prefix has a hash too."""
    full = ["--technique", "dpo", "--format", "csv", "--row-count", "7"]
    runs = [
        both.run("dataset", "rows", "--s3-uri", ROWS_CSV, *full, "--column-schema", COLUMNS),
        both.run("dataset", "--s3-uri", FAQ, "--name", "faq", "--row-count", ""),
        both.run("dataset", "faq", f"--s3-uri={FAQ}"),
        both.run("dataset", "--name=faq", f"--s3-uri={FAQ}", "--force", "--row-count=3"),
        both.run(
            "dataset", "--s3-uri=s3://support-bot-data/tone/", "--technique=rlaif",
            "--format=parquet", "--column-schema={}", "--name=all",
        ),
    ]  # fmt: skip

    assert [0] * 10 == [each.status for pair in runs for each in pair]
    both.differ("D35", "columns")


def test_datasets_of_the_last_tune_job(tuned: Both):
    runs = [
        tuned.run("dataset", "--from-tune"),
        tuned.run("dataset", "own-name", "--from-tune", "sft", "--row-count", "9"),
        tuned.run("dataset", "--from-tune", "sft"),
        tuned.run("dataset", "said", "--from-tune", "dpo", f"--s3-uri={FAQ}", "--technique=sft"),
    ]

    assert [0] * 8 == [each.status for pair in runs for each in pair]
    tuned.differ("D36", "D36, said")


def test_a_dataset_of_a_train_job_and_an_arn_of_another_kind(both: Both):
    """What one side alone records."""
    both.append("config", f'export TRAIN_DATASET_S3_URI_SFT="{FAQ}"')
    trained = both.run("dataset", "--from-train", "sft")
    model = ["--type=model", "--arn-or-uri", LAMBDA, "--technique=rlaif"]
    judged = both.run("evaluator", "judge", *model)

    assert [(1, 0), (0, 2)] == [(a.status, b.status) for a, b in (trained, judged)]
    both.differ("D25", "arn")


def test_evaluators_with_every_flag_and_registered_again(both: Both):
    runs = [
        both.run(
            "evaluator", "reward", "--type", "lambda", "--arn", LAMBDA, "--technique", "rlvr",
            "--description", "Checks the unit tests",
        ),
        both.run(
            "evaluator", "--name=judge", "--type=model", "--arn=s3://support-bot-data/judge/",
            "--technique=rlaif", "--description=a judge",
        ),
        both.run(
            "evaluator", "--name", "reward", "--type", "lambda", f"--arn-or-uri={LAMBDA}-2",
            "--technique", "rlvr",
        ),
    ]  # fmt: skip

    assert [0] * 6 == [each.status for pair in runs for each in pair]
    both.differ("history", "not sent")


def test_the_deprecated_forms_record_the_same(both: Both):
    runs = [
        both.run(
            "--dataset", "--dataset-name", "old", "--dataset-s3-uri", FAQ, "--dataset-format",
            "jsonl", "--dataset-technique", "rlvr", "--dataset-row-count", "5",
            "--dataset-column-schema", "{}", "--force",
        ),
        both.run(
            "--evaluator", "--evaluator-name", "old", "--evaluator-type", "lambda",
            "--evaluator-arn-or-uri", LAMBDA, "--evaluator-technique", "rlvr",
            "--evaluator-description", "of before",
        ),
    ]  # fmt: skip

    assert [0] * 4 == [each.status for pair in runs for each in pair]
    both.differ("columns")
    assert ["--dataset", "--evaluator"] == [
        name for (_, ours), name in zip(runs, ("--dataset", "--evaluator"), strict=True)
        if f"register {name} is deprecated" in ours.err
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["--status", "fine"],
        ["--bogus"],
        ["dataset", "d", "--format", "xml", "--s3-uri", FAQ],
        ["dataset", "d"],
        ["dataset", "d", "--s3-uri", FAQ, "--column-schema", "{q"],
        ["dataset", "--from-tune", "rlvr"],
        ["evaluator", "e", "--type", "lambda", "--technique", "rlvr"],
        ["--benchmark-status", "completed"],
        ["--benchmark-status=done", "--benchmark-run-id=r"],
        ["model", "dataset"],
    ],
    ids=" ".join,
)
def test_what_the_script_refuses_ours_refuses_and_neither_records_anything(both: Both, words):
    """1 there, 2 here: docs/command-line.md, "Exit status"."""
    theirs, ours = both.run(*words)

    assert (1, 2) == (theirs.status, ours.status)
    both.differ()
    assert ["do"] == [*both.ours.recorded()]


def test_flags_that_only_check_are_refused_with_the_reason(both: Both):
    """docs/moving-from-do-register.md; the example's deployment is active."""
    theirs, ours = both.run("--with-endpoint", "--with-metrics", "--ic", "--json")

    assert (0, 2) == (theirs.status, ours.status)
    assert "leave them out" in ours.err
    both.differ()


@pytest.mark.parametrize("words", [["--help"], ["dataset", "-h"]], ids=" ".join)
def test_help_is_a_success_of_both(both: Both, words):
    theirs, ours = both.run(*words)

    assert (0, 0) == (theirs.status, ours.status)
    assert "--s3-uri" in theirs.out
    assert "dataset" in ours.out
    both.differ()


def test_registry_lists_and_shows_what_mlccs_command_line_does(both: Both, package: Path):
    """Of 1.5.2, on the same files; it lists the oldest first and leaves a filter out (D37)."""
    mine = partial(both.command, both.ours)
    mine("register", "--status", "partial")
    mine("register", "--project")
    both.append("config", 'export DEPLOYMENT_CONFIG="http-flask"')
    mine("register")
    theirs = partial(mlcc_listed, package, both.ours)
    filters = [
        ["--status", "partial"],
        ["--model=QWEN", "--backend", "vllm"],
        ["--architecture=transformers", "--instance-type=ml.g5.2xlarge", "--status=success"],
    ]
    flask = ["--deployment-config=http-flask"]
    listed = [
        listed_ids(mine("registry", "list", "--json", *each)) for each in ([], *filters, flask)
    ]

    assert [sorted(theirs("list", *each)) for each in (flask, *filters)] == [
        sorted(each) for each in listed[:-1]
    ]
    assert [3, 1, 2, 1, 1] == [len(each) for each in listed]
    searched = ["search", "--model", "Qwen/*3-?B", "--status=success"]
    assert sorted(theirs(*searched)) == sorted(listed_ids(mine("registry", *searched, "--json")))
    shown = mlcc_printed(package, both.ours, "get", listed[1][0])
    for word in ("get", "show"):
        entry = mine("registry", word, listed[1][0], "--json").json["entry"]
        assert json.loads(shown[shown.index("{") :]) == entry


def listed_ids(ran: Ran) -> list[str]:
    assert 0 == ran.status
    return [each["id"] for each in ran.json["deployments"]]


def mlcc_listed(package: Path, side: Side, *words: str) -> list[str]:
    return re.findall(r"^  ([0-9a-f]{8}) ", mlcc_printed(package, side, *words), re.MULTILINE)


def mlcc_printed(package: Path, side: Side, *words: str) -> str:
    return ran([*registry_command(package), *words], side.home, side.project)


VERSION = {
    "ModelPackageGroupName": "support-bot",
    "ModelApprovalStatus": "Approved",
    "CustomerMetadataProperties": {
        "isAdapter": "true",
        "modelDataUrl": "s3://support-bot-adapters/tone-dpo/v1",
        "modelName": "Qwen/Qwen3-4B",
        "parentModelVersionArn": "arn:aws:sagemaker:us-west-2:111122223333:model-package/base/1",
        "tuneTechnique": "dpo",
    },
}


def test_an_adapter_of_the_registry_is_added_with_the_same_conf_and_component(both: Both):
    for side in (both.theirs, both.ours):
        sagemaker = side.clients["sagemaker"]
        image = f"{side.account}.dkr.ecr.us-west-2.amazonaws.com/{REPOSITORY}:support-bot-latest"
        start_endpoint(
            sagemaker, image, endpoint=ENDPOINT, base_component=BASE, model="Qwen/Qwen3-4B"
        )
        sagemaker.create_model_package_group(ModelPackageGroupName="support-bot")
        sagemaker.create_model_package(**VERSION)
    theirs, ours = both.add("polite", "")  # nobody can be asked
    assert (1, 2) == (theirs.status, ours.status)
    assert "support-bot/1" in ours.err
    theirs, ours = both.add("polite", "arn:aws:sagemaker:us-west-2:{}:model-package/support-bot/1")

    assert (0, 0) == (theirs.status, ours.status)
    both.differ("technique", component=tuple(created(side) for side in (both.theirs, both.ours)))


def created(side: Side) -> Any:
    found = side.clients["sagemaker"].describe_inference_component(
        InferenceComponentName="support-bot-adapter-polite"
    )
    wanted = ("EndpointName", "InferenceComponentStatus", "Specification", "RuntimeConfig")
    return {key: found[key] for key in wanted if key in found}


def test_every_flag_that_the_script_takes_is_given_here(scripts):
    """As its own text names them, with and without `=`."""
    text = scripts["1.6.0"]["register"]
    labels = "|".join(re.findall(r"^\s*(-[^)\s]*)\)", text, re.MULTILINE)).split("|")
    given = Path(__file__).read_text("utf-8")

    assert {"--status", "--status=*", "--dataset-name", "-h"} <= {*labels}
    assert [] == [
        label
        for label in labels
        if (label[:-1] if label.endswith("*") else f'"{label}"') not in given
    ]


def test_every_row_of_the_table_is_expected_somewhere():
    named = Path(__file__).read_text("utf-8")

    assert [] == [name for name in ROWS if f'"{name}"' not in named]
