"""MLCC's own helper functions about datasets: the next version, and what is a prefix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry.datasets.content import is_prefix
from registry.datasets.versions import version_after

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "helpers.json"
HELPERS = json.loads(VECTORS.read_text("utf-8"))


@pytest.mark.parametrize(("version", "following"), HELPERS["increment_version"])
def test_a_version_is_followed_by_the_one_that_mlcc_gives(version, following):
    assert following == version_after(version)


@pytest.mark.parametrize(("key", "prefix"), HELPERS["is_s3_prefix"])
def test_a_key_is_a_prefix_where_mlcc_says_so(key, prefix):
    assert prefix is is_prefix(key)


def test_the_vectors_are_all_there():
    assert (7, 10) == (len(HELPERS["increment_version"]), len(HELPERS["is_s3_prefix"]))
