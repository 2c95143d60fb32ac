"""Reading a project folder: what it says, and what it cannot make us do."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import InvalidArgument
from registry.project.files import MAX_FILE_MIB
from registry.project.folder import NotJson, ProjectFolder, read_project

Project = Callable[..., Path]


def refused(root: Path) -> str:
    with pytest.raises(InvalidArgument) as failure:
        read_project(root)
    return failure.value.message


def test_a_folder_without_do_config_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="holds no do/config") as failure:
        read_project(tmp_path)

    assert "project_dir" in failure.value.hint


def test_confs_come_in_byte_order_and_hidden_or_other_files_do_not(project: Project) -> None:
    names = ["a.conf", "B.conf", "a-b.conf", "é.conf", ".hidden.conf", "note.txt", "x.conf~"]
    root = project(**{f"do/ic/{name}": "IC_GPU_COUNT=1\n" for name in names})

    assert ["B", "a-b", "a", "é"] == [part.name for part in read_project(root).components]


def test_counts_fall_back_to_the_configuration_and_then_to_one(project: Project) -> None:
    root = project(
        "export IC_GPU_COUNT=4\n",
        **{"do/ic/a.conf": "IC_COPY_COUNT=2\n", "do/ic/b.conf": "IC_GPU_COUNT=0\n"},
    )

    assert [(4, 2), (0, 1)] == [
        (part.gpu_count, part.copy_count) for part in read_project(root).components
    ]


def test_a_count_that_is_computed_is_unknown_and_named(project: Project) -> None:
    folder = read_project(project(**{"do/ic/a.conf": "\nIC_GPU_COUNT=$(nproc)\n"}))

    assert folder.components[0].gpu_count is None
    assert [
        "do/ic/a.conf line 2: IC_GPU_COUNT left out: command substitution, which is never executed"
    ] == list(folder.warnings)


def test_a_count_that_is_no_number_is_unknown_and_named(project: Project) -> None:
    folder = read_project(project(**{"do/ic/a.conf": "IC_COPY_COUNT=many\n"}))

    assert folder.components[0].copy_count is None
    assert ["do/ic/a.conf: IC_COPY_COUNT left out: it is not a whole number"] == list(
        folder.warnings
    )


def test_without_a_component_folder_the_configuration_is_the_component(project: Project) -> None:
    folder = read_project(project('export INFERENCE_COMPONENT_NAME="tv-ic-1"\n'))

    assert (False, "default", "tv-ic-1", "tv-latest") == (
        folder.has_component_folder,
        folder.components[0].name,
        folder.components[0].deployed_name,
        folder.components[0].image_tag,
    )
    assert "tv-ic-1" == folder.base_component_name


def test_an_empty_component_folder_has_no_components(project: Project) -> None:
    root = project()
    (root / "do" / "ic").mkdir()

    assert ((), True) == (read_project(root).components, read_project(root).has_component_folder)


def test_the_default_conf_names_the_base_component(project: Project) -> None:
    root = project(
        "INFERENCE_COMPONENT_NAME=old\n",
        **{"do/ic/default.conf": 'export IC_DEPLOYED_NAME="tv-default-1"\n'},
    )
    folder = read_project(root)

    assert "tv-default-1" == folder.base_component_name
    assert folder.component("tv-default-1") == folder.component("default")
    assert folder.component("other") is None


def test_one_confs_variables_do_not_reach_the_next(project: Project) -> None:
    """D18 of the record contract."""
    root = project(
        **{
            "do/adapters/a.conf": "ADAPTER_TUNE_TECHNIQUE=dpo\nADAPTER_SOURCE=tune\n",
            "do/adapters/b.conf": "ADAPTER_SOURCE=tune\n",
        }
    )

    assert ["dpo", ""] == [adapter.technique for adapter in read_project(root).adapters]


@pytest.mark.parametrize(
    ("conf", "technique"),
    [
        ("ADAPTER_TECHNIQUE=SFT\n", "sft"),
        ("ADAPTER_TECHNIQUE=sft\nADAPTER_TUNE_TECHNIQUE=dpo\n", "sft"),
        ("ADAPTER_SOURCE=tune\nADAPTER_TUNE_TECHNIQUE=latest\n", "rlvr"),
        ("ADAPTER_SOURCE=tune\n", "rlvr"),
        ("", "rlvr"),
        ("ADAPTER_SOURCE=hub\nADAPTER_HF_REPO=x/y\n", ""),
        ("ADAPTER_SOURCE=s3\n", ""),
        ("ADAPTER_SOURCE=registry\n", ""),
        ("ADAPTER_SOURCE=train\nADAPTER_TRAIN_JOB=j\nADAPTER_SOURCE=s3\n", "dpo"),
    ],
)
def test_an_adapters_technique_is_its_own_or_that_of_the_job_that_made_it(
    project: Project, conf: str, technique: str
) -> None:
    config = "TUNE_TECHNIQUE=rlvr\nTRAIN_TECHNIQUE=dpo\n"
    folder = read_project(project(config, **{"do/adapters/a.conf": conf}))

    assert technique == folder.adapters[0].technique


def test_an_adapter_is_called_as_its_conf_says_or_as_its_file(project: Project) -> None:
    root = project(
        **{"do/adapters/a.conf": "ADAPTER_NAME=other\n", "do/adapters/b.conf": "\n"},
    )
    folder = read_project(root)

    assert ["other", "b"] == [adapter.name for adapter in folder.adapters]
    assert folder.adapter("other") == folder.adapters[0]
    assert folder.adapter("a") is None


@pytest.mark.parametrize(
    ("confs", "base"),
    [((), "default"), (("default",), "default"), (("main",), "main"), (("a", "b"), "default")],
)
def test_an_adapters_base_is_the_only_component_or_the_default_one(
    project: Project, confs: tuple[str, ...], base: str
) -> None:
    files = {f"do/ic/{name}.conf": "\n" for name in confs}
    folder = read_project(project(**files, **{"do/adapters/a.conf": "\n"}))

    assert base == folder.adapters[0].base_conf


def test_the_state_of_tuning_is_by_technique(project: Project) -> None:
    """D36 of the record contract: what has no suffix belongs to the last technique only."""
    folder = read_project(
        project(
            "TUNE_TECHNIQUE=dpo\nTUNE_DATASET_S3_URI=s3://b/last.jsonl\n"
            "TUNE_DATASET_S3_URI_SFT=s3://b/sft.jsonl\nTUNE_DATASET_ROW_COUNT_SFT=0\n"
            "TUNE_DATASET_ROW_COUNT=7\nTUNE_DATASET_SOURCE=hf://o/n\n"
        )
    )

    latest, sft = folder.tune_state(), folder.tune_state("sft")
    assert latest is not None
    assert sft is not None
    assert ("dpo", "s3://b/last.jsonl", 7, "hf://o/n") == (
        latest.technique,
        latest.s3_uri,
        latest.row_count,
        latest.source,
    )
    assert ("s3://b/sft.jsonl", None, "") == (sft.s3_uri, sft.row_count, sft.source)
    assert folder.tune_state("latest") == latest
    assert folder.tune_state("rlvr") is None


def test_the_state_of_training_is_by_technique(project: Project) -> None:
    folder = read_project(project("TRAIN_TECHNIQUE=sft\nTRAIN_DATASET_S3_URI_SFT=s3://b/t\n"))

    state = folder.train_state()
    assert state is not None
    assert ("sft", "s3://b/t") == (state.technique, state.s3_uri)
    assert folder.train_state("dpo") is None


@pytest.mark.parametrize(
    ("target", "variable", "active"),
    [
        ("realtime-inference", "DEPLOYMENT_TARGET_SMAI_STATUS=InService", True),
        ("managed-inference", "DEPLOYMENT_TARGET_SMAI_STATUS=InService", True),
        ("async-inference", "DEPLOYMENT_TARGET_ASYNC_STATUS=InService", True),
        ("hyperpod-eks", "DEPLOYMENT_TARGET_HP_STATUS=Running", True),
        ("batch-transform", "DEPLOYMENT_TARGET_BATCH_STATUS=Completed", True),
        ("realtime-inference", "DEPLOYMENT_TARGET_HP_STATUS=Running", False),
        ("elsewhere", "DEPLOYMENT_TARGET_HP_STATUS=Running", False),
    ],
)
def test_whether_it_runs_is_what_the_targets_own_status_says(
    project: Project, target: str, variable: str, active: bool
) -> None:
    folder = read_project(project(f"DEPLOYMENT_TARGET={target}\nexport {variable}\n"))

    assert active == folder.is_active


def test_generation_notes_give_the_version_and_the_variables(project: Project) -> None:
    text = (
        '{"generatorVersion": "1.5.2", "answers": {"modelEnvVars": {"A": 1}, "serverEnvVars": 3}}'
    )
    notes = read_project(project(**{".mlcc-generation-params.json": text})).generation

    assert (True, "1.5.2", ("A",), ()) == (
        notes.present,
        notes.generator_version,
        notes.model_variables,
        notes.server_variables,
    )


def test_broken_generation_notes_are_left_out_and_named(project: Project) -> None:
    folder = read_project(project(**{".mlcc-generation-params.json": "{"}))

    assert not folder.generation.present
    assert ".mlcc-generation-params.json is not JSON" in folder.warnings[0]


def test_the_metrics_of_an_adapter_are_its_own(project: Project) -> None:
    """D19 of the record contract."""
    root = project(
        **{
            ".mlcc/eval-results/a.json": '{"metrics": {"loss": 0.5, "list": [1], "n": 3}}',
            ".mlcc/eval-results/b.json": "[]",
        }
    )
    folder = read_project(root)

    assert {"loss": 0.5, "n": 3} == folder.eval_metrics("a")
    assert {} == folder.eval_metrics("c")
    assert {} == folder.eval_metrics("../../a")
    with pytest.raises(NotJson, match="no object `metrics`"):
        folder.eval_metrics("b")


def test_the_environment_of_the_server_is_not_looked_at(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "server-region")
    root = project("export AWS_REGION=${AWS_REGION:-us-west-2}\n")

    assert "us-west-2" == read_project(root).require("AWS_REGION")
    assert "eu-west-1" == read_project(root, environment={"AWS_REGION": "eu-west-1"}).require(
        "AWS_REGION"
    )


def test_a_value_only_a_shell_would_know_is_named(project: Project) -> None:
    folder = read_project(project("export ENDPOINT_NAME=$(cat name)\n"))

    with pytest.raises(InvalidArgument, match="do/config line 3: ENDPOINT_NAME is not known"):
        _ = folder.endpoint_name


# --- hostile folders --------------------------------------------------------------------------

SECRET = "export PROJECT_NAME=stolen\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.mkdir()
    (path / "config").write_text(SECRET)
    (path / "x.conf").write_text(SECRET)
    return path


@pytest.mark.parametrize("name", ["do/config", "do/ic/x.conf", "do/adapters/x.conf"])
def test_a_link_out_of_the_folder_is_refused(project: Project, outside: Path, name: str) -> None:
    root = project(**{"do/ic/a.conf": "\n", "do/adapters/a.conf": "\n"})
    (root / name).unlink(missing_ok=True)
    (root / name).symlink_to(outside / "config")

    assert f"{name} leads out of the project folder and is not read" == refused(root)


@pytest.mark.parametrize("name", ["do", "do/ic", "do/adapters"])
def test_a_folder_that_is_a_link_out_is_refused(project: Project, outside: Path, name: str) -> None:
    root = project()
    if name == "do":
        (root / "do" / "config").unlink()
        (root / "do").rmdir()
    (root / name).symlink_to(outside, target_is_directory=True)

    assert "leads out of the project folder" in refused(root)


def test_a_link_within_the_folder_is_followed(project: Project) -> None:
    root = project(**{"shared.conf": "IC_IMAGE_TAG=shared\n", "do/ic/a.conf": "\n"})
    (root / "do/ic/b.conf").symlink_to("../../shared.conf")

    assert ["", "shared"] == [part.image_tag for part in read_project(root).components]


def test_a_link_to_itself_is_refused(project: Project) -> None:
    root = project(**{"do/ic/a.conf": "\n"})
    (root / "do/ic/b.conf").symlink_to("b.conf")

    assert "do/ic/b.conf" in refused(root)


@pytest.mark.parametrize("name", ["do/config", "do/ic/x.conf"])
def test_a_fifo_is_refused_without_waiting(project: Project, name: str) -> None:
    root = project(**{"do/ic/a.conf": "\n"})
    (root / name).unlink(missing_ok=True)
    os.mkfifo(root / name)

    assert f"{name} is not a regular file and is not read" == refused(root)


def test_a_socket_and_a_folder_are_no_files(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(**{"do/ic/a.conf": "\n"})
    (root / "do/ic/b.conf").mkdir()
    assert "do/ic/b.conf is not a regular file" in refused(root)

    (root / "do/ic/b.conf").rmdir()
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(root / "do/ic")  # a socket's path is short
        listening.bind("b.conf")
    assert "do/ic/b.conf cannot be read" in refused(root)


def test_a_file_that_is_too_large_is_refused(project: Project) -> None:
    assert "do/config is larger than 1 MiB and is not read" == refused(
        project("X=" + "x" * 10_000_000)
    )


def test_conf_files_that_are_too_large_together_are_refused(project: Project) -> None:
    text = "#" * (MAX_FILE_MIB * 1024 * 1024 - 10)
    root = project(**{f"do/ic/{index}.conf": text for index in range(5)})

    assert "larger than 4 MiB together" in refused(root)


def test_too_many_files_are_refused(project: Project) -> None:
    root = project(**{"do/ic/a.conf": "\n"})
    for index in range(1001):
        (root / f"do/ic/{index}.conf").touch()

    assert "do/ic holds more than 1000 conf files" == refused(root)


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"A=\xff\n", "do/config is not UTF-8 text (byte 2)"), (b"A=1\0\n", "do/config line 1")],
)
def test_what_is_no_text_is_refused(project: Project, data: bytes, problem: str) -> None:
    root = project()
    (root / "do/config").write_bytes(data)

    assert refused(root).startswith(problem)


def test_a_file_name_that_is_no_text_is_refused(project: Project) -> None:
    root = project(**{"do/ic/a.conf": "\n"})
    (root / "do/ic" / os.fsdecode(b"\xff.conf")).touch()

    assert "do/ic holds a file whose name is no text" in refused(root)


def test_a_dot_dot_name_in_a_conf_reads_nothing(project: Project, outside: Path) -> None:
    (outside / "metrics.json").write_text('{"metrics": {"stolen": 1}}')
    root = project(**{"do/adapters/a.conf": 'ADAPTER_NAME="../../../outside/metrics"\n'})
    folder = read_project(root)

    assert {} == folder.eval_metrics(folder.adapters[0].name)


def test_a_linked_file_beside_the_configuration_is_refused(project: Project, outside: Path) -> None:
    root = project()
    (root / "model_repository").symlink_to(outside, target_is_directory=True)
    (outside / "config.pbtxt").write_text("stolen")

    with pytest.raises(InvalidArgument, match="leads out of the project folder"):
        read_project(root).config_pbtxt()


def test_nothing_of_a_hostile_folder_is_executed(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = f"$(touch {mark}) `touch {mark}` ${{X:-$(touch {mark})}}"
    conf = f'A="{evil}"\ntouch {mark}\ncat <<E\n{evil}\nE\nexport ADAPTER_WEIGHTS_URI={evil}\n'
    root = project(conf, **{"do/ic/a.conf": conf, "do/adapters/a.conf": conf})

    folder = read_project(root)

    assert isinstance(folder, ProjectFolder)
    assert "" == folder.adapters[0].weights_uri
    assert not mark.exists()
