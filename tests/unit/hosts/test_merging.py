"""A host's file with our entry says all that it said before, comments and order included."""

from __future__ import annotations

import json
import random
import re
import tomllib
from pathlib import Path

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.hosts.errors import CannotMerge, Differs
from clients.hosts.known import HOSTS
from clients.hosts.merging import merge

NAME = "mlcc-registry"
JSON_HOST, TOML_HOST = HOSTS["vscode"], HOSTS["codex"]
ENTRY = JSON_HOST.entry(Path("/opt/bin/mlcc-registry-mcp"), ["--toolsets", "core,ci"])
TOML_ENTRY = TOML_HOST.entry(Path("C:\\mlcc\\mlcc-registry-mcp.exe"), [])

KEYS = st.sampled_from(["servers", "inputs", "a", "//", "/*", '"', "größe", NAME, "command"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.sampled_from(["", "//", "/* {", "*/ }", ",]", '\\"', "\n", "大", "\ud800"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
SERVERS = st.dictionaries(
    st.sampled_from(["github", "a b", "//", "größe"]), st.dictionaries(KEYS, VALUES, max_size=3)
)
FILES = st.dictionaries(KEYS.filter(lambda key: key != "servers"), VALUES, max_size=4)


class Writer:
    """Writes a value as a person might: any layout, comments anywhere, trailing commas."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.newline = chance.choice(["\n", "\r\n"])
        self.wild = chance.random() < 0.7
        self.comments: list[str] = []

    def gap(self) -> str:
        pieces = [" ", "\t", "", "", self.newline]
        if self.wild and self.chance.random() < 0.3:
            said = self.chance.choice(["{", "}", '"', ",", "servers", '"servers": {', "]", "* /"])
            count = len(self.comments)
            line = self.chance.random() < 0.5
            ends = self.newline if line else ""
            self.comments.append(f"// {count} {said}" if line else f"/* {count} {said} */")
            pieces = [self.comments[-1] + ends]
        return self.chance.choice(pieces)

    def comma(self, *, last: bool) -> str:
        if last:
            return "," if self.wild and self.chance.random() < 0.3 else ""
        return self.gap() + ","

    def write(self, value: object) -> str:
        if isinstance(value, dict):
            inner = [
                f"{self.gap()}{json.dumps(key)}{self.gap()}:{self.gap()}{self.write(each)}"
                for key, each in value.items()
            ]
            return "{" + self.joined(inner) + self.gap() + "}"
        if isinstance(value, list):
            inner = [self.gap() + self.write(each) for each in value]
            return "[" + self.joined(inner) + self.gap() + "]"
        return json.dumps(value, ensure_ascii=self.chance.random() < 0.5 or value == "\ud800")

    def joined(self, inner: list[str]) -> str:
        last = len(inner) - 1
        return "".join(each + self.comma(last=at == last) for at, each in enumerate(inner))


def is_kept(before: str, after: str) -> bool:
    """Tell whether a text still has every character of another, in order, but for blanks."""
    rest = iter(re.sub(r"\s", "", after))
    return all(each in rest for each in re.sub(r"\s", "", before))


@settings(max_examples=120, deadline=None)
@given(FILES, st.none() | SERVERS, st.randoms(use_true_random=False))
def test_any_json_file_keeps_all_it_held_and_gains_the_entry(other, servers, chance):
    wanted = other if servers is None else {**other, "servers": servers}
    writer = Writer(chance)
    text = writer.gap() + writer.write(wanted) + writer.gap()

    merged = merge(JSON_HOST, text, NAME, ENTRY)

    read_by_others = json5.loads(merged.text)
    assert {**wanted, "servers": {**(servers or {}), NAME: ENTRY}} == read_by_others
    assert is_kept(text, merged.text)
    assert writer.comments == [each for each in writer.comments if each in merged.text]
    assert merged.text == merge(JSON_HOST, merged.text, NAME, ENTRY).text
    assert "unchanged" == merge(JSON_HOST, merged.text, NAME, ENTRY).state


@settings(max_examples=40, deadline=None)
@given(FILES, SERVERS, st.dictionaries(KEYS, VALUES, max_size=3), st.randoms())
def test_forced_only_our_keys_of_an_entry_change(other, servers, existing, chance):
    existing = {**existing, "command": "/old", "env": {"KEY": "v"}}
    wanted = {**other, "servers": {**servers, NAME: existing}}
    writer = Writer(chance)
    text = writer.write(wanted)

    merged = merge(JSON_HOST, text, NAME, ENTRY, force=True)

    wanted["servers"][NAME] = {**existing, **ENTRY}
    assert wanted == json5.loads(merged.text)
    assert existing == merged.replaced


BLOCKS = [
    'model = "o" # why\n',
    "# about nothing\n",
    "[profiles.fast]\nx = 1 # one\n\n# about the next\n",
    "[[hooks]]\nrun = '''\n[mcp_servers.mlcc-registry]\n'''\n",
    '[mcp_servers.docs] # the docs\ncommand = "npx"\nargs = [ # list\n  "-y", # y\n  "d",\n]\n',
    '[mcp_servers.docs.env]\nKEY = "v"\n',
    '[mcp_servers."a b"]\nurl = "https://example.com"\n',
    "[mcp_servers]\n",
    'mcp_servers.dotted.command = "x"\n',
    "mcp_servers = { inline = { command = 'x' } } # closed\n",
    '[projects."/home/ann/p"]\ntrust_level = "trusted"\n',
    "[history]\npersistence = 'none'\nratio = nan",
    "[mcp_servers.late]\r\ncommand = 'x'\r\n",
]


def is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(BLOCKS), unique=True, max_size=7).map("".join).filter(is_toml))
def test_any_toml_file_keeps_all_it_held_and_gains_the_entry(text):
    wanted = tomllib.loads(text, parse_float=str)

    merged = merge(TOML_HOST, text, NAME, TOML_ENTRY)

    wanted.setdefault("mcp_servers", {})[NAME] = TOML_ENTRY
    assert wanted == tomllib.loads(merged.text, parse_float=str)
    assert is_kept(text, merged.text)
    assert re.findall("#.*", text) == re.findall("#.*", merged.text)
    assert "unchanged" == merge(TOML_HOST, merged.text, NAME, TOML_ENTRY).state


OLD_ENTRIES = [
    f"[mcp_servers.{NAME}]\nenv = {{ KEY = 'v' }} # secret\ncommand = '/old' # old\n",
    f"[mcp_servers.{NAME}]\ncommand = '/old'\nargs = [\n  'a', # first\n]\n\n# end\n",
    f"[mcp_servers.{NAME}.env]\nKEY = 'v'\n[mcp_servers.{NAME}]\ncommand = '/old'\n",
    f"mcp_servers.{NAME}.command = '/old' # dotted\n",
    f"mcp_servers = {{ {NAME} = {{ command = '/old' }}, b = {{ command = 'b' }} }}\n",
    f"[mcp_servers]\n{NAME}.command = '/old'\n",
    f"[mcp_servers]\n{NAME} = {{ url = 'https://example.com' }}\n",
]


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(
        st.sampled_from(OLD_ENTRIES), st.lists(st.sampled_from(BLOCKS), unique=True, max_size=4)
    )
    .flatmap(lambda parts: st.permutations([parts[0], *parts[1]]))
    .map("".join)
    .filter(lambda text: is_toml(text) and NAME in tomllib.loads(text).get("mcp_servers", {}))
)
def test_forced_a_toml_entry_is_changed_and_no_other_value_or_the_file_is_left(text):
    wanted = tomllib.loads(text, parse_float=str)
    old = wanted["mcp_servers"][NAME]

    try:
        merged = merge(TOML_HOST, text, NAME, TOML_ENTRY, force=True)
    except CannotMerge:
        return

    wanted["mcp_servers"][NAME] = {**(old if "command" in old else {}), **TOML_ENTRY}
    assert wanted == tomllib.loads(merged.text, parse_float=str)


@pytest.mark.parametrize("text", OLD_ENTRIES)
def test_forced_each_way_to_write_a_toml_entry_is_understood(text):
    merged = merge(TOML_HOST, text, NAME, TOML_ENTRY, force=True)

    changed = tomllib.loads(merged.text)["mcp_servers"][NAME]
    assert TOML_ENTRY == {key: changed[key] for key in TOML_ENTRY}
    kept = [each for each in re.findall("# [a-z]+", text) if each != "# first"]
    assert kept == re.findall("# [a-z]+", merged.text)


def test_a_new_toml_table_comes_last_so_that_no_comment_comes_to_stand_over_it():
    before = "[mcp_servers.a]\ncommand = 'a'\n\n# of profiles\n[profiles.p]\nx = 1"

    expected = (
        f"{before}\n\n[mcp_servers.{NAME}]\n"
        'command = "C:\\\\mlcc\\\\mlcc-registry-mcp.exe"\nargs = []\n'
    )
    assert expected == merge(TOML_HOST, before, NAME, TOML_ENTRY).text


def test_a_toml_entry_is_changed_where_it_stands():
    before = (
        f"[mcp_servers.{NAME}] # ours\ncommand = '/old' # of last year\ntool_timeout_sec = 90\n"
        "args = []\n\n# of profiles\n[profiles.p]\n"
    )

    merged = merge(TOML_HOST, before, NAME, {"command": "/new", "args": []}, force=True)

    assert before.replace("'/old'", '"/new"') == merged.text


@pytest.mark.parametrize("own", [{}, {"disabled": False, "autoApprove": ["list_deployments"]}])
def test_an_entry_that_starts_the_same_is_the_same_whatever_a_person_added(own):
    text = json.dumps({"servers": {NAME: {**own, **ENTRY}}})

    assert "unchanged" == merge(JSON_HOST, text, NAME, ENTRY).state


def test_another_entry_of_the_name_is_left_and_told():
    existing = {"type": "stdio", "command": "/old", "args": []}

    with pytest.raises(Differs) as told:
        merge(JSON_HOST, json.dumps({"servers": {NAME: existing}}), NAME, ENTRY)

    assert (existing, ENTRY) == (told.value.existing, told.value.wanted)


@pytest.mark.parametrize("existing", [None, 5, "x", [], {"type": "http", "url": "https://x"}])
def test_forced_an_entry_of_another_kind_is_replaced_whole(existing):
    text = json.dumps({"servers": {NAME: existing, "other": 1}})

    merged = merge(JSON_HOST, text, NAME, ENTRY, force=True)

    assert {"servers": {NAME: ENTRY, "other": 1}} == json.loads(merged.text)


@pytest.mark.parametrize("servers", ["null", "[]", "5"])
def test_servers_that_are_no_object_are_left(servers):
    with pytest.raises(CannotMerge, match="not a table of servers"):
        merge(JSON_HOST, f'{{"servers": {servers}}}', NAME, ENTRY, force=True)


def test_a_text_that_would_not_be_read_with_our_entry_in_it_is_left():
    with pytest.raises(CannotMerge, match="not understood"):
        merge(JSON_HOST, "{,}", NAME, ENTRY)


@pytest.mark.parametrize("host", [JSON_HOST, TOML_HOST])
@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', "[x", "= 5", '{"a": "unended', "[" * 100_000, "\0"]
)
def test_what_cannot_be_parsed_is_left(host, text):
    with pytest.raises(CannotMerge, match="cannot be parsed"):
        merge(host, text, NAME, ENTRY, force=True)
