"""What is loaded when: the server is started first, and help and version load no protocol."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from clients.command.starting import COMPLETION, early_server

LIBRARIES = ("click", "mcp", "rich", "pydantic", "anyio")
WATCH = """
import json, sys
loaded = lambda: [each for each in LIBRARIES if each in sys.modules]
def seen(event, _):
    if event == "subprocess.Popen":
        print(json.dumps(loaded()), flush=True)
sys.addaudithook(seen)
sys.argv = ["mlcc-registry", *ARGUMENTS]
from clients.command.main import main
try:
    main()
finally:
    print(json.dumps(loaded()), flush=True)
"""


def watched(home, *arguments):
    """Return what was loaded when the server was started, and at the end."""
    code = WATCH.replace("LIBRARIES", repr(LIBRARIES)).replace("ARGUMENTS", repr(list(arguments)))
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        env={"HOME": str(home)},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def test_the_server_is_started_before_any_library_is_loaded(tmp_path):
    started, at_the_end = watched(tmp_path, "registry", "list")

    assert [] == started
    assert {"click", "mcp"} <= set(at_the_end)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["register", "--help"], ["-h"]])
def test_help_and_version_start_no_server_and_load_no_protocol(tmp_path, arguments):
    assert [["click"]] == watched(tmp_path, *arguments)


def test_a_terminals_libraries_are_not_loaded_for_a_pipe(tmp_path):
    assert "rich" not in watched(tmp_path, "registry", "list")[-1]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["bogus"], {}),
        ([], {}),
        (["completion", "bash"], {}),
        (["register"], {COMPLETION: "bash_complete"}),
    ],
)
def test_a_command_that_needs_no_server_starts_none(arguments, environment):
    assert early_server(arguments, environment) is None


@pytest.mark.parametrize(
    "words",
    [["--project-dir", "sub"], ["--project-dir=sub"], ["--project-dir=x", "--project-dir=sub"]],
)
def test_the_folder_that_is_named_is_open_to_the_server(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    server = early_server(["register", *words], {})
    assert server is not None
    arguments = server.process.args
    server.close()

    assert ["--workspace", str(tmp_path / "sub")] == arguments[-2:]


def test_a_server_that_does_not_end_with_its_input_is_ended(tmp_path):
    server = early_server(["registry"], {})
    assert server is not None
    server.close()

    assert server.process.returncode is not None
