"""The SageMaker side of a registration: the model version and its linked adapter versions.

Nothing here fails a registration: each place reports its own state, and the same call made
again finds what is there and adds what is missing.

Source: record contract, section 5; design, `register_deployment`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry.calls import Call
from registry.errors import DeadlineExceeded, NotFound, RegistryError, Unavailable, explain
from registry.identifiers import check_project_name
from registry.package_metadata import clean_metadata
from registry.registration.request import RegistrationRequest, benchmark_metadata
from registry.stores import Aws, ModelPackages
from schemas.base import State
from schemas.facts import AdapterFacts, DeploymentFacts
from schemas.model_package import ModelPackage, ModelPackageDraft
from schemas.registration import AdapterOutcome, PackageOutcome

_TOKENS = uuid.UUID("6f0a0d3c-4d53-5b1e-9a55-0f2f5b6f5a11")
_PAGE = 100
_CLOCKS_APART = timedelta(minutes=5)
"""How far this machine's clock and the service's may be apart."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the SageMaker side came to: the model version, its adapters, and what to warn of."""

    package: PackageOutcome
    adapters: tuple[AdapterOutcome, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageRegistrar:
    """Registers one deployment's versions in one account.

    Attributes:
        entry_id: The local entry's id; creation tokens are derived from it.
        resumed: True when the entry was there before, so its versions may be there too.
        since: When the entry was made: an equal version older than that is another deployment's.
    """

    aws: Aws
    facts: DeploymentFacts
    request: RegistrationRequest
    entry_id: str
    resumed: bool
    since: datetime
    image: str | None
    call: Call

    def register(self, known_arn: str | None) -> Registered:
        """Register the model version, then every adapter that was not excluded.

        Args:
            known_arn: The version that the local entry already names, if any.
        """
        warnings: list[str] = []
        try:
            package, base = self._model(known_arn, warnings)
        except RegistryError as error:
            failed = PackageOutcome(
                state="failed",
                group=self.facts.project_name,
                warning=explain(error),
                dry_run=self.request.dry_run or None,
            )
            reason = "no base version was registered, so there is nothing to link it to"
            return Registered(failed, self._skip_adapters(reason), tuple(warnings))
        return Registered(package, self._adapters(base, warnings), tuple(warnings))

    def _model(
        self, known_arn: str | None, warnings: list[str]
    ) -> tuple[PackageOutcome, ModelPackage | None]:
        group = check_project_name(self.facts.project_name)
        draft = self._model_draft(warnings)
        found = self._known(known_arn, warnings) if known_arn else None
        if not found and self.resumed:
            found = self._find_equal(draft)
        if not found and known_arn:
            draft = _anew(draft, known_arn)
        if found:
            warnings.extend(_unrecorded_benchmark(found, draft))
        state: State = "unchanged" if found else "created"
        if not found and not self.request.dry_run:
            self.call.check("the model package was created")
            self.aws.packages.ensure_group(
                group, description=f"Models for {self.facts.project_name}"
            )
            found = self._created(draft)
        outcome = PackageOutcome(
            state=state,
            group=group,
            arn=found.arn if found else None,
            version=found.version if found else None,
            dry_run=self.request.dry_run or None,
        )
        return outcome, found

    def _known(self, arn: str, warnings: list[str]) -> ModelPackage | None:
        try:
            return self.aws.packages.describe(arn)
        except NotFound:
            warnings.append(
                f"{arn}, which the entry named, is gone; the entry gets another version"
            )
            return None

    def _created(self, draft: ModelPackageDraft) -> ModelPackage:
        try:
            return self.aws.packages.create(draft)
        except (Unavailable, DeadlineExceeded) as error:
            error.message = f"it is unknown whether the version was created: {error.message}"
            error.hint = "the same call finds or makes it"
            raise

    def _find_equal(self, draft: ModelPackageDraft) -> ModelPackage | None:
        for package in _newest_first(self.aws.packages, draft, self.call):
            if package.created_at is not None and package.created_at < self.since - _CLOCKS_APART:
                return None  # what is older was made before this deployment was registered
            if package.metadata == draft.metadata and not package.is_adapter:
                return package
        return None

    def _model_draft(self, warnings: list[str]) -> ModelPackageDraft:
        names = [adapter.name for adapter in self.facts.adapters]
        metadata = common_metadata(self.facts)
        metadata |= benchmark_metadata(self.request.benchmark, names)[0]
        data_url = self.facts.model_data_url.rstrip("/")
        if not self.image:
            metadata["modelDataUrl"] = data_url
        cleaned, notes = clean_metadata(metadata)
        warnings.extend(notes)
        return self._draft(
            description=f"{self.facts.deployment_config or 'model'} on "
            f"{self.facts.instance_type or 'unknown'}",
            metadata=cleaned,
            model_data_url=data_url if self.image else "",
        )

    def _adapters(
        self, base: ModelPackage | None, warnings: list[str]
    ) -> tuple[AdapterOutcome, ...]:
        if self.request.base_only:
            return self._skip_adapters("base_only was asked for")
        present = self._present_adapters(base) if base and self.resumed else {}
        outcomes: list[AdapterOutcome] = []
        for position, adapter in enumerate(self.facts.adapters):
            self.call.report(position, len(self.facts.adapters), f"adapter {adapter.name}")
            outcomes.append(self._adapter(adapter, base, present, warnings))
        return tuple(outcomes)

    def _adapter(
        self,
        adapter: AdapterFacts,
        base: ModelPackage | None,
        present: Mapping[str, Sequence[ModelPackage]],
        warnings: list[str],
    ) -> AdapterOutcome:
        dry = self.request.dry_run or None
        if adapter.name in self.request.excluded:
            return AdapterOutcome(
                name=adapter.name, state="skipped", warning="excluded", dry_run=dry
            )
        try:
            self.call.check(f"adapter {adapter.name} was registered")
            parent = base.arn if base else ""
            draft = self._adapter_draft(adapter, parent, warnings)
            versions = present.get(adapter.name, ())
            equal = next((each for each in versions if _same_adapter(each, draft)), None)
            if equal is not None:
                warnings.extend(_unrecorded_benchmark(equal, draft))
                return AdapterOutcome(
                    name=adapter.name,
                    state="unchanged",
                    arn=equal.arn,
                    version=equal.version,
                    dry_run=dry,
                )
            if self.request.dry_run:
                return AdapterOutcome(name=adapter.name, state="created", dry_run=True)
            made = self._created(draft)
        except RegistryError as error:
            return AdapterOutcome(
                name=adapter.name, state="failed", warning=explain(error), dry_run=dry
            )
        return AdapterOutcome(
            name=adapter.name, state="created", arn=made.arn, version=made.version
        )

    def _present_adapters(self, base: ModelPackage) -> dict[str, list[ModelPackage]]:
        wanted = {"isAdapter": "true", "parentModelVersionArn": base.arn}
        present: dict[str, list[ModelPackage]] = {}
        for package in _found(self.aws.packages, base.group, wanted, self.call):
            present.setdefault(package.metadata.get("adapterName", ""), []).append(package)
        return present

    def _adapter_draft(
        self, adapter: AdapterFacts, parent_arn: str, warnings: list[str]
    ) -> ModelPackageDraft:
        names = [each.name for each in self.facts.adapters]
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
        metadata |= {f"eval_{key}": str(value) for key, value in adapter.eval_metrics.items()}
        metadata |= benchmark_metadata(self.request.benchmark, names)[1].get(adapter.name, {})
        cleaned, notes = clean_metadata(metadata)
        warnings.extend(f"adapter {adapter.name}: {note}" for note in notes)
        return self._draft(
            description=f"adapter ({adapter.technique or 'unknown'}) on "
            f"{self.facts.instance_type or 'unknown'}, parent: {parent_arn}",
            metadata=cleaned,
            model_data_url=weights if weights.endswith(".tar.gz") else "",
        )

    def _draft(
        self, *, description: str, metadata: dict[str, str], model_data_url: str
    ) -> ModelPackageDraft:
        approval = "Approved" if self.request.status == "success" else "PendingManualApproval"
        content = {
            "description": description,
            "approvalStatus": approval,
            "metadata": metadata,
            "image": self.image,
            "modelDataUrl": (model_data_url or None) if self.image else None,
        }
        canonical = json.dumps(content, sort_keys=True)
        token = uuid.uuid5(_TOKENS, f"{self.facts.project_name}\n{self.entry_id}\n{canonical}")
        return ModelPackageDraft.model_validate(
            content | {"group": self.facts.project_name, "clientToken": str(token)}
        )

    def _skip_adapters(self, reason: str) -> tuple[AdapterOutcome, ...]:
        return skip_adapters(self.facts, reason, dry_run=self.request.dry_run)


def skip_adapters(
    facts: DeploymentFacts, reason: str, *, dry_run: bool
) -> tuple[AdapterOutcome, ...]:
    """Return one `skipped` outcome per adapter, all for the same reason."""
    return tuple(
        AdapterOutcome(name=each.name, state="skipped", warning=reason, dry_run=dry_run or None)
        for each in facts.adapters
    )


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


def _newest_first(
    packages: ModelPackages, draft: ModelPackageDraft, call: Call
) -> Iterator[ModelPackage]:
    same: dict[str, str] = {
        key: draft.metadata[key]
        for key in ("projectName", "deploymentConfig")
        if key in draft.metadata
    }
    try:
        yield from _found(packages, draft.group, same, call)
    except NotFound:
        return  # no group yet: no version of it either


def _found(
    packages: ModelPackages, group: str, metadata: Mapping[str, str], call: Call
) -> Iterator[ModelPackage]:
    cursor: str | None = None
    while True:
        page = packages.find(group, metadata=metadata, limit=_PAGE, cursor=cursor, call=call)
        yield from page.packages
        cursor = page.cursor
        if cursor is None:
            return


def _anew(draft: ModelPackageDraft, lost_arn: str) -> ModelPackageDraft:
    """Return the draft under another token: the first one's version was deleted."""
    token = uuid.uuid5(_TOKENS, f"{draft.client_token}\n{lost_arn}")
    return draft.model_copy(update={"client_token": str(token)})


def _unrecorded_benchmark(found: ModelPackage, draft: ModelPackageDraft) -> list[str]:
    """Return a warning when figures were given that the version there is does not hold."""
    differing = [
        key
        for key, value in draft.metadata.items()
        if key.startswith("benchmark_") and found.metadata.get(key) != value
    ]
    if not differing:
        return []
    return [
        f"version {found.version} was registered without these benchmark figures and is not "
        f"changed: {', '.join(differing)}; other notes register a version with them"
    ]


def _same_adapter(package: ModelPackage, draft: ModelPackageDraft) -> bool:
    # A key that one writer leaves out and another writes as "" means the same (D17).
    keys = ("parentModelVersionArn", "tuneTechnique", "datasetS3Uri", "modelDataUrl", "adapterName")
    return all(package.metadata.get(key, "") == draft.metadata.get(key, "") for key in keys)
