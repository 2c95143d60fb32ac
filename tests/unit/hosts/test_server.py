"""What a host is told to start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clients.command.starting import early_server
from clients.hosts.server import installed_server, is_temporary, server_arguments


def test_no_server_is_started_for_a_configuration():
    assert early_server(["config", "cursor", "--write"], {}) is None


def test_the_command_is_the_one_beside_this_interpreter():
    assert Path(sys.executable).parent / "mlcc-registry-mcp" == installed_server()


@pytest.mark.parametrize(
    ("command", "temporary"),
    [
        ("/home/ann/.cache/uv/archive-v0/Qx1/bin/mlcc-registry-mcp", True),
        ("/home/ann/.local/pipx/.cache/1f/bin/mlcc-registry-mcp", True),
        ("/home/ann/.local/share/uv/tools/mlcc-registry-mcp/bin/mlcc-registry-mcp", False),
        ("/home/ann/.local/share/pipx/venvs/mlcc-registry-mcp/bin/mlcc-registry-mcp", False),
    ],
)
def test_an_environment_that_is_made_for_one_run_is_known(command, temporary):
    assert temporary == is_temporary(Path(command))


@pytest.mark.parametrize(
    ("flags", "project", "expected"),
    [
        ([], None, []),
        (["--read-only"], Path("/p"), ["--workspace", "/p", "--read-only"]),
        (["--workspace", "/q"], Path("/p"), ["--workspace", "/q"]),
        (["--workspace=/q"], Path("/p"), ["--workspace=/q"]),
    ],
)
def test_a_projects_entry_opens_that_project_unless_another_is_named(flags, project, expected):
    assert expected == server_arguments(flags, project)


def test_a_folder_in_a_flag_is_the_one_that_was_meant_where_it_was_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert [
        "--workspace",
        str(tmp_path / "a b"),
        f"--home={tmp_path}/h",
        "--toolsets",
        "core",
        f"--sandbox-dir={Path.home()}",
    ] == server_arguments(
        ["--workspace", "a b", "--home=h", "--toolsets", "core", "--sandbox-dir=~"], None
    )
