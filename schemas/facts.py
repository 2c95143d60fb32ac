"""What is known about a deployment before anything is recorded."""

from __future__ import annotations

from pydantic import Field, JsonValue

from schemas.base import Record
from schemas.deployment import Architecture, InferenceComponentSpec


class AdapterFacts(Record):
    """One adapter of a deployment; what is not known is "".

    Attributes:
        technique: How it was trained: sft, dpo, rlaif or rlvr.
        dataset_s3_uri: The dataset of that technique, for what this project trained.
        base_ic_name: Conf name of the component that it runs on, `default` when unknown.
        ic_name: Its own component on the endpoint.
        eval_metrics: Measured for this adapter, by metric.
    """

    name: str
    technique: str = ""
    weights_uri: str = ""
    dataset_s3_uri: str = ""
    dataset_version: str = ""
    base_ic_name: str = "default"
    ic_name: str = ""
    source: str = ""
    registry_arn: str = ""
    eval_metrics: dict[str, JsonValue] = Field(default_factory=dict)


class DeploymentFacts(Record):
    """One deployment as a project folder and a call's arguments describe it, secrets removed.

    Attributes:
        backend: "" for a marketplace deployment.
        region: Where it runs; "" when neither call, folder nor settings say.
        container_image: The image of the model package, when the caller names it.
        ic_list: Components and adapters; None unless the target lists them.
        ic_count: Components as the configuration's id counts them, adapters left out.
        endpoint_config: `initialInstanceCount`, `dataCapturePercent`, `volumeSize`, `variantName`
            as far as the folder sets them by a literal.
        ic_config: `cpuCount`, `memorySize`, `gpuCount`, `copyCount`, `modelWeight`, likewise.
        explicit: Names of the arguments that the caller gave.
        warnings: What could not be known and was left out, with file and line.
    """

    project_name: str
    deployment_config: str
    architecture: Architecture
    backend: str
    model_name: str = ""
    model_format: str = ""
    instance_type: str = ""
    region: str = ""
    deployment_target: str = ""
    build_target: str = ""
    base_image: str = ""
    base_image_version: str = ""
    container_image: str = ""
    model_data_url: str = ""
    endpoint_name: str = ""
    generator_version: str = ""
    ic_list: tuple[InferenceComponentSpec, ...] | None = None
    ic_count: int = 1
    adapter_count: int = 0
    endpoint_config: dict[str, int | float | str] = Field(default_factory=dict)
    ic_config: dict[str, int | float] = Field(default_factory=dict)
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    adapters: tuple[AdapterFacts, ...] = ()
    explicit: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
