"""What of the caller's shell is handed to the server, and what is not."""

from __future__ import annotations

import pytest

from clients.command.environment import shell_values

SHELL = {
    "AWS_REGION": "eu-west-1",
    "VLLM_NEW": "1",
    "SGLANG_X": "2",
    "TRTLLM_X": "3",
    "LMI_X": "4",
    "DJL_X": "5",
    "HF_MODEL_ID": "org/model",
    "AWS_SECRET_ACCESS_KEY": "not referred to",
    "HOME": "/home/somebody",
}
ALWAYS = {"VLLM_NEW", "SGLANG_X", "TRTLLM_X", "LMI_X", "DJL_X", "HF_MODEL_ID"}


def test_engine_variables_and_the_models_id_are_handed_on_and_nothing_else(tmp_path):
    assert ALWAYS == set(shell_values(tmp_path, SHELL))


@pytest.mark.parametrize("file", ["config", "ic/base.conf", "adapters/tone.conf"])
@pytest.mark.parametrize("form", ["${AWS_REGION:-us-west-2}", "$AWS_REGION"])
def test_what_the_folders_files_refer_to_is_handed_on(tmp_path, file, form):
    path = tmp_path / "do" / file
    path.parent.mkdir(parents=True)
    path.write_text(f"export REGION={form}\n", "utf-8")

    found = shell_values(tmp_path, SHELL)
    assert ALWAYS | {"AWS_REGION"} == set(found)
    assert "eu-west-1" == found["AWS_REGION"]


def test_a_file_that_is_no_conf_is_not_looked_into(tmp_path):
    (tmp_path / "do").mkdir()
    (tmp_path / "do" / "deploy").write_text("echo $HOME\n", "utf-8")
    (tmp_path / "do" / "config").write_text("#" * 1_000_001 + "\n$HOME\n", "utf-8")

    assert ALWAYS == set(shell_values(tmp_path, SHELL))
