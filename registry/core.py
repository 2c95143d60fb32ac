"""The registry as one caller sees it: settings, local files, the accounts it may open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from registry.calls import Call
from registry.errors import AccountNotAllowed, CredentialsFailed, InvalidArgument, NotConfigured
from registry.hub.publishing import Publisher
from registry.hub.reading import HubReader
from registry.local.deployments import project_registry, user_registry
from registry.local.documents import JsonFile
from registry.precedence import NOWHERE, Given, first_given
from registry.profiles import BootstrapProfile, read_profile
from registry.project.folder import ProjectFolder, read_project
from registry.registration.ci import CiTarget
from registry.settings import DEFAULT_CI_TABLE, Settings
from registry.stores import Aws, AwsDirectory, CiTable, DeploymentLog
from registry.workspace import Workspace
from schemas.deployment_views import Origin

DEFAULT_ECR_REPOSITORY = "ml-container-creator"

CREDENTIAL_VARIABLES = (
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Each says in the server's environment whom to act as; the bootstrap profile then does not."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything a use case is given.

    Attributes:
        environment: The server's own environment, for AWS_REGION, AWS_DEFAULT_REGION,
            AWS_PROFILE, credential variables and CI_TABLE_NAME; never for a project's values.
        now: The present instant, with its time zone.
    """

    settings: Settings
    workspace: Workspace
    directory: AwsDirectory
    environment: Mapping[str, str]
    now: Callable[[], datetime]

    def bootstrap(self) -> BootstrapProfile | None:
        """Return the active bootstrap profile of the registry home, None when there is none."""
        return read_profile(self.settings.home)

    def project(
        self, project_dir: str, environment: Mapping[str, str] | None = None
    ) -> ProjectFolder | None:
        """Return the project in that folder, or in the workspace itself when none is named.

        Raises:
            InvalidArgument: the folder is outside the workspace, or holds no readable `do/`.
        """
        if project_dir:
            root: Path | None = self.workspace.resolve(project_dir)
        else:
            root = self.workspace.default_project()
        return read_project(root, environment=environment or {}) if root else None

    def project_root(self, project_dir: str) -> Path | None:
        """Return a project's folder, whether or not it has a `do/` folder."""
        if project_dir:
            return self.workspace.resolve(project_dir)
        return self.workspace.default_project()

    def user_log(self) -> DeploymentLog:
        """Return the user's registry file."""
        return user_registry(self.settings.home)

    def project_log(self, root: Path) -> DeploymentLog:
        """Return a project's own registry file."""
        return project_registry(root)

    def logs(self, project_dir: str) -> list[tuple[Origin, DeploymentLog]]:
        """Return the files that reading tools read: the user's, then the project's."""
        logs: list[tuple[Origin, DeploymentLog]] = [("user", self.user_log())]
        root = self.project_root(project_dir)
        if root:
            logs.append(("project", self.project_log(root)))
        return logs

    def datasets(self) -> JsonFile:
        """Return the registry home's datasets.json, formatted as MLCC formats it."""
        return self._array("datasets.json")

    def evaluators(self) -> JsonFile:
        """Return the registry home's evaluators.json, formatted as MLCC formats it."""
        return self._array("evaluators.json")

    def _array(self, name: str) -> JsonFile:
        return JsonFile(self.settings.home / name, ascii_only=True, final_newline=False)

    def ecr_repository(self) -> str:
        """Return the ECR repository that a project's image is derived in."""
        bootstrap = self.bootstrap()
        return (bootstrap.ecr_repository_name if bootstrap else "") or DEFAULT_ECR_REPOSITORY

    def profile(self, argument: str) -> str:
        """Return the AWS profile to act as, "" for whatever the environment gives.

        The bootstrap profile's counts only where the environment names neither a profile nor
        credentials of its own.
        """
        given = self.given_profile(argument)
        return "" if given.source == "variable" else given.value

    def given_profile(self, argument: str) -> Given:
        """Return what decides whom to act as, and where it stands.

        A variable of the client library's own is named and its value left to the library: a
        profile that is passed on would win over keys that stand beside it.
        """
        chosen = first_given(
            [Given(argument, "argument"), Given(self.settings.profile, "flag", "profile")]
        )
        if chosen.value:
            return chosen
        for variable in CREDENTIAL_VARIABLES:
            if value := self.environment.get(variable):
                shown = value if variable.endswith("_PROFILE") else ""
                return Given(shown, "variable", variable)
        return first_given([self._of_bootstrap(lambda profile: profile.aws_profile, "awsProfile")])

    def region(self, argument: str, *, folder: str = "", profile: str = "") -> str:
        """Return the region of a call, "" when nothing gives one.

        Order: argument, project folder (the call's, else the working one), flag or
        MLCC_REGISTRY_REGION, AWS_REGION, AWS_DEFAULT_REGION, the AWS profile's, the bootstrap
        profile's.
        """
        return self.given_region(argument, folder=folder, profile=profile).value

    def given_region(self, argument: str, *, folder: str = "", profile: str = "") -> Given:
        """Return the region of a call, and where it stands."""

        def places() -> Iterator[Given]:
            yield Given(argument, "argument")
            yield Given(folder or self._working_region(), "project", "AWS_REGION in do/config")
            yield Given(self.settings.region, "flag", "region")
            for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
                yield Given(self.environment.get(variable, ""), "variable", variable)
            chosen = self.profile(profile)
            yield Given(self._region_of(chosen), "aws_profile", chosen or "default")
            yield self._of_bootstrap(lambda profile: profile.aws_region, "awsRegion")

        return first_given(places())

    def _region_of(self, profile: str) -> str:
        try:
            return self.directory.region_of(profile)
        except CredentialsFailed:
            return ""  # opening the account reports the same problem, with its cause

    def _of_bootstrap(self, value: Callable[[BootstrapProfile], str | None], key: str) -> Given:
        bootstrap = self.bootstrap()
        if bootstrap is None:
            return NOWHERE
        return Given(value(bootstrap) or "", "bootstrap_profile", f"{key} of {bootstrap.name}")

    def _working_region(self) -> str:
        root = self.workspace.default_project()
        if root is None:
            return ""
        try:
            return read_project(root).config.get("AWS_REGION") or ""
        except InvalidArgument:
            return ""  # a call that needs the folder says what is wrong with it

    def account(self, *, region: str, profile: str, folder: str = "") -> Aws:
        """Return the account to read from.

        Raises:
            NotConfigured: no region is to be found.
            CredentialsFailed: no usable credentials.
        """
        chosen = self.region(region, folder=folder, profile=profile)
        if not chosen:
            raise NotConfigured(
                "no AWS region is known",
                hint="pass region, or set AWS_REGION or --region, or AWS_REGION in do/config",
            )
        return self.directory.open(region=chosen, profile=self.profile(profile))

    def writable(self, *, region: str, profile: str, folder: str = "") -> Aws:
        """Return the account to write to.

        Raises:
            AccountNotAllowed: the account is not one that writes are allowed in.
            NotConfigured, CredentialsFailed: as `account`.
        """
        aws = self.account(region=region, profile=profile, folder=folder)
        allowed = self.settings.allowed_accounts
        if allowed and aws.identity.account not in allowed:
            raise AccountNotAllowed(
                aws.identity,
                hint=f"allowed: {', '.join(allowed)} (--allowed-accounts); choose another profile",
            )
        return aws

    def publisher(self, call: Call, *, region: str, profile: str, folder: str = "") -> Publisher:
        """Return what brings records into the hub that is configured, if one is."""
        bootstrap = self.bootstrap()
        return Publisher(
            hub=self.given_hub().value,
            account=lambda: self.writable(region=region, profile=profile, folder=folder),
            role_arn=(bootstrap.role_arn if bootstrap else "") or "",
            poll_s=self.settings.poll_s,
            call=call,
        )

    def hub_reader(self, call: Call, *, region: str, profile: str) -> HubReader:
        """Return what reads the hub that is configured, if one is."""
        return HubReader(
            hub=self.given_hub().value,
            account=lambda: self.account(region=region, profile=profile),
            call=call,
        )

    def ci_table_name(self, argument: str) -> str:
        """Return the CI table's name: argument, flag, CI_TABLE_NAME, bootstrap, default."""
        return self.given_ci_table(argument).value

    def given_ci_table(self, argument: str) -> Given:
        """Return the CI table's name, and where it stands."""

        def places() -> Iterator[Given]:
            yield Given(argument, "argument")
            yield Given(self.settings.ci_table, "flag", "ci_table")
            yield Given(self.environment.get("CI_TABLE_NAME", ""), "variable", "CI_TABLE_NAME")
            yield self._of_bootstrap(lambda profile: profile.ci_table_name, "ciTableName")
            yield Given(DEFAULT_CI_TABLE, "default")

        return first_given(places())

    def given_hub(self) -> Given:
        """Return the hub for datasets and evaluators, and where it stands."""
        return first_given(
            [
                Given(self.settings.hub, "flag", "hub"),
                self._of_bootstrap(
                    lambda profile: profile.ai_registry_hub_name, "aiRegistryHubName"
                ),
            ]
        )

    def ci_table(self, argument: str, *, region: str, profile: str) -> CiTable:
        """Return the CI table to read. Raises NotConfigured, CredentialsFailed."""
        aws = self.account(region=self.settings.ci_region or region, profile=profile)
        return aws.ci_table(self.ci_table_name(argument))

    def ci_target(self, argument: str, *, region: str, profile: str, folder: str) -> CiTarget:
        """Return the CI table to write to.

        Raises:
            AccountNotAllowed, NotConfigured, CredentialsFailed: as `writable`.
        """
        aws = self.writable(
            region=self.settings.ci_region or region, profile=profile, folder=folder
        )
        name = self.ci_table_name(argument)
        return CiTarget(name, aws.ci_table(name), aws.identity)
