"""Writing an adapter's conf: MLCC's lines, nobody else's lost, and all of it taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.errors import Conflict, InvalidArgument
from registry.project.adapter_conf import AdapterConfFile, RegistryAdapter
from registry.project.assignments import read_assignments
from registry.project.folder import read_project

Project = Callable[..., Path]

ARN = "arn:aws:sagemaker:us-west-2:123456789012:model-package/other/1"
ADAPTER = RegistryAdapter(
    name="my-sft",
    ic_name="tv-adapter-my-sft",
    weights_uri="s3://b/a/",
    created_at="2026-05-01T10:00:00Z",
    registry_arn=ARN,
)
VECTORS = Path(__file__).parents[2] / "data" / "contract" / "adapter_deploy.json"
ROLLED_OUT: list[dict[str, Any]] = [
    case
    for case in json.loads(VECTORS.read_text())["cases"]
    if ["ADAPTER_SOURCE", "double", "registry"] in (case.get("conf_variables_in_order") or [])
    and case["id"] not in ("name:trail-", "not-an-adapter-version")  # D24, D23: refused by us
]


@pytest.mark.parametrize("case", ROLLED_OUT, ids=[case["id"] for case in ROLLED_OUT])
def test_a_new_conf_has_the_lines_of_mlccs_in_their_order(
    project: Project, case: dict[str, Any]
) -> None:
    lines = [(name, value) for name, _, value in case["conf_variables_in_order"]]
    wanted = dict(lines)
    adapter = RegistryAdapter(
        name=wanted["ADAPTER_NAME"],
        ic_name=wanted["ADAPTER_IC_NAME"],
        weights_uri=wanted["ADAPTER_WEIGHTS_URI"],
        created_at="<timestamp>",
        registry_arn=wanted["ADAPTER_REGISTRY_ARN"],
        parent_model_arn=wanted.get("ADAPTER_PARENT_MODEL_ARN", ""),
        parent_model_slug=wanted.get("ADAPTER_PARENT_MODEL_SLUG", ""),
    )

    plan = AdapterConfFile.plan(project(), adapter)
    plan.write()

    assert "".join(f'export {n}="{v}"\n' for n, v in lines) == plan.path.read_text()


def test_planning_writes_nothing_and_shows_the_change(project: Project) -> None:
    root = project()
    plan = AdapterConfFile.plan(root, ADAPTER)

    assert "created" == plan.state
    assert '+export ADAPTER_WEIGHTS_URI="s3://b/a/"' in plan.preview()
    assert not (root / "do/adapters").exists()


def test_taking_back_a_new_conf_leaves_no_trace(project: Project) -> None:
    root = project()
    plan = AdapterConfFile.plan(root, ADAPTER)
    plan.write()

    assert plan.put_back()
    assert [root / "do" / "config"] == sorted((root / "do").iterdir())


def test_an_existing_conf_keeps_its_other_lines_and_comes_back_byte_for_byte(
    project: Project,
) -> None:
    former = (
        "# tuned by hand\nexport ADAPTER_NAME='my-sft'\nADAPTER_WEIGHTS_URI=s3://old/ # note\n"
        'export ADAPTER_TUNE_TECHNIQUE="sft"\n\nexport MINE="a b"\nexport ADAPTER_SOURCE=tune'
    )
    root = project(**{"do/adapters/my-sft.conf": former})
    plan = AdapterConfFile.plan(root, ADAPTER)
    plan.write()

    text = plan.path.read_text()
    assert "updated" == plan.state
    assert text.startswith("# tuned by hand\n")
    values = dict(read_assignments(text, file="conf").values)
    assert {**ADAPTER.variables(), "MINE": "a b"} == values
    assert plan.put_back()
    assert former == plan.path.read_text()


def test_a_conf_that_says_the_same_is_unchanged_whenever_it_was_written(project: Project) -> None:
    root = project()
    AdapterConfFile.plan(root, ADAPTER).write()
    later = RegistryAdapter(
        name="my-sft",
        ic_name="tv-adapter-my-sft",
        weights_uri="s3://b/a/",
        created_at="2027-01-01T00:00:00Z",
        registry_arn=ARN,
    )
    plan = AdapterConfFile.plan(root, later)

    assert ("unchanged", []) == (plan.state, plan.preview())


def test_the_base_component_is_noted_only_when_it_is_not_the_default_one(
    project: Project,
) -> None:
    root = project(**{"do/ic/a.conf": "\n", "do/ic/b.conf": "\n"})
    adapter = RegistryAdapter(
        name="x",
        ic_name="tv-adapter-x",
        weights_uri="s3://b/a/",
        created_at="2026-05-01T10:00:00Z",
        registry_arn=ARN,
        base_conf="b",
    )
    AdapterConfFile.plan(root, adapter).write()

    assert "b" == read_project(root).adapters[0].base_conf
    assert "ADAPTER_BASE_CONF" not in ADAPTER.variables()


@pytest.mark.parametrize("bad", ['a"b', "$(touch x)", "a`b`", "a\\b", "a\nb", "a\0b"])
def test_a_value_that_would_end_its_quotes_is_refused(bad: str) -> None:
    adapter = RegistryAdapter(
        name="x", ic_name="i", weights_uri=bad, created_at="t", registry_arn=ARN
    )

    with pytest.raises(InvalidArgument, match="ADAPTER_WEIGHTS_URI cannot be written") as failure:
        adapter.variables()
    assert bad not in failure.value.message


@pytest.mark.parametrize(
    "former",
    [
        "export ADAPTER_NAME=$(hostname)\n",
        'export ADAPTER_NAME="open\n',
        "source ./other\n",
        "if x; then ADAPTER_NAME=y; fi\n",
        "OTHER=$(date)\n",
    ],
)
def test_a_conf_that_cannot_be_told_is_not_overwritten(project: Project, former: str) -> None:
    root = project(**{"do/adapters/my-sft.conf": former})

    with pytest.raises(InvalidArgument, match=r"do/adapters/my-sft\.conf"):
        AdapterConfFile.plan(root, ADAPTER)
    assert former == (root / "do/adapters/my-sft.conf").read_text()


def test_a_conf_whose_values_span_lines_is_not_torn_apart(project: Project) -> None:
    former = 'export ADAPTER_NAME="my\nsft"\nexport MINE=1\n'
    root = project(**{"do/adapters/my-sft.conf": former})

    with pytest.raises(InvalidArgument):
        AdapterConfFile.plan(root, ADAPTER)
    assert former == (root / "do/adapters/my-sft.conf").read_text()


def test_a_conf_that_changed_since_the_plan_is_a_conflict(project: Project) -> None:
    root = project()
    plan = AdapterConfFile.plan(root, ADAPTER)
    plan.path.parent.mkdir()
    plan.path.write_text("export ADAPTER_NAME=theirs\n")

    with pytest.raises(Conflict):
        plan.write()
    assert "export ADAPTER_NAME=theirs\n" == plan.path.read_text()


def test_a_conf_that_an_equal_call_wrote_meanwhile_stays_its_own(project: Project) -> None:
    root = project()
    ours = AdapterConfFile.plan(root, ADAPTER)
    later = replace(ADAPTER, created_at="2026-05-01T10:00:07Z")
    AdapterConfFile.plan(root, later).write()
    written = ours.path.read_text()

    ours.write()

    assert ours.put_back()
    assert written == ours.path.read_text()


def test_a_conf_that_somebody_changed_afterwards_is_not_taken_back(project: Project) -> None:
    plan = AdapterConfFile.plan(project(), ADAPTER)
    plan.write()
    plan.path.write_text("export ADAPTER_NAME=theirs\n")

    assert not plan.put_back()
    assert "export ADAPTER_NAME=theirs\n" == plan.path.read_text()


def test_a_linked_conf_or_folder_is_refused(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = project(**{"kept.conf": "\n", "do/adapters/other.conf": "\n"})
    (root / "do/adapters/my-sft.conf").symlink_to("../../kept.conf")
    with pytest.raises(InvalidArgument, match="is a link"):
        AdapterConfFile.plan(root, ADAPTER)

    linked = project()
    for path in (linked / "do/adapters").iterdir():
        path.unlink()
    (linked / "do/adapters").rmdir()
    (linked / "do/adapters").symlink_to(outside, target_is_directory=True)
    with pytest.raises(InvalidArgument, match="leads out of the project folder"):
        AdapterConfFile.plan(linked, ADAPTER)
    assert [] == list(outside.iterdir())


@pytest.mark.parametrize("name", ["../x", "a/b", "My", "-a", "a-", "", "a" * 51])
def test_a_name_that_is_no_adapters_never_becomes_a_path(project: Project, name: str) -> None:
    adapter = RegistryAdapter(
        name=name, ic_name="i", weights_uri="w", created_at="t", registry_arn=ARN
    )

    with pytest.raises(InvalidArgument, match="adapter name"):
        AdapterConfFile.plan(project(), adapter)


def test_nothing_is_left_beside_the_conf(project: Project) -> None:
    plan = AdapterConfFile.plan(project(), ADAPTER)
    plan.write()

    assert [plan.path] == list(plan.path.parent.iterdir())


def test_a_secret_in_a_conf_is_not_shown_and_stays_in_the_file(project: Project) -> None:
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"
    root = project()
    folder = root / "do" / "adapters"
    folder.mkdir(exist_ok=True)
    (folder / "my-sft.conf").write_text(
        f'export ADAPTER_NAME="my-sft"\nexport HF_TOKEN="{token}"\n', encoding="utf-8"
    )

    plan = AdapterConfFile.plan(root, ADAPTER)
    plan.write()

    assert token in plan.path.read_text()
    assert token not in "\n".join(AdapterConfFile.plan(root, ADAPTER).preview())
    assert token not in "\n".join(plan.preview())
    assert plan.preview()


def test_an_adapter_whose_conf_has_another_file_name_gets_no_second_conf(project: Project) -> None:
    root = project()
    folder = root / "do" / "adapters"
    folder.mkdir(exist_ok=True)
    (folder / "other.conf").write_text('export ADAPTER_NAME="my-sft"\n', encoding="utf-8")

    AdapterConfFile.plan(root, ADAPTER, present="do/adapters/other.conf").write()

    assert ["other.conf"] == [path.name for path in sorted(folder.iterdir())]
