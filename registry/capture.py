"""Turns a project folder and a call's arguments into the facts that are recorded.

Secrets are taken out here, once, before anything is stored, sent or logged.

Source: record contract, section 4; design, rule 3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from registry.errors import InvalidArgument
from registry.identifiers import (
    REALTIME,
    base_image_version,
    config_id,
    split_deployment_config,
)
from registry.parameters import captured_parameters
from registry.project.folder import AdapterConf, ComponentConf, NotJson, ProjectFolder
from registry.redaction import (
    changed_keys,
    redact_parameters,
    redact_shapes,
    redaction_warning,
)
from schemas.deployment import (
    ConfigurationSection,
    DeploymentSection,
    InferenceComponentSpec,
    InfrastructureSection,
    ModelSection,
)
from schemas.facts import AdapterFacts, DeploymentFacts

_ENDPOINT_NUMBERS = {
    "initialInstanceCount": "ENDPOINT_INITIAL_INSTANCE_COUNT",
    "dataCapturePercent": "ENDPOINT_DATA_CAPTURE_PERCENT",
}
_ENDPOINT_VOLUME = {"volumeSize": "ENDPOINT_VOLUME_SIZE"}
_COMPONENT_NUMBERS = {
    "cpuCount": "IC_CPU_COUNT",
    "memorySize": "IC_MEMORY_SIZE",
    "gpuCount": "IC_GPU_COUNT",
    "copyCount": "IC_COPY_COUNT",
    "modelWeight": "IC_MODEL_WEIGHT",
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_COMPONENTS = TypeAdapter(tuple[InferenceComponentSpec, ...])


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the caller says about the deployment; each text is "" when not given.

    Attributes:
        parameters: Replaces the captured ones; None when not given, {} says there are none.
        ic_list: Replaces the list of components; None when not given, [] says there are none.
        fallback_region: Counts when neither the caller nor the folder names a region.
    """

    project_name: str = ""
    deployment_config: str = ""
    model_name: str = ""
    model_format: str = ""
    instance_type: str = ""
    region: str = ""
    deployment_target: str = ""
    build_target: str = ""
    base_image: str = ""
    container_image: str = ""
    model_data_url: str = ""
    endpoint_name: str = ""
    generator_version: str = ""
    parameters: Mapping[str, Any] | None = None
    ic_list: Sequence[Mapping[str, Any]] | None = None
    fallback_region: str = ""

    def given(self) -> frozenset[str]:
        """Return the names of the arguments that were given."""
        names = (field.name for field in fields(self) if field.name != "fallback_region")
        return frozenset(name for name in names if getattr(self, name) not in ("", None))


def capture(folder: ProjectFolder | None, overrides: Overrides) -> DeploymentFacts:
    """Return the facts of a deployment, without secrets.

    Args:
        folder: The project folder; None when the call does without.
        overrides: Arguments, which win over the folder.

    Raises:
        InvalidArgument: project name or deployment config is missing or not allowed; a value
            that identifies the deployment is only known to a shell; an argument's shape is
            wrong. The message names the variable, file and line, or the argument.

    Source: record contract, section 4.
    """
    return _Capture(folder, overrides).facts()


class _Capture:
    """One capture: where each value comes from, and what had to be left out."""

    def __init__(self, folder: ProjectFolder | None, overrides: Overrides) -> None:
        self._folder = folder
        self._overrides = overrides
        self._warnings: list[str] = list(folder.warnings) if folder else []

    def facts(self) -> DeploymentFacts:
        given = self._overrides
        project = self._identity("project_name", "PROJECT_NAME")
        config = self._identity("deployment_config", "DEPLOYMENT_CONFIG")
        architecture, backend = split_deployment_config(config)
        target = self._identity("deployment_target", "DEPLOYMENT_TARGET", needed=False)
        adapters = self._adapters()
        components = self._components(project, target, adapters)
        image = self._plain("base_image", "BASE_IMAGE")
        listed = components or ()
        counted = target == REALTIME and components is not None
        return DeploymentFacts.model_validate(
            {
                "project_name": project,
                "deployment_config": config,
                "architecture": architecture,
                "backend": backend,
                "model_name": self._identity("model_name", "MODEL_NAME", needed=False),
                "model_format": self._plain("model_format", "MODEL_FORMAT"),
                "instance_type": self._instance_type(),
                "region": self._identity("region", "AWS_REGION", needed=False)
                or given.fallback_region,
                "deployment_target": target,
                "build_target": self._plain("build_target", "BUILD_TARGET"),
                "base_image": image,
                "base_image_version": base_image_version(image),
                "container_image": self._safe("container_image", given.container_image),
                "model_data_url": self._plain("model_data_url", "MODEL_DATA_URL", "MODEL_S3_URI"),
                "endpoint_name": self._plain("endpoint_name", "ENDPOINT_NAME"),
                "generator_version": self._safe(
                    "generator_version",
                    given.generator_version
                    or (self._folder.generation.generator_version if self._folder else ""),
                ),
                "ic_list": components,
                "ic_count": sum(not c.is_adapter for c in listed) if counted else 1,
                "adapter_count": sum(bool(c.is_adapter) for c in listed) if counted else 0,
                "endpoint_config": self._endpoint_config(),
                "ic_config": self._numbers(_COMPONENT_NUMBERS),
                "parameters": self._parameters(config),
                "adapters": adapters,
                "explicit": given.given(),
                "warnings": tuple(dict.fromkeys(self._warnings)),
            }
        )

    def _identity(self, argument: str, variable: str, *, needed: bool = True) -> str:
        """Return a value that tells this deployment from others; never one that is unknown."""
        given: str = getattr(self._overrides, argument)
        if given:
            return self._safe(argument, given)
        if self._folder is None:
            if needed:
                raise InvalidArgument(
                    f"{argument} is missing", hint=f"pass {argument}, or project_dir"
                )
            return ""
        if entry := self._folder.config.why_unresolved(variable):
            raise InvalidArgument(
                f"{entry.file} line {entry.line}: {variable} is not known: {entry.reason}",
                hint=f"project files are never executed; pass {argument}",
            )
        value = self._folder.config.get(variable) or ""
        if needed and not value:
            raise InvalidArgument(
                f"{self._folder.config.file} does not set {variable}", hint=f"pass {argument}"
            )
        return redact_shapes(value)

    def _plain(self, argument: str, *variables: str) -> str:
        """Return a value that may be left out when only a shell would know it."""
        given: str = getattr(self._overrides, argument)
        if given or self._folder is None:
            return self._safe(argument, given)
        for variable in variables:
            if entry := self._folder.config.why_unresolved(variable):
                self._warnings.append(
                    f"{entry.file} line {entry.line}: {variable} left out: {entry.reason}; "
                    f"pass {argument} to record it"
                )
            if value := self._folder.config.get(variable):
                return redact_shapes(value)
        return ""

    def _safe(self, argument: str, given: str) -> str:
        """Return the caller's text without secrets, and tell the caller where that changed it."""
        clean = redact_shapes(given)
        if clean != given:
            self._warnings.append(redaction_warning(argument))
        return clean

    def _instance_type(self) -> str:
        for variable in ("INSTANCE_TYPE", "DEPLOYED_INSTANCE_TYPE", "BENCHMARK_INSTANCE_TYPE"):
            if value := self._identity("instance_type", variable, needed=False):
                return value
        return ""

    def _components(
        self, project: str, target: str, adapters: Sequence[AdapterFacts]
    ) -> tuple[InferenceComponentSpec, ...] | None:
        if self._overrides.ic_list is not None:
            return self._given_components(self._overrides.ic_list)
        if self._folder is None or target != REALTIME:
            return None
        bases = [_base(component, project) for component in self._folder.components]
        return (*bases, *map(_on_base, adapters))

    def _adapters(self) -> tuple[AdapterFacts, ...]:
        if self._folder is None:
            return ()
        return tuple(self._adapter(self._folder, conf) for conf in self._folder.adapters)

    def _adapter(self, folder: ProjectFolder, conf: AdapterConf) -> AdapterFacts:
        uri, version = self._dataset(folder, conf)
        return AdapterFacts(
            name=redact_shapes(conf.name),
            technique=redact_shapes(conf.technique),
            weights_uri=redact_shapes(conf.weights_uri),
            dataset_s3_uri=redact_shapes(uri),
            dataset_version=redact_shapes(version),
            base_ic_name=redact_shapes(conf.base_conf),
            ic_name=redact_shapes(conf.ic_name),
            source=redact_shapes(conf.source),
            registry_arn=redact_shapes(conf.registry_arn),
            eval_metrics=self._metrics(folder, conf.name),
        )

    def _dataset(self, folder: ProjectFolder, conf: AdapterConf) -> tuple[str, str]:
        try:
            return _dataset(folder, conf)
        except InvalidArgument as error:
            self._warnings.append(f"{error.message}; the dataset of {conf.name} is left out")
            return "", ""

    def _metrics(self, folder: ProjectFolder, name: str) -> dict[str, Any]:
        try:
            return redact_parameters(folder.eval_metrics(name))
        except NotJson as error:
            self._warnings.append(f"{error.message}; the metrics of {name} are left out")
            return {}

    def _parameters(self, deployment_config: str) -> dict[str, Any]:
        if self._overrides.parameters is not None:
            return self._given_parameters(self._overrides.parameters)
        if self._folder is None:
            return {}
        parameters, left_out = captured_parameters(self._folder, deployment_config)
        self._warnings += left_out
        return redact_parameters(parameters)

    def _given_components(self, elements: object) -> tuple[InferenceComponentSpec, ...]:
        """Check and redact the caller's list of components.

        Raises:
            InvalidArgument: an element is wrong; names its place, such as ic_list[1].gpuCount.
        """
        if not isinstance(elements, Sequence) or isinstance(elements, str):
            raise InvalidArgument("ic_list is not a list")
        clean = [
            redact_parameters(element) if isinstance(element, Mapping) else element
            for element in elements
        ]
        if clean != list(elements):
            self._warnings.append(redaction_warning("ic_list"))
        try:
            return _COMPONENTS.validate_python(clean)
        except ValidationError as error:
            raise _wrong_shape("ic_list", error) from None

    def _given_parameters(self, parameters: object) -> dict[str, Any]:
        if not isinstance(parameters, Mapping):
            raise InvalidArgument("parameters is not an object")
        try:
            json.dumps(parameters, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidArgument(f"parameters is not JSON: {error}") from error
        clean = redact_parameters(parameters)
        if changed := changed_keys(parameters, clean):
            self._warnings.append(redaction_warning("parameters", changed))
        return clean

    def _endpoint_config(self) -> dict[str, int | float | str]:
        config: dict[str, int | float | str] = {**self._numbers(_ENDPOINT_NUMBERS)}
        variant = self._literal("ENDPOINT_VARIANT_NAME")
        if variant:
            config["variantName"] = redact_shapes(variant)
        return {**config, **self._numbers(_ENDPOINT_VOLUME)}

    def _literal(self, variable: str) -> str:
        """Return a variable that do/config sets without an expansion, "" otherwise."""
        if self._folder is None or variable not in self._folder.config.literals:
            return ""
        return self._folder.config.get(variable) or ""

    def _numbers(self, variables: Mapping[str, str]) -> dict[str, int | float]:
        numbers: dict[str, int | float] = {}
        for key, variable in variables.items():
            text = self._literal(variable)
            if found := _NUMBER.fullmatch(text):
                numbers[key] = float(text) if found.group(1) else int(text)
            elif text:
                self._warnings.append(f"do/config: {variable} left out: it is not a number")
        return numbers


def deployment_record(
    facts: DeploymentFacts, *, status: str | None = None, build_strategy: str | None = None
) -> dict[str, Any]:
    """Return the deployment record, its keys in MLCC's order.

    Args:
        status: Written when given; the record that scripts read has it.
        build_strategy: Written when given; the record of the CI table has it.

    Source: record contract, section 4 (JSON record) and section 7 (configJson).
    """
    record: dict[str, Any] = {
        "projectName": facts.project_name,
        "deploymentConfig": facts.deployment_config,
        "architecture": facts.architecture,
        "backend": facts.backend,
        "modelName": facts.model_name,
        "instanceType": facts.instance_type,
        "awsRegion": facts.region,
        "deploymentTarget": facts.deployment_target,
        "buildTarget": facts.build_target,
        "baseImage": facts.base_image,
    }
    if build_strategy is not None:
        record["buildStrategy"] = build_strategy
    if status is not None:
        record["status"] = status
    if facts.endpoint_config:
        record["endpointConfig"] = dict(facts.endpoint_config)
    if facts.ic_config:
        record["icConfig"] = dict(facts.ic_config)
    if facts.ic_list is not None:
        record["icList"] = [component.wire() for component in facts.ic_list]
    record["parameters"] = dict(facts.parameters)
    return record


def ci_config_json(facts: DeploymentFacts, build_strategy: str) -> str:
    """Return `configJson` of the CI table: compact ASCII JSON, one component, all adapters.

    Source: record contract, sections 4 (IC list, CI mode) and 7.
    """
    record = deployment_record(facts, build_strategy=build_strategy)
    if "icList" in record:
        bases = [element for element in record["icList"] if not element.get("isAdapter")]
        adapters = [element for element in record["icList"] if element.get("isAdapter")]
        record["icList"] = bases[:1] + adapters
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"))


def config_id_of(facts: DeploymentFacts) -> str:
    """Return the id by which the CI table knows this configuration."""
    return config_id(
        deployment_config=facts.deployment_config,
        model_name=facts.model_name,
        instance_type=facts.instance_type,
        region=facts.region,
        deployment_target=facts.deployment_target,
        ic_count=facts.ic_count,
        adapter_count=facts.adapter_count,
    )


@dataclass(frozen=True, slots=True)
class EntrySections:
    """The sections of a registry entry that facts alone decide."""

    deployment: DeploymentSection
    model: ModelSection
    infrastructure: InfrastructureSection
    configuration: ConfigurationSection


def entry_sections(facts: DeploymentFacts) -> EntrySections:
    """Return the sections of the local registry entry.

    As in MLCC, three values are stored only when the caller gave them: an empty list of
    components, the model format of a transformers deployment, and the instance type on
    HyperPod, where the cluster's nodes decide. Its schema wants a backend, which a marketplace
    deployment has none of: the architecture stands there.

    Source: record contract, section 1 (Entry); design, "Decided" (marketplace).
    """
    listed = bool(facts.ic_list) or "ic_list" in facts.explicit
    hosted = facts.deployment_target != "hyperpod-eks" or "instance_type" in facts.explicit
    formatted = facts.architecture != "transformers" or "model_format" in facts.explicit
    return EntrySections(
        deployment=DeploymentSection(
            deployment_config=facts.deployment_config,
            architecture=facts.architecture,
            backend=facts.backend or facts.architecture,
            base_image=facts.base_image,
            deployment_target=facts.deployment_target,
            build_target=facts.build_target,
            ic_list=list(facts.ic_list or ()) if listed else None,
        ),
        model=ModelSection(
            model_name=facts.model_name,
            model_format=facts.model_format if formatted else None,
        ),
        infrastructure=InfrastructureSection(
            instance_type=facts.instance_type if hosted else None, region=facts.region
        ),
        configuration=ConfigurationSection(parameters=facts.parameters),
    )


def _base(component: ComponentConf, project: str) -> InferenceComponentSpec:
    image = component.image_tag if component.conf_path else f"{project}-latest"
    return InferenceComponentSpec(
        name=redact_shapes(component.name),
        image=redact_shapes(image),
        gpu_count=component.gpu_count,
        copy_count=component.copy_count or None,
    )


def _on_base(adapter: AdapterFacts) -> InferenceComponentSpec:
    return InferenceComponentSpec(
        name=adapter.name,
        is_adapter=True,
        base_ic_name=adapter.base_ic_name,
        artifact_url=adapter.weights_uri,
        gpu_count=0,
        copy_count=1,
    )


def _dataset(folder: ProjectFolder, conf: AdapterConf) -> tuple[str, str]:
    """Return URI and version of the dataset that this project trained the adapter on."""
    if not conf.technique or conf.source in ("hub", "s3", "registry"):
        return "", ""
    if conf.source == "train":
        state = folder.train_state(conf.technique)
    else:
        state = folder.tune_state(conf.technique)
    return (state.s3_uri, state.version) if state else ("", "")


def _wrong_shape(argument: str, error: ValidationError) -> InvalidArgument:
    problems = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"])
        problems.append(f"{argument}{''.join(steps)}: {problem['msg']}")
    return InvalidArgument("; ".join(problems[:5]))
