"""Dependencies point one way: schemas <- registry <- tools <- server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"schemas", "registry", "tools", "server", "clients", "sandbox"}
AWS_LIBRARIES = {"boto3", "botocore", "mypy_boto3_sagemaker", "mypy_boto3_dynamodb"}

MAY_IMPORT = {
    "schemas": {"schemas"},
    "registry": {"registry", "schemas"},
    "tools": {"tools", "registry", "schemas"},
    "server": {"server", "tools", "registry", "schemas"},
    "clients": {"clients"},
    "sandbox": {"sandbox"},
}
"""Which of our rooms each room may import; the server alone starts a sandbox, as a process."""

NOT_IN = {
    "mcp": {"schemas", "registry", "tools", "sandbox"},
    "boto3": {"schemas", "tools", "server", "clients"},
    "botocore": {"schemas", "tools", "server", "clients"},
}
STARTS_A_SANDBOX = "server/sandboxed.py"


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported top-level name, and whether the import runs with the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        ):
            late.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node not in late
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0], node not in late


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_lies_before_it(room):
    astray = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name, _ in imports_of(path)
        if name in ROOMS
        and name not in MAY_IMPORT[room]
        and not (name == "sandbox" and str(path.relative_to(ROOT)) == STARTS_A_SANDBOX)
    ]

    assert [] == astray


@pytest.mark.parametrize("library", sorted(NOT_IN))
def test_a_library_stays_in_its_rooms(library):
    astray = [
        str(path.relative_to(ROOT))
        for room in NOT_IN[library]
        for path in modules(room)
        for name, _ in imports_of(path)
        if name == library
    ]

    assert [] == astray


def test_the_core_imports_boto_in_its_aws_stores_alone_and_only_when_called():
    astray = [
        str(path.relative_to(ROOT))
        for path in modules("registry")
        for name, at_once in imports_of(path)
        if name in AWS_LIBRARIES and (at_once or (ROOT / "registry/aws") not in path.parents)
    ]

    assert [] == astray


def test_each_room_says_in_one_sentence_what_it_holds():
    for room in sorted(ROOMS):
        text = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text("utf-8")))

        assert text is not None, room
        assert "\n" not in text, room
