"""Many processes at one registry file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry.local.acknowledged import discrepancies
from registry.local.deployments import user_registry
from registry.local.json_text import Layout, render

ROOT = Path(__file__).parents[3]

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from registry.identifiers import entry_id
from registry.local.deployments import user_registry

home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
registry = user_registry(home)

def make(number):
    def made(present):
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        taken = {entry["id"] for entry in present}
        return {
            "timestamp": stamp,
            "status": "success",
            "deployment": {
                "deploymentConfig": "http-flask", "architecture": "http", "backend": "flask",
            },
            "model": {"modelName": None},
            "infrastructure": {},
            "configuration": {"parameters": {}},
            "outcome": {"notes": f"{name}-{number}"},
            "metadata": {"generatorVersion": "unknown", "source": "local", "importedFrom": None},
            "id": entry_id(stamp, "http-flask", taken),
        }
    return made

for number in range(count):
    entry, _ = registry.append(make(number))
    print(entry["outcome"]["notes"], flush=True)
"""


def writer(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def notes(home: Path) -> list[str]:
    return [entry["outcome"]["notes"] for entry in user_registry(home).entries()]


@pytest.mark.parametrize("each", [25, pytest.param(250, marks=pytest.mark.soak)])
def test_eight_processes_lose_none_of_their_entries(each, tmp_path):
    writers = [writer(tmp_path, f"w{number}", each) for number in range(8)]
    acknowledged = [line for one in writers for line in one.communicate(timeout=300)[0].split()]

    assert [one.returncode for one in writers] == [0] * 8
    assert len(set(acknowledged)) == 8 * each
    assert sorted(acknowledged) == sorted(notes(tmp_path))
    entries = user_registry(tmp_path).entries()
    assert len({entry["id"] for entry in entries}) == 8 * each
    for number in range(8):
        mine = [note for note in notes(tmp_path) if note.startswith(f"w{number}-")]
        assert mine == [f"w{number}-{count}" for count in range(each)]
    assert discrepancies(tmp_path / "registry.json") == []
    whole = json.loads((tmp_path / "registry.json").read_text("utf-8"))
    assert (tmp_path / "registry.json").read_bytes() == render(
        whole, Layout(ascii_only=False, final_newline=True)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "registry.json",
        "registry.json.journal",
        "registry.json.lock",
        "registry.json.lock.turn",
    ]
