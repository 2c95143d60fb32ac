"""What an entry is connected with, as far as the entry and the local files say."""

from __future__ import annotations

import json

import pytest

from registry.calls import Call
from registry.deployments.lineage import LineageReader, entry_config_id, get_deployment
from registry.errors import CredentialsFailed, InvalidArgument, NotFound
from registry.identifiers import config_id
from registry.local.documents import JsonFile


def unreachable():
    raise CredentialsFailed("no credentials")


@pytest.fixture
def shown(tmp_path):
    """Show an entry of a file, with AWS out of reach."""
    datasets = JsonFile(tmp_path / "datasets.json", ascii_only=True, final_newline=False)

    def show(log, entry_id="00000001"):
        reader = LineageReader(unreachable, unreachable, datasets, Call())
        return get_deployment([("user", log)], entry_id, lambda _: reader)

    return show


@pytest.mark.parametrize(
    ("target", "components", "counts"),
    [
        ("realtime-inference", [{"name": "a"}, {"name": "s", "isAdapter": True}], (1, 1)),
        ("realtime-inference", [{"name": "a"}, {"name": "b"}], (2, 0)),
        ("async-inference", [{"name": "a"}, {"name": "s", "isAdapter": True}], (1, 0)),
        ("batch-transform", [{"name": "a"}, {"name": "b"}], (1, 0)),
        ("realtime-inference", None, (1, 0)),
        ("realtime-inference", "edited by hand", (1, 0)),
    ],
)
def test_an_entry_has_the_id_that_ci_knows_it_by(deployed, target, components, counts):
    """Record contract, section 7: components count for real-time inference only."""
    entry = deployed(1, deployment__deploymentTarget=target, deployment__icList=components)

    base, adapters = counts
    assert config_id(
        deployment_config="transformers-vllm",
        model_name="Qwen/Qwen3-4B",
        instance_type="ml.g5.2xlarge",
        region="us-west-2",
        deployment_target=target,
        ic_count=base,
        adapter_count=adapters,
    ) == entry_config_id(entry)


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(deployed, seeded, shown):
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/support-bot/3"
    answer = shown(seeded(deployed(1, modelPackageArn=arn)))

    assert (None, (), None) == (
        answer.lineage.model_package,
        answer.lineage.adapters,
        answer.lineage.ci,
    )
    package, ci = answer.warnings
    assert arn in package
    assert answer.lineage.config_id in ci
    assert deployed(1, modelPackageArn=arn) == answer.entry


def test_the_whole_entry_is_shown_without_the_secrets_that_mlcc_stores(deployed, seeded, shown):
    """D12; design, rule 3: nothing secret is sent."""
    secretive = {"DB_PASSWORD": "hunter2", "DB_SECRET": {"user": "u"}, "A": "1"}
    answer = shown(seeded(deployed(1, configuration__parameters=secretive)))

    assert {"DB_PASSWORD": "***REDACTED***", "DB_SECRET": "***REDACTED***", "A": "1"} == (
        answer.entry["configuration"]["parameters"]
    )


def test_an_entry_of_a_newer_file_is_shown_with_a_warning(deployed, seeded, shown, tmp_path):
    log = seeded(deployed(1))
    document = {"schemaVersion": "2099-01-01", "entries": [deployed(1)]}
    (tmp_path / "registry.json").write_text(json.dumps(document), "utf-8")

    assert "schemaVersion" in shown(log).warnings[0]


@pytest.mark.parametrize(("entry_id", "error"), [("", InvalidArgument), ("x" * 9999, NotFound)])
def test_an_id_that_is_none_is_refused_in_few_words(deployed, seeded, shown, entry_id, error):
    with pytest.raises(error) as refused:
        shown(seeded(deployed(1)), entry_id)

    assert len(refused.value.message) < 200
