"""A `do/` project folder as data: its configuration, components, adapters and training state.

Source: record contract, section 4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import InvalidArgument
from registry.identifiers import REALTIME
from registry.project.assignments import Assignments, read_assignments
from registry.project.files import conf_names, read_text

CONFIG = "do/config"
GENERATION_PARAMS = ".mlcc-generation-params.json"
DEFAULT_COMPONENT = "default"
BASE_CONF_VARIABLE = "ADAPTER_BASE_CONF"
"""Our own variable in an adapter's conf: the base component's conf, when it is not `default`."""

_PBTXT_PLACES = ("model_repository/model/config.pbtxt", "model_repository/config.pbtxt")
_COUNT = re.compile(r"[0-9]{1,9}")
_STATUS_VARIABLES = {
    REALTIME: "DEPLOYMENT_TARGET_SMAI_STATUS",
    "managed-inference": "DEPLOYMENT_TARGET_SMAI_STATUS",
    "async-inference": "DEPLOYMENT_TARGET_ASYNC_STATUS",
    "batch-transform": "DEPLOYMENT_TARGET_BATCH_STATUS",
    "hyperpod-eks": "DEPLOYMENT_TARGET_HP_STATUS",
}
_MAX_CONF_CHARS = 4 * 1024 * 1024
_ACTIVE = ("InService", "Running", "Completed")


class NotJson(InvalidArgument):
    """A file beside the configuration is not the JSON that it should be."""


@dataclass(frozen=True, slots=True)
class ComponentConf:
    """One base component, from `do/ic/<name>.conf` or, without that folder, from do/config.

    Attributes:
        deployed_name: The component on the endpoint; "" before it was deployed.
        gpu_count: None when the file computes it.
        deployed_at: When that was, as the file writes it; "" when it does not.
    """

    name: str
    conf_path: str
    deployed_name: str
    image_tag: str
    gpu_count: int | None
    copy_count: int | None
    deployed_at: str = ""


@dataclass(frozen=True, slots=True)
class AdapterConf:
    """One adapter, from `do/adapters/<name>.conf`; what is not known is "".

    Attributes:
        technique: Its own; the project's last technique only for what tuning or training made.
        source: hub, s3, registry, tune or train; "" when the conf does not say.
        dataset: The slug of the dataset that tuning noted, not its URI.
        base_conf: Name of the base component's conf, `default` when unknown.
        created_at: When it was last deployed, as the file writes it.
    """

    name: str
    conf_path: str
    ic_name: str
    weights_uri: str
    technique: str
    source: str
    registry_arn: str
    parent_model_arn: str
    parent_model_slug: str
    dataset: str
    base_conf: str
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class DatasetState:
    """The dataset that `do/tune` or `do/train` used last for a technique.

    Attributes:
        row_count: None when unknown; `do/tune` notes that as 0.
        source: Where it came from, such as `hf://tatsu-lab/alpaca`; "" when not noted.
        version: The registered version that the job was pinned to; "" when not pinned.
    """

    technique: str
    s3_uri: str
    row_count: int | None = None
    source: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class GenerationParams:
    """What the generator noted about itself; empty when the file is missing.

    Attributes:
        present: Whether the file is there and could be read.
        model_variables: Names of the model's variables.
        server_variables: Names of the server's variables, without the generator's prefix.
    """

    present: bool = False
    generator_version: str = ""
    model_variables: tuple[str, ...] = ()
    server_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """A project folder, read once; files that belong to single adapters are read when asked.

    Attributes:
        root: The folder, links resolved.
        config: The variables of do/config.
        components: Base components in byte order of their files.
        has_component_folder: Whether `do/ic` exists, with or without files.
        warnings: What could not be known, each with its file and line.
    """

    root: Path
    config: Assignments
    components: tuple[ComponentConf, ...]
    adapters: tuple[AdapterConf, ...]
    has_component_folder: bool
    generation: GenerationParams
    warnings: tuple[str, ...]

    def require(self, name: str) -> str:
        """Return a variable of do/config that has to be there.

        Raises:
            InvalidArgument: it is missing, or only running the file would tell it.
        """
        return self.config.require(name)

    def value(self, name: str) -> str:
        """Return a variable of do/config, "" when it is missing.

        Raises:
            InvalidArgument: only running the file would tell it.
        """
        if self.config.why_unresolved(name):
            return self.config.require(name)
        return self.config.get(name) or ""

    @property
    def deployment_target(self) -> str:
        """The deployment target, "" when not set."""
        return self.value("DEPLOYMENT_TARGET")

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name, "" before it was deployed."""
        return self.value("ENDPOINT_NAME")

    @property
    def status(self) -> str:
        """What the last deploy noted about the target, such as `InService`; "" when nothing."""
        variable = _STATUS_VARIABLES.get(self.deployment_target)
        return self.value(variable) if variable else ""

    @property
    def is_active(self) -> bool:
        """Whether the folder says that the deployment runs."""
        return self.status in _ACTIVE

    @property
    def lora_enabled(self) -> bool:
        """Whether the project serves adapters."""
        return self.value("ENABLE_LORA") == "true"

    def component(self, name: str) -> ComponentConf | None:
        """Return a base component by its conf's name or its name on the endpoint."""
        for component in self.components:
            if name in (component.name, component.deployed_name):
                return component
        return None

    def adapter(self, name: str) -> AdapterConf | None:
        """Return an adapter by its name."""
        return next((adapter for adapter in self.adapters if adapter.name == name), None)

    @property
    def base_component_name(self) -> str:
        """The deployed component that adapters go on by default; "" when none was deployed.

        Source: record contract, section 6, step 4.
        """
        default = self.component(DEFAULT_COMPONENT)
        if default is not None and default.deployed_name:
            return default.deployed_name
        return self.value("INFERENCE_COMPONENT_NAME")

    def tune_state(self, technique: str = "") -> DatasetState | None:
        """Return the dataset of the last tune job; None when none is noted.

        The variables without suffix belong to the last technique, and speak for no other.

        Args:
            technique: sft, dpo, rlaif or rlvr; "" or `latest` is the last one.

        Raises:
            InvalidArgument: a value that is needed is only known to a shell.

        Source: record contract, section 2 (--from-tune), D36.
        """
        last = self.value("TUNE_TECHNIQUE").lower()
        chosen = last if technique in ("", "latest") else technique.lower()
        if not chosen:
            return None

        def state(name: str) -> str:
            own = self.value(f"TUNE_DATASET_{name}_{chosen.upper()}")
            return own or (self.value(f"TUNE_DATASET_{name}") if chosen == last else "")

        if not (s3_uri := state("S3_URI")):
            return None
        rows = state("ROW_COUNT")
        return DatasetState(
            technique=chosen,
            s3_uri=s3_uri,
            row_count=int(rows) or None if _COUNT.fullmatch(rows) else None,
            source=state("SOURCE"),
            version=state("VERSION"),
        )

    def train_state(self, technique: str = "") -> DatasetState | None:
        """Return the dataset of the last custom training job; None when none is noted.

        Source: record contract, section 2 (--from-train).
        """
        chosen = technique.lower()
        if chosen in ("", "latest"):
            chosen = self.value("TRAIN_TECHNIQUE").lower()
        s3_uri = self.value(f"TRAIN_DATASET_S3_URI_{chosen.upper()}") if chosen else ""
        return DatasetState(technique=chosen, s3_uri=s3_uri) if s3_uri else None

    def config_pbtxt(self) -> str | None:
        """Return Triton's model configuration, trimmed; None when there is none or a blank one.

        Raises:
            InvalidArgument: the file leads out of the folder or is no text.
        """
        for place in _PBTXT_PLACES:
            if (text := read_text(self.root, place)) is not None:
                return text.strip() or None
        return None

    def eval_metrics(self, adapter: str) -> dict[str, Any]:
        """Return the metrics that were measured for one adapter; none when there is no file.

        Raises:
            NotJson: it holds no metrics.
            InvalidArgument: the file leads out of the folder.

        Source: record contract, section 5 (register-adapter), D19.
        """
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", adapter):
            return {}
        place = f".mlcc/eval-results/{adapter}.json"
        document = _json(self.root, place)
        if document is None:
            return {}
        metrics = document.get("metrics") if isinstance(document, dict) else None
        if not isinstance(metrics, dict):
            raise NotJson(f"{place} has no object `metrics`")
        return {key: held for key, held in metrics.items() if isinstance(held, str | int | float)}


def read_project(root: Path, *, environment: Mapping[str, str] | None = None) -> ProjectFolder:
    """Return what a project folder says; nothing in it is run, nothing outside it is read.

    Args:
        root: The folder that holds `do/`.
        environment: Variables that the deployer's shell had, for `${X:-default}` forms. The
            server's own environment is not looked at.

    Raises:
        InvalidArgument: there is no do/config, or a file is a link out of the folder, not a
            regular file, too large, unreadable or not text.

    Source: record contract, section 4; design, rule 2.
    """
    real = root.resolve()
    config_text = read_text(real, CONFIG)
    if config_text is None:
        raise InvalidArgument(
            f"{real} holds no {CONFIG}",
            hint="project_dir is the folder that ml-container-creator generated, with do/ in it",
        )
    config = read_assignments(config_text, environment=environment, file=CONFIG)
    reader = _Reader(real, config, environment or {})
    components, has_folder = reader.components()
    adapters = reader.adapters(components)
    return ProjectFolder(
        root=real,
        config=config,
        components=components,
        adapters=adapters,
        has_component_folder=has_folder,
        generation=reader.generation(),
        warnings=(*config.notices, *reader.warnings),
    )


class _Reader:
    """Reads the confs of one folder, each on its own, and collects what it cannot know."""

    def __init__(self, root: Path, config: Assignments, environment: Mapping[str, str]) -> None:
        self._root = root
        self._config = config
        self._environment = environment
        self._left_chars = _MAX_CONF_CHARS
        self.warnings: list[str] = []

    def components(self) -> tuple[tuple[ComponentConf, ...], bool]:
        names = conf_names(self._root, "do/ic")
        if names is None:
            return (self._single_component(),), False
        return tuple(self._component(name) for name in names), True

    def adapters(self, components: tuple[ComponentConf, ...]) -> tuple[AdapterConf, ...]:
        names = conf_names(self._root, "do/adapters") or []
        base = components[0].name if len(components) == 1 else DEFAULT_COMPONENT
        return tuple(self._adapter(name, base) for name in names)

    def generation(self) -> GenerationParams:
        try:
            document = _json(self._root, GENERATION_PARAMS)
        except NotJson as error:
            self.warnings.append(f"{error.message}; the generator's notes are left out")
            return GenerationParams()
        if not isinstance(document, dict):
            return GenerationParams()
        answers = document.get("answers")
        answers = answers if isinstance(answers, dict) else {}
        version = document.get("generatorVersion")
        return GenerationParams(
            present=True,
            generator_version=version if isinstance(version, str) else "",
            model_variables=_keys(answers.get("modelEnvVars")),
            server_variables=_keys(answers.get("serverEnvVars")),
        )

    def _read(self, path: str) -> Assignments:
        text = read_text(self._root, path)
        if text is None:
            raise InvalidArgument(f"{path} is a link to nothing, or was removed just now")
        self._left_chars -= len(text)
        if self._left_chars < 0:
            raise InvalidArgument(f"the conf files up to {path} are larger than 4 MiB together")
        conf = read_assignments(
            text,
            environment=self._environment,
            inherited=self._config,
            file=path,
        )
        self.warnings += conf.notices
        return conf

    def _value(self, conf: Assignments, name: str) -> str:
        if entry := conf.why_unresolved(name):
            self.warnings.append(f"{entry.file} line {entry.line}: {name} left out: {entry.reason}")
        return conf.get(name) or ""

    def _count(self, conf: Assignments, name: str) -> int | None:
        """Return a count: the conf's, else do/config's, else 1; None when it is computed."""
        for place in (conf, self._config):
            if place.why_unresolved(name):
                self._value(place, name)
                return None
            if text := place.get(name):
                if _COUNT.fullmatch(text.strip()):
                    return int(text)
                self.warnings.append(f"{place.file}: {name} left out: it is not a whole number")
                return None
        return 1

    def _component(self, file_name: str) -> ComponentConf:
        path = f"do/ic/{file_name}"
        conf = self._read(path)
        return ComponentConf(
            name=file_name.removesuffix(".conf"),
            conf_path=path,
            deployed_name=self._value(conf, "IC_DEPLOYED_NAME"),
            deployed_at=conf.get("IC_DEPLOYED_AT") or "",
            image_tag=self._value(conf, "IC_IMAGE_TAG"),
            gpu_count=self._count(conf, "IC_GPU_COUNT"),
            copy_count=self._count(conf, "IC_COPY_COUNT"),
        )

    def _single_component(self) -> ComponentConf:
        """Return the one component of a project from before `do/ic`."""
        project = self._config.get("PROJECT_NAME") or ""
        return ComponentConf(
            name=DEFAULT_COMPONENT,
            conf_path="",
            deployed_name=self._config.get("INFERENCE_COMPONENT_NAME") or "",
            image_tag=f"{project}-latest" if project else "",
            gpu_count=self._count(self._config, "IC_GPU_COUNT"),
            copy_count=self._count(self._config, "IC_COPY_COUNT"),
        )

    def _adapter(self, file_name: str, base: str) -> AdapterConf:
        path = f"do/adapters/{file_name}"
        conf = self._read(path)
        # A conf of training names two sources, the second for its upload (D25).
        source = self._value(conf, "ADAPTER_SOURCE")
        source = "train" if conf.get("ADAPTER_TRAIN_JOB") else source
        return AdapterConf(
            name=self._value(conf, "ADAPTER_NAME") or file_name.removesuffix(".conf"),
            conf_path=path,
            ic_name=self._value(conf, "ADAPTER_IC_NAME"),
            weights_uri=self._value(conf, "ADAPTER_WEIGHTS_URI"),
            technique=self._technique(conf, source),
            source=source,
            registry_arn=self._value(conf, "ADAPTER_REGISTRY_ARN"),
            parent_model_arn=self._value(conf, "ADAPTER_PARENT_MODEL_ARN"),
            parent_model_slug=self._value(conf, "ADAPTER_PARENT_MODEL_SLUG"),
            dataset=self._value(conf, "ADAPTER_TUNE_DATASET"),
            base_conf=self._value(conf, BASE_CONF_VARIABLE) or base,
            created_at=conf.get("ADAPTER_CREATED_AT") or "",
        )

    def _technique(self, conf: Assignments, source: str) -> str:
        """Return an adapter's technique; the project's says nothing about one from elsewhere."""
        own = self._value(conf, "ADAPTER_TECHNIQUE") or self._value(conf, "ADAPTER_TUNE_TECHNIQUE")
        if own and own != "latest":
            return own.lower()
        if source in ("hub", "s3", "registry"):
            return ""
        last = "TRAIN_TECHNIQUE" if source == "train" else "TUNE_TECHNIQUE"
        return (self._config.get(last) or "").lower()


def _json(root: Path, relative: str) -> Any:  # noqa: ANN401 - JSON of any shape
    text = read_text(root, relative)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotJson(f"{relative} is not JSON: {error}") from error


def _keys(held: object) -> tuple[str, ...]:
    return tuple(key for key in held if isinstance(key, str)) if isinstance(held, dict) else ()
