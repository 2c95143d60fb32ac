"""Names that become paths and resources, ids, ARNs, image versions."""

from __future__ import annotations

import hashlib

import pytest

from registry.errors import InvalidArgument
from registry.identifiers import (
    PackageArn,
    adapter_component_name,
    base_image_version,
    check_adapter_name,
    check_project_name,
    entry_id,
    split_deployment_config,
)


@pytest.mark.parametrize("name", ["a", "A1", "my-project", "a--b", "a" * 63])
def test_a_project_is_named_as_a_model_package_group_may_be(name: str) -> None:
    assert name == check_project_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a_b", "a.b", "a/b", "../x", "a" * 64, "é", "a\n"]
)
def test_other_project_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="project name"):
        check_project_name(name)


def test_a_long_run_of_hyphens_is_refused_at_once() -> None:
    with pytest.raises(InvalidArgument):
        check_project_name("a" + "-" * 1_000_000)


def test_windows_line_ends_are_named_as_the_cause() -> None:
    with pytest.raises(InvalidArgument) as failure:
        check_project_name("tv\r")
    assert "Windows line ends" in failure.value.hint


@pytest.mark.parametrize("name", ["a", "9", "my-sft", "a--b", "a" * 50])
def test_an_adapter_has_a_lower_case_name(name: str) -> None:
    assert name == check_adapter_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a" * 51, "a/b", "..", "a\n"])
def test_other_adapter_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="adapter name"):
        check_adapter_name(name)


def test_an_adapters_component_is_named_after_both() -> None:
    assert "tv-adapter-my-sft" == adapter_component_name("tv", "my-sft")


def test_a_component_name_that_is_too_long_is_refused() -> None:
    assert 63 == len(adapter_component_name("p" * 20, "a" * 34))
    with pytest.raises(InvalidArgument, match="64 characters") as failure:
        adapter_component_name("p" * 20, "a" * 35)
    assert "at most 34 characters" in failure.value.hint


def test_an_entrys_id_is_the_hash_of_instant_and_config() -> None:
    text = "2026-05-01T10:00:00.123Z:transformers-vllm"
    wanted = hashlib.sha256(text.encode()).hexdigest()[:8]

    assert wanted == entry_id("2026-05-01T10:00:00.123Z", "transformers-vllm", set())
    other = entry_id("2026-05-01T10:00:00.123Z", "transformers-vllm", {wanted})
    assert other != wanted
    assert 8 == len(other)


def test_a_package_arn_is_taken_apart_and_put_together() -> None:
    text = "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:model-package/my-project/24"
    arn = PackageArn.parse(text)

    assert ("aws-us-gov", "us-gov-west-1", "123456789012", "my-project", 24) == (
        arn.partition,
        arn.region,
        arn.account,
        arn.group,
        arn.version,
    )
    assert text == str(arn)
    assert (False, "my-project") == (arn.is_tune_group, arn.project)


def test_a_tune_groups_arn_says_whose_it_is() -> None:
    arn = PackageArn.parse(
        "arn:aws:sagemaker:us-west-2:123456789012:model-package/tv-tune-models/3"
    )

    assert (True, "tv") == (arn.is_tune_group, arn.project)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my-project/24",
        "arn:aws:sagemaker:us-west-2:123456789012:model-package/my-project",
        "arn:aws:sagemaker:us-west-2:123456789012:model-package-group/my-project",
        "arn:aws:sagemaker:us-west-2:1234:model-package/my-project/1",
        "arn:aws:sagemaker:us-west-2:123456789012:model-package/my-project/x",
        "arn:aws:sagemaker:us-west-2:123456789012:model-package/my-project/1\n",
    ],
)
def test_other_arns_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="not the ARN of a model package version"):
        PackageArn.parse(text)


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        ("transformers-vllm", ("transformers", "vllm")),
        ("transformers-tensorrt-llm", ("transformers", "tensorrt-llm")),
        ("diffusors-vllm-omni", ("diffusors", "vllm-omni")),
        ("http-flask", ("http", "flask")),
        ("marketplace", ("marketplace", "")),
    ],
)
def test_a_deployment_config_is_architecture_and_backend(
    config: str, parts: tuple[str, str]
) -> None:
    assert parts == split_deployment_config(config)


@pytest.mark.parametrize("config", ["", "vllm", "pytorch-vllm", "transformers", "transformers-"])
def test_an_unknown_deployment_config_is_refused(config: str) -> None:
    with pytest.raises(InvalidArgument, match="deployment config"):
        split_deployment_config(config)


def test_the_known_architectures_are_listed() -> None:
    with pytest.raises(InvalidArgument) as failure:
        split_deployment_config("pytorch-x")
    assert "http, transformers, triton, diffusors, marketplace" in failure.value.hint


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("vllm/vllm-openai:v0.25.1", "v0.25.1"),
        ("registry.local:5000/team/vllm", ""),
        ("registry.local:5000/team/vllm:1.2", "1.2"),
        ("vllm/vllm-openai@sha256:0123456789abcdef", ""),
        ("vllm/vllm-openai:v1@sha256:0123456789abcdef", "v1"),
        ("vllm", ""),
        ("", ""),
    ],
)
def test_an_images_version_is_its_tag(image: str, version: str) -> None:
    """D42 of the record contract."""
    assert version == base_image_version(image)
