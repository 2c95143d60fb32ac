"""The pipelines in `clients/examples/`, their steps run by a small runner against the local AWS."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .commands import Run
from .workflow_runner import Workflow, loaded, run_buildspec

EXAMPLES = Path(__file__).resolve().parents[2] / "clients" / "examples"


@pytest.fixture
def surroundings(shell):
    return {**shell, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"}


@pytest.fixture
def tests_end_with(project):
    """Write the team's own script, which fails for the instance types that are given."""

    def write(*failing):
        script = project / "ci" / "test-configuration.sh"
        script.parent.mkdir(exist_ok=True)
        bad = "|".join(failing) or "none"
        script.write_text(
            f'#!/bin/sh\nif grep -Eq "{bad}" "$1"; then echo "no capacity" >&2; exit 1; fi\n',
            "utf-8",
        )
        script.chmod(0o755)

    return write


def statuses(aws, table):
    items = aws["dynamodb"].scan(TableName=table)["Items"]
    return sorted(
        (each["testStatus"]["S"], each.get("errorMessage", {}).get("S", "")) for each in items
    )


def test_a_workflow_tests_each_untested_configuration_once_and_sums_up(
    surroundings, project, run: Run, aws, ci_table, tests_end_with
):
    tests_end_with("ml.g6")
    run("register", "--ci")
    run("call", "register_deployment", "instance_type=ml.g6.xlarge", "ci:=true")
    workflow = Workflow(loaded(EXAMPLES / "github-actions.yml"), project, surroundings)
    workflow.run()

    assert ["success"] == workflow.results["untested"]
    assert ["failure", "success"] == sorted(workflow.results["test"])
    assert (["success"], ["skipped"]) == (workflow.results["summary"], workflow.results["register"])
    assert [("fail-test", "no capacity"), ("pass", "")] == statuses(aws, ci_table)
    assert "transformers-vllm" in workflow.summary


@pytest.mark.soak
def test_a_workflow_without_anything_to_test_tests_nothing(
    surroundings, project, ci_table, tests_end_with
):
    workflow = Workflow(loaded(EXAMPLES / "github-actions.yml"), project, surroundings)
    workflow.run()

    assert ["skipped"] == workflow.results["test"]
    assert ["success"] == workflow.results["summary"]


def test_a_workflow_registers_after_a_deploy_and_its_retry_makes_no_second_entry(
    surroundings, project, run: Run, aws, ci_table, tests_end_with
):
    tests_end_with()
    document = loaded(EXAMPLES / "github-actions.yml")
    document["jobs"] = {"register": document["jobs"]["register"]}
    for _ in range(2):
        workflow = Workflow(document, project, surroundings, inputs={"register": True})
        workflow.run()
        assert ["success"] == workflow.results["register"]

    assert 1 == run("registry", "list", "--json").json["count"]
    assert [("untested", "")] == statuses(aws, ci_table)


@pytest.mark.parametrize(
    ("failing", "ends", "status"),
    [pytest.param("none", 0, "pass", marks=pytest.mark.soak), ("ml.g5", 1, "fail-test")],
)
def test_a_codebuild_project_registers_and_tests_what_waits(
    surroundings, project, aws, ci_table, tests_end_with, failing, ends, status
):
    tests_end_with(failing)
    build = {**surroundings, "CODEBUILD_BUILD_ID": "mlcc:1"}
    ended = run_buildspec(loaded(EXAMPLES / "buildspec.yml"), project, build)

    assert ends == ended
    assert [status] == [each for each, _ in statuses(aws, ci_table)]
    assert "transformers-vllm" in (project / "report.md").read_text("utf-8")
