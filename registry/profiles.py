"""The active bootstrap profile in the registry home's `config.json`, read and never written.

Source: record contract, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import CorruptRegistry, Unavailable
from registry.local.documents import JsonFile

DEFAULT_ECR_REPOSITORY = "ml-container-creator"


@dataclass(frozen=True, slots=True)
class BootstrapProfile:
    """What MLCC's bootstrap noted about one account.

    A value is looked for under its flat key, then where its module put it (`moduleOutputs`). One
    that is missing, empty or no text is None.

    Attributes:
        name: The profile's key in the file.
        values: The profile as stored.
    """

    name: str
    values: Mapping[str, Any]

    @property
    def aws_profile(self) -> str | None:
        """Name of the AWS profile; counts only where the environment names none."""
        return self._text("awsProfile")

    @property
    def aws_region(self) -> str | None:
        """Region that bootstrap was run for."""
        return self._text("awsRegion")

    @property
    def account_id(self) -> str | None:
        """Account that bootstrap was run in."""
        return self._text("accountId")

    @property
    def ecr_repository_name(self) -> str:
        """Repository that project images are pushed to."""
        found = self._text("ecrRepositoryName", "core", "EcrRepositoryName")
        return found or DEFAULT_ECR_REPOSITORY

    @property
    def role_arn(self) -> str | None:
        """Execution role, which reads data and models for SageMaker."""
        return self._text("roleArn", "core", "RoleArn")

    @property
    def ai_registry_hub_name(self) -> str | None:
        """Hub for datasets and evaluators."""
        return self._text("aiRegistryHubName", "registry", "AiRegistryHubName")

    @property
    def ci_table_name(self) -> str | None:
        """DynamoDB table of the CI configurations."""
        return self._text("ciTableName", "ci", "CiTableName")

    @property
    def ci_infra_provisioned(self) -> bool:
        """Whether bootstrap set up the CI table; False when it does not say."""
        return self.values.get("ciInfraProvisioned") in (True, "true")

    def _text(self, key: str, module: str = "", output: str = "") -> str | None:
        candidates = [self.values.get(key)]
        outputs = self.values.get("moduleOutputs")
        if isinstance(outputs, Mapping) and isinstance(outputs.get(module), Mapping):
            candidates.append(outputs[module].get(output))
        for candidate in candidates:
            if isinstance(candidate, str) and candidate:
                return candidate
        return None


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What `config.json` gives: its active profile, or none and, for a broken file, why.

    Attributes:
        warning: Why there is no profile although there is a file that should have one.
    """

    profile: BootstrapProfile | None = None
    warning: str | None = None


def read_profile(home: Path) -> BootstrapProfile | None:
    """Return the active profile, None without one; `read_bootstrap` also says why."""
    return read_bootstrap(home).profile


def read_bootstrap(home: Path) -> Bootstrap:
    """Return the active profile of `config.json`, or why it has none; never an error.

    No file, and a file without an active profile, are how a fresh home looks: no warning.
    """
    path = home / "config.json"
    try:
        content = JsonFile(path, ascii_only=False, final_newline=True).read()
    except (CorruptRegistry, Unavailable) as error:
        return Bootstrap(warning=f"no bootstrap profile: {error.message}")
    if content is None:
        return Bootstrap()
    if not isinstance(content, Mapping):
        return Bootstrap(warning=f"no bootstrap profile: {path} is not an object")
    active = content.get("activeProfile")
    if not active:
        return Bootstrap()
    profiles = content.get("profiles")
    values = None
    if isinstance(active, str) and isinstance(profiles, Mapping):
        values = profiles.get(active)
    if not isinstance(values, Mapping):
        return Bootstrap(warning=f"no bootstrap profile: {path} does not hold its active profile")
    return Bootstrap(BootstrapProfile(active, values))
