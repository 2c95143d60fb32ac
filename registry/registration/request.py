"""What a caller asks of one registration, beside the facts of the deployment itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from registry.errors import InvalidArgument
from registry.redaction import (
    changed_keys,
    redact_parameters,
    redact_shapes,
    redact_text,
    redaction_warning,
)
from schemas.deployment import Status

DEFAULT_BUILD_STRATEGY = "codebuild-submit"

_BENCHMARK = "benchmark_"


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """How to register, whatever is registered.

    Attributes:
        exclude: Adapter names, each possibly several separated by commas.
        benchmark: Figures of the deployment; an inner object belongs to the adapter it is
            named for.
        folder_name: Name of the project's folder, for an entry in its own file.
        sagemaker: `auto` means yes, unless the CI record was asked for.
    """

    status: Status = "success"
    notes: str = ""
    base_only: bool = False
    exclude: Sequence[str] = ()
    ci: bool = False
    ci_table: str = ""
    build_strategy: str = ""
    benchmark: Mapping[str, object] = field(default_factory=dict)
    sagemaker: Literal["auto", "yes", "no"] = "auto"
    project_level: bool = False
    folder_name: str = ""
    idempotency_key: str = ""
    dry_run: bool = False

    @property
    def wants_sagemaker(self) -> bool:
        """Whether model package versions are to be registered."""
        return self.sagemaker == "yes" or (self.sagemaker == "auto" and not self.ci)

    @property
    def strategy(self) -> str:
        """How the image was built, with what looks like a secret taken out."""
        return redact_shapes(self.build_strategy) or DEFAULT_BUILD_STRATEGY

    @property
    def safe_key(self) -> str:
        """The idempotency key as it is stored: one that looks like a secret as its digest."""
        shown = redact_shapes(self.idempotency_key)
        if shown == self.idempotency_key:
            return shown
        return hashlib.sha256(self.idempotency_key.encode()).hexdigest()

    @property
    def safe_notes(self) -> str:
        """The notes, with what looks like a secret taken out."""
        return redact_text(self.notes)

    @property
    def redactions(self) -> tuple[str, ...]:
        """A warning for each of the caller's own texts that is not stored as it was sent."""
        told = []
        if self.safe_notes != self.notes:
            told.append(redaction_warning("notes"))
        if redact_shapes(self.build_strategy) != self.build_strategy:
            told.append(redaction_warning("build_strategy"))
        figures = {f"{_BENCHMARK}{key}": value for key, value in self.benchmark.items()}
        if changed := changed_keys(figures, redact_parameters(figures)):
            names = [key.removeprefix(_BENCHMARK) for key in changed]
            told.append(redaction_warning("benchmark", names))
        return tuple(told)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The excluded adapters' names, one each."""
        return tuple(
            name.strip() for given in self.exclude for name in given.split(",") if name.strip()
        )


def benchmark_metadata(
    benchmark: Mapping[str, object], adapters: Sequence[str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the base model's `benchmark_` metadata, and each adapter's by its name.

    Raises:
        InvalidArgument: a value is nested under a name that is no adapter's, or is a list.
    """
    base: dict[str, object] = {}
    inner: dict[str, dict[str, str]] = {}
    for key, value in benchmark.items():
        if isinstance(value, Mapping):
            if key not in adapters:
                raise InvalidArgument(
                    f"benchmark.{key} is an object, but the project has no adapter {key!r}",
                    hint="benchmark takes plain values, or one object per adapter name"
                    + (f"; adapters: {', '.join(adapters)}" if adapters else ""),
                )
            inner[key] = _flat(value, f"benchmark.{key}")
        else:
            base[key] = value
    return _flat(base, "benchmark"), inner


def _flat(values: Mapping[str, object], where: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if value is None or value == "":
            continue
        if isinstance(value, Mapping | list):
            raise InvalidArgument(f"{where}.{key} must be text, a number or a boolean")
        flat[f"{_BENCHMARK}{key}"] = as_text(value)
    return {key: str(value) for key, value in redact_parameters(flat).items()}


def as_text(value: object) -> str:
    """Return a figure as metadata holds it: booleans as JSON spells them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
