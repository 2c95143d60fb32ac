"""One configuration of the CI table, whole."""

from __future__ import annotations

from registry.errors import NotFound
from registry.identifiers import check_config_id
from registry.stores import CiTable
from schemas.ci import CiConfigurationResult


def show_configuration(table: CiTable, config_id: str) -> CiConfigurationResult:
    """Return one configuration with its record, whatever its status.

    A lease's id lets its worker record results, so it is left out; its owner and end are not.

    Raises:
        InvalidArgument: that is no id.
        NotFound: the table has no such configuration, or there is no such table.
    """
    found = table.get(check_config_id(config_id))
    if found is None:
        raise no_such_configuration(config_id)
    return CiConfigurationResult(
        message=f"Configuration {config_id}: {found.test_status}.",
        configuration=found.model_copy(update={"lease_id": None, "lease_request": None}),
    )


def no_such_configuration(config_id: str) -> NotFound:
    """Return the error for an id that the CI table does not have."""
    return NotFound(
        f"the CI table has no configuration {config_id!r}",
        hint="query_ci_untested lists those to test; register_deployment with ci adds one",
    )
