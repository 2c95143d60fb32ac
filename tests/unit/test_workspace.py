"""Path arguments stay within the folders that the operator opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import InvalidArgument
from registry.workspace import Workspace, start_roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "project").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return tmp_path / "root"


def test_a_path_within_a_root_is_given_as_it_really_is(root: Path) -> None:
    workspace = Workspace([root])

    assert root / "project" == workspace.resolve("project")
    assert root / "project" == workspace.resolve(str(root / "project"))
    assert root / "project" == workspace.resolve("project/../project/.")
    assert root == workspace.resolve(".")


def test_a_path_that_is_not_there_yet_may_be_named(root: Path) -> None:
    assert root / "new" == Workspace([root]).resolve("new")


@pytest.mark.parametrize("path", ["..", "../outside", "/", "/etc/passwd", "project/../../outside"])
def test_a_path_out_of_every_root_is_refused(root: Path, path: str) -> None:
    with pytest.raises(InvalidArgument) as failure:
        Workspace([root]).resolve(path)

    assert str(root) in failure.value.hint
    assert "--workspace" in failure.value.hint


def test_a_link_out_of_the_root_is_refused(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside", target_is_directory=True)

    with pytest.raises(InvalidArgument):
        Workspace([root]).resolve("link")
    with pytest.raises(InvalidArgument):
        Workspace([root]).resolve("link/file")


def test_a_link_between_roots_is_followed(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside", target_is_directory=True)

    workspace = Workspace([root, root.parent / "outside"])
    assert root.parent / "outside" == workspace.resolve("link")


def test_a_root_with_a_name_that_another_begins_with_is_another_folder(root: Path) -> None:
    (root.parent / "root-too").mkdir()

    with pytest.raises(InvalidArgument):
        Workspace([root]).resolve(str(root.parent / "root-too"))


def test_a_root_that_is_a_link_is_resolved_once(root: Path) -> None:
    (root.parent / "link").symlink_to(root, target_is_directory=True)

    workspace = Workspace([root.parent / "link"])
    assert (root,) == workspace.roots
    assert root / "project" == workspace.resolve(str(root.parent / "link" / "project"))


@pytest.mark.parametrize("path", ["a\0b", "loop/x", "~nobody-of-that-name/x"])
def test_a_path_that_cannot_be_followed_is_refused(root: Path, path: str) -> None:
    (root / "loop").symlink_to("loop")

    with pytest.raises(InvalidArgument):
        Workspace([root]).resolve(path)


def test_without_roots_no_path_is_allowed() -> None:
    with pytest.raises(InvalidArgument, match="no folder is open"):
        Workspace([]).resolve("x")


def test_the_single_root_is_the_project_when_it_holds_one(root: Path) -> None:
    assert Workspace([root]).default_project() is None

    (root / "do").mkdir()
    (root / "do" / "config").touch()
    assert root == Workspace([root]).default_project()
    assert Workspace([root, root.parent / "outside"]).default_project() is None


def test_the_start_folder_is_open_unless_it_is_the_users_home_or_a_file_systems_root(
    root: Path,
) -> None:
    link = root.parent / "link-to-home"
    link.symlink_to(root, target_is_directory=True)

    assert (root / "project",) == start_roots(root / "project", root)
    assert () == start_roots(root, root)
    assert () == start_roots(link, root)
    assert () == start_roots(root, link)
    assert () == start_roots(Path("/"), root)
    assert (root.parent,) == start_roots(root.parent, root)
