"""One registered deployment with what it led to and came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.calls import Call
from registry.datasets.entry import FILE
from registry.deployments.filters import value_at
from registry.deployments.finding import find_entry
from registry.deployments.replay import replay_flags
from registry.deployments.values import cut, shown
from registry.errors import InvalidArgument, RegistryError
from registry.identifiers import REALTIME, config_id
from registry.named_entries import named_entries
from registry.stores import Aws, CiTable, DeploymentLog, JsonDocument
from schemas.base import Identity
from schemas.ci import CiConfiguration
from schemas.deployment_views import (
    GetDeploymentResult,
    Lineage,
    LineageDataset,
    LineageVersion,
    Origin,
)
from schemas.model_package import ModelPackage

_ADAPTERS_SHOWN = 100
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class LineageReader:
    """Reads what an entry is connected with, as far as the places can be read.

    Attributes:
        account: Opens the entry's account; raises where none can be had.
        ci_table: Opens the CI table; raises where none can be had.
        datasets: The registry home's datasets.json.
    """

    account: Callable[[], Aws]
    ci_table: Callable[[], CiTable]
    datasets: JsonDocument
    call: Call

    def read(self, entry: Mapping[str, Any]) -> tuple[Lineage, Identity | None, tuple[str, ...]]:
        """Return the lineage, who was asked, and what could not be read and why."""
        warnings: list[str] = []
        identity: Identity | None = None
        model: LineageVersion | None = None
        adapters: tuple[LineageVersion, ...] = ()
        arn = entry.get("modelPackageArn")
        if isinstance(arn, str) and arn:
            try:
                aws = self.account()
                identity = aws.identity
                base = aws.packages.describe(arn)
                model = _version(base)
                adapters = self._adapters(aws, base, warnings)
            except RegistryError as error:
                warnings.append(f"model package {arn} could not be read: {error.message}")
        identifier = entry_config_id(entry)
        lineage = Lineage(
            model_package=model,
            adapters=adapters,
            datasets=self._datasets(adapters, warnings),
            config_id=identifier,
            ci=self._ci(identifier, warnings),
        )
        return lineage, identity, tuple(warnings)

    def _adapters(
        self, aws: Aws, base: ModelPackage, warnings: list[str]
    ) -> tuple[LineageVersion, ...]:
        page = aws.packages.find(
            base.group,
            metadata={"isAdapter": "true", "parentModelVersionArn": base.arn},
            limit=_ADAPTERS_SHOWN,
            cursor=None,
            call=self.call,
        )
        if page.cursor or not page.complete:
            warnings.append(
                f"only {len(page.packages)} adapter versions are shown; list_adapters with "
                f"parent_version_arn={base.arn} lists all"
            )
        return tuple(_version(package) for package in page.packages)

    def _datasets(
        self, adapters: Sequence[LineageVersion], warnings: list[str]
    ) -> tuple[LineageDataset, ...]:
        uris = {each.dataset_s3_uri for each in adapters if each.dataset_s3_uri}
        if not uris:
            return ()
        try:
            stored = named_entries(self.datasets, FILE)
        except RegistryError as error:
            warnings.append(f"datasets could not be read: {error.message}")
            return ()
        return tuple(
            LineageDataset(
                name=str(dataset.get("name")),
                version=str(version.get("version", "1.0.0")),
                s3_uri=str(version["s3_uri"]),
            )
            for dataset in stored
            for version in _objects_in(dataset.get("versions") or [dataset])
            if str(version.get("s3_uri")) in uris
        )

    def _ci(self, identifier: str | None, warnings: list[str]) -> CiConfiguration | None:
        if identifier is None:
            return None
        try:
            found = self.ci_table().get(identifier)
        except RegistryError as error:
            warnings.append(f"CI configuration {identifier} could not be read: {error.message}")
            return None
        return found.for_others() if found else None


def get_deployment(
    logs: Sequence[tuple[Origin, DeploymentLog]],
    entry_id: str,
    reader: Callable[[Mapping[str, Any]], LineageReader],
) -> GetDeploymentResult:
    """Return one entry by its id, the user's file before the project's.

    Raises:
        InvalidArgument: no id was given.
        NotFound: no file that was read holds it; the hint names near ids.
    """
    if not entry_id:
        raise InvalidArgument("id is required", hint="list_deployments gives the ids")
    each = find_entry(logs, entry_id)
    lineage, identity, warnings = reader(each.entry).read(each.entry)
    newer = tuple(
        note for _, log in logs if log.path == each.path and (note := log.format_warning())
    )
    said = (
        value_at(each.entry, "deployment", "deploymentConfig"),
        each.entry.get("status"),
        f"registered {each.entry.get('timestamp')}",
    )
    return GetDeploymentResult(
        id=entry_id,
        origin=each.origin,
        path=each.path,
        entry=shown(each.entry),
        lineage=lineage,
        replay_flags=replay_flags(each.entry),
        warnings=(*newer, *warnings),
        aws=identity,
        message=f"Deployment {entry_id}: {', '.join(cut(str(part), _LONGEST) for part in said)}.",
    )


def entry_config_id(entry: Mapping[str, Any]) -> str | None:
    """Return the configId that an entry's deployment has, None when a part of it is unknown."""
    deployment_config = value_at(entry, "deployment", "deploymentConfig")
    instance_type = value_at(entry, "infrastructure", "instanceType")
    region = value_at(entry, "infrastructure", "region")
    target = value_at(entry, "deployment", "deploymentTarget")
    if not (deployment_config and instance_type and region and target):
        return None
    components = value_at(entry, "deployment", "icList")
    base, adapters = 1, 0
    if target == REALTIME and isinstance(components, list):
        adapters = sum(1 for each in _objects_in(components) if each.get("isAdapter"))
        base = len(components) - adapters
    return config_id(
        deployment_config=str(deployment_config),
        model_name=str(value_at(entry, "model", "modelName") or ""),
        instance_type=str(instance_type),
        region=str(region),
        deployment_target=str(target),
        ic_count=base,
        adapter_count=adapters,
    )


def _objects_in(stored: object) -> list[Mapping[str, Any]]:
    """Return the objects of a stored list; people edit these files, so anything may be there."""
    if not isinstance(stored, list):
        return []
    return [each for each in stored if isinstance(each, Mapping)]


def _version(package: ModelPackage) -> LineageVersion:
    return LineageVersion(
        name=package.metadata.get("adapterName"),
        arn=package.arn,
        version=package.version,
        approval_status=package.approval_status or None,
        dataset_s3_uri=package.metadata.get("datasetS3Uri"),
        dataset_version=package.metadata.get("datasetVersion"),
    )
