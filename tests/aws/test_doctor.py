"""What the doctor says of AWS: who answers, what can be reached, what failed and what to do."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.health.aws import PATIENCE_S, check_aws
from registry.health.deadline import answers_within
from registry.settings import Settings
from registry.workspace import Workspace
from sandbox import sample
from schemas.doctor import AwsAccess, Finding

ACCOUNT = "123456789012"

Look = Callable[..., tuple[AwsAccess, dict[str, list[Finding]]]]


@pytest.fixture(scope="module")
def kept() -> Iterator[BotoDirectory]:
    """Clients made once: making them takes longer than asking."""
    directory = BotoDirectory()
    yield directory
    directory.close()


@pytest.fixture
def look(aws_env: dict[str, str], tmp_path: Path, kept: BotoDirectory) -> Look:
    """Check AWS with these settings, in another environment with new clients.

    The findings come by part.
    """

    def looked(
        *,
        environment: dict[str, str] | None = None,
        project: Path | None = None,
        **settings: Any,
    ) -> tuple[AwsAccess, dict[str, list[Finding]]]:
        directory = kept if environment is None else BotoDirectory()
        registry = Registry(
            settings=Settings(home=tmp_path, **settings),
            workspace=Workspace([project] if project else []),
            directory=directory,
            environment=aws_env if environment is None else environment,
            now=lambda: datetime(2026, 5, 1, tzinfo=UTC),
        )
        access, findings = check_aws(registry)
        if environment is not None:
            directory.close()
        by_part: dict[str, list[Finding]] = {}
        for each in findings:
            by_part.setdefault(each.about, []).append(each)
        return access, by_part

    return looked


def levels(found: dict[str, list[Finding]]) -> dict[str, list[str]]:
    return {part: [each.level for each in findings] for part, findings in found.items()}


def bootstrap(home: Path, **values: str) -> None:
    content = {"activeProfile": "team", "profiles": {"team": values}}
    (home / "config.json").write_text(json.dumps(content))


def test_who_answers_how_the_credentials_were_found_and_where_it_was_asked(
    look, ci_table_name, aws_env
):
    access, found = look(ci_table=ci_table_name)

    assert access.identity is not None
    assert (ACCOUNT, "us-west-2", True) == (
        access.identity.account,
        access.identity.region,
        access.identity.sandbox,
    )
    assert "env" == access.method
    assert (ci_table_name, "us-west-2", None) == (access.ci_table, access.ci_region, access.hub)
    assert aws_env["AWS_ENDPOINT_URL_SAGEMAKER"] == access.foreign_endpoints["sagemaker"]
    assert {
        "credentials": ["ok"],
        "identity": ["ok"],
        "endpoints": ["warning"],
        "inference": ["ok"],
        "ci_table": ["ok"],
        "hub": ["ok"],
    } == levels(found)
    assert f"us-west-2/{ci_table_name} answers" == found["ci_table"][0].message
    assert aws_env["AWS_ENDPOINT_URL_SAGEMAKER"] in found["endpoints"][0].message


def test_a_ci_table_that_nobody_named_may_be_absent_and_one_that_was_may_not(look):
    _, unnamed = look(ci_table="")
    _, named = look(ci_table="no-such-table")

    assert (["warning"], ["problem"]) == (levels(unnamed)["ci_table"], levels(named)["ci_table"])
    assert "no-such-table" in named["ci_table"][0].message
    assert named["ci_table"][0].next_step
    assert "--ci-table" in (unnamed["ci_table"][0].next_step or "")


def test_a_ci_table_is_looked_for_in_its_own_region(look, ci_table_name):
    access, found = look(ci_table=ci_table_name, ci_region="eu-west-1")

    assert "eu-west-1" == access.ci_region
    assert ["problem"] == levels(found)["ci_table"]


def test_a_hub_answers_or_is_a_problem(look, clients):
    _, absent = look(hub="no-such-hub")
    sample.start_hub(clients.sagemaker)
    access, present = look(hub=sample.HUB)
    _, misspelt = look(hub="not a hub")

    assert sample.HUB == access.hub
    assert "problem" == absent["hub"][0].level
    assert "no-such-hub" in absent["hub"][0].message
    assert ("ok", f"hub '{sample.HUB}' is in service") == (
        present["hub"][0].level,
        present["hub"][0].message,
    )
    assert "problem" == misspelt["hub"][0].level


def test_the_bootstrap_profiles_table_and_hub_are_asked(look, tmp_path, ci_table_name):
    bootstrap(tmp_path, ciTableName=ci_table_name, aiRegistryHubName="boot-hub")

    access, found = look()

    assert (ci_table_name, "boot-hub") == (access.ci_table, access.hub)
    assert (["ok"], ["problem"]) == (levels(found)["ci_table"], levels(found)["hub"])


def test_an_account_that_is_not_the_expected_one_is_a_warning(look, tmp_path):
    bootstrap(tmp_path, accountId="999999999999")

    _, found = look(allowed_accounts=("888888888888",))

    assert ["ok", "warning", "warning"] == levels(found)["identity"]
    assert "writes are refused" in found["identity"][1].message
    assert "999999999999" in found["identity"][2].message


def test_refused_credentials_are_a_problem_that_hides_nothing_else(look, sandbox, ci_table_name):
    sandbox.control.fail("GetCallerIdentity", "expired_token", times=-1, service="sts")
    try:
        access, found = look(environment=dict(os.environ), ci_table=ci_table_name)
    finally:
        sandbox.control.clear_faults()

    assert access.identity is None
    assert "env" == access.method
    assert (["problem"], ["ok"]) == (levels(found)["identity"], levels(found)["ci_table"])
    assert "sign in again" in (found["identity"][0].next_step or "")


def test_a_refused_hub_names_the_permission(look, sandbox, clients):
    sample.start_hub(clients.sagemaker)
    sandbox.control.fail("DescribeHub", "deny", times=-1)
    try:
        _, found = look(hub=sample.HUB)
    finally:
        sandbox.control.clear_faults()

    [finding] = found["hub"]
    assert "problem" == finding.level
    assert "DescribeHub" in finding.message + (finding.next_step or "")


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """The folder of a project that was deployed."""
    folder = tmp_path / "project"
    (folder / "do").mkdir(parents=True)
    said = f'export PROJECT_NAME="tv"\nexport ENDPOINT_NAME="{sample.ENDPOINT}"\n'
    (folder / "do" / "config").write_text(said, "utf-8")
    return folder


def test_a_projects_group_and_endpoint_are_looked_at(look, deployed, clients, live_endpoint):
    _, before = look(project=deployed)
    clients.sagemaker.create_model_package_group(ModelPackageGroupName="tv")
    clients.sagemaker.create_model_package(ModelPackageGroupName="tv")
    _, after = look(project=deployed)

    assert "group tv is not there yet" in before["model_registry"][0].message
    assert (["ok"], ["ok"]) == (levels(after)["model_registry"], levels(after)["inference"])
    assert "newest version is 1" in after["model_registry"][0].message
    assert f"endpoint {live_endpoint.name} is InService" == after["inference"][0].message


def test_an_endpoint_that_is_not_there_is_said_to_be_so(look, deployed):
    _, found = look(project=deployed)

    assert ["ok"] == levels(found)["inference"]
    assert f"endpoint {sample.ENDPOINT} is not there" in found["inference"][0].message


@pytest.mark.parametrize(
    ("part", "action", "resource"),
    [
        ("model_registry", "sagemaker:ListModelPackages", "*"),
        ("inference", "sagemaker:DescribeEndpoint", f"endpoint/{sample.ENDPOINT}"),
        ("ci_table", "dynamodb:Query", "table/team-table"),
        ("hub", "sagemaker:DescribeHub", "hub/team-hub"),
    ],
)
def test_a_missing_permission_is_named_service_by_service(
    sandbox, front_env, look, deployed, monkeypatch, part, action, resource
):
    key = "AKIASANDBOXDOCTOR000"
    sandbox.control.allow(key, {"Statement": []})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    access, found = look(
        environment=dict(os.environ), project=deployed, ci_table="team-table", hub="team-hub"
    )

    assert access.identity is not None
    [finding] = found[part]
    assert "ok" != finding.level
    assert action in finding.message
    assert resource in finding.message
    assert action in (finding.next_step or "")


def without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_no_credentials_are_a_warning_since_local_records_need_none(look, monkeypatch):
    without_credentials(monkeypatch)

    access, found = look(environment={"AWS_REGION": "us-west-2"})

    assert AwsAccess() == access
    assert {"credentials": ["warning"]} == levels(found)
    assert "AWS_PROFILE" in (found["credentials"][0].next_step or "")


def test_a_profile_that_is_named_and_not_there_is_a_problem(look, monkeypatch):
    without_credentials(monkeypatch)

    _, found = look(environment={"AWS_REGION": "us-west-2"}, profile="nobody")

    assert {"credentials": ["problem"]} == levels(found)
    assert "nobody" in found["credentials"][0].message


def test_without_a_region_nothing_is_asked(look, monkeypatch, sandbox):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    sandbox.control.clear_log()

    _, found = look(environment={})

    assert {"credentials": ["warning"]} == levels(found)
    assert "AWS_REGION" in (found["credentials"][0].next_step or "")
    assert [] == sandbox.control.calls()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_who_does_not_answer_is_not_waited_for(look, monkeypatch, silent):
    for service in ("STS", "DYNAMODB", "SAGEMAKER"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", silent)
    began = time.monotonic()

    _, found = look(environment=dict(os.environ), ci_table="table", hub="hub")

    assert time.monotonic() - began < PATIENCE_S + 1
    assert {
        "identity": ["problem"],
        "inference": ["problem"],
        "ci_table": ["problem"],
        "hub": ["problem"],
        "credentials": ["ok"],
        "endpoints": ["warning"],
    } == levels(found)
    assert "no answer within" in found["identity"][0].message


def test_a_check_that_breaks_says_so_without_its_text():
    def broken() -> str:
        raise KeyError("hunter2")

    answers = answers_within(5, {"broken": broken, "sound": lambda: "yes"})

    assert "yes" == answers["sound"]
    assert "the check itself failed (KeyError)" == str(answers["broken"])
