"""Listing, showing, searching, exporting, importing, replaying and removing what was registered."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def two(command):
    """Ids of two registered deployments, the older first."""
    ids = []
    for notes, status in (("first", "success"), ("second", "failed")):
        done = command("register", "--json", "--notes", notes, "--status", status)
        ids.append(done.json["id"])
    return ids


def lines(done):
    assert 0 == done.status, done.err
    return [line.split("\t") for line in done.out.splitlines()]


def test_a_list_is_newest_first_one_line_each_when_piped(command, two):
    assert two[::-1] == [fields[0] for fields in lines(command("registry", "list"))]


def test_filters_choose(command, two):
    wanted = {
        "list --deployment-config transformers-vllm": 2,
        "list --deployment-config=transformers-sglang": 0,
        "list --status failed": 1,
        "list --model qwen3": 2,
        "list --backend vllm --architecture transformers": 2,
        "list --instance-type ml.g5.xlarge": 0,
        "list --region us-west-2 --project-name support-bot": 2,
        "list --text second": 1,
        "list --since 2000-01-01 --until 2000-01-02": 0,
        "list --limit 1": 1,
        "search --model Qwen/*": 2,
        "search --model qwen/*": 0,
    }

    found = {words: len(lines(command("registry", *words.split()))) for words in wanted}
    assert wanted == found


def test_a_list_follows_cursors_to_its_end(command, home):
    entry = json.loads(command("register", "--json").out)
    document = json.loads((home / "registry.json").read_text("utf-8"))
    one = document["entries"][0]
    document["entries"] = [{**one, "id": f"{number:08x}"} for number in range(250)]
    (home / "registry.json").write_text(json.dumps(document), "utf-8")

    answer = command("registry", "list", "--json").json
    assert "support-bot" == entry["projectName"]
    assert (250, True) == (len({each["id"] for each in answer["deployments"]}), answer["complete"])
    assert 250 == answer["count"]


def test_a_list_that_was_cut_says_so(command, two):
    answer = command("registry", "list", "--limit", "1", "--json").json

    assert (1, False) == (answer["count"], answer["complete"])


@pytest.mark.parametrize("word", ["get", "show"])
def test_one_deployment_is_shown_whole(command, two, word):
    done = command("registry", word, two[0], "--json")

    assert 0 == done.status
    assert "first" == done.json["entry"]["outcome"]["notes"]
    assert "lineage" in done.json


def test_an_unknown_id_ends_with_status_three_and_names_the_nearest(command, two):
    done = command("registry", "show", "00000000")

    assert 3 == done.status
    assert not done.out
    assert "00000000" in done.err


def test_a_deployment_is_replayed_as_the_generators_flags(command, two):
    flags = command("registry", "replay", two[0]).out.split()

    assert ["--deployment-config", "transformers-vllm"] == flags[:2]


def test_what_was_exported_is_imported_elsewhere(command, two, home, tmp_path):
    exported = tmp_path / "out.json"
    done = command("registry", "export", "--status", "any", "--output", str(exported))
    (home / "registry.json").unlink()
    imported = command("registry", "import", str(exported))

    document = json.loads(exported.read_text("utf-8"))
    assert ("1.0", 2) == (document["version"], len(document["entries"]))
    assert (0, 0) == (done.status, imported.status)
    entries = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert ["out.json"] * len(entries) == [each["metadata"]["importedFrom"] for each in entries]


def test_one_entry_is_exported_by_its_id_to_standard_output(command, two):
    assert [two[1]] == [
        each["id"] for each in command("registry", "export", two[1]).json["entries"]
    ]


def test_an_import_skips_replaces_or_keeps_what_is_alike(command, two, home, tmp_path):
    exported = tmp_path / "out.json"
    command("registry", "export", "--output", str(exported))
    alike = json.loads(exported.read_text("utf-8"))
    del alike["entries"][0]["configuration"]["parameters"]["HF_MODEL_ID"]
    counts = []
    for notes, flags in enumerate(([], [], ["--replace"], ["--merge"])):
        alike["entries"][0]["outcome"]["notes"] = f"import {notes}"
        exported.write_text(json.dumps(alike), "utf-8")
        assert 0 == command("registry", "import", str(exported), *flags).status
        entries = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
        counts.append([each["outcome"]["notes"] for each in entries[2:]])

    assert [["import 0"], ["import 0"], ["import 2"], ["import 2", "import 3"]] == counts


def test_a_file_that_is_no_json_is_refused_by_name(command, home, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    done = command("registry", "import", str(broken))

    assert 2 == done.status
    assert "broken.json" in done.err


def test_a_removal_needs_agreement_where_nobody_can_be_asked(command, two):
    done = command("registry", "remove", two[0])

    assert 6 == done.status
    assert two[::-1] == [fields[0] for fields in lines(command("registry", "list"))]


def test_a_removal_is_agreed_to_with_yes(command, two):
    assert 0 == command("registry", "remove", two[0], "--yes").status
    assert [two[1]] == [fields[0] for fields in lines(command("registry", "list"))]


def test_a_removal_is_agreed_to_with_the_digest_of_its_plan(command, two):
    digest = command("registry", "remove", two[0], "--json").json["digest"]

    assert 0 == command("registry", "remove", two[0], "--confirm", digest).status
    assert 6 == command("registry", "remove", two[1], "--confirm", digest).status
