"""`mlcc-registry-mcp doctor` as people and scripts run it: the real command in a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.doctor import DoctorReport

COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
TOKEN = "hf_" + "Rk7uQ2" * 5
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEHsaDLongSessionTokenValue1234567890",
    "HF_TOKEN": TOKEN,
    "NGC_API_KEY": "nvapi-" + "Zx81Kq" * 6,
}

Doctor = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A user's own HOME, with nothing in it."""
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def home(user: Path) -> Path:
    folder = user / ".ml-container-creator"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A copy of the example project."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "work" / "support-bot"))


@pytest.fixture
def doctor(user: Path, work: Path) -> Doctor:
    """Run the command in the project's folder."""

    def run(*flags: str, program: tuple[Any, ...] = (COMMAND,), **environment: str) -> Any:
        plain = {"HOME": str(user), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
        return subprocess.run(
            [*program, *flags],
            cwd=work,
            env=plain | environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    return run


def report(done: subprocess.CompletedProcess[str]) -> DoctorReport:
    assert "" == done.stderr
    return DoctorReport.model_validate(json.loads(done.stdout))


def origins(found: DoctorReport) -> dict[str, tuple[object, str, str | None]]:
    return {each.name: (each.value, each.source, each.source_name) for each in found.settings}


def test_without_credentials_and_files_it_is_quick_quiet_and_makes_nothing(doctor, user):
    began = time.monotonic()
    done = doctor("doctor")
    elapsed = time.monotonic() - began

    assert (0, "") == (done.returncode, done.stderr)
    assert elapsed < 20  # it waits for nobody; the machine may be busy
    assert "Settings\n  home" in done.stdout
    assert "no AWS credentials were found" in done.stdout
    assert [] == list(user.iterdir())


def test_a_report_is_one_object_that_names_every_settings_origin(doctor, home, work):
    profile = {"ciTableName": "bootstrap-table", "aiRegistryHubName": "bootstrap-hub"}
    content = {"activeProfile": "team", "profiles": {"team": profile}}
    (home / "config.json").write_text(json.dumps(content))

    done = doctor(
        "--ci-region", "eu-west-1", "doctor", "--json", "--hub", "flag-hub",
        MLCC_REGISTRY_LOG_LEVEL="ERROR",
        AWS_PROFILE="nobody",
    )  # fmt: skip
    found = report(done)

    assert 1 == found.format
    assert {
        "home": (str(home), "default", None),
        "region": ("us-west-2", "project", "AWS_REGION in do/config"),
        "profile": ("nobody", "variable", "AWS_PROFILE"),
        "hub": ("flag-hub", "flag", "--hub"),
        "ci_table": ("bootstrap-table", "bootstrap_profile", "ciTableName of team"),
        "ci_region": ("eu-west-1", "flag", "--ci-region"),
        "log_level": ("ERROR", "variable", "MLCC_REGISTRY_LOG_LEVEL"),
        "workspace": ((str(work),), "start_folder", None),
        "toolsets": (("core",), "default", None),
    }.items() <= origins(found).items()
    assert 1 == done.returncode  # the named profile is not there
    assert ["credentials"] == [each.about for each in found.findings if each.level == "problem"]


def test_a_damaged_file_is_status_1_and_a_repair_heals_it(doctor, home, work):
    damaged = b'[{"name": "d1", "s3_uri": "s3://b/1"}, {"name": "d2'
    (home / "datasets.json").write_bytes(damaged)
    (home / "datasets.json").chmod(0o600)
    own = work / ".ml-container-creator" / "registry.json"
    own.parent.mkdir()
    own.write_text("{}")

    ill = doctor("doctor", "--json")
    mended = doctor("doctor", "--repair", "--json")
    well = doctor("doctor", "--json")

    assert [1, 0, 0] == [each.returncode for each in (ill, mended, well)]
    assert () == report(ill).repairs == report(well).repairs
    datasets, project = report(mended).repairs
    assert ("repaired", 1) == (datasets.state, datasets.kept)
    assert ("repaired", 0) == (project.state, project.kept)
    assert [{"name": "d1", "s3_uri": "s3://b/1"}] == json.loads(
        (home / "datasets.json").read_text()
    )
    assert damaged == Path(datasets.set_aside).read_bytes()
    assert b"{}" == Path(project.set_aside).read_bytes()
    assert "problem" != report(well).level


def test_without_repair_nothing_is_changed(doctor, home):
    (home / "registry.json").write_text("{damaged")
    (home / ".registry.json.1.ab.tmp").write_text("stray")
    before = {each.name: each.read_bytes() for each in home.iterdir()}

    doctor("doctor")

    assert before == {each.name: each.read_bytes() for each in home.iterdir()}


def test_whom_aws_takes_us_for_is_told_and_what_it_is_asked_at(doctor, box, aws, ci_table):
    environment = box.environment()

    done = doctor("doctor", "--json", "--ci-table", ci_table, **environment)
    found = report(done)

    assert found.aws.identity is not None
    assert ("123456789012", "us-west-2") == (found.aws.identity.account, found.aws.identity.region)
    assert ("env", ci_table) == (found.aws.method, found.aws.ci_table)
    assert environment["AWS_ENDPOINT_URL_S3"] == found.aws.foreign_endpoints["s3"]
    assert (0, "warning") == (done.returncode, found.level)  # an endpoint is not AWS's
    assert environment["AWS_ACCESS_KEY_ID"] not in done.stdout


@pytest.mark.parametrize("flags", [(), ("--repair", "--json")])
def test_no_secret_is_ever_in_the_output(doctor, home, user, tmp_path, flags):
    profile = {"secrets": {"hf": TOKEN}, "ciTableName": TOKEN, "aiRegistryHubName": f"hub {TOKEN}"}
    content = {"activeProfile": "team", "profiles": {"team": profile}}
    (home / "config.json").write_text(json.dumps(content))
    (home / "registry.json").write_text(f'{{"entries": [{{"{TOKEN}": 1, "{TOKEN}": 2}}]}}')
    (home / "datasets.json").write_text(f'[{{"name": "{TOKEN}')
    secret = SECRETS["AWS_SECRET_ACCESS_KEY"]
    keys = tmp_path / "credentials"
    keys.write_text(
        f"[team]\naws_access_key_id=AKIAUSERSOWNREALKEY0\naws_secret_access_key={secret}"
    )

    done = doctor(
        "doctor",
        *flags,
        **SECRETS,
        AWS_ACCESS_KEY_ID="AKIAUSERSOWNREALKEY0",
        AWS_SHARED_CREDENTIALS_FILE=str(keys),
        AWS_ENDPOINT_URL="http://somebody:hunter2secret@127.0.0.1:9",
        MLCC_REGISTRY_CI_REGION="us-west-2",
        MLCC_REGISTRY_SANDBOX_DIR="",
    )

    assert 1 == done.returncode
    everything = done.stdout + done.stderr
    assert "127.0.0.1:9" in everything
    for planted in (*SECRETS.values(), "AKIAUSERSOWNREALKEY0", "hunter2secret"):
        assert planted not in everything


def test_names_from_files_move_no_terminals_cursor(doctor, home):
    profiles = {"a\x1b[2Jb": {"awsRegion": "eu-west-1\x1b]0;x\x07"}}
    content = {"activeProfile": "a\x1b[2Jb", "profiles": profiles}
    (home / "config.json").write_text(json.dumps(content))

    done = doctor("doctor", "--workspace", str(home))

    assert "\\x1b[2Jb" in done.stdout
    assert not any(each in done.stdout for each in "\x1b\x07")


@pytest.mark.parametrize(
    ("flags", "environment", "named"),
    [
        (["doctor", "--nonsense"], {}, "--nonsense"),
        (["doctor", "stray"], {}, "stray"),
        (["--json"], {}, "--json"),
        (["--repair"], {}, "--repair"),
        (["doctor", "--toolsets", "core,magic"], {}, "magic"),
        (["doctor"], {"MLCC_REGISTRY_POLL_S": "abc"}, "MLCC_REGISTRY_POLL_S"),
    ],
)
def test_what_cannot_be_used_is_status_2_and_one_line(doctor, flags, environment, named):
    done = doctor(*flags, **environment)

    assert (2, "") == (done.returncode, done.stdout)
    [line] = done.stderr.splitlines()
    assert named in line


def test_the_help_tells_the_exit_status_and_the_protocol_is_not_imported(doctor):
    profiled = (sys.executable, "-I", "-X", "importtime", "-m", "server.cli")

    helped = doctor("doctor", "--help")
    done = doctor("doctor", program=profiled)

    packages = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.split("\n")
    }
    assert "Exit status" in helped.stdout
    assert 0 == helped.returncode == done.returncode
    assert "pydantic" in packages
    assert set() == packages & {"mcp", "mcp_types", "anyio", "sandbox"}


def test_a_private_sandbox_is_examined_and_said_to_be_one(doctor, user):
    done = doctor("doctor", "--sandbox", "--json")
    found = report(done)

    assert 0 == done.returncode
    assert found.aws.identity is not None
    assert True is found.aws.identity.sandbox
    assert "sandbox" == origins(found)["home"][1]
    assert [] == [each for each in found.findings if each.subject == "aws" and each.level != "ok"]
    assert [] == list(user.iterdir())
