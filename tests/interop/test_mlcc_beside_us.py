"""MLCC 1.5.2 adding to the registry while processes of ours do: it knows no lock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from registry.local.acknowledged import discrepancies
from registry.local.deployments import user_registry
from registry.local.entries import schema_problems

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from registry.local.deployments import user_registry

registry = user_registry(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    stored, _ = registry.append(lambda _: {
        "timestamp": "2026-05-01T10:00:00Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "http-flask", "architecture": "http", "backend": "flask",
        },
        "model": {"modelName": None},
        "infrastructure": {},
        "configuration": {"parameters": {}},
        "outcome": {"notes": f"{sys.argv[2]}-{number}"},
        "metadata": {"generatorVersion": "unknown", "source": "local", "importedFrom": None},
    })
    print(stored["id"], flush=True)
"""


def writer(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


LOG = ("log", "--deployment-config=http-flask", "--architecture=http", "--backend=flask")


def test_what_mlcc_had_not_read_when_it_wrote_is_gone_and_told(mlcc, held_mlcc, home, tmp_path):
    """Record contract, D4: read, change, write in place, without a lock."""
    mlcc(*LOG)
    path = home / "registry.json"
    (theirs,) = user_registry(home).entries()

    with held_mlcc(tmp_path / "go", *LOG) as process:
        assert process.stderr is not None
        assert "about to write\n" in iter(process.stderr.readline, "")
        assert len(writer(home, "meanwhile", 2).communicate(timeout=60)[0].split()) == 2
        before = list(user_registry(home).entries())
        (tmp_path / "go").touch()
        process.communicate(timeout=60)
    after = list(user_registry(home).entries())

    assert process.returncode == 0
    assert [theirs["id"]] == [entry["id"] for entry in after[:-1]]
    lost = discrepancies(path)
    assert [("missing", entry) for entry in before[1:]] == [
        (each.problem, each.stored) for each in lost
    ]


@pytest.mark.parametrize(
    ("writers", "each"), [(3, 60), pytest.param(8, 250, marks=pytest.mark.soak)]
)
def test_what_mlcc_overwrites_of_ours_is_told_and_can_be_put_back(
    writers, each, mlcc, home, capsys
):
    """Nothing of ours is lost silently, and what is there at the end is a registry."""
    path = home / "registry.json"
    ours = [writer(home, f"w{number}", each) for number in range(writers)]
    theirs = 0
    while any(one.poll() is None for one in ours):
        mlcc(*LOG)
        theirs += 1
    acknowledged = [line for one in ours for line in one.communicate(timeout=300)[0].split()]
    kept = {entry["id"] for entry in json.loads(path.read_text("utf-8"))["entries"]}
    lost = discrepancies(path)

    assert [one.returncode for one in ours] == [0] * writers
    assert len(acknowledged) == writers * each
    assert {"missing"} >= {each.problem for each in lost}
    assert set(acknowledged) - kept == {each.id for each in lost}
    assert [] == [problem for each in lost for problem in schema_problems(dict(each.stored))]

    for each_lost in lost:
        user_registry(home).append(lambda _, found=each_lost: dict(found.stored))
    present = [entry["id"] for entry in user_registry(home).entries()]
    mine = set(acknowledged)
    with capsys.disabled():
        print(
            f"\n{len(acknowledged)} of ours beside {theirs} of MLCC: {len(lost)} of ours were "
            f"overwritten and told, {theirs - len([one for one in present if one not in mine])} "
            "of MLCC's own are gone"
        )
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= set(present)
    assert len(set(present)) == len(present)
    assert [] == discrepancies(path)
    assert mlcc("list")
