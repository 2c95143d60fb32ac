"""The example worker: a real process that starts a real server, against the sandbox's table."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
LEASE = {"leaseId", "leaseOwner", "leaseExpiresAt"}


@pytest.fixture
def put(aws, ci_table):
    """Writes an untested configuration, oldest first by its name."""

    def write(*names: str) -> None:
        for name in names:
            texts = {
                "configId": name,
                "testStatus": "untested",
                "lastTestTimestamp": "1970-01-01T00:00:00Z",
                "configJson": json.dumps({"projectName": "tv", "modelName": name}),
            }
            aws["dynamodb"].put_item(
                TableName=ci_table, Item={key: {"S": value} for key, value in texts.items()}
            )

    return write


@pytest.fixture
def item(aws, ci_table) -> Callable[[str], dict[str, Any]]:
    def read(name: str) -> dict[str, Any]:
        found = aws["dynamodb"].get_item(TableName=ci_table, Key={"configId": {"S": name}})
        return dict(found["Item"])

    return read


@pytest.fixture
def start(box, ci_table, tmp_path):
    """Starts a worker on a shell script."""
    started: list[subprocess.Popen[str]] = []

    def begin(
        script: str, *flags: str, worker: str = "w1", led_by: dict[str, str] | None = None
    ) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CI_TABLE_NAME": ci_table,
            **(led_by or box.environment()),
        }
        command = [
            sys.executable,
            "-m",
            "clients.examples.ci_worker",
            *("--worker", worker, "--server", shlex.quote(str(COMMAND))),
            *flags,
            *("--", "sh", "-c", script),
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(found: Callable[[], bool]) -> None:
    """Look until something is so, for at most half a minute."""
    ends = time.monotonic() + 30
    while not found():
        assert time.monotonic() < ends, "it never came about"
        time.sleep(0.05)


def test_every_configuration_is_tested_and_recorded(start, put, item, tmp_path):
    put("good", "bad")
    seen = tmp_path / "seen"
    script = f"""
        echo "$MLCC_CI_CONFIG" >> {seen}
        case "$MLCC_CI_CONFIG_ID" in
        bad) echo "out of memory" >&2; exit 7 ;;
        *) echo '{{"status": "pass", "tier": "smoke", "stageResults":
             {{"build": {{"status": "pass", "durationSeconds": 3}}}}}}' > "$MLCC_CI_RESULT" ;;
        esac
    """

    output, _ = (worker := start(script, "--stage", "deploy_test")).communicate(timeout=60)

    assert 1 == worker.returncode
    assert {"good: pass", "bad: fail-deploy_test"} <= set(output.splitlines())
    assert {"good", "bad"} == {
        json.loads(line)["modelName"] for line in seen.read_text().splitlines()
    }
    assert ("pass", "smoke") == (item("good")["testStatus"]["S"], item("good")["tier"]["S"])
    assert "3" == item("good")["stageResults"]["M"]["build"]["M"]["durationSeconds"]["N"]
    assert ("fail-deploy_test", "out of memory") == (
        item("bad")["testStatus"]["S"],
        item("bad")["errorMessage"]["S"],
    )
    assert set() == LEASE & (set(item("good")) | set(item("bad")))


def test_nothing_to_test_is_no_failure(start, ci_table):
    worker = start("exit 1")

    output, _ = worker.communicate(timeout=60)

    assert (0, True) == (worker.returncode, "nothing is left to test" in output)


def test_a_signal_stops_the_command_and_gives_the_lease_back(start, put, item, tmp_path):
    put("slow")
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    worker = start(f"trap 'touch {ended}; exit 1' TERM; touch {begun}; sleep 60 & wait")
    until(begun.exists)

    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)

    assert 128 + signal.SIGTERM == worker.returncode
    assert ended.exists()
    assert "untested" == item("slow")["testStatus"]["S"]
    assert set() == LEASE & set(item("slow"))


def test_a_signal_while_the_claims_answer_is_on_its_way_leaves_no_lease_behind(
    start, put, item, box, front_environment, tmp_path
):
    put("a")
    begun = tmp_path / "begun"
    box.control.fail("UpdateItem", "slow", service="dynamodb", delay_s=3)
    worker = start(f"touch {begun}", led_by=front_environment)
    until(lambda: "leaseId" in item("a"))

    worker.send_signal(signal.SIGTERM)
    _, errors = worker.communicate(timeout=60)

    assert 128 + signal.SIGTERM == worker.returncode, errors
    assert ("untested", set()) == (item("a")["testStatus"]["S"], LEASE & set(item("a")))
    assert not begun.exists()


def test_what_a_command_started_and_left_ends_with_it(start, put, item, tmp_path):
    """A shell's background child can miss the signal: here it ignores it."""
    put("slow")
    begun = tmp_path / "begun"
    deaf = f"(trap '' TERM; touch {begun}; exec sleep 300) & trap 'exit 1' TERM; wait"
    worker = start(deaf)
    until(begun.exists)

    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)  # the child had the worker's pipes

    assert 128 + signal.SIGTERM == worker.returncode
    assert set() == LEASE & set(item("slow"))


def test_a_lease_is_renewed_while_the_command_runs(start, put, item):
    put("long")
    worker = start("sleep 4", "--lease-s", "3")
    until(lambda: "leaseId" in item("long"))
    first = item("long")["leaseExpiresAt"]["S"]
    until(lambda: item("long").get("leaseExpiresAt", {}).get("S", first) > first)

    worker.communicate(timeout=60)

    assert (0, "pass") == (worker.returncode, item("long")["testStatus"]["S"])


def test_what_a_killed_worker_held_comes_back_when_its_lease_has_run_out(
    start, put, item, aws, ci_table, tmp_path
):
    put("orphan")
    begun = tmp_path / "begun"
    victim = start(f"touch {begun}; exec sleep 30 > /dev/null 2>&1", worker="victim")
    until(begun.exists)
    victim.kill()
    victim.wait()

    early, _ = start("exit 0", worker="early").communicate(timeout=60)
    aws["dynamodb"].update_item(  # as if ten minutes had gone by
        TableName=ci_table,
        Key={"configId": {"S": "orphan"}},
        UpdateExpression="SET leaseExpiresAt = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00Z"}},
    )
    late = start("exit 0", worker="late")
    output, _ = late.communicate(timeout=60)

    assert "0 of 1 claimed for early; nothing is left to test" == early.strip()
    assert (0, "orphan: pass") == (late.returncode, output.splitlines()[0])
    assert "late" == item("orphan")["lastResult"]["M"]["worker"]["S"]


def test_a_command_whose_configuration_was_registered_again_is_stopped(
    start, put, item, aws, ci_table, tmp_path
):
    put("reset")
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 1' TERM; touch {begun}; sleep 60 & wait"
    worker = start(script, "--lease-s", "3", "--most", "1")
    until(begun.exists)
    put("reset")

    output, _ = worker.communicate(timeout=60)

    assert (0, True) == (worker.returncode, ended.exists())
    assert "the lease was lost; the command was stopped" in output
    assert "untested" == item("reset")["testStatus"]["S"]


def test_a_network_that_fails_for_a_while_costs_nothing_but_time(start, put, item, box, tmp_path):
    put("a")
    box.control.fail("GetCallerIdentity", "server_error", times=4, service="sts")

    worker = start("exit 0")
    output, errors = worker.communicate(timeout=90)

    assert (0, "pass") == (worker.returncode, item("a")["testStatus"]["S"]), errors
    assert "claim_ci_untested: unavailable" in errors
    assert "a: pass" in output


def test_a_registry_that_refuses_is_an_error_of_its_own(start, ci_table):
    worker = start("exit 0", "--ci-table", "no-such-table")

    _, errors = worker.communicate(timeout=60)

    assert 3 == worker.returncode
    assert "not_found: there is no CI table 'no-such-table'" in errors


def test_a_command_that_is_not_there_is_told_before_anything_is_claimed(start, put, item, box):
    put("a")
    command = [sys.executable, "-m", "clients.examples.ci_worker", "--worker", "w", "--", "nope"]

    ended = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert (2, True) == (ended.returncode, "there is no command 'nope'" in ended.stderr)
    assert "untested" == item("a")["testStatus"]["S"]
