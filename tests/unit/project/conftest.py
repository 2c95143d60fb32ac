"""Project folders to read, and a real bash to compare with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

NAMES = ("A", "B", "C_1", "D")
ENVIRONMENT = {"C_1": "from the shell"}

Seen = Mapping[str, tuple[str, bool]]
"""What bash holds afterwards: value and whether it is exported, by name."""

_DRIVER = r"""
PATH=/nonexistent
for script in "$1"/case*; do
  (
    export C_1='from the shell'
    source "$script" >/dev/null 2>/dev/null </dev/null
    {
      for name in A B C_1 D; do
        if [ "${!name+set}" ]; then printf '%s\0%s\0%s\0' "$name" "${!name}" "${!name@a}"; fi
      done
      printf 'END\0'
    } >"$1/seen.${script##*/}"
  ) 2>/dev/null
done
"""


@pytest.fixture(scope="session")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], list[Seen | None]]:
    """Run scripts in one bash, each in a shell of its own; None for one that ends its shell.

    The scripts come from the generators beside this file: words without a meaning, no program
    within reach, no redirection that could write a file.
    """
    program = shutil.which("bash")
    if program is None:
        pytest.skip("there is no bash to compare with")

    def run(scripts: Sequence[str]) -> list[Seen | None]:
        assert not any(">" in script for script in scripts), "a script could write files"
        folder = tmp_path_factory.mktemp("bash")
        for index, script in enumerate(scripts):
            (folder / f"case{index:05d}").write_bytes(script.encode())
        (folder / "driver").write_text(_DRIVER)
        subprocess.run(
            ["env", "-i", "LC_ALL=C.UTF-8", program, "--noprofile", "--norc", "driver", folder],
            cwd=folder,
            check=False,
            timeout=110,
            capture_output=True,
        )
        seen = [_seen(folder / f"seen.case{index:05d}") for index in range(len(scripts))]
        shutil.rmtree(folder)
        return seen

    return run


def _seen(path: Path) -> Seen | None:
    fields = path.read_bytes().decode().split("\0")[:-1] if path.exists() else []
    if fields[-1:] != ["END"]:
        return None
    triples = zip(fields[0:-1:3], fields[1:-1:3], fields[2:-1:3], strict=True)
    return {name: (value, "x" in flags) for name, value, flags in triples}


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write a project folder from texts by path; do/config has the required two lines."""
    base = 'export PROJECT_NAME="tv"\nexport DEPLOYMENT_CONFIG="transformers-vllm"\n'

    def write(config: str = "", **files: str) -> Path:
        root = tmp_path / "project"
        (root / "do").mkdir(parents=True, exist_ok=True)
        (root / "do" / "config").write_bytes((base + config).encode())
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        return root

    return write
