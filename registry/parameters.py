"""Which variables of a project count as the deployment's parameters.

Source: record contract, section 4 (Parameters), D13, D14.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry.identifiers import split_deployment_config
from registry.project.folder import ProjectFolder

_ENGINE_PREFIXES = {
    "vllm": "VLLM_",
    "vllm-omni": "VLLM_",
    "sglang": "SGLANG_",
    "tensorrt-llm": "TRTLLM_",
    "lmi": "LMI_",
    "djl": "DJL_",
}
_GENERATOR_PREFIXES = {**_ENGINE_PREFIXES, "vllm-omni": "VLLM_OMNI_"}
_HUB_VARIABLES = ("HF_MODEL_ID", "HF_TOKEN")
_NOT_OF_THE_PROJECT = frozenset(
    {
        "PATH",
        "PYTHONPATH",
        "SAGEMAKER_BIND_TO_PORT",
        "LANG",
        "GPG_KEY",
        "PYTHON_VERSION",
        "PYTHON_PIP_VERSION",
        "PYTHON_SETUPTOOLS_VERSION",
        "PYTHON_GET_PIP_URL",
        "PYTHON_GET_PIP_SHA256",
    }
)
_PBTXT = "config.pbtxt"
_REPEATED = 2
"""The generator writes a variable of its own questions into two blocks of do/config."""


def captured_parameters(
    folder: ProjectFolder, deployment_config: str
) -> tuple[dict[str, str], list[str]]:
    """Return the parameters of a deployment by name, not yet redacted, and what was left out.

    Args:
        deployment_config: Such as `transformers-vllm`; decides which variables count.

    Raises:
        InvalidArgument: the config's architecture is unknown, or `config.pbtxt` leads out of
            the folder.
    """
    architecture, backend = split_deployment_config(deployment_config)
    parameters: dict[str, str] = {}
    if architecture == "triton" and (text := folder.config_pbtxt()) is not None:
        parameters[_PBTXT] = text
    left_out: list[str] = []
    wanted = [*_wanted(folder, architecture, backend), *_of_generation(folder, backend)]
    for name in dict.fromkeys(wanted):
        value = folder.config.get(name)
        if value is not None:
            parameters[name] = value
        elif entry := folder.config.why_unresolved(name):
            left_out.append(f"{entry.file} line {entry.line}: {name} left out: {entry.reason}")
    return parameters, left_out


def _wanted(folder: ProjectFolder, architecture: str, backend: str) -> Iterator[str]:
    """Yield the names that the architecture captures, those that are not set included."""
    exported = sorted(folder.config.exported)
    if architecture in ("transformers", "diffusors"):
        prefix = _ENGINE_PREFIXES.get(backend)
        yield from (name for name in exported if prefix and name.startswith(prefix))
        yield from (name for name in _HUB_VARIABLES if name in folder.config.exported)
    elif architecture == "http":
        yield from (name for name in exported if name not in _NOT_OF_THE_PROJECT)
    elif architecture == "triton":
        yield "TRITON_MODEL_REPOSITORY"


def _of_generation(folder: ProjectFolder, backend: str) -> Iterator[str]:
    """Yield the variables that were asked for at generation time.

    Without the generator's notes they are known by their double appearance: each is written
    twice in the form `NAME=${NAME:-...}`, and nothing else is.
    """
    exported = folder.config.exported
    notes = folder.generation
    if notes.present:
        prefix = _GENERATOR_PREFIXES.get(backend, "")
        names = [*notes.model_variables]
        for name in notes.server_variables:
            names += [f"{prefix}{name}", name]
    else:
        names = [n for n, times in folder.config.defaulted.items() if times >= _REPEATED]
    yield from (name for name in names if name in exported)
