"""The registry files beside MLCC 1.5.2 itself: what either writes, the other reads and keeps.

npm installs the package (`npm_packages` in conftest.py).
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.calls import Call
from registry.datasets.register import register_dataset
from registry.deployments.exporting import Export, export_deployments
from registry.deployments.filters import DeploymentFilter
from registry.deployments.importing import Import, import_deployments
from registry.errors import NeedsConfirmation, NotFound
from registry.evaluators.register import register_evaluator
from registry.hub.publishing import Published
from registry.local.deployments import user_registry
from registry.local.documents import JsonFile
from registry.local.entries import schema_problems
from registry.removal.deployments import remove_deployment
from registry.stores import DeploymentLog
from schemas.dataset import DatasetRequest
from schemas.deployment_views import Origin
from schemas.evaluator import EvaluatorRequest
from schemas.exchange import ImportDeploymentsResult, Strategy
from schemas.hub import HubOutcome


def entry(number: int, architecture: str, backend: str, **extra: Any) -> dict[str, Any]:
    configuration = architecture if architecture == backend else f"{architecture}-{backend}"
    return {
        "timestamp": f"2026-05-01T10:00:0{number}.000Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": configuration,
            "architecture": architecture,
            "backend": backend,
            "baseImage": None,
            "deploymentTarget": "realtime-inference",
            "buildTarget": None,
            "icList": [{"name": "default", "gpuCount": 1, "later": [1]}],
        },
        "model": {"modelName": f"org/{architecture}", "modelFormat": None},
        "infrastructure": {"instanceType": "ml.g5.xlarge", "region": None, "roleArn": None},
        "configuration": {"parameters": {"VLLM_X": "1"}},
        "outcome": {"notes": "日本 \u2028 é"},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"0000000{number}",
        **extra,
    }


OURS = {
    "projectName": "p",
    "buildStrategy": "codebuild-submit",
    "endpointName": "e",
    "idempotencyKey": "k",
    "project": {"folder": "p", "endpointConfig": {"volumeSize": 5}},
}


def registered(home: Path, *entries: dict[str, Any]) -> None:
    for one in entries:
        user_registry(home).append(lambda _, one=one: one)


def test_mlcc_lists_gets_and_searches_our_entries(mlcc, home):
    first, second = entry(1, "transformers", "vllm", **OURS), entry(2, "http", "flask")
    registered(home, first, second)

    listed = [line.split()[0] for line in mlcc("list").splitlines() if line.startswith("  0000")]
    shown = mlcc("get", "00000001")
    found = mlcc("search", "--model", "org/trans*")

    assert listed == ["00000001", "00000002"]
    assert json.loads(shown[shown.index("{") :]) == first
    assert "00000001" in found
    assert "00000002" not in found


def test_mlcc_appends_to_our_file_and_nothing_of_ours_is_lost(mlcc, home):
    first, second = entry(1, "transformers", "vllm", **OURS), entry(2, "http", "flask")
    registered(home, first, second)

    mlcc("log", "--deployment-config", "http-flask", "--architecture", "http", "--backend", "flask")

    entries = list(user_registry(home).entries())
    assert json.dumps(entries[:2]) == json.dumps([first, second])
    assert (entries[2]["deployment"]["backend"], len(entries)) == ("flask", 3)


def test_our_write_leaves_mlccs_file_as_mlcc_would_have_written_it(mlcc, home):
    notes = 'é 🚀 "q" \\ \u2028\x7f\ttab'
    for number in range(2):
        mlcc(
            *("log", "--deployment-config", "http-flask", "--architecture", "http"),
            *("--backend", "flask", "--notes", f"{notes} {number}"),
        )
    theirs = (home / "registry.json").read_bytes()
    both = json.loads(theirs)
    (home / "registry.json").write_text(json.dumps({**both, "entries": both["entries"][:1]}))

    registered(home, both["entries"][1])

    assert (home / "registry.json").read_bytes() == theirs


def test_we_append_to_patch_and_read_mlccs_file(mlcc, home):
    mlcc("log", "--deployment-config", "http-flask", "--architecture", "http", "--backend", "flask")
    theirs = user_registry(home).entries()[0]
    registered(home, entry(1, "transformers", "vllm"))

    user_registry(home).patch(theirs["id"], {"modelPackageVersion": 3})

    shown = mlcc("get", theirs["id"])
    assert json.loads(shown[shown.index("{") :]) == {**theirs, "modelPackageVersion": 3}
    assert "00000001" in mlcc("list")


def test_mlcc_removes_what_we_wrote(mlcc, home):
    registered(home, entry(1, "transformers", "vllm"), entry(2, "http", "flask", **OURS))

    mlcc("remove", "00000001")

    assert user_registry(home).entries() == [entry(2, "http", "flask", **OURS)]
    with pytest.raises(NotFound):
        user_registry(home).patch("00000001", {})


def test_mlcc_handles_a_file_with_a_marketplace_entry_of_ours(mlcc, home):
    """Design: marketplace deployments are recorded because 1.5.2 lists such a file."""
    sold = entry(1, "marketplace", "marketplace", **OURS)
    registered(home, sold, entry(2, "http", "flask"))

    listed = mlcc("list")
    shown = mlcc("get", "00000001")
    mlcc("log", "--deployment-config", "http-flask", "--architecture", "http", "--backend", "flask")

    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  0000")] == [
        "00000001",
        "00000002",
    ]
    assert json.loads(shown[shown.index("{") :]) == sold
    assert "00000001" in mlcc("list", "--architecture", "marketplace")
    assert user_registry(home).entries()[0] == sold


def test_mlccs_helper_reads_and_extends_our_datasets(helper, home):
    store = JsonFile(home / "datasets.json", ascii_only=True, final_newline=False)
    ours = register_dataset(
        DatasetRequest(name="alpaca", s3_uri="s3://b/é.jsonl", technique="dpo", row_count=5),
        store=store,
        objects=None,
        no_objects_reason="no region",
        publish=lambda *_: Published(HubOutcome(state="skipped")),
        now=lambda: datetime.now(UTC),
        call=Call(),
    )
    raw = (home / "datasets.json").read_bytes()

    found = helper("resolve-dataset", "--name", "alpaca", "--version", "1")
    helper("register-dataset", "--name", "other", "--s3-uri", "s3://b/o.jsonl")

    assert (found["s3_uri"], found["technique"]) == (ours.s3_uri, "dpo")
    assert found["version"] == ours.version
    assert (home / "datasets.json").read_bytes()[: len(raw) - 2] == raw[:-2]
    assert [one["name"] for one in store.read()] == ["alpaca", "other"]


def test_our_datasets_file_is_byte_for_byte_what_mlccs_helper_writes(helper, home):
    helper("register-dataset", "--name", "alpaca", "--s3-uri", "s3://b/é.jsonl", "--row-count", "5")
    theirs = (home / "datasets.json").read_bytes()
    stamp = datetime.fromisoformat(json.loads(theirs)[0]["registered_at"])
    (home / "datasets.json").unlink()

    register_dataset(
        DatasetRequest(name="alpaca", s3_uri="s3://b/é.jsonl", row_count=5),
        store=JsonFile(home / "datasets.json", ascii_only=True, final_newline=False),
        objects=None,
        no_objects_reason="no region",
        publish=lambda *_: Published(HubOutcome(state="skipped")),
        now=lambda: stamp,
        call=Call(),
    )

    assert (home / "datasets.json").read_bytes() == theirs


def test_mlccs_helper_reads_our_evaluators_and_ignores_their_history(helper, home):
    store = JsonFile(home / "evaluators.json", ascii_only=True, final_newline=False)
    arn = "arn:aws:lambda:us-west-2:123456789012:function:"
    for function in ("f", "g"):
        register_evaluator(
            EvaluatorRequest(name="r", type="lambda", arn=arn + function, technique="rlvr"),
            store=store,
            publish=lambda *_: Published(HubOutcome(state="skipped")),
            now=lambda: datetime.now(UTC),
            call=Call(deadline=time.monotonic() + 5),
        )

    found = helper("resolve-evaluator", "--name", "r")

    assert (found["arn_or_uri"], found["type"]) == (f"{arn}g", "lambda")
    assert [was["arn_or_uri"] for was in store.read()[0]["history"]] == [f"{arn}f"]


def exported(home: Path) -> dict[str, Any]:
    """Everything in the user's file as our exchange document."""
    page = export_deployments(
        [("user", user_registry(home))],
        Export("", DeploymentFilter(), limit=100, cursor=""),
        lambda: datetime.now(UTC),
    )
    assert page.complete
    assert page.document is not None
    return page.document.wire()


def imported(home: Path, document: object, strategy: Strategy = "skip") -> ImportDeploymentsResult:
    wanted = Import(document, "theirs.json", strategy, dry_run=False)
    return import_deployments(user_registry(home), wanted, Call())


def facts(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry without what exporting strips and importing assigns."""
    parts = {key: value for key, value in entry.items() if key not in ("id", "metadata", *OF_CALLS)}
    infrastructure = {
        key: value
        for key, value in entry["infrastructure"].items()
        if key not in ("region", "roleArn")
    }
    return {**parts, "infrastructure": infrastructure}


OF_CALLS = ("idempotencyKey",)


def test_our_export_and_mlccs_of_one_file_say_the_same(mlcc, home):
    whole = {key: value for key, value in OURS.items() if key not in OF_CALLS}
    registered(
        home, entry(1, "transformers", "vllm", **whole), entry(2, "http", "flask", later=[1])
    )

    printed = mlcc("export")

    theirs = json.loads(printed[printed.index("{") :])
    assert {**theirs, "exportedAt": ""} == {**exported(home), "exportedAt": ""}


def test_mlcc_imports_what_we_export(mlcc, home, tmp_path):
    first, second = entry(1, "transformers", "vllm", **OURS), entry(2, "http", "flask", later={})
    registered(home, first, second)
    (tmp_path / "ours.json").write_text(json.dumps(exported(home)), "utf-8")
    (home / "registry.json").unlink()

    said = mlcc("import", str(tmp_path / "ours.json"))
    again = mlcc("import", str(tmp_path / "ours.json"))

    entries = list(user_registry(home).entries())
    assert [facts(first), facts(second)] == [facts(each) for each in entries]
    assert {("imported", "ours.json")} == {
        (each["metadata"]["source"], each["metadata"]["importedFrom"]) for each in entries
    }
    assert [] == [problem for each in entries for problem in schema_problems(each)]
    assert ("Added:     2" in said, "Skipped:   2" in again) == (True, True)


def test_we_import_what_mlcc_exports_and_mlcc_reads_it(mlcc, home):
    for number in range(2):
        mlcc(
            *("log", "--deployment-config", "http-flask", "--architecture", "http"),
            *("--backend", "flask", "--model-name", f"org/{number}", "--notes", "é 🚀"),
        )
    theirs = list(user_registry(home).entries())
    printed = mlcc("export")
    (home / "registry.json").unlink()
    registered(home, entry(1, "transformers", "vllm", **OURS))

    answer = imported(home, json.loads(printed[printed.index("{") :]))

    ours = list(user_registry(home).entries())
    assert (2, 0) == (answer.added, answer.refused_count)
    assert [facts(each) for each in theirs] == [facts(each) for each in ours[1:]]
    listed = mlcc("list")
    assert all(each["id"] in listed for each in ours)
    assert ours[2]["id"] in mlcc("search", "--model", "org/[1-9]")
    shown = mlcc("get", ours[1]["id"])
    assert ours[1] == json.loads(shown[shown.index("{") :])


KEPT = {
    "later": [1, {"é": None, "日本": ["🚀", "\u2028", -0.5, 2**53 - 1, "\x7f"]}],
    "": "",
    "__proto__x": {"a/b~c": [[], {}]},
}
"""Unknown keys; MLCC counts in doubles, so none is a number that a double cannot hold."""


def with_unknown_keys(made: dict[str, Any]) -> dict[str, Any]:
    """Put the unknown keys into an entry, each of its sections and its components."""
    sections = {
        key: {**value, **KEPT} if isinstance(value, dict) else value for key, value in made.items()
    }
    components = [{**each, **KEPT} for each in made["deployment"]["icList"]]
    parameters = {**made["configuration"]["parameters"], **KEPT}
    return {
        **sections,
        "deployment": {**sections["deployment"], "icList": components},
        "configuration": {**sections["configuration"], "parameters": parameters},
        **KEPT,
    }


def test_a_file_goes_to_mlcc_and_back_with_every_unknown_key(mlcc, home, tmp_path):
    """The whole round: written here; listed, found, exported, imported, appended to there."""
    ours = [
        with_unknown_keys(entry(1, "transformers", "vllm", **OURS)),
        with_unknown_keys(entry(2, "http", "flask")),
    ]
    registered(home, *ours)

    listed = mlcc("list")
    found = mlcc("search", "--model", "org/{http,x}")
    printed = mlcc("export")
    (tmp_path / "team.json").write_text(printed[printed.index("{") :], "utf-8")
    mlcc("import", str(tmp_path / "team.json"), "--merge")
    mlcc("log", "--deployment-config", "http-flask", "--architecture", "http", "--backend", "flask")

    assert all(each["id"] in listed for each in ours)
    assert (ours[0]["id"] in found, ours[1]["id"] in found) == (False, True)
    entries = list(user_registry(home).entries())
    assert json.dumps(ours) == json.dumps(entries[:2])
    assert [facts(each) for each in ours] == [facts(each) for each in entries[2:4]]
    assert all(KEPT.items() <= each["metadata"].items() for each in entries[:4])
    assert ("flask", 5) == (entries[4]["deployment"]["backend"], len(entries))
    user_registry(home).patch(entries[4]["id"], {"later": KEPT})
    shown = mlcc("get", entries[4]["id"])
    assert {**entries[4], "later": KEPT} == json.loads(shown[shown.index("{") :])
    again = imported(home, json.loads(printed[printed.index("{") :]))
    assert ("unchanged", 2) == (again.local.state, again.skipped)


def test_what_we_import_mlcc_appends_to_and_nothing_is_lost(mlcc, home):
    registered(home, entry(1, "transformers", "vllm", **OURS, later={"kept": [1]}))
    document = exported(home)
    imported(home, document, "merge")
    before = json.dumps(list(user_registry(home).entries()))

    mlcc("log", "--deployment-config", "http-flask", "--architecture", "http", "--backend", "flask")
    again = imported(home, document, "merge")

    entries = list(user_registry(home).entries())
    assert before == json.dumps(entries[:2])
    assert (3, "unchanged") == (len(entries), again.local.state)


def test_mlcc_reads_a_file_that_we_removed_from(mlcc, home):
    registered(home, entry(1, "transformers", "vllm"), entry(2, "http", "flask", **OURS))
    logs: list[tuple[Origin, DeploymentLog]] = [("user", user_registry(home))]
    with pytest.raises(NeedsConfirmation) as asked:
        remove_deployment(logs, "00000001", "")

    remove_deployment(logs, "00000001", asked.value.details["digest"])

    listed = mlcc("list")
    assert ("00000001" in listed, "00000002" in listed) == (False, True)
