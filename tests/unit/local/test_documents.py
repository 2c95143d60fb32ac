"""A stored JSON file: what is kept, what is refused, and what a failed write leaves behind."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Conflict, CorruptRegistry, InvalidArgument, Unavailable
from registry.local.documents import JsonFile
from registry.local.json_text import Layout, fingerprint, parse, render
from registry.local.snapshots import MAX_BYTES

from .conftest import json_values

ROOT = Path(__file__).parents[3]


def document(path: Path, **options: Any) -> JsonFile:
    given: dict[str, Any] = {"ascii_only": False, "final_newline": True, "wait": lambda _: None}
    return JsonFile(path, **{**given, **options})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_missing_file_reads_as_none(tmp_path):
    assert document(tmp_path / "none" / "a.json").read() is None


def test_the_first_write_makes_folder_and_file_for_the_owner_only(tmp_path):
    path = tmp_path / "home" / "deep" / "registry.json"

    document(path).change(lambda content: {"was": content})

    assert path.read_bytes() == b'{\n  "was": null\n}\n'
    assert [mode(path), mode(path.parent), mode(path.parent.parent)] == ["0o600", "0o700", "0o700"]
    assert names(path.parent) == ["registry.json", "registry.json.lock", "registry.json.lock.turn"]
    assert mode(path.parent / "registry.json.lock") == "0o600"


def test_content_is_on_the_disk_before_it_replaces_and_its_name_before_it_is_acknowledged(
    tmp_path, monkeypatch
):
    """Only a power cut would show it otherwise: what the system is asked for, in its order."""
    asked: list[tuple[str, bytes]] = []
    flush, replace = os.fsync, os.replace

    def noted_flush(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        seen = b"" if folder else Path(f"/proc/self/fd/{descriptor}").read_bytes()
        asked.append(("flush the folder" if folder else "flush", seen))
        flush(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        asked.append(("replace", Path(source).read_bytes()))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_flush)
    monkeypatch.setattr(os, "replace", noted_replace)

    document(tmp_path / "a.json").change(lambda _: [1])

    content = b"[\n  1\n]\n"
    assert [("flush", content), ("replace", content), ("flush the folder", b"")] == asked


def test_an_existing_file_keeps_its_mode(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")
    path.chmod(0o664)

    document(path).change(lambda _: [1])

    assert mode(path) == "0o664"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
def test_an_existing_file_keeps_its_owner(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")
    os.chown(path, 1234, 2345)

    document(path).change(lambda _: [1])

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_nothing_is_written_when_the_content_stays_the_same(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a":   1.0}')
    before = path.stat()

    stored = document(path).change(lambda content: {**content})

    assert stored == {"a": 1.0}
    assert path.read_text() == '{"a":   1.0}'
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_content_that_was_edited_in_place_is_written(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')

    def edit(content: dict[str, int]) -> dict[str, int]:
        content["a"] = 2
        return content

    document(path).change(edit)

    assert json.loads(path.read_text()) == {"a": 2}


@pytest.mark.parametrize(
    ("before", "after"),
    [({"a": 1}, {"a": 1.0}), ({"a": 1}, {"a": True}), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_a_change_of_number_kind_or_key_order_is_a_change(before, after, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(before))

    document(path).change(lambda _: after)

    assert fingerprint(json.loads(path.read_text())) == fingerprint(after)


def test_an_absent_file_that_stays_absent_is_not_made(tmp_path):
    assert document(tmp_path / "a.json").change(lambda content: content) is None
    assert names(tmp_path) == ["a.json.lock", "a.json.lock.turn"]


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    target = tmp_path / "shared" / "registry.json"
    target.parent.mkdir()
    target.write_text("[]")
    link = tmp_path / "registry.json"
    link.symlink_to(target)

    document(link).change(lambda _: [1])

    assert link.is_symlink()
    assert json.loads(target.read_text()) == [1]
    assert names(target.parent) == [
        "registry.json",
        "registry.json.lock",
        "registry.json.lock.turn",
    ]


def test_a_link_to_nothing_yet_makes_its_target(tmp_path):
    link = tmp_path / "registry.json"
    link.symlink_to(tmp_path / "later" / "r.json")

    document(link).change(lambda _: [1])

    assert json.loads((tmp_path / "later" / "r.json").read_text()) == [1]


def test_a_link_out_of_the_bounding_folder_is_refused(tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_text('{"secret": 1}')
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "registry.json").symlink_to(outside)
    bounded = document(inside / "registry.json", within=inside)

    for attempt in (bounded.read, lambda: bounded.change(lambda _: [])):
        with pytest.raises(InvalidArgument, match="leads out of"):
            attempt()
    assert outside.read_text() == '{"secret": 1}'


def test_links_in_a_circle_are_unavailable(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    with pytest.raises(Unavailable):
        document(tmp_path / "a").read()


def test_large_numbers_and_lone_surrogates_survive_a_rewrite(tmp_path):
    path = tmp_path / "a.json"
    kept = '"n": 123456789012345678901234567890, "s": "x\\ud800y", "p": "\U0001f680", "l": "\u2028"'
    path.write_text("{" + kept + "}", "utf-8")

    document(path).change(lambda content: {**content, "new": 1})

    expected = (
        '{\n  "n": 123456789012345678901234567890,\n  "s": "x\\ud800y",\n'
        '  "p": "\U0001f680",\n  "l": "\u2028",\n  "new": 1\n}\n'
    )
    assert path.read_text("utf-8") == expected


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "line 1, column 1"),
        (b'[\n  {"name": "precious"},', "line 2, column 24"),
        (b'{"a": 1}\n{"b": 2}\n', "line 2, column 1"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e400}', "beyond the range"),
        (b'{"a":\n "\xff"}', "line 2: byte 8 is not UTF-8"),
        (b"null", "only null"),
        (b"[" * 200_000, "nesting is too deep"),
        (b"9" * 5000, "too many digits"),
    ],
)
def test_a_file_that_is_not_json_is_refused_and_left_alone(raw, where, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(raw)

    for attempt in (document(path).read, lambda: document(path).change(lambda _: [])):
        with pytest.raises(CorruptRegistry) as refusal:
            attempt()
        assert where in refusal.value.message
        assert str(path) in refusal.value.message
    assert path.read_bytes() == raw
    assert names(tmp_path) == ["a.json", "a.json.lock", "a.json.lock.turn"]


def test_a_key_that_comes_twice_is_read_as_its_last_and_not_written(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": {"k": 1, "x": 2, "k": 3}}')

    assert document(path).read() == {"a": {"k": 3, "x": 2}}
    with pytest.raises(CorruptRegistry, match="'k' twice"):
        document(path).change(lambda _: {})
    assert path.read_text() == '{"a": {"k": 1, "x": 2, "k": 3}}'


def test_a_byte_order_mark_is_skipped_and_not_written_again(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")

    document(path).change(lambda content: [*content, 2])

    assert path.read_bytes() == b"[\n  1,\n  2\n]\n"


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, {"a": object()}, {1: "a"}])
def test_what_json_cannot_hold_is_refused(value, tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")

    with pytest.raises(InvalidArgument):
        document(path).change(lambda _: value)
    assert path.read_text() == "[]"


def test_a_file_in_the_middle_of_another_writers_write_is_looked_at_again(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"entries": [')
    waits: list[float] = []

    def finish(seconds: float) -> None:
        waits.append(seconds)
        path.write_text('{"entries": []}')

    assert document(path, wait=finish).read() == {"entries": []}
    assert waits == [0.05]


def test_a_change_made_meanwhile_without_the_lock_is_not_lost(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('["first"]')
    seen: list[list[str]] = []

    def edit(content: list[str]) -> list[str]:
        if not seen:
            path.write_text('["first", "from MLCC"]')
        seen.append(content)
        return [*content, "ours"]

    document(path).change(edit)

    assert json.loads(path.read_text()) == ["first", "from MLCC", "ours"]
    assert seen == [["first"], ["first", "from MLCC"]]


def test_a_file_that_never_holds_still_is_given_up(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")

    def edit(content: list[int]) -> list[int]:
        path.write_text(json.dumps([*content, 1]))
        return [*content, 2]

    with pytest.raises(Unavailable, match="changed by another program"):
        document(path).change(edit)


def test_temporary_files_of_dead_writers_go_with_the_next_write(tmp_path):
    (tmp_path / ".a.json.99999.0badcafe.tmp").write_text("half")
    (tmp_path / ".b.json.99999.0badcafe.tmp").write_text("another file's")

    document(tmp_path / "a.json").change(lambda _: [])

    assert names(tmp_path) == [
        ".b.json.99999.0badcafe.tmp",
        "a.json",
        "a.json.lock",
        "a.json.lock.turn",
    ]


def test_an_error_while_editing_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[]")

    def edit(_: Any) -> Any:
        raise InvalidArgument("no")

    with pytest.raises(InvalidArgument):
        document(path).change(edit)
    document(path).change(lambda content: [*content, 1])
    assert json.loads(path.read_text()) == [1]
    assert names(tmp_path) == ["a.json", "a.json.lock", "a.json.lock.turn"]


def test_a_home_that_is_a_file_is_unavailable_and_named(tmp_path):
    home = tmp_path / "home"
    home.write_text("I am a file")

    with pytest.raises(Unavailable) as refusal:
        document(home / "registry.json").change(lambda _: [])
    assert str(home) in refusal.value.message
    assert home.read_text() == "I am a file"
    with pytest.raises(Unavailable):
        document(home / "registry.json").read()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_not_a_regular_file_is_unavailable(kind, tmp_path):
    path = tmp_path / "a.json"
    path.mkdir() if kind == "folder" else os.mkfifo(path)

    with pytest.raises(Unavailable, match="not a regular file"):
        document(path).read()


def test_a_file_too_large_to_be_a_registry_is_not_read(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: takes no room

    with pytest.raises(Unavailable, match="larger than"):
        document(path).read()


def as_nobody(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user without rights of its own, with our packages importable."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


WRITE_WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
from registry.local.documents import JsonFile
from registry.errors import Unavailable
b"x".decode("utf-8-sig")  # loaded while our own files are readable
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
try:
    JsonFile(Path(sys.argv[1]), ascii_only=False, final_newline=True).change(lambda c: [1])
except Unavailable as error:
    print(error.message)
"""


@pytest.mark.parametrize("protected", ["folder", "file"])
def test_a_read_only_place_is_unavailable_and_its_content_stays(protected, tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    path = home / "a.json"
    path.write_text("[]")
    path.chmod(0o444)
    home.chmod(0o555 if protected == "folder" else 0o777)

    told = as_nobody(WRITE_WITHOUT_RIGHTS, str(path))

    home.chmod(0o755)
    assert told.stderr == ""
    assert f"{path} cannot be written" in told.stdout
    assert path.read_text() == "[]"
    assert [name for name in names(home) if name.endswith(".tmp")] == []


WRITE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from registry.local.documents import JsonFile
from registry.errors import Unavailable
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    JsonFile(Path(sys.argv[1]), ascii_only=False, final_newline=True).change(
        lambda content: [*content, "x" * 100_000]
    )
except Unavailable as error:
    print(error.message)
"""


def test_a_disk_that_takes_no_more_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('["old"]')

    told = as_nobody(WRITE_ON_A_FULL_DISK, str(path))

    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096
    assert told.stderr == ""
    assert str(path) in told.stdout
    assert json.loads(path.read_text()) == ["old"]
    assert names(tmp_path) == ["a.json", "a.json.lock", "a.json.lock.turn"]


ON_A_SMALL_DISK = """
import json, sys
from pathlib import Path
from registry.local.documents import JsonFile
from registry.errors import Unavailable
home = Path(sys.argv[1])
file = JsonFile(home / "a.json", ascii_only=False, final_newline=True)
file.change(lambda _: ["old"])
told = []
for write in (file.change, file.revise):
    try:
        write(lambda content: [*content, "x" * 100_000])
    except Unavailable as error:
        told.append(f"{error.message}; {error.hint}")
(home / "ballast").write_bytes(b"")
with (home / "ballast").open("ab", buffering=0) as ballast:
    try:
        while ballast.write(b"x" * 512):
            pass
    except OSError:
        pass
try:
    file.change(lambda content: [*content, "small"])
except Unavailable as error:
    told.append(f"{error.message}; {error.hint}")
left = json.loads((home / "a.json").read_text())
names = sorted(each.name for each in home.iterdir())
(home / "ballast").unlink()
file.change(lambda content: [*content, "small"])
print(json.dumps([told, left, names, file.read()]))
"""


def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path):
    """ENOSPC itself, on a disk of 64 kB; what `revise` and a disk without one free block meet."""
    home = tmp_path / "home"
    home.mkdir()
    mount = 'mount -t tmpfs -o size=64k tmpfs "$3" && exec "$1" -c "$2" "$3"'
    told = subprocess.run(
        [
            *("unshare", "--mount", "--map-root-user", "sh", "-c", mount, "sh"),
            *(sys.executable, ON_A_SMALL_DISK, str(home)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if not told.stdout and ("unshare:" in told.stderr or "mount:" in told.stderr):
        pytest.skip("no disk of our own may be mounted here")
    refusals, left, there, after = json.loads(told.stdout)

    assert len(refusals) == 3
    for refusal in refusals:
        assert f"{home / 'a.json'} cannot be written" in refusal
        assert "No space left on device" in refusal
        assert "what was stored before is still there" in refusal
    assert left == ["old"]
    assert there == ["a.json", "a.json.lock", "a.json.lock.turn", "ballast"]
    assert after == ["old", "small"]


HOLD_THE_LOCK = """
import sys
from pathlib import Path
from registry.local.locking import locked
with locked(Path(sys.argv[1]), timeout_s=5):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_that_is_held_too_long_names_its_holder(tmp_path):
    path = tmp_path / "a.json"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(Conflict) as refusal:
            document(path, lock_timeout_s=0.1).change(lambda _: [])
        assert f"process {holder.pid} on " in refusal.value.message

        holder.communicate()
    document(path, lock_timeout_s=1).change(lambda _: [1])
    assert names(tmp_path) == ["a.json", "a.json.lock", "a.json.lock.turn"]


def test_an_unreadable_holders_note_is_no_obstacle(tmp_path):
    path = tmp_path / "a.json"
    (tmp_path / "a.json.lock.holder").mkdir()

    document(path).change(lambda _: [1])

    assert json.loads(path.read_text()) == [1]


def test_threads_of_one_process_wait_for_each_other(tmp_path):
    shared = document(tmp_path / "a.json")

    def append() -> None:
        for _ in range(10):
            shared.change(lambda content: [*(content or []), 1])

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shared.read() == [1] * 40


@settings(max_examples=200, derandomize=True, deadline=None)
@given(value=json_values, ascii_only=st.booleans())
def test_every_json_value_comes_back_as_it_was_written(value, ascii_only):
    raw = render(value, Layout(ascii_only, final_newline=True))

    expected = json.dumps(value, indent=2, ensure_ascii=ascii_only) + "\n"
    assert raw == expected.encode()
    assert fingerprint(parse(raw).value) == fingerprint(value)
    assert raw.isascii() or not ascii_only
    assert render(parse(raw).value, Layout(ascii_only, final_newline=True)) == raw
