"""`mlcc-registry-mcp ci-table create` as people run it: the real command in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import sample

COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
NAME = "ci-of-ones-own"


@pytest.fixture
def absent(aws):
    dynamodb = aws["dynamodb"]
    if NAME in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=NAME)


@pytest.fixture
def run(box, tmp_path):
    """Runs the command with these arguments."""

    def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        surroundings = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **box.environment()}
        return subprocess.run(
            [COMMAND, *arguments],
            env=surroundings | environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return started


def shape(dynamodb: Any, name: str) -> dict[str, Any]:
    table = dynamodb.describe_table(TableName=name)["Table"]
    kept = ("IndexName", "KeySchema", "Projection")
    return {
        "key": table["KeySchema"],
        "billing": table["BillingModeSummary"]["BillingMode"],
        "indexes": [
            {name: each[name] for name in kept} for each in table["GlobalSecondaryIndexes"]
        ],
    }


def test_the_table_is_made_with_mlccs_key_and_index_and_left_when_it_is_there(
    run, aws, absent, ci_table
):
    made = run("ci-table", "create", "--ci-table", NAME)
    again = run("ci-table", "create", CI_TABLE_NAME=NAME)

    assert (0, 0) == (made.returncode, again.returncode), made.stderr + again.stderr
    assert f"CI table {NAME} in us-west-2, account 123456789012: created\n" == made.stdout
    assert "was there already" in again.stdout
    assert shape(aws["dynamodb"], ci_table) == shape(aws["dynamodb"], NAME)


def test_a_table_of_another_shape_is_left_and_told(run, aws):
    if "without-index" not in aws["dynamodb"].list_tables()["TableNames"]:
        aws["dynamodb"].create_table(
            TableName="without-index",
            KeySchema=[{"AttributeName": "configId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "configId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    told = run("ci-table", "create", "--ci-table", "without-index")

    assert (2, "") == (told.returncode, told.stdout)
    assert "without the index testStatus-lastTestTimestamp-index" in told.stderr


def test_it_is_made_only_where_writing_is_allowed_and_the_command_is_whole(run, aws, absent):
    answers = [
        run("ci-table", "create", "--ci-table", NAME, "--read-only"),
        run("ci-table", "create", "--ci-table", NAME, "--allowed-accounts", "210987654321"),
        run("ci-table", "--ci-table", NAME),
        run("ci-table", "create", "--ci-table", "no such name"),
        run("ci-table", "create", "--json"),
    ]

    assert [2] * 5 == [each.returncode for each in answers]
    for named, answer in zip(
        ("read_only", "210987654321", "no command 'ci-table'", "no such name", "--json"),
        answers,
        strict=True,
    ):
        assert named in answer.stderr
    assert NAME not in aws["dynamodb"].list_tables()["TableNames"]


def test_the_sandbox_has_one_of_its_own(run):
    told = run("ci-table", "create", "--sandbox")

    assert 0 == told.returncode
    assert f"CI table {sample.TABLE} in " in told.stdout
