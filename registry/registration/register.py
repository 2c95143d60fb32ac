"""Register a deployment in every place that keeps a record of it.

The local entry comes first and is the primary record. SageMaker failing for any reason is a
warning; the CI record, when it was asked for, is an error that says what was recorded before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.calls import Call
from registry.capture import config_id_of, deployment_record
from registry.errors import CredentialsFailed, NotConfigured, RegistryError
from registry.instants import parse_instant
from registry.registration.ci import CiTarget, preview_ci, register_ci
from registry.registration.entry import make_entry
from registry.registration.images import valid_image
from registry.registration.packages import (
    PackageRegistrar,
    Registered,
    explain,
    skip_adapters,
)
from registry.registration.request import RegistrationRequest, benchmark_metadata
from registry.stores import Aws, DeploymentLog
from schemas.base import Identity
from schemas.facts import DeploymentFacts
from schemas.registration import (
    CiOutcome,
    LocalOutcome,
    PackageOutcome,
    RegisterDeploymentResult,
)

NOT_FATAL = "MPG registration failed (non-fatal) — local registry is the primary record"

_NOT_ASKED = {
    True: "not asked for: with ci the SageMaker side needs sagemaker=yes",
    False: "not asked for: sagemaker=no",
}
_COMPLETE = "register_deployment again with the same arguments completes it"


@dataclass(frozen=True, slots=True)
class Registrar:
    """Registers deployments, given the places to record them in.

    Attributes:
        log: The registry file that gets the entry.
        account: Opens the account to write to; raises where none can be had.
        ci_target: Gives the CI table; raises where none can be had.
        repository: ECR repository of images that are derived, from the bootstrap profile.
    """

    log: DeploymentLog
    account: Callable[[], Aws]
    ci_target: Callable[[], CiTarget]
    repository: str
    now: Callable[[], datetime]

    def register(
        self, facts: DeploymentFacts, request: RegistrationRequest, call: Call
    ) -> RegisterDeploymentResult:
        """Record one deployment; find and complete the record of an identical call.

        Raises:
            InvalidArgument: the request contradicts the deployment (an inner benchmark object
                for an adapter that does not exist).
            Conflict: the idempotency key was used for something else.
            RegistryError: the local file could not be written, or the CI record could not;
                the latter's details hold in `done` what was recorded before.
        """
        benchmark_metadata(request.benchmark, [adapter.name for adapter in facts.adapters])
        call.report(0, None, "local registry")
        entry, appended = self._local(facts, request)
        registered, identity = self._sagemaker(facts, request, call, entry, appended)
        if not request.dry_run:
            entry = self._complete(entry, registered.package, facts)
        unfinished = _Unfinished(
            self.log.path, facts, request, entry, appended, registered, identity
        )
        if not request.ci:
            return unfinished.result(
                CiOutcome(state="skipped", config_id=_config_id(facts), warning="not asked for")
            )
        call.report(0, None, "CI table")
        try:
            target = self.ci_target()
            write = preview_ci if request.dry_run else register_ci
            ci = write(target, facts, request, entry_id=entry["id"], now=self.now())
        except RegistryError as error:
            if not request.dry_run:
                error.details["done"] = unfinished.done()
                error.hint = f"{error.hint}; {_COMPLETE}" if error.hint else _COMPLETE
            raise
        return unfinished.result(ci, identity or target.identity)

    def _local(
        self, facts: DeploymentFacts, request: RegistrationRequest
    ) -> tuple[dict[str, Any], bool]:
        moment = self.now()
        if not request.dry_run:
            return self.log.append(
                lambda present: make_entry(facts, request, now=moment, present=present)
            )
        present = self.log.entries()
        made = make_entry(facts, request, now=moment, present=present)
        if isinstance(made, dict):
            return made, True
        return dict(next(entry for entry in present if entry.get("id") == made)), False

    def _complete(
        self, entry: dict[str, Any], package: PackageOutcome, facts: DeploymentFacts
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if package.arn and entry.get("modelPackageArn") != package.arn:
            changes |= {
                "modelPackageArn": package.arn,
                "modelPackageVersion": package.version,
            }
        if facts.region and not entry["infrastructure"].get("region"):
            changes["infrastructure"] = {"region": facts.region}
        return self.log.patch(entry["id"], changes) if changes else entry

    def _sagemaker(
        self,
        facts: DeploymentFacts,
        request: RegistrationRequest,
        call: Call,
        entry: dict[str, Any],
        appended: bool,
    ) -> tuple[Registered, Identity | None]:
        dry = request.dry_run
        if not request.wants_sagemaker:
            reason = _NOT_ASKED[request.sagemaker == "auto"]
            return _without_package(facts, "skipped", reason, dry=dry), None
        try:
            aws = self.account()
        except (NotConfigured, CredentialsFailed) as error:
            return _without_package(facts, "skipped", explain(error), dry=dry), None
        except RegistryError as error:
            return _without_package(facts, "failed", explain(error), dry=dry), None
        call.report(0, None, "model package group")
        image, notes = valid_image(facts, aws, self.repository)
        registrar = PackageRegistrar(
            aws=aws,
            facts=facts,
            request=request,
            entry_id=entry["id"],
            resumed=not appended,
            since=parse_instant(entry["timestamp"]) or self.now(),
            image=image,
            call=call,
        )
        registered = registrar.register(entry.get("modelPackageArn"))
        return (
            Registered(registered.package, registered.adapters, (*notes, *registered.warnings)),
            aws.identity,
        )


def _without_package(facts: DeploymentFacts, state: str, reason: str, *, dry: bool) -> Registered:
    package = PackageOutcome.model_validate(
        {"state": state, "warning": reason, "dryRun": dry or None}
    )
    return Registered(package, skip_adapters(facts, reason, dry_run=dry))


def _config_id(facts: DeploymentFacts) -> str | None:
    return config_id_of(facts) if facts.instance_type and facts.region else None


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """A registration whose CI side is still open."""

    path: str
    facts: DeploymentFacts
    request: RegistrationRequest
    entry: dict[str, Any]
    appended: bool
    registered: Registered
    identity: Identity | None

    def done(self) -> dict[str, Any]:
        """Return what was recorded so far, for an error to carry."""
        package = self.registered.package
        return {
            "id": self.entry["id"],
            "local": self._local().wire(),
            "modelPackage": package.wire(),
            "adapters": [adapter.wire() for adapter in self.registered.adapters],
        }

    def result(self, ci: CiOutcome, identity: Identity | None = None) -> RegisterDeploymentResult:
        """Return the whole answer."""
        request = self.request
        return RegisterDeploymentResult(
            id=self.entry["id"],
            timestamp=self.entry["timestamp"],
            status=self.entry["status"],
            record=deployment_record(
                self.facts, status=request.status, build_strategy=request.strategy
            ),
            local=self._local(),
            model_package=self.registered.package,
            adapters=self.registered.adapters,
            ci=ci,
            warnings=self._warnings(),
            dry_run=request.dry_run or None,
            aws=identity or self.identity,
            message=self._message(ci),
            next_step=self._next_step(),
        )

    def _local(self) -> LocalOutcome:
        return LocalOutcome(
            state="created" if self.appended else "unchanged",
            path=self.path,
            dry_run=self.request.dry_run or None,
        )

    def _unknown_exclusions(self) -> list[str]:
        names = [adapter.name for adapter in self.facts.adapters]
        unknown = [name for name in self.request.excluded if name not in names]
        if not unknown:
            return []
        known = f"the adapters are {', '.join(names)}" if names else "the project has no adapters"
        return [f"exclude names no adapter: {', '.join(unknown)}; {known}"]

    def _warnings(self) -> tuple[str, ...]:
        warnings = [*self.facts.warnings, *self._unknown_exclusions(), *self.registered.warnings]
        package = self.registered.package
        if self.request.wants_sagemaker and package.state in {"failed", "skipped"}:
            warnings.append(NOT_FATAL)
            if package.warning:
                warnings.append(package.warning)
        if self.request.wants_sagemaker:
            warnings += [
                f"adapter {adapter.name}: {adapter.warning}"
                for adapter in self.registered.adapters
                if adapter.state == "failed"
            ]
        return tuple(warnings)

    def _message(self, ci: CiOutcome) -> str:
        if self.request.dry_run:
            lead = "Nothing was written; this is what would be"
        elif self.appended:
            lead = f"Registered {self.facts.project_name} as {self.entry['id']}"
        else:
            lead = f"Entry {self.entry['id']} already records this deployment"
        parts = [f"local entry {self._local().state}"]
        package = self.registered.package
        version = f" (version {package.version})" if package.version else ""
        parts.append(f"model package {package.state}{version}")
        if self.registered.adapters:
            states = [adapter.state for adapter in self.registered.adapters]
            counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
            parts.append(f"adapters: {', '.join(counts)}")
        if self.request.ci:
            parts.append(f"CI configuration {ci.config_id} {ci.state}")
        return f"{lead}: {'; '.join(parts)}."

    def _next_step(self) -> str | None:
        if self.request.dry_run:
            return "call register_deployment again without dry_run to write this"
        incomplete = self.registered.package.state in {"failed", "skipped"} or any(
            adapter.state == "failed" for adapter in self.registered.adapters
        )
        if self.request.wants_sagemaker and incomplete:
            return f"once the cause in warnings is mended, {_COMPLETE}"
        return None
