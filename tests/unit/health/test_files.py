"""What the doctor says of the registry home's files, and what it changes: nothing, unless asked."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from registry.aws.directory import BotoDirectory
from registry.core import Registry
from registry.health.files import check_file, check_home
from registry.health.inspection import inspect
from registry.health.mending import repair
from registry.health.places import Place, places_of
from registry.local.deployments import user_registry
from registry.local.locking import locked
from registry.settings import Settings
from registry.workspace import Workspace
from schemas.doctor import Finding, StoredFile

AT = datetime(2026, 11, 25, 10, 15, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def registry(home: Path, *roots: Path) -> Registry:
    return Registry(
        settings=Settings(home=home),
        workspace=Workspace(roots),
        directory=BotoDirectory(),
        environment={},
        now=lambda: AT,
    )


def place(home: Path, name: str) -> Place:
    return next(each for each in places_of(registry(home)) if each.file.path.name == name)


def checked(home: Path, name: str = "registry.json") -> tuple[StoredFile, list[Finding]]:
    seen = inspect(place(home, name))
    return seen.facts, check_file(place(home, name), seen)


def stored(home: Path, content: object, name: str = "registry.json", mode: int = 0o600) -> Path:
    path = home / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def entry(number: int) -> dict[str, object]:
    return {
        "timestamp": f"2026-05-01T10:00:{number:02d}Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "http-flask",
            "architecture": "http",
            "backend": "flask",
        },
        "model": {"modelName": None},
        "infrastructure": {},
        "configuration": {"parameters": {}},
        "outcome": {"notes": None},
        "metadata": {"generatorVersion": "unknown", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
    }


def sound(*entries: object) -> dict[str, object]:
    return {"schemaVersion": "2026-03-20", "entries": list(entries)}


def levels(findings: list[Finding]) -> list[str]:
    return [each.level for each in findings]


def test_every_file_of_a_fresh_home_is_in_order_and_none_is_made(tmp_path):
    home = tmp_path / "none"

    for each in places_of(registry(home)):
        seen = inspect(each)
        assert ["ok"] == levels(check_file(each, seen))
        assert not seen.facts.exists
        assert seen.facts.entries is None
    assert ["ok"] == levels(check_home(home))
    assert not home.exists()


def test_a_sound_file_is_told_with_its_entries_size_mode_and_version(home):
    path = stored(home, sound(entry(1), entry(2)))

    facts, [finding] = checked(home)

    assert (True, 2, path.stat().st_size, "0600", "2026-03-20") == (
        facts.exists,
        facts.entries,
        facts.size_bytes,
        facts.mode,
        facts.schema_version,
    )
    assert ("ok", f"2 entries, {facts.size_bytes} bytes") == (finding.level, finding.message)


@pytest.mark.parametrize("name", ["datasets.json", "evaluators.json"])
def test_lists_are_counted(home, name):
    stored(home, [{"name": "a"}], name)

    facts, [finding] = checked(home, name)

    assert (1, "ok") == (facts.entries, finding.level)
    assert finding.message.startswith("1 entry, ")


def test_the_files_of_a_home_are_told_with_their_kind_and_the_projects_own_comes_last(
    home, tmp_path
):
    project = tmp_path / "project"
    (project / "do").mkdir(parents=True)
    (project / "do" / "config").touch()

    outside = [each.kind for each in places_of(registry(home))]
    inside = places_of(registry(home, project))

    assert ["deployments", "datasets", "evaluators", "bootstrap"] == outside
    assert [*outside, "project_deployments"] == [each.kind for each in inside]
    assert project / ".ml-container-creator" / "registry.json" == inside[-1].file.path


def test_a_file_that_is_both_the_users_and_the_projects_is_looked_at_once(tmp_path):
    (tmp_path / "do").mkdir()
    (tmp_path / "do" / "config").touch()

    same = places_of(registry(tmp_path / ".ml-container-creator", tmp_path))

    assert "project_deployments" not in [each.kind for each in same]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"entries": [', "line 1, column 14"),
        ("{}", "no list of entries"),
        ('{"entries": [7]}', "entry 0"),
        ('{"entries": [], "entries": []}', "'entries' twice"),
    ],
)
def test_a_damaged_file_is_a_problem_with_its_place_and_stays_as_it_is(home, content, where):
    path = stored(home, content)

    facts, [finding] = checked(home)

    assert where in (facts.damage or "")
    assert "problem" == finding.level
    assert where in finding.message
    assert "doctor --repair" in (finding.next_step or "")
    assert content == path.read_text()
    assert ["registry.json"] == sorted(each.name for each in home.iterdir())


def test_what_the_tools_say_of_a_damaged_file_names_the_repair(home):
    stored(home, "{damaged")

    with pytest.raises(Exception, match="cannot be used") as refused:
        user_registry(home).entries()

    assert "mlcc-registry-mcp doctor --repair" in refused.value.hint


def test_a_newer_format_is_a_warning(home):
    stored(home, {"schemaVersion": "2099-01-01", "entries": []})

    facts, [finding] = checked(home)

    assert (True, "2099-01-01", "warning") == (
        facts.newer,
        facts.schema_version,
        finding.level,
    )
    assert "not written" in finding.message


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_file_that_others_may_read_is_a_warning_that_says_how_to_close_it(home, mode):
    path = stored(home, sound(), mode=mode)

    _, [finding] = checked(home)

    assert ("warning", f"chmod 600 {path}") == (finding.level, finding.next_step)
    assert f"{mode:04o}" in finding.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_is_a_problem(home):
    stored(home, sound(), mode=0o400)

    _, [finding] = checked(home)

    assert "problem" == finding.level
    assert "write-protected" in finding.message


def test_something_else_in_a_files_place_is_a_problem(home):
    (home / "registry.json").mkdir(mode=0o700)

    facts, [finding] = checked(home)

    assert "not a regular file" in (facts.unreadable or "")
    assert "problem" == finding.level
    assert repair(place(home, "registry.json"), at=AT).state == "failed"


def test_a_link_to_nowhere_and_a_loop_are_told(home):
    (home / "registry.json").symlink_to("gone/registry.json")
    (home / "datasets.json").symlink_to("datasets.json")

    facts, _ = checked(home)
    _, looped = checked(home, "datasets.json")

    assert facts.exists
    assert "problem" in levels(looped)


def test_a_lock_that_is_held_is_told_with_its_holder_and_left_alone(home):
    path = stored(home, sound())

    with locked(path, timeout_s=1):
        facts, findings = checked(home)
    free, _ = checked(home)

    assert f"process {os.getpid()}" in (facts.locked_by or "")
    assert ["warning"] == levels(findings)
    assert free.locked_by is None


def test_what_a_killed_writer_left_is_a_warning_and_stays(home):
    stored(home, sound())
    stray = home / ".registry.json.4711.abcd.tmp"
    stray.write_text("half")

    facts, [finding] = checked(home)

    assert (str(stray),) == facts.stray_files
    assert "warning" == finding.level
    assert stray.exists()


def test_a_broken_configuration_is_a_problem_that_no_repair_touches(home):
    path = stored(home, "{broken", "config.json")

    facts, [finding] = checked(home, "config.json")

    assert "line 1, column 2" in (facts.damage or "")
    assert "problem" == finding.level
    assert "--repair" not in (finding.next_step or "")
    assert repair(place(home, "config.json"), at=AT) is None
    assert "{broken" == path.read_text()


def test_profiles_are_counted_and_never_shown(home):
    profiles = {"team": {"secrets": {"hf": "hunter2"}}, "other": {}}
    stored(home, {"activeProfile": "team", "profiles": profiles}, "config.json")

    facts, [finding] = checked(home, "config.json")

    assert (2, "ok") == (facts.entries, finding.level)
    assert "hunter2" not in facts.model_dump_json() + finding.model_dump_json()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_home_that_others_may_enter_is_a_warning(home):
    home.chmod(0o755)

    [finding] = check_home(home)

    assert ("warning", f"chmod 700 {home}") == (finding.level, finding.next_step)


def test_a_home_that_is_no_folder_or_cannot_be_reached_is_a_problem(tmp_path):
    (tmp_path / "file").touch()

    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        assert ["problem"] == levels(check_home(home))


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_home_whose_name_is_no_text_is_told_all_the_same(tmp_path):
    home = tmp_path / os.fsdecode(b"caf\xe9")

    [finding] = check_home(home)
    facts, _ = checked(home)

    assert f"{tmp_path}/caf?" == finding.about
    assert f"{tmp_path}/caf?/registry.json" == facts.path


def test_a_repair_says_what_it_kept_and_what_it_did_not_and_the_file_is_in_order_then(home):
    whole = json.dumps(sound(entry(1), entry(2)), indent=2)
    path = stored(home, whole[:-40])

    done = repair(place(home, "registry.json"), at=AT)
    facts, [finding] = checked(home)

    aside = home / "registry.json.corrupt-20261125T101500Z"
    assert done is not None
    assert ("repaired", str(aside), 1, 0) == (done.state, done.set_aside, done.kept, done.restored)
    assert len(done.lost) == 1
    assert (1, (str(aside),), "ok") == (facts.entries, facts.set_aside, finding.level)
    assert whole[:-40] == aside.read_text()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert repair(place(home, "registry.json"), at=AT) is None


def test_a_repair_that_cannot_be_made_says_why(home):
    path = stored(home, "{damaged")
    with locked(path, timeout_s=1):
        waiting = place(home, "registry.json")
        hurried = replace(waiting, file=replace(waiting.file, lock_timeout_s=0.01))
        done = repair(hurried, at=AT)

    assert done is not None
    assert "failed" == done.state
    assert f"process {os.getpid()}" in done.message
    assert "{damaged" == path.read_text()


def registered(home: Path, *numbers: int) -> None:
    for number in numbers:
        user_registry(home).append(partial(_made, number))


def _made(number: int, _: object) -> dict[str, object]:
    return entry(number)


def test_an_acknowledged_entry_that_another_writer_removed_is_a_problem_and_comes_back(home):
    registered(home, 1, 2, 3)
    path = home / "registry.json"
    stored(home, sound(entry(1), entry(3), entry(4)))  # as MLCC writes what it read before

    facts, [finding] = checked(home)
    done = repair(place(home, "registry.json"), at=AT)
    after, [healed] = checked(home)

    assert 1 == len(facts.discrepancies)
    assert "problem" == finding.level
    assert f"{path}.journal" in (finding.next_step or "")
    assert done is not None
    assert ("repaired", 1, None) == (done.state, done.restored, done.set_aside)
    assert [entry(1), entry(3), entry(4), entry(2)] == user_registry(home).entries()
    assert ((), "ok") == (after.discrepancies, healed.level)


def test_what_a_damage_took_comes_back_from_what_was_acknowledged(home):
    registered(home, 1, 2, 3)
    path = home / "registry.json"
    path.write_bytes(path.read_bytes()[:900])

    done = repair(place(home, "registry.json"), at=AT)

    assert done is not None
    assert done.kept is not None
    assert 3 == done.kept + done.restored
    assert [entry(1), entry(2), entry(3)] == user_registry(home).entries()


def test_an_id_that_two_entries_have_is_a_warning(home):
    stored(home, sound(entry(1), entry(1)))

    facts, [finding] = checked(home)

    assert 1 == len(facts.discrepancies)
    assert "warning" == finding.level
    assert repair(place(home, "registry.json"), at=AT) is None
