"""adapter_config.json out of the beginning of a `.tar.gz`."""

import gzip
import io
import os
import tarfile

import pytest

from registry.rollout.archive import BEGINNING_BYTES, NotAnArchive, config_in_archive

NAME = "adapter_config.json"
CONFIG = b'{"r": 8, "base_model_name_or_path": "Qwen/Qwen3-4B"}'


def archive(*members: tuple[str, bytes], links: tuple[str, ...] = ()) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        for name in links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return held.getvalue()


@pytest.mark.parametrize("name", [NAME, f"./{NAME}"])
def test_a_configuration_at_the_root_is_found(name: str) -> None:
    assert CONFIG == config_in_archive(archive(("README.md", b"x"), (name, CONFIG)), NAME)


def test_the_beginning_is_enough_when_the_weights_come_after() -> None:
    whole = archive((NAME, CONFIG), ("adapter_model.safetensors", os.urandom(500_000)))

    assert len(whole) > BEGINNING_BYTES
    assert CONFIG == config_in_archive(whole[:BEGINNING_BYTES], NAME)


def test_a_configuration_after_the_beginning_is_not_known() -> None:
    whole = archive(("adapter_model.safetensors", os.urandom(500_000)), (NAME, CONFIG))

    assert config_in_archive(whole[:BEGINNING_BYTES], NAME) is None


@pytest.mark.parametrize(
    "made",
    [
        archive(("checkpoints/hf/" + NAME, CONFIG)),
        archive((NAME, b"x" * 100_000)),
        archive(links=(NAME,)),
        archive(),
    ],
    ids=["in a folder", "too large", "a link", "empty"],
)
def test_what_is_no_configuration_at_the_root_is_not_taken(made: bytes) -> None:
    assert config_in_archive(made, NAME) is None


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_an_archive_that_ends_anywhere_never_breaks_the_reading(cut: int) -> None:
    whole = archive(("a", b"x" * 700), (NAME, CONFIG), ("b", os.urandom(700)))
    try:
        found = config_in_archive(whole[: len(whole) * cut // 200], NAME)
    except NotAnArchive:
        found = None

    assert found in (None, CONFIG)


def test_a_small_archive_of_much_inflates_only_so_far() -> None:
    whole = archive(("zeros", bytes(50_000_000)), (NAME, CONFIG))

    assert len(whole) < BEGINNING_BYTES
    assert config_in_archive(whole, NAME) is None


@pytest.mark.parametrize(
    "content", [b"no archive", gzip.compress(b"no tar at all" * 100, mtime=0)], ids=["text", "gzip"]
)
def test_what_is_no_archive_is_said(content: bytes) -> None:
    with pytest.raises(NotAnArchive):
        config_in_archive(content, NAME)
