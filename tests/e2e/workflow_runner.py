"""Runs the steps of a GitHub Actions workflow and of a CodeBuild buildspec, as far as ours go.

Expressions are what our examples use: paths into contexts, `fromJSON`, `always()`, `!=`, `&&`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{ *(.+?) *\}\}")
FROM_JSON = re.compile(r"fromJSON\((.+)\)")


@dataclass
class Workflow:
    """A workflow in a folder, its jobs run one after the other.

    Attributes:
        skipped: Commands that are not run, since what they install is there.
        summary: What the jobs added to the summary page.
    """

    document: dict[Any, Any]
    folder: Path
    environment: dict[str, str]
    inputs: dict[str, Any] = field(default_factory=dict)
    skipped: tuple[str, ...] = ("pipx install mlcc-registry-mcp",)
    results: dict[str, list[str]] = field(default_factory=dict)
    _outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text("utf-8")

    def run(self) -> None:
        for name, job in self.document["jobs"].items():
            if not self._holds(job.get("if", "success()"), {}):
                self.results[name] = ["skipped"]
                continue
            matrix = job.get("strategy", {}).get("matrix")
            slots = self._value(matrix, {})["include"] if matrix else [{}]
            self.results[name] = [self._job(name, job, slot) for slot in slots]

    def _job(self, name: str, job: dict[str, Any], matrix: dict[str, Any]) -> str:
        steps: dict[str, dict[str, Any]] = {}
        contexts = {"matrix": matrix, "steps": steps}
        result = "success"
        for number, step in enumerate(job["steps"]):
            condition = step.get("if", "success()")
            if "run" not in step or step["run"].strip() in self.skipped:
                continue
            if result != "success" and "always()" not in condition:
                continue
            if not self._holds(condition, contexts):
                continue
            outcome, outputs = self._step(step, contexts)
            steps[step.get("id", str(number))] = {"outcome": outcome, "outputs": outputs}
            if outcome != "success" and not step.get("continue-on-error"):
                result = "failure"
        self._outputs[name] = {
            key: self._value(text, contexts) for key, text in job.get("outputs", {}).items()
        }
        return result

    def _step(self, step: dict[str, Any], contexts: dict[str, Any]) -> tuple[str, dict[str, str]]:
        file = self.folder / "outputs.txt"
        file.write_text("", "utf-8")
        variables = {**self.document.get("env", {}), **step.get("env", {})}
        given = {name: str(self._value(str(text), contexts)) for name, text in variables.items()}
        environment = {
            "GITHUB_OUTPUT": str(file),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            **given,
            **self.environment,
        }
        assert not EXPRESSION.search(step["run"]), "a script takes values by variables"
        code = shell(step["run"], self.folder, environment)
        lines = file.read_text("utf-8").splitlines()
        return ("success" if code == 0 else "failure"), dict(line.split("=", 1) for line in lines)

    def _holds(self, condition: object, contexts: dict[str, Any]) -> bool:
        return all(self._one(part.strip(), contexts) for part in str(condition).split("&&"))

    def _one(self, part: str, contexts: dict[str, Any]) -> bool:
        if part in {"always()", "success()"}:
            return True
        path, differs, wanted = part.partition(" != ")
        value = self._looked_up(path, contexts)
        return value != wanted.strip("'") if differs else bool(value)

    def _value(self, text: str, contexts: dict[str, Any]) -> Any:
        whole = EXPRESSION.fullmatch(text)
        if whole and (inner := FROM_JSON.fullmatch(whole[1])):
            return json.loads(self._looked_up(inner[1], contexts))
        return EXPRESSION.sub(lambda found: str(self._looked_up(found[1], contexts)), text)

    def _looked_up(self, path: str, contexts: dict[str, Any]) -> Any:
        value: Any = {
            "github": {"run_id": "4711"},
            "env": self.document.get("env", {}),
            "inputs": self.inputs,
            "needs": {name: {"outputs": each} for name, each in self._outputs.items()},
            **contexts,
        }
        for key in path.split("."):
            value = value.get(key, "") if isinstance(value, Mapping) else ""
        return value


def run_buildspec(document: dict[str, Any], folder: Path, environment: dict[str, str]) -> int:
    """Run a buildspec's phases in one shell, as CodeBuild does, and return how it ended.

    After a failed build the post-build phase still runs.
    """
    phases = document["phases"]
    variables = {**document["env"]["variables"], **environment}
    build = shell("\n".join(phases["build"]["commands"]), folder, variables)
    after = shell("\n".join(phases["post_build"]["commands"]), folder, variables)
    return build or after


def shell(script: str, folder: Path, environment: dict[str, str]) -> int:
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    print(done.stdout, done.stderr)
    return done.returncode


def loaded(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    return document
