"""Calling any tool, listing them, help, version, completion, and how failures end."""

from __future__ import annotations

import pytest
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from clients.command.exits import Exit
from clients.command.front import Front
from registry import errors
from registry.errors import RegistryError
from registry.version import __version__


def test_any_tool_can_be_called_with_text_and_json(command):
    command("register")
    done = command("call", "list_deployments", "status=success", "limit:=1")

    assert 0 == done.status
    assert 1 == done.json["count"]


@pytest.mark.parametrize("argument", ["limit", "=1", ":=1", "limit:=one"])
def test_an_argument_that_cannot_be_read_is_named(command, argument):
    done = command("call", "list_deployments", argument)

    assert 2 == done.status
    assert argument.partition(":=")[0] in done.err


def test_an_unknown_tool_or_argument_is_the_servers_to_refuse(command):
    assert 2 == command("call", "bogus").status
    assert "limit" in command("call", "list_deployments", "limt:=1").err


def test_all_tools_of_all_toolsets_are_listed(command):
    names = {line.split("\t")[0] for line in command("tools").out.splitlines()}

    assert {"register_deployment", "audit_deployments", "remove_adapter", "ci_report"} <= names
    assert names == {each["name"] for each in command("tools", "--json").json["tools"]}


def test_every_kind_of_error_has_an_exit_status_of_its_own():
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, RegistryError)
    }

    assert len(codes) == len({Exit.of(code) for code in codes})
    assert Exit.INTERNAL == Exit.of("a code of some newer server")


def test_version_and_help_are_told_without_a_server(command):
    assert f"{__version__}\n" == command("--version").out
    assert "Exit status" in command("--help").out
    assert "--exclude" in command("register", "--help").out


async def whoami(ctx: Context) -> dict[str, str]:
    """Say who calls."""
    caller = ctx.session.client_params.client_info
    return {"name": caller.name, "version": caller.version}


class Asked:
    """Reaches a server that tells its caller who that is."""

    def transport(self):
        server = MCPServer("asked")
        server.add_tool(whoami)
        return server


def test_the_server_is_told_which_release_of_the_command_calls():
    answer = Front(Asked, person=False).call("whoami", {})

    assert {"name": "mlcc-registry", "version": __version__} == answer


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_sources_for_completions(command, shell):
    assert "_MLCC_REGISTRY_COMPLETE" in command("completion", shell).out


def test_text_of_records_cannot_steer_a_terminal_or_add_a_field(command, home):
    command("register", "--notes", "fine")
    file = home / "registry.json"
    name = "\\u0007rung\\u000d\\tand\\nbroken\\u202e"
    text = file.read_text("utf-8").replace(
        '"projectName": "support-bot"', f'"projectName": "{name}"'
    )
    assert name in text
    file.write_text(text, "utf-8")

    fields = command("registry", "list").out.split("\t")
    assert " rung  and broken " == fields[3]
    assert 8 == len(fields)


def test_a_shell_completes_commands_and_flags(command, monkeypatch):
    monkeypatch.setenv("COMP_WORDS", "mlcc-registry regis")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_MLCC_REGISTRY_COMPLETE", "bash_complete")
    commands = command().out.split()
    monkeypatch.setenv("COMP_WORDS", "mlcc-registry register --ex")
    monkeypatch.setenv("COMP_CWORD", "2")

    assert ["plain,register", "plain,registry"] == commands
    assert ["plain,--exclude"] == command().out.split()


def test_an_adapter_of_another_source_than_the_registry_is_mlccs_to_add(command):
    done = command("adapter", "add", "tone-dpo")

    assert 2 == done.status
    assert "--from-registry" in done.err
