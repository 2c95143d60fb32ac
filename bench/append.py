"""One more entry in a large registry: ours beside a raw write and flush of the same bytes.

    .venv/bin/python bench/append.py [ENTRIES] [ROUNDS]

The floor writes the file's bytes to a file of its own and flushes it; no safe writer takes less.
Rounds alternate, since the machine's own speed changes from minute to minute. A server that holds
the registry appends `warm`; `beside others` has another process's entry to read first; `cold` is
a process's first, which parses the whole file. A read of the unchanged file is taken with and
without what was kept of the one before.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from registry.deployments.filters import DeploymentFilter
from registry.deployments.listing import list_deployments
from registry.local.deployments import DeploymentFile
from registry.local.documents import JsonFile
from registry.local.snapshots import Snapshots


def entry(number: int) -> dict[str, Any]:
    """Return an entry as a deployment with one adapter leaves it: some 1,400 bytes."""
    return {
        "timestamp": "2026-05-01T10:00:00.000Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "transformers-vllm",
            "architecture": "transformers",
            "backend": "vllm",
            "baseImage": "vllm/vllm-openai:v0.8.5",
            "deploymentTarget": "realtime-inference",
            "buildTarget": "codebuild",
            "icList": [
                {"name": "default", "image": "m-latest", "gpuCount": 1, "copyCount": 1},
                {
                    "name": "sft",
                    "isAdapter": True,
                    "baseIcName": "default",
                    "artifactUrl": "s3://b/a",
                },
            ],
        },
        "model": {"modelName": f"org/model-{number}", "modelFormat": None},
        "infrastructure": {"instanceType": "ml.g5.xlarge", "region": "us-west-2", "roleArn": None},
        "configuration": {"parameters": {f"VLLM_OPTION_{n}": "value" for n in range(8)}},
        "outcome": {"notes": "Upgraded to vLLM 0.8.5, 20% latency improvement"},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
        "projectName": "qwen3-4b-vllm",
        "endpointName": "qwen3-4b-vllm",
    }


def registry(path: Path, kept: Snapshots) -> DeploymentFile:
    """Return the file's registry as a process sees it that kept this of it."""
    file = JsonFile(path, ascii_only=False, final_newline=True, journaled=True, snapshots=kept)
    return DeploymentFile(str(path), file)


def seconds(work: Callable[[], object]) -> float:
    """Return how long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def raw_write_s(path: Path, content: bytes) -> float:
    """Return the seconds of writing a file and flushing it, and nothing else."""
    began = time.perf_counter()
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - began


def measure(folder: Path, entries: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each kind of work, taken in turn."""
    path = folder / "registry.json"
    ours, other, nothing = Snapshots(), Snapshots(), Snapshots(0)
    registry(path, ours).change(lambda _: [entry(number) for number in range(entries)])
    registry(path, other).entries()
    number = entries
    taken: dict[str, list[float]] = {}

    def add(kept: Snapshots) -> float:
        nonlocal number
        number += 1
        return seconds(lambda: registry(path, kept).append(lambda _: entry(number)))

    def note(name: str, value: float) -> None:
        taken.setdefault(name, []).append(value)

    add(ours)
    for _ in range(rounds):
        note("floor", raw_write_s(folder / "floor", path.read_bytes()))
        note("warm append", add(ours))
        add(other)
        note("append beside others", add(ours))
        note("cold append", add(Snapshots()))
        os.utime(path, (1, 1))  # as when nobody has written for a while
        registry(path, ours).entries()
        note("read, kept", seconds(registry(path, ours).entries))
        note("read, not kept", seconds(registry(path, nothing).entries))
        note("list, kept", seconds(lambda: listed(registry(path, ours))))
        note("list, not kept", seconds(lambda: listed(registry(path, nothing))))
    return taken


def listed(log: DeploymentFile) -> object:
    """Return the newest page, as `list_deployments` answers it."""
    return list_deployments([("user", log)], DeploymentFilter(), limit=20, cursor="", full=False)


def main(entries: int = 10_000, rounds: int = 15) -> None:
    """Measure, and print medians and their ratios to the floor."""
    with tempfile.TemporaryDirectory() as folder:
        taken = measure(Path(folder), entries, rounds)
        size = (Path(folder) / "registry.json").stat().st_size
    medians = {name: statistics.median(values) for name, values in taken.items()}
    print(f"{entries} entries, {size / 1e6:.1f} MB, medians of {rounds}")
    for name, value in medians.items():
        print(f"{name:20} {value * 1000:8.2f} ms  {value / medians['floor']:7.2f} of the floor")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
