"""`mlcc-registry config HOST` as people run it: what it writes is read as the host reads it, and
what it says to start is started and answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import json5
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from .commands import COMMAND, Done, Run

NAME = "mlcc-registry"
USERS = {
    "claude-code": (".claude.json", "mcpServers"),
    "claude-desktop": (".config/Claude/claude_desktop_config.json", "mcpServers"),
    "cursor": (".cursor/mcp.json", "mcpServers"),
    "vscode": (".config/Code/User/mcp.json", "servers"),
    "kiro": (".kiro/settings/mcp.json", "mcpServers"),
    "codex": (".codex/config.toml", "mcp_servers"),
    "gemini": (".gemini/settings.json", "mcpServers"),
}
PROJECTS = {
    "claude-code": ".mcp.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".vscode/mcp.json",
    "kiro": ".kiro/settings/mcp.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
}
CORE = {"register_deployment", "list_adapters", "query_ci_untested"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the places are Linux's")


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "do").mkdir(parents=True)
    (folder / "do" / "config").write_text('export PROJECT_NAME="p"\n', "utf-8")
    return folder


@pytest.fixture
def config(own_home: Path, tmp_path: Path) -> Run:
    """Runs `mlcc-registry config` with that home."""

    def run(*arguments: str, cwd: Path | None = None) -> Done:
        done = subprocess.run(
            [COMMAND, "config", *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(own_home)},
            cwd=cwd or tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def as_the_host_reads(file: Path) -> dict[str, Any]:
    text = file.read_text("utf-8")
    if file.suffix == ".toml":
        return tomllib.loads(text)
    return dict(json5.loads(text))


async def tools_of(entry: dict[str, Any], home: Path) -> set[str]:
    """Start what an entry says the way a desktop does: no PATH, the root as working folder."""
    command = StdioServerParameters(
        command=entry["command"], args=entry["args"], env={"HOME": str(home), "PATH": ""}, cwd="/"
    )
    with (home / "server.log").open("w", encoding="utf-8") as log:
        async with Client(stdio_client(command, errlog=log)) as client:
            return {each.name for each in (await client.list_tools()).tools}


@pytest.mark.anyio
@pytest.mark.parametrize("host", sorted(USERS))
async def test_what_is_written_for_the_user_starts_a_server_that_lists_its_tools(
    host, config, own_home
):
    path, servers = USERS[host]

    flags = ["--", "--toolsets", "core,adapters"] if host == "codex" else []

    done = config(host, "--write", *flags)

    assert (0, f"created {NAME} in {own_home / path}\n") == (done.status, done.out)
    entry = as_the_host_reads(own_home / path)[servers][NAME]
    tools = await tools_of(entry, own_home)
    assert CORE <= tools
    assert (host == "codex") == ("list_models" in tools)


@pytest.mark.anyio
@pytest.mark.parametrize("host", sorted(PROJECTS))
async def test_what_is_printed_in_a_project_is_what_is_written_there_and_starts(
    host, config, own_home, own_project
):
    printed = config(host, "--scope", "project", cwd=own_project)
    written = config(host, "--write", "--scope", "project", cwd=own_project)

    file = own_project / PROJECTS[host]
    assert (0, 0) == (printed.status, written.status), printed.err + written.err
    assert str(file) in printed.err
    assert file.read_text("utf-8") == printed.out
    entry = as_the_host_reads(file)[USERS[host][1]][NAME]
    assert ["--workspace", str(own_project)] == entry["args"]
    if host in {"claude-code", "codex"}:  # a form and a format; the command is the same for all
        assert CORE <= await tools_of(entry, own_home)


def test_a_folder_that_is_named_is_a_project(config, own_project):
    done = config("kiro", "--write", "--project-dir", str(own_project))

    assert (0, True) == (done.status, (own_project / PROJECTS["kiro"]).exists())


def test_a_persons_file_keeps_its_comments_and_twice_is_once(config, own_home):
    file = own_home / USERS["vscode"][0]
    file.parent.mkdir(parents=True)
    file.write_bytes(b'\xef\xbb\xbf{\r\n\t"servers": {\r\n\t\t"a": {}, // mine\r\n\t},\r\n}\r\n')
    file.chmod(0o640)

    first = config("vscode", "--write")
    once = file.read_bytes()
    second = config("vscode", "--write")

    assert f"updated {NAME} in {file}\n" == first.out
    assert once.startswith(b'\xef\xbb\xbf{\r\n\t"servers": {\r\n\t\t"a": {}, // mine\r\n\t\t"mlcc')
    assert (b"\n" in once.replace(b"\r\n", b""), 0o640) == (False, file.stat().st_mode & 0o777)
    assert (0, f"unchanged {NAME} in {file}\n") == (second.status, second.out)
    assert once == file.read_bytes()


def test_another_entry_of_the_name_is_a_conflict_until_forced_and_its_secrets_are_not_shown(
    config, own_home
):
    file = own_home / USERS["cursor"][0]
    file.parent.mkdir(parents=True)
    secret = "hunter2-of-somebody"
    old = {
        "command": "/old",
        "args": ["--api-key", secret, f"--token={secret}", f"-p{secret}", secret],
        "env": {"KEY": secret},
    }
    before = json.dumps({"mcpServers": {NAME: old}})
    file.write_text(before, "utf-8")

    refused = config("cursor", "--write")
    as_json = config("cursor", "--write", "--json")
    after = file.read_text("utf-8")
    forced = config("cursor", "--write", "--force")

    assert (4, before, "") == (refused.status, after, refused.out)
    assert "/old" in refused.err and "--force" in refused.err
    assert "--token=***" in refused.err
    assert (4, "conflict") == (as_json.status, as_json.json["error"]["code"])
    assert (0, True) == (forced.status, "/old" in forced.err)
    assert secret not in "".join(each.out + each.err for each in (refused, as_json, forced))
    entry = as_the_host_reads(file)["mcpServers"][NAME]
    assert ([], {"KEY": secret}) == (entry["args"], entry["env"])


def test_of_an_older_entry_of_ours_the_difference_is_shown(config, own_home):
    config("kiro", "--write", "--", "--toolsets", "core")

    refused = config("kiro", "--write", "--", "--toolsets", "core,ci")

    assert 4 == refused.status
    assert '"--toolsets", "core"]' in refused.err
    assert '"--toolsets", "core,ci"]' in refused.err


@pytest.mark.parametrize("host", ["gemini", "codex"])
def test_a_file_that_cannot_be_parsed_stays_as_it_is(host, config, own_home):
    file = own_home / USERS[host][0]
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"mcpServers": {')

    done = config(host, "--write", "--force")

    assert (5, b'{"mcpServers": {') == (done.status, file.read_bytes())
    assert "stays as it is" in done.err and str(file) in done.err


def test_a_projects_link_out_of_the_project_is_refused(config, own_home, own_project):
    outside = own_home / ".claude.json"
    outside.write_bytes(b"{}")
    (own_project / ".mcp.json").symlink_to(outside)

    done = config("claude-code", "--write", "--scope", "project", cwd=own_project)

    assert (5, b"{}") == (done.status, outside.read_bytes())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["emacs"], "'emacs' is not one of"),
        (["claude-desktop", "--scope", "project"], "no configuration of a project"),
        (["cursor", "--name", "a b"], "a name is"),
        (["cursor", "--scope", "user", "--project-dir", "."], "belongs to --scope project"),
        (["cursor", "--toolsets", "core"], "No such option"),
    ],
)
def test_wrong_arguments_are_told(arguments, said, config):
    done = config(*arguments)

    assert (2, "") == (done.status, done.out)
    assert said in done.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--toolsets", "all"], "unknown toolset 'all'"),
        (["--version"], "start no server"),
    ],
)
def test_flags_that_start_no_server_are_not_written(flags, said, config, own_home):
    done = config("gemini", "--write", "--", *flags)

    assert (2, "") == (done.status, done.out)
    assert said in done.err
    assert not (own_home / USERS["gemini"][0]).exists()


def test_a_home_is_no_project(config, own_home):
    done = config("cursor", "--scope", "project", cwd=own_home)

    assert (2, True) == (done.status, "is no project" in done.err)


def test_json_says_all_of_it(config, own_home):
    done = config("codex", "--json", "--name", "team", "--", "--read-only")

    command = f"{COMMAND}-mcp"
    assert {
        "host": "codex",
        "file": str(own_home / USERS["codex"][0]),
        "name": "team",
        "entry": {"command": command, "args": ["--read-only"]},
    } == done.json
