"""What the server was told at its start, and which place gave it (design, Settings)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.errors import InvalidArgument, NotConfigured
from registry.settings import TOOLSETS, Settings, load_settings, who_set
from registry.workspace import Workspace

BOOTSTRAP = {
    "awsRegion": "eu-bootstrap-1",
    "awsProfile": "bootstrapped",
    "ciTableName": "bootstrap-table",
    "aiRegistryHubName": "bootstrap-hub",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    content = {"activeProfile": "team", "profiles": {"team": BOOTSTRAP}}
    (folder / "config.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "do").mkdir(parents=True)
    (folder / "do" / "config").write_text("AWS_REGION=eu-project-1\n")
    return folder


@pytest.fixture
def aws_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The AWS configuration of a user, each profile in a region of its own."""
    path = tmp_path / "aws-config"
    path.write_text(
        "[default]\nregion = eu-default-1\n"
        "[profile named]\nregion = eu-named-1\n"
        "[profile bootstrapped]\noutput = json\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


def registry(home: Path, environment: dict[str, str], *roots: Path, **settings: object) -> Registry:
    return Registry(
        settings=Settings(home=home, **settings),
        workspace=Workspace(roots),
        directory=BotoDirectory(),
        environment=environment,
        now=lambda: datetime(2026, 5, 1, tzinfo=UTC),
    )


BOTH = {"AWS_REGION": "eu-variable-1", "AWS_DEFAULT_REGION": "eu-variable-2"}


def test_a_region_is_taken_from_the_first_place_that_has_one(home, project, aws_config):
    told = registry(home, BOTH, project, region="eu-flag-1")
    flag = registry(home, BOTH, region="eu-flag-1")
    default = {"AWS_DEFAULT_REGION": "eu-variable-2"}
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}

    assert "eu-argument-1" == told.region("eu-argument-1", folder="eu-folder-1")
    assert "eu-folder-1" == told.region("", folder="eu-folder-1")
    assert "eu-project-1" == told.region("")
    assert "eu-flag-1" == flag.region("")
    assert "eu-variable-1" == registry(home, BOTH).region("")
    assert "eu-variable-2" == registry(home, default).region("")
    assert "eu-default-1" == registry(home, keys).region("")
    assert "eu-named-1" == registry(home, {}).region("", profile="named")
    assert "eu-bootstrap-1" == registry(home, {}).region("")


def test_a_region_is_never_guessed(tmp_path, aws_config):
    bare = registry(tmp_path / "none", {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, profile="bootstrapped")

    assert ("", "nowhere") == (bare.region(""), bare.given_region("").source)
    with pytest.raises(NotConfigured, match="no AWS region"):
        bare.account(region="", profile="")


def test_a_region_says_where_it_stands(home, project, aws_config):
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}
    given = [
        registry(home, {}, project).given_region(""),
        registry(home, BOTH).given_region(""),
        registry(home, keys).given_region(""),
        registry(home, {}).given_region(""),
    ]

    assert [
        ("project", "AWS_REGION in do/config"),
        ("variable", "AWS_REGION"),
        ("aws_profile", "default"),
        ("bootstrap_profile", "awsRegion of team"),
    ] == [(each.source, each.name) for each in given]


@pytest.mark.parametrize(
    "variable",
    [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ],
)
def test_the_bootstrap_profile_yields_to_an_environment_that_says_whom_to_act_as(home, variable):
    inside = registry(home, {variable: "something"})

    assert ("", variable) == (inside.profile(""), inside.given_profile("").name)
    assert "bootstrapped" == registry(home, {}).profile("")
    assert "flagged" == registry(home, {variable: "x"}, profile="flagged").profile("")
    assert "argued" == registry(home, {variable: "x"}, profile="flagged").profile("argued")


def test_keys_in_the_environment_are_named_and_never_shown(home):
    given = registry(home, {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}).given_profile("")

    assert ("", "variable", "AWS_ACCESS_KEY_ID") == (given.value, given.source, given.name)


def test_a_ci_table_is_named_by_call_flag_variable_profile_and_default(home, tmp_path):
    variable = {"CI_TABLE_NAME": "variable-table"}
    flagged = registry(home, variable, ci_table="flag-table")

    assert "argument-table" == flagged.ci_table_name("argument-table")
    assert "flag-table" == flagged.ci_table_name("")
    assert "variable-table" == registry(home, variable).ci_table_name("")
    assert "bootstrap-table" == registry(home, {}).ci_table_name("")
    assert "mlcc-ci-table" == registry(tmp_path / "none", {}).ci_table_name("")


def test_a_hub_is_named_by_flag_then_profile_and_has_no_default(home, tmp_path):
    assert "flag-hub" == registry(home, {}, hub="flag-hub").given_hub().value
    assert "bootstrap-hub" == registry(home, {}).given_hub().value
    assert ("", "nowhere") == (
        registry(tmp_path / "none", {}).given_hub().value,
        registry(tmp_path / "none", {}).given_hub().source,
    )


def test_the_ci_tables_region_is_a_setting_before_it_is_the_calls(home, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "AKIDEXAMPLE")
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}
    fixed = registry(home, keys, ci_region="eu-central-1", ci_table="table")
    free = registry(home, keys, ci_table="table")

    assert "eu-central-1/table" == fixed.ci_table("", region="us-east-2", profile="").place
    assert "us-east-2/table" == free.ci_table("", region="us-east-2", profile="").place


def test_a_flag_comes_before_its_variable_and_both_before_the_default(monkeypatch):
    monkeypatch.setenv("MLCC_REGISTRY_HUB", "variable-hub")

    assert "flag-hub" == load_settings({"hub": "flag-hub"}).hub
    assert "variable-hub" == load_settings({}).hub
    monkeypatch.setenv("MLCC_REGISTRY_HUB", "")
    assert "" == load_settings({}).hub


def test_a_setting_says_whether_flag_or_variable_gave_it():
    environment = {"mlcc_registry_hub": "x", "MLCC_REGISTRY_REGION": ""}

    assert ("flag", "--ci-table") == _origin("ci_table", {"ci_table"}, environment)
    assert ("variable", "MLCC_REGISTRY_HUB") == _origin("hub", set(), environment)
    assert ("default", "") == _origin("region", set(), environment)


def _origin(name, flags, environment):
    given = who_set(name, flags, environment)
    return given.source, given.name


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"toolsets": "core,magic"}, "unknown toolset 'magic'"),
        ({"toolsets": ""}, "names no toolset"),
        ({"toolsets": ","}, "names no toolset"),
        ({"allowed_accounts": "12345678901"}, "12 digits"),
        ({"allowed_accounts": "dev"}, "12 digits"),
        ({"home": ""}, "empty"),
        ({"sandbox_dir": "x"}, "--sandbox"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_refused_with_what_it_takes(flags, message):
    with pytest.raises(InvalidArgument, match=message) as refused:
        load_settings(flags)

    [name] = flags
    assert f"--{name.replace('_', '-')}" in refused.value.hint
    assert f"MLCC_REGISTRY_{name.upper()}" in refused.value.hint


def test_a_toolset_that_is_not_there_is_refused_by_naming_those_that_are():
    with pytest.raises(InvalidArgument) as refused:
        load_settings({"toolsets": "everything"})

    assert f"known: {', '.join(TOOLSETS)}" in refused.value.message


def test_the_home_is_where_mlcc_keeps_it_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".ml-container-creator" == load_settings({}).home
    monkeypatch.setenv("MLCC_REGISTRY_HOME", "~/elsewhere")
    assert tmp_path / "elsewhere" == load_settings({}).home
