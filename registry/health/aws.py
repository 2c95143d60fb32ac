"""Checks who AWS takes us for, and which of its services can be reached. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from registry.calls import Call
from registry.core import Registry
from registry.errors import NoCredentials, NotFound, PermissionDenied, RegistryError
from registry.health.deadline import answers_within
from registry.health.sagemaker import judged, questions_to_sagemaker
from registry.precedence import Given
from registry.stores import Access, Aws
from schemas.base import Identity
from schemas.doctor import AwsAccess, AwsPart, Finding, Level

PATIENCE_S = 5.0
"""All of AWS has to answer within this time."""


@dataclass(slots=True)
class _Checks:
    """What has been found so far."""

    registry: Registry
    facts: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, part: AwsPart, level: Level, message: str, hint: str = "") -> None:
        self.findings.append(
            Finding(subject="aws", about=part, level=level, message=message, next_step=hint or None)
        )

    def failed(self, part: AwsPart, level: Level, error: RegistryError) -> None:
        self.add(part, level, error.message, error.hint)


def check_aws(registry: Registry) -> tuple[AwsAccess, list[Finding]]:
    """Return how AWS is reached and what there is to say about it, within `PATIENCE_S`."""
    checks = _Checks(registry)
    end = time.monotonic() + PATIENCE_S
    region = registry.given_region("")
    if not region.value:
        checks.add(
            "credentials",
            "warning",
            "no AWS region is known, so nothing of AWS was checked",
            "set AWS_REGION or --region; local records need none",
        )
        return AwsAccess(), checks.findings
    aws = _opened(checks, end)
    if aws is not None:
        _ask(checks, aws, end)
    return AwsAccess(**checks.facts), checks.findings


def _opened(checks: _Checks, end: float) -> Aws | None:
    """Return the account to ask, None when there are no credentials for it."""
    registry = checks.registry
    opening: dict[AwsPart, Callable[[], Aws]] = {
        "credentials": lambda: registry.account(region="", profile="")
    }
    found = answers_within(end - time.monotonic(), opening)["credentials"]
    if isinstance(found, NoCredentials) and registry.given_profile("").source == "nowhere":
        hint = f"{found.hint}; local records need none"
        checks.add("credentials", "warning", found.message, hint)
        return None
    if isinstance(found, RegistryError):
        checks.failed("credentials", "problem", found)
        return None
    return found


def _ask(checks: _Checks, aws: Aws, end: float) -> None:
    """Ask everything else at the same time."""
    registry = checks.registry
    table, hub = registry.given_ci_table(""), registry.given_hub()
    checks.facts |= {"ci_table": table.value, "hub": hub.value or None}
    checks.facts["ci_region"] = registry.settings.ci_region or registry.region("")
    questions: dict[AwsPart, Callable[[], Any]] = {
        "identity": lambda: aws.identity,
        "endpoints": lambda: aws.access,
        "ci_table": partial(_look_at_ci_table, registry),
    }
    of_sagemaker = questions_to_sagemaker(registry, aws)
    if hub.value:
        questions["hub"] = lambda: aws.hub(hub.value).status()
    answers = answers_within(max(0.0, end - time.monotonic()), questions | of_sagemaker)
    _identity(checks, answers["identity"])
    _endpoints(checks, answers["endpoints"])
    for part in of_sagemaker:
        checks.add(part, *judged(answers[part]))
    _ci_table(checks, table, answers["ci_table"])
    _hub(checks, hub, answers.get("hub"))


def _look_at_ci_table(registry: Registry) -> str:
    """Read the index that the CI tools read, and return where it is."""
    table = registry.ci_table("", region="", profile="")
    table.in_status(
        ("untested",),
        tested_before=None,
        matches=lambda _: True,
        limit=1,
        cursor=None,
        query="doctor",
        call=Call(),  # nobody waits longer than `PATIENCE_S`
    )
    return table.place


def _identity(checks: _Checks, found: Identity | RegistryError) -> None:
    if isinstance(found, RegistryError):
        checks.failed("identity", "problem", found)
        return
    checks.facts["identity"] = found
    given = checks.registry.given_profile("")
    who = f" as profile {found.profile!r}" if found.profile else ""
    if not who and given.value:
        who = f" as profile {given.value!r}"
    checks.add("identity", "ok", f"account {found.account} in {found.region}{who}")
    _expected_account(checks, found.account)


def _expected_account(checks: _Checks, account: str) -> None:
    allowed = checks.registry.settings.allowed_accounts
    if allowed and account not in allowed:
        message = f"writes are refused: account {account} is not one of --allowed-accounts"
        checks.add("identity", "warning", message, "act as a profile of an allowed account")
    bootstrap = checks.registry.bootstrap()
    if bootstrap and bootstrap.account_id and bootstrap.account_id != account:
        message = f"bootstrap profile {bootstrap.name!r} is of account {bootstrap.account_id}"
        hint = "act as its AWS profile, or make another bootstrap profile the active one"
        checks.add("identity", "warning", message, hint)


def _endpoints(checks: _Checks, found: Access | RegistryError) -> None:
    if isinstance(found, RegistryError):
        checks.failed("endpoints", "problem", found)
        return
    checks.facts["method"] = found.method
    checks.facts["foreign_endpoints"] = dict(found.foreign_endpoints)
    checks.add("credentials", "ok", f"found by the method {found.method}")
    if not found.foreign_endpoints:
        checks.add("endpoints", "ok", "every service is asked at AWS's own endpoint")
        return
    asked = ", ".join(f"{service} at {url}" for service, url in found.foreign_endpoints.items())
    level: Level = "ok" if checks.registry.settings.sandbox else "warning"
    hint = "" if level == "ok" else "unset AWS_ENDPOINT_URL and its kin if that is not meant"
    checks.add("endpoints", level, f"not AWS's own: {asked}", hint)


def _ci_table(checks: _Checks, table: Given, found: str | RegistryError) -> None:
    if not isinstance(found, RegistryError):
        checks.add("ci_table", "ok", f"{found} answers")
        return
    if table.source == "default" and isinstance(found, NotFound | PermissionDenied):
        hint = "CI tools need a table: name it with --ci-table, or let bootstrap make one"
        checks.add("ci_table", "warning", found.message, hint)
        return
    checks.failed("ci_table", "problem", found)


def _hub(checks: _Checks, hub: Given, found: str | RegistryError | None) -> None:
    if found is None:
        checks.add("hub", "ok", "none is configured: datasets and evaluators are recorded locally")
    elif isinstance(found, RegistryError):
        checks.failed("hub", "problem", found)
    elif found != "InService":
        message = f"hub {hub.value!r} is {found}"
        checks.add("hub", "warning", message, "imports wait until it is InService")
    else:
        checks.add("hub", "ok", f"hub {hub.value!r} is in service")
