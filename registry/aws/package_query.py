"""Which versions of a model package group are wanted, however they are looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from registry.aws.connection import Connection
from registry.aws.parallel import each_of
from registry.calls import Call
from registry.errors import NotFound
from registry.paging import query_key
from schemas.model_package import ModelPackage

RESERVE_S = 10.0
"""A page goes out short rather than begin another request with less time than this left."""


@dataclass(frozen=True, slots=True)
class PackageQuery:
    """One query over one group.

    Attributes:
        metadata: Values that a version's metadata has to have; "" for a key that is missing.
        describe: Returns one version by its ARN, or raises NotFound.
    """

    connection: Connection
    group: str
    metadata: Mapping[str, str]
    describe: Callable[[str], ModelPackage]

    @property
    def key(self) -> str:
        """What cursors are bound to."""
        return query_key("packages", self.connection.region, self.group, self.metadata)

    def matches(self, package: ModelPackage) -> bool:
        """Tell whether a version is one of those wanted."""
        return all(package.metadata.get(key, "") == value for key, value in self.metadata.items())

    def described(self, arns: Sequence[str], call: Call) -> list[ModelPackage]:
        """Return the wanted ones of these versions, in their order; deleted ones are left out."""
        found = each_of(self._if_there, arns, call=call)
        return [one for one in found if one and self.matches(one)]

    def _if_there(self, arn: str) -> ModelPackage | None:
        try:
            return self.describe(arn)
        except NotFound:
            return None
