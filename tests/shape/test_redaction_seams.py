"""What leaves this server, leaves it in few places, and each of them redacts."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REDACTS = {"redact_parameters", "redact_text", "redact_shapes"}
SEAMS = {
    "CallToolResult": "server/answers.py",
    "MCPError": "server/answers.py",
    "ReadResourceContents": "server/answers.py",
    "GetPromptResult": "server/prompts.py",
    "Completion": "server/completions.py",
    "report_progress": "server/binding.py",
    "elicit_form": "server/asking.py",
    "ElicitRequestFormParams": "server/asking.py",
    "Formatter": "server/logs.py",
    "StreamHandler": "server/logs.py",
}
"""What an answer, a protocol error, a resource, a prompt, a completion, progress, a question and a
log line go through, and where that may stand."""

WRITERS = (
    "registry/capture.py",
    "registry/registration/request.py",
    "registry/datasets/sources.py",
    "registry/evaluators/register.py",
    "registry/deployments/candidates.py",
    "registry/deployments/importing.py",
    "registry/deployments/exporting.py",
    "registry/project/adapter_conf.py",
    "server/cli.py",
)
"""Where text of a caller, a project or a document becomes a record, a file or a line."""


@cache
def modules() -> list[tuple[str, ast.Module]]:
    paths = [
        each for room in ("registry", "tools", "server") for each in (ROOT / room).rglob("*.py")
    ]
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(paths)
    ]


def names(tree: ast.AST) -> set[str]:
    """Return the names that a module's code calls or takes attributes of; not its annotations."""
    found: set[str] = set()
    for node in ast.walk(tree):
        callee = node.func if isinstance(node, ast.Call) else None
        for each in (callee, *(node.bases if isinstance(node, ast.ClassDef) else ())):
            if isinstance(each, ast.Subscript):
                each = each.value  # noqa: PLW2901 - a generic base
            if isinstance(each, ast.Name):
                found.add(each.id)
            elif isinstance(each, ast.Attribute):
                found.add(each.attr)
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


@cache
def named() -> list[tuple[str, set[str]]]:
    return [(path, names(tree)) for path, tree in modules()]


@pytest.mark.parametrize("seam", SEAMS)
def test_each_way_out_stands_in_one_module_which_redacts(seam: str) -> None:
    users = {path: found for path, found in named() if seam in found}

    assert [SEAMS[seam]] == list(users)
    assert users[SEAMS[seam]] & REDACTS


@pytest.mark.parametrize("path", WRITERS)
def test_every_writer_redacts(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))

    assert names(tree) & REDACTS


def test_one_module_spells_what_stands_for_a_secret() -> None:
    spelled = [
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "***REDACTED***"
    ]

    assert ["registry/secret_shapes.py"] == spelled
