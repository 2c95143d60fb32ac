"""One registered deployment: the entry of `registry.json` and the facts it is made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.base import Blankable, Record

Status = Literal["success", "partial", "failed"]
Architecture = Literal["http", "transformers", "triton", "diffusors", "marketplace"]

ENVELOPE_VERSION = "2026-03-20"
"""`schemaVersion` of the registry file that MLCC 1.5.2 writes."""


_NULL = {"type": "null"}


class NeverNull:
    """Marks an optional value whose key is left out of the stored document, never null."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the schema of the value itself."""
        schema = handler(core_schema)
        present: list[JsonSchemaValue] = [one for one in schema["anyOf"] if one != _NULL]
        return present[0]


OmittedText = Annotated[str | None, NeverNull()]


class InferenceComponentSpec(Record):
    """One element of `icList`: a base component, or an adapter on one.

    `baseIcName` of an adapter is its base component's conf name, `default` when unknown.
    """

    model_config = ConfigDict(extra="allow")

    name: Annotated[str, Field(min_length=1)]
    is_adapter: Annotated[bool | None, NeverNull()] = None
    base_ic_name: OmittedText = None
    artifact_url: OmittedText = None
    image: OmittedText = None
    gpu_count: Annotated[int | None, Field(ge=0), NeverNull()] = None
    copy_count: Annotated[int | None, Field(ge=1), NeverNull()] = None


class DeploymentSection(Record):
    """`deployment` of an entry; `ic_list` is absent, not null, when none was given."""

    model_config = ConfigDict(extra="allow")

    deployment_config: Annotated[str, Field(min_length=1)]
    architecture: Architecture
    backend: Annotated[str, Field(min_length=1)]
    base_image: Blankable = None
    deployment_target: Blankable = None
    build_target: Blankable = None
    ic_list: Annotated[list[InferenceComponentSpec] | None, NeverNull()] = None


class ModelSection(Record):
    """`model` of an entry; `modelName` is always there, if only as null."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"required": ["modelName"]})

    model_name: Blankable = None
    model_format: Blankable = None


class InfrastructureSection(Record):
    """`infrastructure` of an entry; MLCC never fills `roleArn`, and neither do we."""

    model_config = ConfigDict(extra="allow")

    instance_type: Blankable = None
    region: Blankable = None
    role_arn: Blankable = None


class ConfigurationSection(Record):
    """`configuration` of an entry: captured parameters, redacted."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"required": ["parameters"]})

    parameters: dict[str, JsonValue] = Field(default_factory=dict)


class OutcomeSection(Record):
    """`outcome` of an entry."""

    model_config = ConfigDict(extra="allow")

    notes: Blankable = None


class MetadataSection(Record):
    """`metadata` of an entry: who wrote it."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"required": ["generatorVersion", "source"]}
    )

    generator_version: Annotated[str, Field(min_length=1)] = "unknown"
    source: Literal["local", "imported", "community"] = "local"
    imported_from: Blankable = None


def _with_status(schema: dict[str, Any]) -> None:
    """Require what MLCC requires although we can supply it."""
    schema["required"].insert(1, "status")


class DeploymentEntry(Record):
    """One entry of `registry.json`, in MLCC 1.5.2's key order.

    Keys that we add and MLCC keeps: `projectName`, `buildStrategy`, `endpointName`,
    `idempotencyKey` and, for a project's own file, `project`.

    Source: record contract, section 1.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_status)

    timestamp: Annotated[
        str,
        Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"),
    ]
    status: Status = "success"
    deployment: DeploymentSection
    model: ModelSection
    infrastructure: InfrastructureSection
    configuration: ConfigurationSection
    outcome: OutcomeSection
    metadata: MetadataSection
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    model_package_arn: OmittedText = None
    model_package_version: Annotated[int | None, NeverNull()] = None
    project_name: OmittedText = None
    build_strategy: OmittedText = None
    endpoint_name: OmittedText = None
    idempotency_key: OmittedText = None
    project: Annotated[dict[str, JsonValue] | None, NeverNull()] = None

    def document(self) -> dict[str, Any]:
        """Return the entry as MLCC stores it: sections keep their nulls, our own keys do not."""
        whole: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        deployment = whole["deployment"]
        if deployment["icList"] is None:
            del deployment["icList"]
        else:
            deployment["icList"] = [
                {key: value for key, value in component.items() if value is not None}
                for component in deployment["icList"]
            ]
        for key in _OPTIONAL_KEYS:
            if whole[key] is None:
                del whole[key]
        return whole


_OPTIONAL_KEYS = (
    "modelPackageArn",
    "modelPackageVersion",
    "projectName",
    "buildStrategy",
    "endpointName",
    "idempotencyKey",
    "project",
)
