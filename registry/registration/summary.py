"""What a registration answers: the whole result, or what was done before an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.capture import deployment_record
from registry.registration.packages import Registered
from registry.registration.request import RegistrationRequest
from schemas.base import Identity
from schemas.facts import DeploymentFacts
from schemas.registration import CiOutcome, LocalOutcome, RegisterDeploymentResult

NOT_FATAL = "MPG registration failed (non-fatal) — local registry is the primary record"

COMPLETES = "register_deployment again with the same arguments completes it"
MENDS = (
    "with that mended, register_deployment again adds what is missing, to a new entry where the "
    "deployment itself is another then"
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A registration whose CI side is still open.

    Attributes:
        path: The registry file.
        appended: Whether the entry was made now.
    """

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
            warnings=self._warnings(ci),
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

    def _warnings(self, ci: CiOutcome) -> tuple[str, ...]:
        warnings = [*self.facts.warnings, *self.request.redactions]
        warnings += [*self._unknown_exclusions(), *self.registered.warnings]
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
        if self.request.benchmark and package.arn is None and not self.request.dry_run:
            warnings.append(
                "the benchmark figures were not recorded: they are kept in the model package"
            )
        if self.request.ci and ci.warning:
            warnings.append(ci.warning)
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
            return f"once the cause in warnings is mended, {COMPLETES}"
        return None
