"""The lineage of a deployment over real boto3."""

from __future__ import annotations

import pytest

from registry.aws.connection import Connection
from registry.aws.directory import BotoAws
from registry.aws.package_search import SearchAbility
from registry.calls import Call
from registry.deployments.lineage import LineageReader
from registry.local.documents import JsonFile
from schemas.model_package import ModelPackageDraft


@pytest.fixture
def aws(sessions, aws_env) -> BotoAws:
    connection = Connection(sessions, region="us-west-2", profile="")
    return BotoAws(connection, SearchAbility(), sandbox=True)


def test_more_adapters_than_an_answer_shows_are_said(aws, tmp_path):
    aws.packages.ensure_group("p", description="Models for p")

    def made(number: int, **metadata: str):
        draft = ModelPackageDraft(
            group="p",
            description="d",
            approval_status="Approved",
            metadata=metadata or {"deploymentConfig": "transformers-vllm"},
            client_token=f"token-{number}",
        )
        return aws.packages.create(draft)

    base = made(0)
    for number in range(1, 102):
        made(number, isAdapter="true", parentModelVersionArn=base.arn, adapterName=f"a{number}")
    datasets = JsonFile(tmp_path / "datasets.json", ascii_only=True, final_newline=False)
    reader = LineageReader(lambda: aws, lambda: aws.ci_table("none"), datasets, Call())

    lineage, identity, [warning] = reader.read({"modelPackageArn": base.arn})

    assert base.arn == lineage.model_package.arn
    assert 100 == len(lineage.adapters)
    assert f"parent_version_arn={base.arn}" in warning
    assert "123456789012" == identity.account
