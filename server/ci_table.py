"""`mlcc-registry-mcp ci-table create`: makes the CI table for those who have no stack."""

from __future__ import annotations

import os
import sys

from registry.calls import Call
from registry.errors import InvalidArgument
from registry.settings import Settings
from server.assembling import build_registry, surroundings

_PATIENCE_S = 120.0


def create_ci_table(settings: Settings) -> int:
    """Make the table that settings and environment name, and say where; return 0.

    Raises:
        InvalidArgument: the server is a reading one.
        RegistryError: no account or region, not allowed, or a table of that name is unlike it.
    """
    if settings.read_only:
        raise InvalidArgument("ci-table create writes, and the setting read_only forbids that")
    with surroundings(settings) as actual:
        registry = build_registry(actual, os.environ)
        target = registry.ci_target("", region="", profile="", folder="")
        state = target.table.create(call=Call(deadline=Call().deadline + _PATIENCE_S))
    where = f"{target.name} in {target.identity.region}, account {target.identity.account}"
    said = "created" if state == "created" else "was there already, with its index"
    sys.stdout.write(f"CI table {where}: {said}\n")
    return 0
