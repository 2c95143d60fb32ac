"""A CI job: no terminal, JSON on standard output, exit statuses that tell failures apart."""

from __future__ import annotations

import json

from .commands import Run


def test_a_job_registers_claims_tests_and_reports(run: Run, ci_table: str):
    record = run("register", "--ci", "--build-strategy", "docker")
    waiting = run("ci", "untested", "--json")
    config = waiting.json["configurations"][0]["configId"]
    claimed = run("ci", "claim", "--worker", "job-1", "--json").json["configurations"]
    none_left = run("ci", "claim", "--worker", "job-2", "--json").json["configurations"]
    lease = claimed[0]["leaseId"]
    renewed = run("ci", "claim", "--worker", "job-1", "--renew", lease, "--json").json
    stolen = run("ci", "record", config, f"{config}.{'0' * 16}", "pass")
    recorded = run(
        "ci", "record", config, lease, "fail-build", "--duration-s", "12.5",
        "--error-message", "no such image", "--json",
    )  # fmt: skip
    report = run("ci", "report", "--json").json
    summary = run("ci", "report", "--markdown")
    benchmark = run("register", "--benchmark-status", "completed", "--benchmark-run-id", "run-7")

    assert (0, "support-bot", "id") == (
        record.status,
        record.json["projectName"],
        [*record.json][-1],
    )
    names = [each["name"] for each in record.json["icList"]]
    assert ["default", "faq-sft", "tone-dpo"] == names  # of the components, the first
    assert [config] == [each["configId"] for each in claimed]
    assert [] == none_left
    assert [lease] == renewed["renewed"]
    assert 4 == stolen.status
    assert (0, "fail-build") == (recorded.status, recorded.json["testStatus"])
    assert {"build": 1} == report["failingByStage"]
    assert "|" in summary.out
    assert (0, "completed") == (benchmark.status, "completed" if "run-7" in benchmark.out else "")


def test_a_job_rolls_out_and_takes_off_without_anybody_to_ask(run: Run, registered, endpoint: str):
    unnamed = run("adapters", "deploy", "--json")
    planned = run("adapters", "deploy", "--version", "3", "--dry-run", "--json")
    deployed = run("adapters", "deploy", "--version", "3", "--yes", "--json")
    standing = run("adapters", "status", "tone-dpo", "--json")
    again = run(
        "adapter", "add", "tone-dpo", "--from-registry", deployed.json["versionArn"], "--json"
    )
    refused = run("adapters", "remove", "tone-dpo", "--json")
    removed = run("adapters", "remove", "tone-dpo", "--confirm", refused.json["digest"], "--json")
    gone = run("adapters", "status", "tone-dpo", "--json")

    assert (2, "invalid_argument") == (unnamed.status, unnamed.json["error"]["code"])
    assert ["tone-dpo", "faq-sft"] == [each["name"] for each in unnamed.json["candidates"]]
    assert (0, "planned") == (planned.status, planned.json["state"])
    assert (0, "in_service") == (deployed.status, deployed.json["state"])
    assert (0, "in_service") == (standing.status, standing.json["state"])
    assert (0, "unchanged") == (again.status, again.json["state"])
    assert (6, "needs_confirmation") == (refused.status, refused.json["error"]["code"])
    assert (0, "removed") == (removed.status, removed.json["state"])
    assert 3 == gone.status


def test_a_rollout_that_fails_ends_with_status_one_and_the_reason(
    run: Run, registered, endpoint: str, box
):
    box.control.plan_component(
        "support-bot-adapter-tone-dpo", "Failed", reason="no GPU memory is left"
    )
    done = run("adapters", "deploy", "--version", "3", "--yes", "--json")

    assert (1, "failed") == (done.status, done.json["state"])
    assert "no GPU memory is left" in done.json["failureReason"]


def test_standard_output_is_plain_where_it_is_no_terminal(run: Run):
    done = run("register")

    assert "\x1b" not in done.out + done.err
    assert "next:" not in done.err


def test_a_setting_that_cannot_be_used_is_said_in_one_line(run: Run):
    done = run("registry", "list", MLCC_REGISTRY_POLL_S="soon")

    assert 7 == done.status
    assert 1 == len(done.err.strip().splitlines())
    assert not done.out


def test_a_project_elsewhere_is_named(run: Run, project, tmp_path):
    done = run("register", "--json", "--project-dir", str(project), folder=tmp_path)

    assert (0, "support-bot") == (done.status, done.json["projectName"])


def test_the_log_of_the_server_is_shown_to_who_asks_for_it(run: Run):
    done = run("register", "--json", MLCC_REGISTRY_LOG_LEVEL="INFO")
    audit = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]

    assert ["register_deployment"] == [
        each["call"]["tool"] for each in audit if each["logger"] == "mlcc_registry.audit"
    ]
