"""The SageMaker side of a registration: the model version and its linked adapter versions.

Nothing here fails a registration: each place reports its own state, and the same call made
again finds what is there and adds what is missing.

Source: record contract, section 5; design, `register_deployment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry.calls import Call
from registry.errors import (
    Conflict,
    DeadlineExceeded,
    NotFound,
    RegistryError,
    Throttled,
    Unavailable,
    explain,
)
from registry.identifiers import PackageArn, deployment_group
from registry.registration.drafts import Drafts, common_metadata, under_another_token
from registry.registration.origins import Origins, is_from_registry
from registry.registration.present import (
    WantedAdapter,
    find_adapters,
    find_model,
    unrecorded_benchmark,
)
from registry.registration.request import RegistrationRequest
from registry.stores import Aws
from schemas.base import State
from schemas.facts import AdapterFacts, DeploymentFacts
from schemas.model_package import ModelPackage, ModelPackageDraft
from schemas.registration import AdapterOutcome, PackageOutcome

__all__ = ["PackageRegistrar", "Registered", "common_metadata", "explain", "skip_adapters"]


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
    _warnings: list[str] = field(default_factory=list, init=False)

    def register(self, known_arn: str | None) -> Registered:
        """Register the model version, then every adapter that was not excluded.

        Args:
            known_arn: The version that the local entry already names, if any.
        """
        try:
            package, base = self._model(known_arn)
        except RegistryError as error:
            failed = PackageOutcome(
                state="failed",
                group=self.facts.project_name,
                warning=explain(error),
                dry_run=self._dry,
            )
            reason = "no base version was registered, so there is nothing to link it to"
            return Registered(failed, self._skip_adapters(reason), tuple(self._warnings))
        return Registered(package, self._adapters(base), tuple(self._warnings))

    @property
    def _dry(self) -> bool | None:
        return self.request.dry_run or None

    @property
    def _drafts(self) -> Drafts:
        return Drafts(self.facts, self.request, self.entry_id, self.image)

    def _model(self, known_arn: str | None) -> tuple[PackageOutcome, ModelPackage | None]:
        group = deployment_group(self.facts.project_name)
        draft, notes = self._drafts.model()
        self._warnings.extend(notes)
        found = self._known(known_arn) if known_arn else None
        if not found and self.resumed:
            packages = self.aws.packages
            found = find_model(packages, draft, since=self.since, call=self.call)
        if not found and known_arn:
            draft = under_another_token(draft, known_arn)
        if found:
            self._warnings.extend(unrecorded_benchmark(found, draft))
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
            dry_run=self._dry,
        )
        return outcome, found

    def _known(self, arn: str) -> ModelPackage | None:
        """Return the version that the entry names, None when it is gone.

        Raises:
            Conflict: it is in another account or region than this call acts in.
        """
        named, here = PackageArn.parse(arn), self.aws.identity
        if (named.account, named.region) != (here.account, here.region):
            raise Conflict(
                f"the entry names a version in account {named.account}, {named.region}; "
                f"this call acts in {here.account}, {here.region}",
                hint="other notes register the deployment there as well, in an entry of its own",
            )
        try:
            return self.aws.packages.describe(arn)
        except NotFound:
            self._warnings.append(
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

    def _adapters(self, base: ModelPackage | None) -> tuple[AdapterOutcome, ...]:
        if self.request.base_only:
            return self._skip_adapters("base_only was asked for")
        prepared = [self._prepared(each, base) for each in self.facts.adapters]
        wanted = [each for each in prepared if isinstance(each, WantedAdapter)]
        doubt = self._look_for(wanted, base) if base and self.resumed else None
        outcomes: list[AdapterOutcome] = []
        for position, each in enumerate(prepared):
            self.call.report(position, len(prepared), f"adapter {each.name}")
            if isinstance(each, WantedAdapter):
                outcomes.append(self._registered(each, doubt))
            else:
                outcomes.append(each)
        return tuple(outcomes)

    def _prepared(
        self, adapter: AdapterFacts, base: ModelPackage | None
    ) -> WantedAdapter | AdapterOutcome:
        if adapter.name in self.request.excluded:
            return AdapterOutcome(
                name=adapter.name, state="skipped", warning="excluded", dry_run=self._dry
            )
        from_registry = is_from_registry(adapter)
        unread: RegistryError | None = None
        try:
            if from_registry:
                adapter, unread = self._with_lineage(adapter)
            draft, notes = self._drafts.adapter(adapter, base.arn if base else "")
        except RegistryError as error:
            return self._failed(adapter.name, error)
        self._warnings.extend(notes)
        return WantedAdapter(adapter.name, draft, not from_registry, unread)

    def _with_lineage(self, adapter: AdapterFacts) -> tuple[AdapterFacts, RegistryError | None]:
        """Return the adapter with what its origin tells, or why it does not tell just now."""
        try:
            adapter, unknown = Origins(self.aws, self.call).completed(adapter)
        except (Throttled, Unavailable, DeadlineExceeded) as error:
            return adapter, error
        self._warnings.extend(unknown)
        return adapter, None

    def _look_for(
        self, wanted: Sequence[WantedAdapter], base: ModelPackage
    ) -> RegistryError | None:
        """Give adapters the versions that they have; return why others may have one unseen."""
        try:
            find_adapters(self.aws.packages, base, wanted, since=self.since, call=self.call)
        except RegistryError as error:
            return error
        return None

    def _registered(self, wanted: WantedAdapter, doubt: RegistryError | None) -> AdapterOutcome:
        if wanted.version:
            self._warnings.extend(unrecorded_benchmark(wanted.version, wanted.draft))
            return self._outcome(wanted.name, "unchanged", wanted.version)
        if why := doubt or wanted.unread:
            return self._failed(wanted.name, why)
        if self.request.dry_run:
            return self._outcome(wanted.name, "created", None)
        try:
            self.call.check(f"adapter {wanted.name} was registered")
            made = self._created(wanted.draft)
        except RegistryError as error:
            return self._failed(wanted.name, error)
        return self._outcome(wanted.name, "created", made)

    def _outcome(self, name: str, state: State, version: ModelPackage | None) -> AdapterOutcome:
        return AdapterOutcome(
            name=name,
            state=state,
            arn=version.arn if version else None,
            version=version.version if version else None,
            dry_run=self._dry,
        )

    def _failed(self, name: str, error: RegistryError) -> AdapterOutcome:
        return AdapterOutcome(name=name, state="failed", warning=explain(error), dry_run=self._dry)

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
