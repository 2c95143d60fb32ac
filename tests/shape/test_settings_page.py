"""`docs/settings.md` names every setting, as the code and the command have it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.settings import TOOLSETS, Settings, flag_of, variable_of
from server.cli import _parser

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text("utf-8")
ROW = re.compile(r"\| `(\w+)` \| `(--[\w-]+)` \| `(\w+)` \| (.+?) \| (.+) \|")
ROWS = {found[1]: found for found in map(ROW.fullmatch, PAGE.splitlines()) if found}


def test_every_setting_has_a_row_and_every_row_a_setting_in_their_order():
    assert list(Settings.model_fields) == list(ROWS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_row_spells_flag_and_variable_as_they_are(name):
    assert (flag_of(name), variable_of(name)) == ROWS[name].group(2, 3)
    assert ROWS[name][2] in _parser().format_help()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_row_gives_the_default(name):
    default = Settings.model_fields[name].default
    shown = ", ".join(default) if isinstance(default, tuple) else str(default)
    told = ROWS[name][4]

    if default is False:
        assert "no" == told
    elif shown:
        assert f"`{shown}`" == told
    else:
        assert told != "no"
        assert not told.startswith("`")


def test_the_page_names_the_toolsets_that_there_are():
    named = ROWS["toolsets"][5].partition(":")[2].partition(";")[0]

    assert list(TOOLSETS) == re.findall(r"`(\w+)`", named)
