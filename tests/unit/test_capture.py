"""What is captured of a folder and a call: which wins, what is left out, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.capture import (
    Overrides,
    capture,
    ci_config_json,
    config_id_of,
    deployment_record,
    entry_sections,
)
from registry.errors import InvalidArgument
from registry.project.folder import ProjectFolder, read_project
from registry.redaction import REDACTED
from schemas.facts import DeploymentFacts

Folder = Callable[..., ProjectFolder]

REALTIME = "DEPLOYMENT_TARGET=realtime-inference\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Read a folder with a config's text and other files by path."""

    def read(
        config: str = "", deployment: str = "transformers-vllm", **files: str
    ) -> ProjectFolder:
        base = f"export PROJECT_NAME=tv\nexport DEPLOYMENT_CONFIG={deployment}\n"
        for path, text in {"do/config": base + config, **files}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        return read_project(tmp_path)

    return read


def facts_of(folder: ProjectFolder | None, **overrides: object) -> DeploymentFacts:
    return capture(folder, Overrides(**overrides))  # type: ignore[arg-type] - names are checked


def refused(folder: ProjectFolder | None, **overrides: object) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as failure:
        facts_of(folder, **overrides)
    return failure.value


def test_a_call_can_do_without_a_folder() -> None:
    facts = facts_of(None, project_name="tv", deployment_config="http-flask", region="eu-west-1")

    assert ("tv", "http", "flask", "eu-west-1", None, 1, 0) == (
        facts.project_name,
        facts.architecture,
        facts.backend,
        facts.region,
        facts.ic_list,
        facts.ic_count,
        facts.adapter_count,
    )


def test_an_argument_wins_over_the_folder(folder: Folder) -> None:
    read = folder("INSTANCE_TYPE=ml.a\nAWS_REGION=us-west-2\nBASE_IMAGE=x:1\nMODEL_NAME=m\n")
    given = {"instance_type": "ml.b", "region": "eu-west-1", "base_image": "y:2", "model_name": "n"}

    facts = facts_of(read, **given)

    assert given == {name: getattr(facts, name) for name in given}
    assert "2" == facts.base_image_version
    assert frozenset(given) == facts.explicit


@pytest.mark.parametrize("missing", ["project_name", "deployment_config"])
def test_what_every_deployment_has_is_asked_for_by_name(missing: str) -> None:
    given = {"project_name": "tv", "deployment_config": "http-flask"}
    given.pop(missing)

    assert f"{missing} is missing" == refused(None, **given).message


def test_a_config_without_a_project_name_is_named(folder: Folder) -> None:
    error = refused(folder("PROJECT_NAME=\n"))

    assert ("do/config does not set PROJECT_NAME", "pass project_name") == (
        error.message,
        error.hint,
    )


def test_an_unknown_architecture_is_refused_with_the_known(folder: Folder) -> None:
    assert "http, transformers, triton" in refused(folder(deployment="pytorch-x")).hint


@pytest.mark.parametrize(
    ("variable", "argument"),
    [
        ("PROJECT_NAME", "project_name"),
        ("DEPLOYMENT_CONFIG", "deployment_config"),
        ("AWS_REGION", "region"),
        ("INSTANCE_TYPE", "instance_type"),
        ("MODEL_NAME", "model_name"),
        ("DEPLOYMENT_TARGET", "deployment_target"),
    ],
)
def test_a_value_that_identifies_the_deployment_is_never_unknown(
    folder: Folder, variable: str, argument: str
) -> None:
    read = folder(f"export {variable}=$(curl x)\n")
    error = refused(read)

    assert f"do/config line 3: {variable} is not known: command substitution" in error.message
    assert argument in error.hint
    known = {"deployment_config": "http-flask"}.get(argument, "given")
    assert known == getattr(facts_of(read, **{argument: known}), argument)


def test_other_values_that_only_a_shell_knows_are_left_out_and_named(folder: Folder) -> None:
    facts = facts_of(folder("export BASE_IMAGE=$(cat x)\nexport VLLM_X=`y`\n"))

    assert ("", {}) == (facts.base_image, facts.parameters)
    assert 2 == len(facts.warnings)
    assert "do/config line 3: BASE_IMAGE left out" in facts.warnings[1] + facts.warnings[0]


def test_the_region_falls_back_only_when_nobody_names_one(folder: Folder) -> None:
    assert "r" == facts_of(folder(), fallback_region="r").region
    assert "q" == facts_of(folder("AWS_REGION=q\n"), fallback_region="r").region
    assert "" == facts_of(folder("AWS_REGION=\n")).region


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("INSTANCE_TYPE=a\nDEPLOYED_INSTANCE_TYPE=b\n", "a"),
        ("DEPLOYED_INSTANCE_TYPE=b\nBENCHMARK_INSTANCE_TYPE=c\n", "b"),
        ("BENCHMARK_INSTANCE_TYPE=c\n", "c"),
        ("", ""),
    ],
)
def test_the_instance_type_is_looked_for_in_three_places(
    folder: Folder, config: str, expected: str
) -> None:
    assert expected == facts_of(folder(config)).instance_type


def test_parameters_are_the_exported_ones_of_the_engine(folder: Folder) -> None:
    read = folder(
        "export VLLM_A=1\nVLLM_B=2\nexport SGLANG_C=3\nexport HF_MODEL_ID=m\nexport HF_TOKEN=t\n"
        "export VLLM_MAX_NUM_BATCHED_TOKENS=512\nexport IC_ENV_VLLM_D=4\n"
    )

    assert {
        "VLLM_A": "1",
        "VLLM_MAX_NUM_BATCHED_TOKENS": "512",
        "HF_MODEL_ID": "m",
        "HF_TOKEN": REDACTED,
    } == facts_of(read).parameters


@pytest.mark.parametrize(
    ("deployment", "prefix"),
    [
        ("transformers-vllm", "VLLM_"),
        ("transformers-sglang", "SGLANG_"),
        ("transformers-tensorrt-llm", "TRTLLM_"),
        ("transformers-lmi", "LMI_"),
        ("transformers-djl", "DJL_"),
        ("diffusors-vllm-omni", "VLLM_"),
        ("transformers-other", ""),
    ],
)
def test_each_backend_has_its_prefix(folder: Folder, deployment: str, prefix: str) -> None:
    prefixes = ("VLLM_", "SGLANG_", "TRTLLM_", "LMI_", "DJL_")
    read = folder("".join(f"export {name}X=1\n" for name in prefixes), deployment=deployment)

    assert ({f"{prefix}X": "1"} if prefix else {}) == facts_of(read).parameters


def test_an_http_server_has_all_its_exported_variables_but_the_images(folder: Folder) -> None:
    read = folder("export A=1\nexport EMPTY=\nexport PATH=/x\nB=2\n", deployment="http-flask")

    assert {
        "A": "1",
        "EMPTY": "",
        "PROJECT_NAME": "tv",
        "DEPLOYMENT_CONFIG": "http-flask",
    } == facts_of(read).parameters


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"model_repository/model/config.pbtxt": " a \n"}, "a"),
        ({"model_repository/config.pbtxt": "b"}, "b"),
        ({"model_repository/config.pbtxt": "b", "model_repository/model/config.pbtxt": "a"}, "a"),
        ({"model_repository/config.pbtxt": " \n"}, None),
        ({}, None),
    ],
)
def test_triton_has_its_model_configuration(
    folder: Folder, files: dict[str, str], text: str | None
) -> None:
    read = folder("TRITON_MODEL_REPOSITORY=/m\n", deployment="triton-python", **files)

    assert ({"config.pbtxt": text} if text else {}) | {"TRITON_MODEL_REPOSITORY": "/m"} == facts_of(
        read
    ).parameters


def test_secrets_in_a_model_configuration_are_taken_out(folder: Folder) -> None:
    pbtxt = 'parameters { key: "api_key" value: { string_value: "abc" } }'
    read = folder(deployment="triton-python", **{"model_repository/config.pbtxt": pbtxt})

    assert "abc" not in str(facts_of(read).parameters["config.pbtxt"])


def test_generation_time_variables_have_their_present_value(folder: Folder) -> None:
    """D14 of the record contract."""
    notes = {"answers": {"modelEnvVars": {"MY_FLAG": "old"}, "serverEnvVars": {"SPEED": "old"}}}
    read = folder(
        "export MY_FLAG=new\nexport VLLM_SPEED=new\nexport OTHER=1\n",
        **{".mlcc-generation-params.json": json.dumps(notes)},
    )

    assert {"MY_FLAG": "new", "VLLM_SPEED": "new"} == facts_of(read).parameters


def test_without_notes_a_variable_of_both_blocks_is_of_generation_time(folder: Folder) -> None:
    read = folder("export F=${F:-1}\nexport G=${G:-2}\nexport F=${F:-1}\n")

    assert {"F": "1"} == facts_of(read).parameters


def test_given_parameters_replace_the_captured_and_are_redacted(folder: Folder) -> None:
    read = folder("export VLLM_A=1\n")

    assert {"A_TOKEN": REDACTED, "n": 3} == facts_of(
        read, parameters={"A_TOKEN": "x", "n": 3}
    ).parameters
    assert {} == facts_of(read, parameters={}).parameters


@pytest.mark.parametrize("wrong", ["text", [1], {"a": float("nan")}, {"a": {1, 2}}])
def test_parameters_that_are_no_json_object_are_refused(wrong: object) -> None:
    error = refused(None, project_name="a", deployment_config="http-flask", parameters=wrong)

    assert error.message.startswith("parameters is not")


def test_a_given_list_of_components_is_counted_by_kind() -> None:
    facts = facts_of(
        None,
        project_name="a",
        deployment_config="http-flask",
        deployment_target="realtime-inference",
        ic_list=[
            {"name": "x", "gpuCount": 1, "note": "api_key=abc"},
            {"name": "y", "isAdapter": True, "baseIcName": "x"},
        ],
    )

    assert (1, 1) == (facts.ic_count, facts.adapter_count)
    assert [
        {"name": "x", "gpuCount": 1, "note": f"api_key={REDACTED}"},
        {"name": "y", "isAdapter": True, "baseIcName": "x"},
    ] == deployment_record(facts)["icList"]


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ([{}], "ic_list[0].name"),
        ([{"name": ""}], "ic_list[0].name"),
        ([{"name": "a"}, {"name": "b", "gpuCount": -1}], "ic_list[1].gpuCount"),
        ([{"name": "a", "copyCount": 0}], "ic_list[0].copyCount"),
        (["a"], "ic_list[0]"),
        ("text", "ic_list is not a list"),
        ({"name": "a"}, "ic_list is not a list"),
    ],
)
def test_a_wrong_component_is_refused_by_its_place(elements: object, place: str) -> None:
    error = refused(None, project_name="a", deployment_config="http-flask", ic_list=elements)

    assert place in error.message


def test_an_empty_list_is_stored_only_when_it_was_given(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "do" / "ic").mkdir(parents=True)
    read = folder(REALTIME)

    assert [] == deployment_record(facts_of(read))["icList"]
    assert entry_sections(facts_of(read)).deployment.ic_list is None
    assert [] == entry_sections(facts_of(read, ic_list=[])).deployment.ic_list
    assert 0 == facts_of(read).ic_count


@pytest.mark.parametrize("target", ["async-inference", "batch-transform", "hyperpod-eks", ""])
def test_only_realtime_inference_lists_and_counts_components(folder: Folder, target: str) -> None:
    read = folder(
        f"DEPLOYMENT_TARGET={target}\n",
        **{"do/ic/a.conf": "\n", "do/ic/b.conf": "\n", "do/adapters/x.conf": "\n"},
    )
    facts = facts_of(read)

    assert (None, 1, 0) == (facts.ic_list, facts.ic_count, facts.adapter_count)
    assert ["x"] == [adapter.name for adapter in facts.adapters]


def test_ci_keeps_the_first_component_and_all_adapters_and_counts_everything(
    folder: Folder,
) -> None:
    read = folder(
        REALTIME,
        **{
            "do/ic/b.conf": "\n",
            "do/ic/a.conf": "\n",
            "do/adapters/x.conf": "\n",
            "do/adapters/y.conf": "\n",
        },
    )
    facts = facts_of(read)

    listed = json.loads(ci_config_json(facts, "codebuild-submit"))["icList"]
    assert ["a", "x", "y"] == [element["name"] for element in listed]
    assert (2, 2) == (facts.ic_count, facts.adapter_count)


def test_the_configurations_id_counts_what_runs(folder: Folder) -> None:
    one = facts_of(folder(REALTIME, **{"do/ic/a.conf": "\n"}))
    two = facts_of(folder(REALTIME, **{"do/ic/b.conf": "\n"}))

    assert 16 == len(config_id_of(one))
    assert config_id_of(one) != config_id_of(two)


def test_only_literals_configure_the_endpoint(folder: Folder) -> None:
    facts = facts_of(
        folder(
            "export ENDPOINT_INITIAL_INSTANCE_COUNT=2\nexport ENDPOINT_VOLUME_SIZE='64'\n"
            'export ENDPOINT_VARIANT_NAME="AllTraffic"\nexport IC_GPU_COUNT=${IC_GPU_COUNT:-1}\n'
            "export IC_MODEL_WEIGHT=0.5\nexport IC_CPU_COUNT=two\nexport IC_COPY_COUNT=\n"
        )
    )

    assert {
        "initialInstanceCount": 2,
        "variantName": "AllTraffic",
        "volumeSize": 64,
    } == facts.endpoint_config
    assert {"modelWeight": 0.5} == facts.ic_config
    assert ("do/config: IC_CPU_COUNT left out: it is not a number",) == facts.warnings


def test_an_adapter_has_the_dataset_of_its_own_technique(folder: Folder) -> None:
    """D18 of the record contract."""
    read = folder(
        "TUNE_TECHNIQUE=sft\nTUNE_DATASET_S3_URI=s3://b/sft\nTUNE_DATASET_VERSION_SFT=2\n"
        "TUNE_DATASET_S3_URI_DPO=s3://b/dpo\nTRAIN_DATASET_S3_URI_SFT=s3://b/train\n",
        **{
            "do/adapters/a.conf": "ADAPTER_SOURCE=tune\nADAPTER_TECHNIQUE=sft\n",
            "do/adapters/b.conf": "ADAPTER_SOURCE=tune\nADAPTER_TUNE_TECHNIQUE=dpo\n",
            "do/adapters/c.conf": "ADAPTER_SOURCE=hub\nADAPTER_HF_REPO=x/y\n",
            "do/adapters/d.conf": "ADAPTER_TRAIN_JOB=j\nADAPTER_TECHNIQUE=sft\n",
            "do/adapters/e.conf": "ADAPTER_SOURCE=tune\nADAPTER_TECHNIQUE=rlvr\n",
        },
    )

    assert [
        ("sft", "s3://b/sft", "2"),
        ("dpo", "s3://b/dpo", ""),
        ("", "", ""),
        ("sft", "s3://b/train", ""),
        ("rlvr", "", ""),
    ] == [(a.technique, a.dataset_s3_uri, a.dataset_version) for a in facts_of(read).adapters]


def test_broken_metrics_are_left_out_and_named(folder: Folder) -> None:
    facts = facts_of(
        folder(
            **{
                "do/adapters/a.conf": "\n",
                "do/adapters/b.conf": "\n",
                ".mlcc/eval-results/a.json": '{"metrics": {"loss": 0.5}}',
                ".mlcc/eval-results/b.json": "{",
            }
        )
    )

    assert [{"loss": 0.5}, {}] == [adapter.eval_metrics for adapter in facts.adapters]
    assert "the metrics of b are left out" in facts.warnings[0]


@pytest.mark.parametrize(
    ("deployment", "given", "stored"),
    [
        ("transformers-vllm", "", None),
        ("transformers-vllm", "onnx", "onnx"),
        ("http-flask", "", "pkl"),
    ],
)
def test_a_model_format_is_stored_as_mlcc_does_or_as_given(
    folder: Folder, deployment: str, given: str, stored: str | None
) -> None:
    facts = facts_of(folder("MODEL_FORMAT=pkl\n", deployment=deployment), model_format=given)

    assert stored == entry_sections(facts).model.model_format
    assert (given or "pkl") == facts.model_format


def test_a_credential_in_any_captured_text_is_taken_out(folder: Folder) -> None:
    login = "https://user:hunter2@host/x"
    read = folder(
        f"{REALTIME}BASE_IMAGE={login}\nMODEL_DATA_URL={login}\nexport VLLM_URL={login}\n"
        f"INSTANCE_TYPE=x\nENDPOINT_NAME={login}\nMODEL_NAME={login}\n"
        f"export ENDPOINT_VARIANT_NAME={login}\n",
        **{
            "do/adapters/a.conf": "".join(
                f"ADAPTER_{name}={login}\n"
                for name in ("NAME", "IC_NAME", "WEIGHTS_URI", "TECHNIQUE", "SOURCE", "BASE_CONF")
            ),
            "do/ic/default.conf": f"IC_IMAGE_TAG={login}\n",
        },
    )

    assert "hunter2" not in facts_of(read, container_image=login).model_dump_json()
