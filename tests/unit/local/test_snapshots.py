"""What is kept of a file that was read: when it is enough, and when the bytes decide."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from registry.errors import NotFound, Unavailable
from registry.local.documents import JsonFile
from registry.local.json_text import ParsedText, parse
from registry.local.snapshots import Snapshots, holds

LONG_AGO_NS = 1_000_000_000 * 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_text('["one"]')
    return path


def aged(path: Path) -> None:
    """As when nobody has written for a while."""
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


def another(path: Path) -> None:
    """Put another file, of the same size and age, in the place of this one."""
    other = path.with_name("other")
    other.write_text('["two"]')
    aged(other)
    other.replace(path)


def rewritten(path: Path, text: str) -> None:
    """Rewrite in place, as MLCC does, so fast that the clock of the file system stands still."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    )


def document(path: Path, **options: Any) -> JsonFile:
    return JsonFile(path, ascii_only=False, final_newline=True, wait=lambda _: None, **options)


def test_a_file_that_stayed_as_it_is_is_not_parsed_again(path):
    aged(path)
    parses: list[bytes] = []

    def counted(raw: bytes, _: ParsedText | None) -> ParsedText:
        parses.append(raw)
        return parse(raw)

    snapshots = Snapshots()
    first = snapshots.text(path, counted, "settled")
    second = snapshots.text(path, counted, "settled")

    assert [b'["one"]'] == parses
    assert second is first


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text('["two"]'),
        lambda path: path.write_text('["longer"]'),
        another,
    ],
    ids=["time", "size", "file number"],
)
def test_another_time_size_or_file_is_read(change, path):
    aged(path)
    file = document(path, snapshots=Snapshots())
    assert file.read() == ["one"]

    change(path)

    assert json.loads(path.read_text()) == file.read() != ["one"]


def test_a_file_just_written_is_compared_by_its_bytes(path):
    file = document(path, snapshots=Snapshots())
    assert file.read() == ["one"]

    rewritten(path, '["two"]')

    assert ["two"] == file.read()


def test_a_file_dated_in_the_future_is_compared_by_its_bytes(path):
    later = time.time_ns() + 3600 * 1_000_000_000
    os.utime(path, ns=(later, later))
    file = document(path, snapshots=Snapshots())
    assert file.read() == ["one"]

    rewritten(path, '["two"]')

    assert ["two"] == file.read()


@pytest.mark.parametrize("old", [False, True])
def test_a_write_decides_by_the_bytes_whatever_the_time_says(old, path):
    if old:
        aged(path)
    file = document(path, snapshots=Snapshots())
    file.read()
    rewritten(path, '["two"]')

    for write in (file.change, file.revise):
        write(lambda content: [*content, "ours"])

    assert ["two", "ours", "ours"] == json.loads(path.read_text())


@pytest.mark.parametrize("there", ["", "[", '["one"', '["one"] '])
def test_a_file_that_begins_or_goes_on_alike_has_other_bytes(there, path):
    text = parse(path.read_bytes())
    assert holds(path, text)

    path.write_text(there)

    assert not holds(path, text)


def test_a_refusal_too_is_decided_by_the_bytes(path):
    """An edit that finds nothing in what was kept looks again at what is there."""
    aged(path)
    file = document(path, snapshots=Snapshots())
    file.read()
    rewritten(path, '["two"]')

    def edit(content: list[str]) -> list[str]:
        if "two" not in content:
            raise NotFound("no two")
        return content

    file.revise(edit)

    assert '["two"]' == path.read_text()
    assert ["two"] == file.read()


def test_what_an_edit_alters_is_not_what_readers_share(path):
    aged(path)
    file = document(path, snapshots=Snapshots())
    shared = file.read()

    def edit(content: list[str]) -> list[str]:
        content.append("mine")
        raise NotFound("after all not")

    with pytest.raises(NotFound):
        file.change(edit)

    assert ["one"] == shared == file.read()


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(json.dumps([path.name * 30]))
        aged(path)
    size = paths[0].stat().st_size
    snapshots = Snapshots(kept_bytes=2 * size)
    parses: list[str] = []

    def read(path: Path) -> None:
        def counted(raw: bytes, _: ParsedText | None) -> ParsedText:
            parses.append(path.name)
            return parse(raw)

        snapshots.text(path, counted, "settled")

    for name in ("a", "b", "a", "c", "a", "b"):
        read(tmp_path / name)

    assert ["a", "b", "c", "b"] == parses


def test_a_file_larger_than_the_bound_is_read_each_time_and_displaces_nothing(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_text("[1]")
    large.write_text(json.dumps(["x" * 100]))
    for path in (small, large):
        aged(path)
    snapshots = Snapshots(kept_bytes=50)
    kept = document(small, snapshots=snapshots).read()

    first = document(large, snapshots=snapshots).read()

    assert document(large, snapshots=snapshots).read() is not first
    assert document(small, snapshots=snapshots).read() is kept


def test_threads_read_whole_contents_while_others_write(tmp_path):
    file = document(tmp_path / "a.json", snapshots=Snapshots())
    file.change(lambda _: [])
    wrong: list[object] = []

    def write() -> None:
        for _ in range(20):
            file.revise(lambda content: [*content, len(content)])

    def read() -> None:
        for _ in range(60):
            content = file.read()
            if content != list(range(len(content))):
                wrong.append(content)

    threads = [threading.Thread(target=work) for work in (write, write, read, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == wrong
    assert list(range(40)) == file.read()


def test_a_home_that_vanishes_during_the_write_is_told(tmp_path):
    home = tmp_path / "home"
    file = document(home / "a.json", snapshots=Snapshots())
    file.change(lambda _: ["precious"])

    def edit(content: list[str]) -> list[str]:
        home.rename(tmp_path / "unmounted")
        return [*content, "new"]

    with pytest.raises(Unavailable, match=r"a\.json cannot be written"):
        file.change(edit)

    assert ["precious"] == json.loads((tmp_path / "unmounted" / "a.json").read_text())
    assert not home.exists()
