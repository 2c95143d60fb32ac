"""What the versions of one registration say, before anything is sent.

Source: record contract, section 5; design, `register_deployment` and "Decided" (metadata values).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from registry.package_metadata import clean_metadata
from registry.registration.request import RegistrationRequest, as_text, benchmark_metadata
from schemas.facts import AdapterFacts, DeploymentFacts
from schemas.model_package import ModelPackageDraft

_TOKENS = uuid.UUID("6f0a0d3c-4d53-5b1e-9a55-0f2f5b6f5a11")


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts the versions of one deployment.

    Attributes:
        entry_id: The local entry's id; creation tokens are derived from it and from the content.
        image: The image of the inference specification; without one there is no specification.
    """

    facts: DeploymentFacts
    request: RegistrationRequest
    entry_id: str
    image: str | None

    def model(self) -> tuple[ModelPackageDraft, list[str]]:
        """Return the base version, and a warning for every value that could not stay as it was.

        Raises:
            InvalidArgument: a value cannot be stored and must not be altered.
        """
        location = self.facts.model_data_url.rstrip("/")
        metadata = common_metadata(self.facts) | {"endpointName": self.facts.endpoint_name}
        metadata |= self._benchmarks()[0]
        if not self.image:
            metadata["modelDataUrl"] = location
        cleaned, notes = clean_metadata(metadata)
        draft = self._draft(
            description=f"{self.facts.deployment_config or 'model'} on "
            f"{self.facts.instance_type or 'unknown'}",
            metadata=cleaned,
            model_data_url=location,
        )
        return draft, notes

    def adapter(
        self, adapter: AdapterFacts, parent_arn: str
    ) -> tuple[ModelPackageDraft, list[str]]:
        """Return an adapter's version, linked to its base version; warnings as `model`.

        Raises:
            InvalidArgument: as `model`.
        """
        weights = adapter.weights_uri.rstrip("/")
        metadata = common_metadata(self.facts) | {
            "isAdapter": "true",
            "parentModelVersionArn": parent_arn,
            "adapterName": adapter.name,
            "tuneTechnique": adapter.technique,
            "datasetS3Uri": adapter.dataset_s3_uri,
            "datasetVersion": adapter.dataset_version,
            "modelDataUrl": weights,
            "endpointName": self.facts.endpoint_name,
            "icName": adapter.ic_name,
        }
        metadata |= {f"eval_{key}": as_text(value) for key, value in adapter.eval_metrics.items()}
        metadata |= self._benchmarks()[1].get(adapter.name, {})
        cleaned, notes = clean_metadata(metadata)
        draft = self._draft(
            description=f"adapter ({adapter.technique or 'unknown'}) on "
            f"{self.facts.instance_type or 'unknown'}, parent: {parent_arn}",
            metadata=cleaned,
            model_data_url=weights if weights.endswith(".tar.gz") else "",
        )
        return draft, [f"adapter {adapter.name}: {note}" for note in notes]

    def _benchmarks(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        names = [adapter.name for adapter in self.facts.adapters]
        return benchmark_metadata(self.request.benchmark, names)

    def _draft(
        self, *, description: str, metadata: dict[str, str], model_data_url: str
    ) -> ModelPackageDraft:
        content = {
            "description": description,
            "approvalStatus": self._approval(),
            "metadata": metadata,
            "image": self.image,
            "modelDataUrl": (model_data_url or None) if self.image else None,
        }
        canonical = json.dumps(content, sort_keys=True)
        token = uuid.uuid5(_TOKENS, f"{self.facts.project_name}\n{self.entry_id}\n{canonical}")
        return ModelPackageDraft.model_validate(
            content | {"group": self.facts.project_name, "clientToken": str(token)}
        )

    def _approval(self) -> str:
        return "Approved" if self.request.status == "success" else "PendingManualApproval"


def under_another_token(draft: ModelPackageDraft, lost_arn: str) -> ModelPackageDraft:
    """Return the draft under another token: the first one's version was deleted."""
    token = uuid.uuid5(_TOKENS, f"{draft.client_token}\n{lost_arn}")
    return draft.model_copy(update={"client_token": str(token)})


def common_metadata(facts: DeploymentFacts) -> dict[str, str]:
    """Return the nine keys that every version of a deployment carries, "" where unknown."""
    return {
        "deploymentConfig": facts.deployment_config,
        "architecture": facts.architecture,
        "backend": facts.backend,
        "instanceType": facts.instance_type,
        "modelName": facts.model_name,
        "baseImage": facts.base_image,
        "modelFormat": facts.model_format,
        "generatorVersion": facts.generator_version,
        "projectName": facts.project_name,
    }
