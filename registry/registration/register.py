"""Register a deployment in every place that keeps a record of it.

The local entry comes first and is the primary record. SageMaker failing for any reason is a
warning; the CI record, when it was asked for, is an error that says what was recorded before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from registry.calls import Call
from registry.capture import config_id_of
from registry.errors import (
    AccountNotAllowed,
    CredentialsFailed,
    InvalidArgument,
    NotConfigured,
    PreconditionFailed,
    RegistryError,
    explain,
)
from registry.instants import parse_instant
from registry.registration.ci import CiRequest, CiTarget, preview_ci, register_ci
from registry.registration.entry import make_entry
from registry.registration.images import valid_image
from registry.registration.packages import (
    PackageRegistrar,
    Registered,
    skip_adapters,
)
from registry.registration.request import RegistrationRequest, benchmark_metadata
from registry.registration.summary import COMPLETES, MENDS, Summary
from registry.stores import Aws, DeploymentLog
from schemas.base import Identity
from schemas.facts import DeploymentFacts
from schemas.registration import CiOutcome, PackageOutcome, RegisterDeploymentResult

_NOT_ASKED = {
    True: "not asked for: with ci the SageMaker side needs sagemaker=yes",
    False: "not asked for: sagemaker=no",
}


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
            entry, registered = self._complete(entry, registered, facts, request)
        summary = Summary(self.log.path, facts, request, entry, appended, registered, identity)
        if not request.ci:
            return summary.result(
                CiOutcome(state="skipped", config_id=_config_id(facts), warning="not asked for")
            )
        call.report(0, None, "CI table")
        try:
            target = self.ci_target()
            wanted = CiRequest(facts, request, entry, found=not appended, now=self.now())
            ci = (preview_ci if request.dry_run else register_ci)(target, wanted)
        except RegistryError as error:
            if not request.dry_run:
                error.details["done"] = summary.done()
                then = MENDS if isinstance(error, InvalidArgument) else COMPLETES
                error.hint = f"{error.hint}; {then}" if error.hint else then
            raise
        return summary.result(ci, identity or target.identity)

    def _local(
        self, facts: DeploymentFacts, request: RegistrationRequest
    ) -> tuple[dict[str, Any], bool]:
        moment = self.now()
        if not request.dry_run:
            return self.log.append(
                lambda present: make_entry(facts, request, now=moment, present=present)
            )
        if newer := self.log.format_warning():
            raise PreconditionFailed(newer, hint="update this server, or MLCC, to one version")
        present = self.log.entries()
        made = make_entry(facts, request, now=moment, present=present)
        if isinstance(made, dict):
            return made, True
        return dict(next(entry for entry in present if entry.get("id") == made)), False

    def _complete(
        self,
        entry: dict[str, Any],
        registered: Registered,
        facts: DeploymentFacts,
        request: RegistrationRequest,
    ) -> tuple[dict[str, Any], Registered]:
        """Add to the entry what became known; its absence is a warning, the repeat adds it."""
        package = registered.package
        changes: dict[str, Any] = {}
        if package.arn and entry.get("modelPackageArn") != package.arn:
            changes = {
                "modelPackageArn": package.arn,
                "modelPackageVersion": package.version,
            }
        if facts.region and not entry["infrastructure"].get("region"):
            changes["infrastructure"] = {"region": facts.region}
        if request.safe_key and not entry.get("idempotencyKey"):
            changes["idempotencyKey"] = request.safe_key
        if not changes:
            return entry, registered
        try:
            return self.log.patch(entry["id"], changes), registered
        except RegistryError as error:
            warning = f"the entry could not be completed: {explain(error)}"
            return entry, replace(registered, warnings=(*registered.warnings, warning))

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
            identity = aws.identity  # whatever keeps it from being told is SageMaker's failure too
        except (NotConfigured, CredentialsFailed) as error:
            return _without_package(facts, "skipped", explain(error), dry=dry), None
        except AccountNotAllowed as error:
            return _without_package(facts, "failed", explain(error), dry=dry), error.identity
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
        warnings = (*notes, *registered.warnings)
        return Registered(registered.package, registered.adapters, warnings), identity


def _without_package(facts: DeploymentFacts, state: str, reason: str, *, dry: bool) -> Registered:
    package = PackageOutcome.model_validate(
        {"state": state, "warning": reason, "dryRun": dry or None}
    )
    return Registered(package, skip_adapters(facts, reason, dry_run=dry))


def _config_id(facts: DeploymentFacts) -> str | None:
    return config_id_of(facts) if facts.instance_type and facts.region else None
