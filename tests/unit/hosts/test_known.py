"""Each host's form is the one of its own documentation; SOURCES.md says where that is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from clients.hosts.host import Surroundings
from clients.hosts.known import HOSTS
from clients.hosts.merging import snippet

PAGE = (Path(__file__).parents[3] / "docs" / "hosts.md").read_text("utf-8")
EXAMPLES = Path(__file__).parents[2] / "data" / "hosts"
HOME = Path("/home/ann")
DATA = {
    "linux": HOME / ".config",
    "darwin": HOME / "Library" / "Application Support",
    "win32": HOME / "AppData" / "Roaming",
}
every_host = pytest.mark.parametrize("name", sorted(HOSTS))


def example_of(name):
    if HOSTS[name].format == "toml":
        return tomllib.loads((EXAMPLES / f"{name}.toml").read_text("utf-8"))
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def generated_for(name):
    host = HOSTS[name]
    text = snippet(host, "ours", host.entry(Path("/opt/ours"), ["--toolsets", "core"]))
    return tomllib.loads(text) if host.format == "toml" else json.loads(text)


@every_host
def test_what_is_generated_has_the_keys_and_types_of_the_documented_example(name):
    example, ours = example_of(name), generated_for(name)
    (servers,) = ours
    (documented,) = example[servers].values()
    entry = ours[servers]["ours"]

    assert {key: type(documented[key]) for key in entry} == {
        key: type(value) for key, value in entry.items()
    }
    assert {"command", "args"} <= set(entry)
    assert [str, str] == [type(each) for each in entry["args"]]


@every_host
def test_an_example_that_marks_local_programs_is_followed(name):
    (documented,) = example_of(name)[HOSTS[name].servers].values()

    assert ("type" in documented) == ("type" in generated_for(name)[HOSTS[name].servers]["ours"])


@every_host
def test_each_example_has_its_source(name):
    file = f"{name}.{HOSTS[name].format}"
    (row,) = [
        line
        for line in (EXAMPLES / "SOURCES.md").read_text("utf-8").splitlines()
        if line.startswith(f"| `{file}` |")
    ]

    assert "https://" in row


@pytest.mark.parametrize("platform", sorted(DATA))
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("claude-code", HOME / ".claude.json"),
        ("claude-desktop", "Claude/claude_desktop_config.json"),
        ("cursor", HOME / ".cursor/mcp.json"),
        ("vscode", "Code/User/mcp.json"),
        ("kiro", HOME / ".kiro/settings/mcp.json"),
        ("codex", HOME / ".codex/config.toml"),
        ("gemini", HOME / ".gemini/settings.json"),
    ],
)
def test_the_users_file_is_where_the_platform_has_it(name, file, platform):
    assert DATA[platform] / file == HOSTS[name].user_file(Surroundings(platform, HOME, {}))


@pytest.mark.parametrize(
    ("name", "platform", "variable", "file"),
    [
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", "/elsewhere/.claude.json"),
        ("codex", "darwin", "CODEX_HOME", "/elsewhere/config.toml"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "/elsewhere/Code/User/mcp.json"),
        ("claude-desktop", "win32", "APPDATA", "/elsewhere/Claude/claude_desktop_config.json"),
    ],
)
def test_a_variable_that_moves_a_hosts_files_is_followed(name, platform, variable, file):
    around = Surroundings(platform, HOME, {variable: "/elsewhere"})

    assert Path(file) == HOSTS[name].user_file(around)


def test_a_projects_file_is_where_each_host_looks_for_it():
    assert {
        "claude-code": ".mcp.json",
        "claude-desktop": "",
        "cursor": ".cursor/mcp.json",
        "vscode": ".vscode/mcp.json",
        "kiro": ".kiro/settings/mcp.json",
        "codex": ".codex/config.toml",
        "gemini": ".gemini/settings.json",
    } == {name: host.project_file for name, host in HOSTS.items()}


@every_host
def test_the_page_has_each_hosts_name_snippet_and_project_file(name):
    host = HOSTS[name]
    _, _, section = PAGE.partition(f"\n## {host.title}\n")
    section = section.partition("\n## ")[0]
    entry = host.entry(Path("/path/to/mlcc-registry-mcp"), [])

    assert f"```{host.format}\n{snippet(host, 'mlcc-registry', entry)}```" in section
    assert f"| `{name}` | {host.title} |" in PAGE
    assert bool(host.project_file) == ("| project |" in section)
    assert host.project_file in section
    assert "Sources: <https://" in section
