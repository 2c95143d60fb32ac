"""Importing an exchange document (design, `import_deployments`; record contract, section 1)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from registry.calls import Call
from registry.deployments.document_file import MAX_DOCUMENT_MIB, read_document
from registry.deployments.exporting import Export, export_deployments
from registry.deployments.filters import DeploymentFilter
from registry.deployments.importing import Import, import_deployments
from registry.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    PreconditionFailed,
)
from registry.local.deployments import user_registry
from registry.local.entries import schema_problems


def document(*entries):
    return {"version": "1.0", "exportedAt": "x", "exportedBy": "anonymous", "entries": [*entries]}


def imported(log, *entries, strategy="skip", source="team.json", dry_run=False):
    return import_deployments(log, Import(document(*entries), source, strategy, dry_run), Call())


def notes(log):
    return [each["outcome"]["notes"] for each in log.entries()]


@pytest.fixture
def empty(tmp_path):
    return user_registry(tmp_path)


def test_an_export_comes_back_whole_but_for_what_was_stripped(deployed, seeded, tmp_path):
    odd = deployed(1, later={"kept": [1, None]}, deployment__icList=[{"name": "a", "x": {}}])
    log = seeded(odd)
    request = Export("", DeploymentFilter(), 0, "")
    exported = export_deployments([("user", log)], request, lambda: datetime.now(UTC))
    other = user_registry(tmp_path / "other")

    imported(other, *exported.document.wire()["entries"])

    [stored] = other.entries()
    expected = {
        **odd,
        "infrastructure": {"instanceType": "ml.g5.2xlarge"},
        "metadata": {**odd["metadata"], "source": "imported", "importedFrom": "team.json"},
        "id": stored["id"],
    }
    assert expected == stored
    assert [] == schema_problems(stored)


@pytest.mark.parametrize("strategy", ["skip", "merge", "replace"])
def test_the_same_document_again_changes_nothing(deployed, seeded, strategy):
    log = seeded(deployed(1, outcome__notes="here"), deployed(2, model__modelName="other"))
    given = [
        deployed(3, outcome__notes="theirs"),
        deployed(4, outcome__notes="theirs too"),
        deployed(5, model__modelName="new"),
    ]
    imported(log, *given, strategy=strategy)
    before = json.dumps(log.entries())

    again = imported(log, *given, strategy=strategy)

    assert before == json.dumps(log.entries())
    assert 3 == again.conflicts
    assert "unchanged" == again.local.state


def test_skip_leaves_what_is_there(deployed, seeded):
    log = seeded(deployed(1, outcome__notes="here"))

    answer = imported(log, deployed(2, outcome__notes="theirs"))

    assert (0, 1, 1, "unchanged") == (
        answer.added,
        answer.skipped,
        answer.conflicts,
        answer.local.state,
    )
    assert ["here"] == notes(log)


def test_merge_keeps_both_under_ids_of_their_own(deployed, seeded):
    log = seeded(deployed(1, outcome__notes="here"))

    answer = imported(log, deployed(1, outcome__notes="theirs"), strategy="merge")

    assert (0, 1, 1) == (answer.added, answer.merged, answer.conflicts)
    assert ["here", "theirs"] == notes(log)
    assert 2 == len({each["id"] for each in log.entries()})
    assert [log.entries()[1]["id"]] == [each.id for each in answer.entries]


def test_replace_takes_the_first_ones_place_and_id(deployed, seeded):
    log = seeded(
        deployed(9, model__modelName="other", outcome__notes="untouched"),
        deployed(1, outcome__notes="here"),
        deployed(2, outcome__notes="also"),
    )

    answer = imported(log, deployed(3, outcome__notes="theirs"), strategy="replace")

    assert (0, 1, 1) == (answer.added, answer.replaced, answer.conflicts)
    assert ["untouched", "theirs", "also"] == notes(log)
    assert "00000001" == log.entries()[1]["id"]


def test_a_replacement_that_differs_only_in_kind_is_written(deployed, seeded):
    """Python takes 1 for True and for 1.0; a stored document does not."""
    log = seeded(deployed(1, later=1))

    answer = imported(log, deployed(1, later=True), strategy="replace")

    assert "updated" == answer.local.state
    assert log.entries()[0]["later"] is True


@pytest.mark.parametrize(
    ("path", "value", "conflicts"),
    [
        ("configuration__parameters", {"B": 2.0, "A": {"y": [1], "x": None}}, 1),
        ("configuration__parameters", {"A": {"y": [1], "x": None}, "B": True}, 0),
        ("configuration__parameters", {"A": {"y": [1], "x": None}, "B": "2"}, 0),
        ("model__modelName", "another", 0),
        ("deployment__backend", "sglang", 0),
        ("infrastructure__instanceType", "ml.m5.large", 0),
        ("infrastructure__region", "eu-west-1", 1),
        ("status", "failed", 1),
    ],
)
def test_a_conflict_is_the_same_model_backend_instance_and_parameters(
    deployed, seeded, path, value, conflicts
):
    own = {"A": {"x": None, "y": [1]}, "B": 2}
    log = seeded(deployed(1, configuration__parameters=own))
    candidate = deployed(2, **{"configuration__parameters": own, path: value})

    assert conflicts == imported(log, candidate).conflicts


def test_entries_that_differ_deep_inside_are_told_apart_without_comparing_each_with_each(
    deployed, empty
):
    """Each with each took minutes, while the file was locked."""
    given = [deployed(1, configuration__parameters={"a": {"n": [n]}}) for n in range(1000)]

    first = imported(empty, *given, strategy="merge")
    again = imported(empty, *given, strategy="merge")

    assert (1000, 0) == (first.added, first.conflicts)
    assert (1000, "unchanged") == (again.skipped, again.local.state)


def test_a_refused_entry_is_named_and_keeps_nobody_out(deployed, empty):
    broken = deployed(2, deployment__icList=[{"name": "a"}, {"name": "b", "copyCount": 0}])
    del broken["model"]["modelName"]

    answer = imported(empty, deployed(1), broken, "text", deployed(3, model__modelName="x"))

    assert [
        (1, "/entries/1/deployment/icList/1/copyCount", "must be at least 1"),
        (1, "/entries/1/model/modelName", "is missing"),
        (2, "/entries/2", "must be of type object"),
    ] == [(each.index, each.path, each.reason) for each in answer.refused]
    assert 2 == answer.refused_count
    assert [0, 3] == [each.index for each in answer.entries]
    assert 2 == len(empty.entries())


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("timestamp", "2026-05-01T10:00:00Z\n", "/entries/0/timestamp"),
        ("timestamp", "\uff12026-05-01T10:00:00Z", "/entries/0/timestamp"),
        ("timestamp", 5, "/entries/0/timestamp"),
        ("later", float("inf"), "/entries/0/later"),
        ("later", [{"a/b": float("nan")}], "/entries/0/later/0/a~1b"),
        ("later", 10**2000, "/entries/0/later"),
        ("metadata", "x", "/entries/0/metadata"),
        ("configuration__parameters", None, "/entries/0/configuration/parameters"),
    ],
)
def test_what_no_registry_may_hold_is_refused_by_its_place(deployed, empty, path, value, pointer):
    answer = imported(empty, deployed(1, **{path: value}))

    assert pointer == answer.refused[0].path
    assert [] == list(empty.entries())


def test_a_value_nested_too_deep_is_refused(deployed, empty):
    deep: object = 1
    for _ in range(5000):
        deep = {"a": deep}

    answer = imported(empty, deployed(1, later=deep))

    assert answer.refused[0].path.startswith("/entries/0/later/a/a")
    assert len(answer.refused[0].path) < 250


def test_secrets_of_the_document_are_not_stored(deployed, empty):
    planted = "hf_" + "aB3" * 11
    entry = deployed(
        1, configuration__parameters={"DB_PASSWORD": "hunter2"}, outcome__notes=f"with {planted}"
    )

    imported(empty, entry, source=f"https://u:{planted}@host/team.json")

    stored = json.dumps(list(empty.entries()))
    assert planted not in stored
    assert "hunter2" not in stored


def test_a_key_of_another_ones_calls_is_not_taken_over(deployed, empty):
    imported(empty, deployed(1, idempotencyKey="k"))

    assert "idempotencyKey" not in empty.entries()[0]


def test_without_a_source_none_is_stored(deployed, empty):
    imported(empty, deployed(1), source="")

    assert empty.entries()[0]["metadata"]["importedFrom"] is None


def test_a_dry_run_answers_alike_and_writes_nothing(deployed, seeded, tmp_path):
    log = seeded(deployed(1))
    given = [deployed(2), deployed(3, model__modelName="new"), {}]
    raw = (tmp_path / "registry.json").read_bytes()

    dry = imported(log, *given, dry_run=True)

    assert raw == (tmp_path / "registry.json").read_bytes()
    wet = imported(log, *given)
    kept = {"added", "skipped", "conflicts", "refused", "refused_count", "entries"}
    assert dry.model_dump(include=kept) == wet.model_dump(include=kept)
    assert ("updated", True) == (dry.local.state, dry.local.dry_run)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_of_a_newer_format_is_not_written(deployed, tmp_path, dry_run):
    content = json.dumps({"schemaVersion": "2099-01-01", "entries": []})
    (tmp_path / "registry.json").write_text(content, "utf-8")

    with pytest.raises(PreconditionFailed):
        imported(user_registry(tmp_path), deployed(1), dry_run=dry_run)

    assert content == (tmp_path / "registry.json").read_text("utf-8")


@pytest.mark.parametrize(
    "given",
    [{}, {"version": "1.0"}, {"entries": []}, {"version": "", "entries": []}, [], None, "x"],
)
def test_what_is_no_exchange_document_is_refused_with_what_one_looks_like(empty, given):
    with pytest.raises(InvalidArgument) as refused:
        import_deployments(empty, Import(given, "", "skip", dry_run=False), Call())

    assert '"entries"' in refused.value.hint


def test_a_caller_that_withdrew_stored_nothing(deployed, empty):
    with pytest.raises(Cancelled):
        import_deployments(
            empty,
            Import(document(deployed(1)), "", "skip", dry_run=False),
            Call(cancelled=lambda: True),
        )

    assert [] == list(empty.entries())


def test_a_document_that_takes_too_long_says_what_helps(deployed, empty):
    wanted = Import(document(deployed(1)), "", "skip", dry_run=False)

    with pytest.raises(DeadlineExceeded) as late:
        import_deployments(empty, wanted, Call(deadline=0))

    assert "split the document" in late.value.hint
    assert [] == list(empty.entries())


def test_an_answer_stays_readable_however_much_is_refused(deployed, empty):
    answer = imported(empty, *({"x" * 5000: number} for number in range(500)))

    assert (500, 50) == (answer.refused_count, len(answer.refused))
    assert list(range(50)) == [each.index for each in answer.refused]


def test_a_file_is_read_whole_and_what_is_wrong_with_it_is_named(tmp_path):
    (tmp_path / "good.json").write_text('{"version": 1}', "utf-8")
    (tmp_path / "bad.json").write_text('{\n "version": }', "utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "good.json")
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(MAX_DOCUMENT_MIB * 1024 * 1024 + 1)

    assert {"version": 1} == read_document(tmp_path / "good.json")
    for name, expected in (
        ("bad.json", "line 2"),
        ("link.json", "cannot be read"),
        ("fifo", "not a regular file"),
        ("large.json", "larger"),
        (".", "not a regular file"),
    ):
        with pytest.raises(InvalidArgument, match=expected):
            read_document(tmp_path / name)
    with pytest.raises(NotFound):
        read_document(tmp_path / "none.json")
