"""A file is replaced at once, and stays what it was: place, owner, mode, mark."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clients.hosts.errors import CannotMerge
from clients.hosts.file import ConfigurationFile

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "er" / "mcp.json"


def write(path: Path, text: str) -> None:
    ConfigurationFile.read(path).replace(text)


def test_a_new_file_is_made_with_its_folders_and_the_accounts_usual_mode(path):
    usual = path.parents[2] / "usual"
    usual.touch()

    write(path, "{}")

    assert b"{}" == path.read_bytes()
    assert usual.stat().st_mode == path.stat().st_mode
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_the_mode_stays(tmp_path, mode):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(mode)

    write(path, "new")

    assert (mode, b"new") == (stat.S_IMODE(path.stat().st_mode), path.read_bytes())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give")
def test_the_owner_stays(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)

    write(path, "new")

    assert (12345, 23456) == (path.stat().st_uid, path.stat().st_gid)


def test_a_byte_order_mark_and_line_ends_stay(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(BOM + b"old\r\n")
    file = ConfigurationFile.read(path)

    file.replace(file.text + "new\r\n")

    assert BOM + b"old\r\nnew\r\n" == path.read_bytes()


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    target, link = tmp_path / "dotfiles" / "mcp.json", tmp_path / "mcp.json"
    link.symlink_to(target)

    write(link, "first")
    write(link, "second")

    assert (True, b"second") == (link.is_symlink(), target.read_bytes())


def test_a_projects_link_out_of_the_project_is_not_followed(tmp_path):
    project, outside = tmp_path / "project", tmp_path / "outside.json"
    project.mkdir()
    outside.write_bytes(b"{}")
    link = project / ".mcp.json"
    link.symlink_to(outside)

    with pytest.raises(CannotMerge, match="leads out of the project"):
        ConfigurationFile.read(link, within=project)


def test_a_file_that_somebody_wrote_since_is_left(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"read")
    file = ConfigurationFile.read(path)
    path.write_bytes(b"written by the host")

    with pytest.raises(CannotMerge, match="wrote it meanwhile"):
        file.replace("ours")

    assert b"written by the host" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"\xff\xfe{\0}\0", b'{"a": "\xe9"}'])
def test_what_is_not_utf8_is_not_read(tmp_path, content):
    path = tmp_path / "f"
    path.write_bytes(content)

    with pytest.raises(CannotMerge, match="not UTF-8"):
        ConfigurationFile.read(path)


def test_a_folder_a_pipe_and_a_circle_of_links_are_not_read(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")

    for name in ("folder", "pipe", "circle"):
        with pytest.raises(CannotMerge, match=r"not a file|cannot be read"):
            ConfigurationFile.read(tmp_path / name)


def test_a_file_where_a_folder_has_to_be_is_an_error(tmp_path):
    (tmp_path / "f").write_bytes(b"")

    with pytest.raises(CannotMerge, match=r"cannot be (read|written)"):
        write(tmp_path / "f" / "mcp.json", "{}")


def test_text_that_utf8_cannot_hold_is_not_written(path):
    with pytest.raises(CannotMerge, match="not UTF-8"):
        write(path, "\udcff")

    assert not path.exists()
