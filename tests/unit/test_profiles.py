"""The active bootstrap profile, whatever state its file is in."""

from __future__ import annotations

import json

import pytest

from registry.profiles import read_bootstrap, read_profile


def written(home, content):
    home.joinpath("config.json").write_text(
        content if isinstance(content, str) else json.dumps(content)
    )
    return home


def test_a_profile_gives_its_flat_values(tmp_path):
    values = {
        "awsProfile": "dev",
        "awsRegion": "eu-west-1",
        "accountId": "123456789012",
        "ecrRepositoryName": "images",
        "aiRegistryHubName": "hub",
        "ciTableName": "table",
        "ciInfraProvisioned": True,
        "secrets": {"x": "y"},
    }
    home = written(tmp_path, {"activeProfile": "a", "profiles": {"a": values, "b": {}}})

    profile = read_profile(home)

    assert profile is not None
    assert (profile.name, profile.aws_profile, profile.aws_region) == ("a", "dev", "eu-west-1")
    assert (profile.account_id, profile.ecr_repository_name) == ("123456789012", "images")
    assert (profile.ai_registry_hub_name, profile.ci_table_name) == ("hub", "table")
    assert profile.ci_infra_provisioned is True


def test_flat_values_come_before_their_modules_and_defaults_last(tmp_path):
    nested = {
        "core": {"EcrRepositoryName": "nested-images"},
        "registry": {"AiRegistryHubName": "nested-hub"},
        "ci": {"CiTableName": "nested-table"},
    }
    values = {"ciTableName": "flat-table", "aiRegistryHubName": "", "moduleOutputs": nested}
    profiles = {"a": values, "bare": {"moduleOutputs": "odd", "awsRegion": 7}}
    written(tmp_path, {"activeProfile": "a", "profiles": profiles})

    full = read_profile(tmp_path)
    written(tmp_path, {"activeProfile": "bare", "profiles": profiles})
    bare = read_profile(tmp_path)

    assert full is not None
    assert bare is not None
    assert (full.ci_table_name, full.ai_registry_hub_name, full.ecr_repository_name) == (
        "flat-table",
        "nested-hub",
        "nested-images",
    )
    assert (bare.ci_table_name, bare.ai_registry_hub_name, bare.ecr_repository_name) == (
        None,
        None,
        "ml-container-creator",
    )
    assert (bare.aws_region, bare.aws_profile, bare.ci_infra_provisioned) == (None, None, False)


@pytest.mark.parametrize("content", [{}, {"activeProfile": None, "profiles": {"a": {}}}])
def test_a_home_without_an_active_profile_is_no_cause_for_a_warning(content, tmp_path):
    assert read_bootstrap(tmp_path).warning is None
    found = read_bootstrap(written(tmp_path, content))
    assert (found.profile, found.warning) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        "{bad",
        [],
        "null",
        {"activeProfile": "gone", "profiles": {"a": {}}},
        {"activeProfile": "a", "profiles": {"a": "text"}},
        {"activeProfile": "a", "profiles": []},
        {"activeProfile": ["a"], "profiles": {"a": {}}},
    ],
)
def test_a_broken_file_is_no_profile_and_a_warning(content, tmp_path):
    found = read_bootstrap(written(tmp_path, content))

    assert found.profile is None
    assert str(tmp_path / "config.json") in (found.warning or "")
    assert read_profile(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_file_that_cannot_be_read_is_a_warning(tmp_path):
    (tmp_path / "config.json").mkdir()

    assert "not a regular file" in (read_bootstrap(tmp_path).warning or "")
