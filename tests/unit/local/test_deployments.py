"""The deployment registry's file: formats it reads, what it refuses, ids, patches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from registry.errors import CorruptRegistry, InvalidArgument, NotFound, PreconditionFailed
from registry.identifiers import entry_id
from registry.local.deployments import project_registry, user_registry
from registry.local.entries import schema_problems
from schemas.deployment import DeploymentEntry

TIME = "2026-05-01T10:00:00.123Z"
CONFIG = "transformers-vllm"


def entry(timestamp: str = TIME, **extra: Any) -> dict[str, Any]:
    return DeploymentEntry.model_validate(
        {
            "timestamp": timestamp,
            "deployment": {
                "deploymentConfig": CONFIG,
                "architecture": "transformers",
                "backend": "vllm",
            },
            "model": {"modelName": "org/m"},
            "infrastructure": {},
            "configuration": {"parameters": {}},
            "outcome": {},
            "metadata": {},
            "id": entry_id(timestamp, CONFIG, ()),
            **extra,
        }
    ).document()


def stored(home: Path) -> Any:
    return json.loads((home / "registry.json").read_text("utf-8"))


def test_a_missing_file_has_no_entries(tmp_path):
    assert user_registry(tmp_path / "none").entries() == []


def test_the_files_are_where_mlcc_keeps_them(tmp_path):
    assert user_registry(tmp_path).path == str(tmp_path / "registry.json")
    assert project_registry(tmp_path).path == str(
        tmp_path / ".ml-container-creator" / "registry.json"
    )


def test_a_plain_list_is_read_and_becomes_an_envelope_with_the_next_write(tmp_path):
    old = {"id": "00000001", "anything": [1]}
    (tmp_path / "registry.json").write_text(json.dumps([old]))
    registry = user_registry(tmp_path)

    assert registry.entries() == [old]
    registry.append(lambda _: entry())

    assert stored(tmp_path) == {"schemaVersion": "2026-03-20", "entries": [old, entry()]}


@pytest.mark.parametrize("version", [{}, {"schemaVersion": "2025-01-01"}])
def test_an_older_envelope_is_brought_up_to_date_with_its_own_keys_kept(version, tmp_path):
    content = {"team": {"a": 1}, **version, "entries": [], "note": "x"}
    (tmp_path / "registry.json").write_text(json.dumps(content))

    user_registry(tmp_path).append(lambda _: entry())

    after = stored(tmp_path)
    assert after == {**content, "schemaVersion": "2026-03-20", "entries": [entry()]}
    assert next(iter(after)) == "team"


@pytest.mark.parametrize("version", ["2099-01-01", "v9", 7, None, "2026-03-20T00:00"])
def test_a_newer_or_unknown_format_is_read_and_not_written(version, tmp_path):
    text = json.dumps({"schemaVersion": version, "entries": [entry()]})
    (tmp_path / "registry.json").write_text(text)
    registry = user_registry(tmp_path)

    assert registry.entries() == [entry()]
    assert "not written" in (registry.format_warning() or "")
    with pytest.raises(PreconditionFailed):
        registry.append(lambda _: entry("2026-05-02T10:00:00Z"))
    with pytest.raises(PreconditionFailed):
        registry.patch(entry()["id"], {"status": "failed"})
    assert (tmp_path / "registry.json").read_text() == text


def test_a_format_that_we_write_has_no_warning(tmp_path):
    user_registry(tmp_path).append(lambda _: entry())

    assert user_registry(tmp_path).format_warning() is None


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "precious"}',
        '{"entries": {"a": 1}}',
        '{"entries": null}',
        "null",
        '"text"',
        "7",
        '[{"id": "1"}, "text"]',
        '{"entries": [null]}',
    ],
)
def test_a_foreign_shape_is_refused_and_left_alone(content, tmp_path):
    (tmp_path / "registry.json").write_text(content)
    registry = user_registry(tmp_path)

    for attempt in (
        registry.entries,
        lambda: registry.append(lambda _: entry()),
        lambda: registry.patch("00000001", {}),
    ):
        with pytest.raises(CorruptRegistry) as refusal:
            attempt()
        assert str(tmp_path / "registry.json") in refusal.value.message
    assert (tmp_path / "registry.json").read_text() == content


def test_entries_of_others_are_kept_byte_for_byte(tmp_path):
    theirs = {"id": 7, "timestamp": None, "big": 2**70, "s": "é\ud800", "deep": {"x": [{}]}}
    (tmp_path / "registry.json").write_text(json.dumps([theirs]))

    user_registry(tmp_path).append(lambda _: entry())

    assert stored(tmp_path)["entries"][0] == theirs
    assert '"é\\ud800"' in (tmp_path / "registry.json").read_text("utf-8")


def test_extra_keys_of_our_entries_are_stored(tmp_path):
    document = entry(projectName="p", idempotencyKey="k", somethingNew={"x": 1})

    user_registry(tmp_path).append(lambda _: document)

    assert stored(tmp_path)["entries"] == [document]
    assert list(document)[-3:] == ["projectName", "idempotencyKey", "somethingNew"]


def test_an_entry_that_is_there_already_is_found_and_nothing_is_written(tmp_path):
    registry = user_registry(tmp_path)
    first, _ = registry.append(lambda _: entry())
    before = (tmp_path / "registry.json").stat()

    def find(present: Sequence[Mapping[str, Any]]) -> str:
        return str(present[0]["id"])

    found, appended = registry.append(find)

    assert (found, appended) == (first, False)
    assert (tmp_path / "registry.json").stat().st_mtime_ns == before.st_mtime_ns


def test_an_id_that_is_not_there_is_not_found(tmp_path):
    registry = user_registry(tmp_path)

    with pytest.raises(NotFound, match="'0000000a'"):
        registry.append(lambda _: "0000000a")
    with pytest.raises(NotFound, match="'0000000a'"):
        registry.patch("0000000a", {"status": "failed"})
    assert not (tmp_path / "registry.json").exists()


def test_a_taken_or_missing_id_is_replaced_by_the_id_rule(tmp_path):
    registry = user_registry(tmp_path)
    without = {key: value for key, value in entry().items() if key != "id"}

    first, _ = registry.append(lambda _: without)
    second, _ = registry.append(lambda _: entry())

    assert first["id"] == entry_id(TIME, CONFIG, ())
    assert second["id"] != first["id"]
    assert [one["id"] for one in registry.entries()] == [first["id"], second["id"]]
    assert schema_problems(second) == []


@pytest.mark.parametrize(
    ("broken", "path"),
    [
        ({"timestamp": "yesterday"}, "/timestamp"),
        ({"id": "XYZ"}, "/id"),
        ({"modelPackageVersion": "one"}, "/modelPackageVersion"),
        ({"projectName": None}, "/projectName"),
        ({"model": {}}, "/model/modelName"),
        ({"deployment": "none"}, "/deployment"),
        ({"metadata": {"generatorVersion": ""}}, "/metadata/generatorVersion"),
    ],
)
def test_an_invalid_entry_is_refused_by_its_path_without_its_value(broken, path, tmp_path):
    with pytest.raises(InvalidArgument) as refusal:
        user_registry(tmp_path).append(lambda _: {**entry(), **broken})

    assert f"{path} " in refusal.value.message
    assert "yesterday" not in refusal.value.message
    assert not (tmp_path / "registry.json").exists()


def test_a_missing_section_is_named(tmp_path):
    whole = entry()
    del whole["outcome"], whole["model"]

    assert [problem.path for problem in schema_problems(whole)] == ["/model", "/outcome"]


def test_a_patch_sets_keys_of_one_entry_and_merges_sections(tmp_path):
    registry = user_registry(tmp_path)
    registry.append(lambda _: entry())
    registry.append(lambda _: entry("2026-05-02T10:00:00Z"))
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/p/3"

    patched = registry.patch(
        entry()["id"],
        {"modelPackageArn": arn, "modelPackageVersion": 3, "outcome": {"extra": "é"}},
    )

    assert patched == {
        **entry(),
        "modelPackageArn": arn,
        "modelPackageVersion": 3,
        "outcome": {"notes": None, "extra": "é"},
    }
    assert stored(tmp_path)["entries"] == [patched, entry("2026-05-02T10:00:00Z")]
    raw = (tmp_path / "registry.json").read_text("utf-8")
    assert raw.endswith("}\n")
    assert "é" in raw


def test_a_patch_that_changes_nothing_writes_nothing(tmp_path):
    registry = user_registry(tmp_path)
    (tmp_path / "registry.json").write_text(json.dumps([entry()]))

    registry.patch(entry()["id"], {"status": "success", "outcome": {}})

    assert (tmp_path / "registry.json").read_text() == json.dumps([entry()])


def test_a_patch_may_not_make_a_valid_entry_invalid(tmp_path):
    registry = user_registry(tmp_path)
    registry.append(lambda _: entry())

    with pytest.raises(InvalidArgument, match="/status"):
        registry.patch(entry()["id"], {"status": "running"})
    assert registry.entries() == [entry()]


def test_an_entry_that_was_invalid_before_can_still_be_patched(tmp_path):
    (tmp_path / "registry.json").write_text('[{"id": "00000001", "status": "odd"}]')

    user_registry(tmp_path).patch("00000001", {"modelPackageVersion": 2})

    assert stored(tmp_path)["entries"] == [
        {"id": "00000001", "status": "odd", "modelPackageVersion": 2}
    ]


def test_a_projects_registry_that_links_out_of_the_project_is_refused(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (project / ".ml-container-creator").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InvalidArgument, match="leads out of"):
        project_registry(project).append(lambda _: entry())
    assert list((tmp_path / "elsewhere").iterdir()) == []
