"""What can still be read of a damaged file, and how a repair puts it in the file's place."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.errors import Conflict, InvalidArgument, Unavailable
from registry.local.deployments import project_registry, user_registry
from registry.local.documents import JsonFile
from registry.local.json_text import Layout, render
from registry.local.locking import locked
from registry.local.repair import find_damage, mend
from registry.local.salvage import (
    DATASETS,
    DEPLOYMENTS,
    EVALUATORS,
    Shape,
    damage_of,
    salvage,
)

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 25, 10, 15, tzinfo=UTC)
ASIDE = "registry.json.corrupt-20261125T101500Z"


def deployment(number: int, **more: object) -> dict[str, object]:
    return {
        "timestamp": f"2026-05-01T10:00:{number:02d}.000Z",
        "status": "success",
        "deployment": {"deploymentConfig": "transformers-vllm", "icList": [{"name": "default"}]},
        "configuration": {"parameters": {"X": f'a {{brace}} and "quotes" {number}', "é": "ü"}},
        "id": f"{number:08x}",
        **more,
    }


def dataset(number: int, **more: object) -> dict[str, object]:
    version = {"version": "1.0.0", "s3_uri": f"s3://bucket/{number}", "rows": number}
    return {"name": f"d{number}", "s3_uri": f"s3://bucket/{number}", "versions": [version], **more}


def evaluator(number: int, **more: object) -> dict[str, object]:
    return {"name": f"e{number}", "arn_or_uri": "arn", "history": [{"arn_or_uri": "old"}], **more}


KINDS = {
    "registry.json": (DEPLOYMENTS, deployment),
    "datasets.json": (DATASETS, dataset),
    "evaluators.json": (EVALUATORS, evaluator),
}


def stored(entries: list[dict[str, object]], shape: Shape, **envelope: object) -> bytes:
    """The bytes of a sound file, laid out as MLCC lays it out."""
    document: object = entries
    if shape.enveloped:
        document = {"schemaVersion": "2026-03-20", "entries": entries, **envelope}
    return render(document, Layout(not shape.enveloped, shape.enveloped))


def entries_of(document: object) -> list[dict[str, object]]:
    return document["entries"] if isinstance(document, dict) else document


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, list[dict[str, object]], bytes, int]:
    """A sound file of any kind, cut off or with one byte flipped, and where."""
    name = draw(st.sampled_from(sorted(KINDS)))
    shape, make = KINDS[name]
    extras = draw(st.lists(ANYTHING, max_size=6))
    entries = [make(number, extra=extra) for number, extra in enumerate(extras)]
    envelope = {"ours": {"kept": True}} if shape.enveloped else {}
    sound = stored(entries, shape, **envelope)
    at = draw(st.integers(0, len(sound) - 1))
    flip = draw(st.none() | st.integers(1, 255))
    damaged = (
        sound[:at] if flip is None else sound[:at] + bytes([sound[at] ^ flip]) + sound[at + 1 :]
    )
    assume(damage_of(damaged, shape) is not None)
    before = [entry for number, entry in enumerate(entries) if _end(entries, number, shape) <= at]
    return name, before, damaged, at


def check_salvage(damage: tuple[str, list[dict[str, object]], bytes, int]) -> None:
    name, before, damaged, _ = damage
    shape, _ = KINDS[name]

    saved = salvage(damaged, shape)

    kept = entries_of(saved.document)
    assert before == kept[: len(before)]
    assert len(kept) == saved.kept
    again = render(saved.document, Layout(not shape.enveloped, True))
    assert damage_of(again, shape) is None


@settings(max_examples=80, deadline=None)
@given(damages())
def test_every_entry_before_a_damage_is_kept(damage):
    check_salvage(damage)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(damages())
def test_every_entry_before_any_of_many_damages_is_kept(damage):
    check_salvage(damage)


@settings(max_examples=15, deadline=None)
@given(damage=damages())
def test_a_repair_leaves_a_sound_file_and_the_damaged_bytes_beside_it(damage, tmp_path_factory):
    name, before, damaged, _ = damage
    shape, _ = KINDS[name]
    path = tmp_path_factory.mktemp("home") / name
    path.write_bytes(damaged)
    path.chmod(0o640)
    file = JsonFile(path, ascii_only=not shape.enveloped, final_newline=True, wait=_never)

    mended = mend(file, shape, at=AT)

    assert mended is not None
    assert damage_of(path.read_bytes(), shape) is None
    assert before == entries_of(json.loads(path.read_bytes()))[: len(before)]
    assert damaged == mended.set_aside.read_bytes()
    assert f"{name}.corrupt-20261125T101500Z" == mended.set_aside.name
    assert {0o640} == {stat.S_IMODE(each.stat().st_mode) for each in (path, mended.set_aside)}
    assert mend(file, shape, at=AT) is None


def _end(entries: list[dict[str, object]], number: int, shape: Shape) -> int:
    """Return where an entry ends in the sound file."""
    upto = stored(entries[: number + 1], shape)
    return upto.rindex(b"}", 0, len(upto) - (4 if shape.enveloped else 0)) + 1


def _never(_: float) -> None:
    """Wait for nobody."""


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(KINDS)), count=st.integers(1, 5), data=st.data())
def test_at_most_one_entry_is_lost_to_one_byte(name, count, data):
    """Entries behind the damage are found again by the keys that all of them have."""
    shape, make = KINDS[name]
    entries = [make(number) for number in range(count)]
    sound = stored(entries, shape)
    at = data.draw(st.integers(0, len(sound) - 1))
    damaged = sound[:at] + bytes([sound[at] ^ data.draw(st.integers(1, 255))]) + sound[at + 1 :]
    assume(damage_of(damaged, shape) is not None)

    saved = salvage(damaged, shape)

    assert saved.kept >= count - 1
    untouched = [entry for entry in entries_of(saved.document) if entry in entries]
    assert len(untouched) >= count - 1
    assert bool(saved.lost) or saved.kept == count


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=60) | st.text(alphabet='{}[]":, \n\\ae1\ud800', max_size=60))
def test_whatever_the_bytes_are_a_sound_file_comes_out(raw):
    given_bytes = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    for shape, _ in KINDS.values():
        if damage_of(given_bytes, shape) is None:
            continue
        saved = salvage(given_bytes, shape)

        again = render(saved.document, Layout(False, True))
        assert damage_of(again, shape) is None


@pytest.mark.parametrize(
    ("content", "problem", "kept"),
    [
        (b"", "line 1, column 1", 0),
        (b"null", "no list of entries", 0),
        (b'"text"', "no list of entries", 0),
        (b"{}", "no list of entries", 0),
        (b'{"entries": {}}', "no list of entries", 0),
        (b'{"entries": [{"id": "1"}, 7, {"id": "2"}]}', "entry 1 of its list is not an object", 2),
        (b'[{"id": "1"}, {"id": "2"}', "line 1, column 26", 2),
        (b'{"entries": [{"id": "1", "id": "2"}]}', "the key 'id' twice", 1),
        (b'{"entries": [{"id": "1"}], "entries": [{"id": "2"}]}', "the key 'entries' twice", 2),
        (b'{"entries": [{"id": "1"}]}\n{"entries": []}', "Extra data", 1),
        (b'{"entries": [{"id": "1"}, {"x": NaN}]}', "NaN is not JSON", 1),
        (b'{"entries": [{"id": "1"} {"id": "2"}]}', "Expecting ',' delimiter", 2),
        (b"\xef\xbb\xbf" + b'{"entries": [{"id": "1"},]}', "line 1, column 26", 1),
    ],
)
def test_a_damage_is_told_with_its_place_and_what_is_whole_is_kept(content, problem, kept):
    assert problem in (damage_of(content, DEPLOYMENTS) or "")
    assert kept == salvage(content, DEPLOYMENTS).kept


def test_entries_that_stand_where_none_belong_are_found():
    misnamed = json.dumps({"schemaVersion": "2026-03-20", "entriez": [deployment(1), {"x": 1}]})

    saved = salvage(misnamed.encode(), DEPLOYMENTS)

    assert [deployment(1)] == saved.document["entries"]
    assert ("everything that is no entry",) == saved.lost


def test_the_envelopes_own_keys_and_version_are_kept():
    sound = stored(
        [deployment(1), deployment(2)], DEPLOYMENTS, schemaVersion="2099-01-01", ours=[1]
    )
    damaged = sound.replace(b'"id": "00000001"', b'"id": "00000001')

    saved = salvage(damaged, DEPLOYMENTS)

    assert {
        "schemaVersion": "2099-01-01",
        "ours": [1],
        "entries": [deployment(2)],
    } == saved.document


def test_what_could_not_be_read_is_told_by_lines():
    sound = stored([dataset(1), dataset(2), dataset(3)], DATASETS)
    damaged = sound.replace(b'"name": "d2"', b'"name" "d2"')

    [lost] = salvage(damaged, DATASETS).lost

    assert lost.startswith("line 13, column 3 to line 24, column 3 (line 14, column 12: ")
    assert "d2" not in lost


def test_many_damaged_places_are_counted_and_not_all_listed():
    good, bad = json.dumps(dataset(1)), '{"name": "x", }'
    others = ",".join(f"{bad}, {good.replace('d1', f'd{number}')}" for number in range(2, 40))

    saved = salvage(f"[{good}, {others}]".encode(), DATASETS)

    assert 39 == saved.kept
    assert "18 more places" == saved.lost[-1]
    assert 21 == len(saved.lost)


def test_objects_inside_a_damaged_entry_are_no_entries():
    damaged = stored([dataset(1), dataset(2)], DATASETS)[:-60]

    assert [dataset(1)] == salvage(damaged, DATASETS).document


def test_a_sound_file_is_never_touched(tmp_path):
    path = tmp_path / "registry.json"
    path.write_bytes(b'{"entries":[],"odd":  1.0}')
    before = path.stat()

    assert mend(user_registry(tmp_path).document, DEPLOYMENTS, at=AT) is None
    assert b'{"entries":[],"odd":  1.0}' == path.read_bytes()
    assert (before.st_ino, before.st_mtime_ns) == (path.stat().st_ino, path.stat().st_mtime_ns)
    assert {"registry.json"} == _names(tmp_path)


def test_an_absent_file_is_no_damage_and_makes_nothing(tmp_path):
    assert mend(user_registry(tmp_path / "none").document, DEPLOYMENTS, at=AT) is None
    assert find_damage(user_registry(tmp_path / "none").document, DEPLOYMENTS) is None
    assert set() == _names(tmp_path)


def test_what_was_put_aside_is_never_overwritten(tmp_path):
    (tmp_path / ASIDE).write_bytes(b"an earlier one")
    (tmp_path / f"{ASIDE}-2").symlink_to("nowhere")
    (tmp_path / "registry.json").write_bytes(b"{damaged")

    mended = mend(user_registry(tmp_path).document, DEPLOYMENTS, at=AT)

    assert mended is not None
    assert f"{ASIDE}-3" == mended.set_aside.name
    assert b"an earlier one" == (tmp_path / ASIDE).read_bytes()
    assert b"{damaged" == mended.set_aside.read_bytes()


def test_a_link_stays_a_link_and_its_target_is_mended_beside_itself(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "r.json").write_bytes(b"{damaged")
    (tmp_path / "registry.json").symlink_to("shared/r.json")

    mended = mend(user_registry(tmp_path).document, DEPLOYMENTS, at=AT)

    assert mended is not None
    assert tmp_path / "shared" == mended.set_aside.parent
    assert (tmp_path / "registry.json").is_symlink()
    assert [] == user_registry(tmp_path).entries()


def test_a_link_out_of_the_project_is_neither_read_nor_mended(tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_bytes(b"{damaged")
    file = project_registry(tmp_path / "project").document
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to(outside)

    for attempt in (find_damage, lambda *each: mend(*each, at=AT)):
        with pytest.raises(InvalidArgument, match="leads out of"):
            attempt(file, DEPLOYMENTS)
    assert b"{damaged" == outside.read_bytes()


def test_a_file_whose_lock_is_held_is_left_alone(tmp_path):
    path = tmp_path / "registry.json"
    path.write_bytes(b"{damaged")
    file = JsonFile(path, ascii_only=False, final_newline=True, lock_timeout_s=0.05)

    with locked(path, timeout_s=1), pytest.raises(Conflict, match=f"process {os.getpid()}"):
        mend(file, DEPLOYMENTS, at=AT)

    assert b"{damaged" == path.read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_keeps_the_damaged_file(tmp_path):
    path = tmp_path / "registry.json"
    path.write_bytes(b"{damaged")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Unavailable):
            mend(user_registry(tmp_path).document, DEPLOYMENTS, at=AT)
    finally:
        tmp_path.chmod(0o700)

    assert b"{damaged" == path.read_bytes()


def test_a_program_that_mends_the_file_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "registry.json"
    path.write_bytes(b"{damaged")

    def another_writes(_: float) -> None:
        path.write_bytes(b'{"entries": []}')

    file = JsonFile(path, ascii_only=False, final_newline=True, wait=another_writes)

    assert mend(file, DEPLOYMENTS, at=AT) is None
    assert find_damage(file, DEPLOYMENTS) is None
    assert b'{"entries": []}' == path.read_bytes()
    assert {"registry.json"} == _names(tmp_path)


STOPPED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from registry.local.documents import JsonFile
from registry.local.repair import mend
from registry.local.salvage import DEPLOYMENTS

def repair(home):
    path = home / "registry.json"
    file = JsonFile(path, ascii_only=False, final_newline=True, wait=lambda _: None)
    mend(file, DEPLOYMENTS, at=datetime(2026, 11, 25, 10, 15, tzinfo=UTC))

steps = {"open", "os.rename", "os.remove", "os.chmod", "os.chown", "os.mkdir", "fcntl.flock"}

def run(home, last):
    seen = 0
    def watch(event, _):
        nonlocal seen
        if event in steps:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    repair(home)

root = Path(sys.argv[1])
(root / "first").mkdir()
(root / "first" / "registry.json").write_bytes((root / "damaged").read_bytes())
repair(root / "first")  # everything is imported now
for last in range(1, 1000):
    home = root / str(last)
    home.mkdir()
    (home / "registry.json").write_bytes((root / "damaged").read_bytes())
    child = os.fork()
    if not child:
        run(home, last)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        print(last)
        break
"""
"""Repairs over and over, killed before its first, second, third... step, until none is left."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_repair_that_is_killed_at_any_step_loses_nothing(tmp_path):
    damaged = stored([deployment(number) for number in range(4)], DEPLOYMENTS)[:-40]
    (tmp_path / "damaged").write_bytes(damaged)
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    steps = int(done.stdout)
    put_aside_only = 0
    for number in range(1, steps + 1):
        home = tmp_path / str(number)
        path, aside = home / "registry.json", home / ASIDE
        now = path.read_bytes()
        if now != damaged:
            assert damage_of(now, DEPLOYMENTS) is None
            assert damaged == aside.read_bytes()
        put_aside_only += now == damaged and aside.exists()
        again = JsonFile(path, ascii_only=False, final_newline=True, wait=_never)
        mend(again, DEPLOYMENTS, at=AT)
        assert [deployment(number) for number in range(3)] == user_registry(home).entries()
        assert damaged == aside.read_bytes()
        assert {"registry.json", ASIDE} == _names(home)
    assert put_aside_only > 1


def _names(folder: Path) -> set[str]:
    """The files of a folder, locks left out."""
    return {each.name for each in folder.iterdir() if ".lock" not in each.name}
