"""What a registry file lost of what was acknowledged: what is told, and what is no loss."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.local.acknowledged import discrepancies
from registry.local.deployments import DeploymentFile, user_registry
from registry.local.journal import Journal

Entry = dict[str, Any]


def entry(number: int, **extra: Any) -> Entry:
    return {
        "timestamp": f"2026-05-01T10:00:{number % 60:02}Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "http-flask",
            "architecture": "http",
            "backend": "flask",
        },
        "model": {"modelName": None},
        "infrastructure": {},
        "configuration": {"parameters": {}},
        "outcome": {"notes": "n"},
        "metadata": {"generatorVersion": "unknown", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
        **extra,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registry.json"


@pytest.fixture
def registry(tmp_path: Path) -> DeploymentFile:
    return user_registry(tmp_path)


def add(registry: DeploymentFile, *numbers: int) -> None:
    for number in numbers:
        registry.append(lambda _, number=number: entry(number))


def by_others(path: Path, edit: Callable[[Any], Any]) -> None:
    """Write as MLCC does: whole, in place, knowing nothing of us."""
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))


def told(path: Path) -> list[tuple[str, str]]:
    return [(each.problem, each.id) for each in discrepancies(path)]


def test_a_file_that_holds_what_was_acknowledged_has_no_discrepancy(registry, path):
    add(registry, 1, 2)

    assert [] == told(path)
    assert [] == told(path.with_name("none.json"))


def test_an_entry_that_another_writer_overwrote_is_told_and_can_be_put_back(registry, path):
    add(registry, 1, 2)
    by_others(path, lambda content: {**content, "entries": [entry(1), entry(3)]})

    (lost,) = discrepancies(path)
    registry.append(lambda _: dict(lost.stored))

    assert ("missing", "00000002", entry(2)) == (lost.problem, lost.id, lost.stored)
    assert "00000002 was registered here and is not there" == lost.says
    assert [entry(1), entry(3), entry(2)] == registry.entries()
    assert [] == told(path)


def test_an_entry_that_another_writer_altered_is_told_by_its_keys_not_their_values(registry, path):
    add(registry, 1, 2)
    altered = {**entry(1), "status": "failed", "modelPackageArn": "arn-of-another"}
    by_others(path, lambda content: {**content, "entries": [altered, entry(2)]})

    (found,) = discrepancies(path)

    assert ("altered", "00000001", entry(1)) == (found.problem, found.id, found.stored)
    assert "00000001 differs from what was stored: status, modelPackageArn" == found.says


def test_key_order_and_the_spelling_of_numbers_are_no_alteration(registry, path):
    registry.append(lambda _: entry(1, n=1.0))
    reordered = dict(reversed(entry(1, n=1).items()))
    by_others(path, lambda content: {**content, "entries": [reordered]})

    assert [] == told(path)


def test_what_we_removed_replaced_or_patched_is_no_loss(registry, path):
    add(registry, 1, 2, 3)

    registry.change(lambda entries: entries[1:])
    registry.patch("00000002", {"status": "failed"})
    registry.change(lambda entries: [entries[0], entry(3, projectName="new")])
    registry.append(lambda _: entry(1))

    assert [] == told(path)


def test_what_we_patched_is_watched_as_it_was_patched(registry, path):
    add(registry, 1, 2)
    registry.patch("00000001", {"status": "failed"})

    by_others(path, lambda content: {**content, "entries": [entry(1), entry(2)]})

    assert [("altered", "00000001")] == told(path)


def test_an_entry_of_others_is_watched_once_we_wrote_it(registry, path):
    path.write_text(json.dumps([entry(1), entry(2)]))
    registry.patch("00000001", {"status": "failed"})

    by_others(path, lambda content: {**content, "entries": []})

    assert [("missing", "00000001")] == told(path)


def test_an_id_that_several_entries_have_is_told(registry, path):
    add(registry, 1)
    by_others(path, lambda content: {**content, "entries": [entry(1), entry(2), entry(2)]})

    (found,) = discrepancies(path)

    assert ("duplicate_id", "00000002", {}) == (found.problem, found.id, found.stored)


def test_keys_of_the_envelope_that_another_writer_dropped_are_told(registry, path):
    path.write_text(json.dumps({"schemaVersion": "2026-03-20", "team": {"a": 1}, "entries": []}))
    add(registry, 1, 2)
    by_others(path, lambda content: {"schemaVersion": "2026-03-20", "entries": content["entries"]})
    add(registry, 3)

    (found,) = discrepancies(path)

    assert ("envelope", "", {"team": {"a": 1}}) == (found.problem, found.id, found.stored)
    assert "the file's own keys are gone: team" == found.says


def test_a_registry_that_is_gone_lost_everything_and_an_empty_one_too(registry, path):
    add(registry, 1, 2)

    by_others(path, lambda content: {**content, "entries": []})
    emptied = told(path)
    path.unlink()

    assert [("missing", "00000001"), ("missing", "00000002")] == emptied == told(path)


def test_the_journal_is_for_the_owner_only_and_deleting_it_forgets(registry, path):
    add(registry, 1)
    journal = path.with_name("registry.json.journal")

    assert 0o600 == stat.S_IMODE(journal.stat().st_mode)
    by_others(path, lambda content: {**content, "entries": []})
    journal.unlink()
    assert [] == told(path)


def test_a_torn_line_spoils_only_itself(registry, path):
    journal = path.with_name("registry.json.journal")
    add(registry, 1)
    with journal.open("a", encoding="utf-8") as file:
        file.write('\n{"put": {"id": "0000')
    add(registry, 2)
    with journal.open("a", encoding="utf-8") as file:
        file.write("\n[]\n7\n{}\n" + "[" * 100_000)

    by_others(path, lambda content: {**content, "entries": []})

    assert [("missing", "00000001"), ("missing", "00000002")] == told(path)


@pytest.mark.parametrize(
    "obstacle",
    [
        lambda journal: journal.mkdir(),
        os.mkfifo,
        lambda journal: journal.symlink_to(journal.with_name("elsewhere")),
    ],
    ids=["a folder", "a pipe", "a link"],
)
def test_a_journal_that_cannot_be_written_fails_no_write_and_leads_nowhere(
    obstacle, registry, path
):
    obstacle(path.with_name("registry.json.journal"))

    add(registry, 1)
    registry.patch("00000001", {"status": "failed"})

    assert ["failed"] == [each["status"] for each in registry.entries()]
    assert [] == told(path)
    assert not path.with_name("elsewhere").exists()


def test_the_journal_is_bounded_and_forgets_the_oldest_first(path):
    journal = Journal(path, file_bytes=1500)
    for number in range(20):
        journal.note([], [entry(number)]).once_stored()

    files = [path.with_name(f"registry.json.journal{end}") for end in ("", ".1")]
    kept = list(journal.acknowledged().entries)

    assert all(file.stat().st_size <= 1500 for file in files)
    assert 3 <= len(kept) < 20
    assert [f"{number:08x}" for number in range(20)][-len(kept) :] == kept


def test_more_entries_at_once_than_fit_are_watched_as_far_as_they_fit(path):
    journal = Journal(path, file_bytes=1500)

    journal.note([], [entry(number) for number in range(20)]).once_stored()

    kept = list(journal.acknowledged().entries)
    assert 2 <= len(kept) < 20
    assert "00000013" == kept[-1]
