"""How adapters that came from the registry were trained, read from the versions they came from.

A rollout writes into an adapter's conf where it came from and not how it was trained; the
version that it came from tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.adapters import same_weights
from registry.calls import Call
from registry.errors import (
    Cancelled,
    DeadlineExceeded,
    RegistryError,
    Throttled,
    Unavailable,
)
from registry.identifiers import PackageArn
from registry.stores import Aws
from schemas.facts import AdapterFacts
from schemas.model_package import ModelPackage

_FROM_REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class Origins:
    """Reads the versions that adapters came from, in whatever region."""

    aws: Aws
    call: Call

    def completed(self, adapter: AdapterFacts) -> tuple[AdapterFacts, list[str]]:
        """Return the adapter with technique and dataset of its origin, or why they are missing.

        What the folder itself says about the technique stays.

        Raises:
            Throttled, Unavailable, DeadlineExceeded: the origin could not be read just now.
            Cancelled: the caller withdrew.
        """
        try:
            self.call.check(f"the origin of adapter {adapter.name} was read")
            origin = self._origin(adapter.registry_arn)
        except (Cancelled, Throttled, Unavailable, DeadlineExceeded):
            raise
        except RegistryError as error:
            return adapter, [self._unknown(adapter, error.message)]
        if not origin.is_adapter or not same_weights(_location(origin), adapter.weights_uri):
            return adapter, [self._unknown(adapter, "the conf's weights are not that version's")]
        told = origin.metadata
        lineage = {
            "technique": adapter.technique or told.get("tuneTechnique", ""),
            "dataset_s3_uri": told.get("datasetS3Uri", ""),
            "dataset_version": told.get("datasetVersion", ""),
        }
        return adapter.model_copy(update=lineage), []

    def _origin(self, text: str) -> ModelPackage:
        arn = PackageArn.parse(text)
        return self.aws.in_region(arn.region).packages.describe(text)

    @staticmethod
    def _unknown(adapter: AdapterFacts, reason: str) -> str:
        return (
            f"adapter {adapter.name}: how it was trained is not recorded, since "
            f"{adapter.registry_arn}, which it came from, does not tell: {reason}"
        )


def is_from_registry(adapter: AdapterFacts) -> bool:
    """Whether an adapter was rolled out from a registered version."""
    return adapter.source == _FROM_REGISTRY and bool(adapter.registry_arn)


def _location(package: ModelPackage) -> str:
    return package.model_data_url or package.metadata.get("modelDataUrl", "")
