"""Many processes at one registry file, and writers that are killed in the middle."""

from __future__ import annotations

import json
import random
import select
import subprocess
import sys
from pathlib import Path

from registry.local.deployments import user_registry

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


def test_eight_processes_lose_none_of_their_entries(tmp_path):
    writers = [writer(tmp_path, f"w{number}", 25) for number in range(8)]
    acknowledged = [line for one in writers for line in one.communicate(timeout=100)[0].split()]

    assert [one.returncode for one in writers] == [0] * 8
    assert len(set(acknowledged)) == 200
    assert sorted(acknowledged) == sorted(notes(tmp_path))
    entries = user_registry(tmp_path).entries()
    assert len({entry["id"] for entry in entries}) == 200
    for number in range(8):
        mine = [note for note in notes(tmp_path) if note.startswith(f"w{number}-")]
        assert mine == [f"w{number}-{count}" for count in range(25)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "registry.json",
        "registry.json.lock",
    ]


def test_writers_killed_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path):
    moments = random.Random(20260501)  # noqa: S311 - a reproducible choice of moments, no secret
    acknowledged: list[str] = []
    kills = 0
    while kills < 40:
        victim = writer(tmp_path, f"v{kills}", 10_000)
        assert victim.stdout is not None
        seen = 1 + moments.randrange(6)
        acknowledged += [victim.stdout.readline().strip() for _ in range(seen)]
        # From here a fraction of one write: the kill falls anywhere between lock and rename.
        select.select([], [], [], moments.random() * 0.01)
        victim.kill()
        acknowledged += victim.stdout.read().split()
        victim.wait()
        victim.stdout.close()
        kills += 1

        json.loads((tmp_path / "registry.json").read_text("utf-8"))
        assert set(acknowledged) <= set(notes(tmp_path))

    last = writer(tmp_path, "last", 1)
    assert last.communicate(timeout=5)[0] == "last-0\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "registry.json",
        "registry.json.lock",
    ]
    assert (
        len(set(notes(tmp_path))) == len(notes(tmp_path)) == len(user_registry(tmp_path).entries())
    )
