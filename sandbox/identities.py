"""Who calls: the access keys that the sandbox knows, their accounts and what they may do."""

import re
from dataclasses import dataclass, replace

from sandbox.permissions import Policy

DEFAULT_ACCOUNT = "123456789012"
SECOND_ACCOUNT = "210987654321"
DEFAULT_KEY = "AKIASANDBOX000000000"
SECOND_KEY = "AKIASANDBOX000000002"
USER = "mlcc-sandbox"

_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Identity:
    """One user behind an access key; without a policy it may do everything."""

    account: str
    user: str = USER
    policy: Policy | None = None


class Identities:
    """The known keys; a key that is not among them acts as the first account's user."""

    def __init__(self) -> None:
        self._known: dict[str, Identity] = {}
        self.reset()

    def reset(self) -> None:
        """Know the two keys of the beginning and no policies."""
        self._known = {
            DEFAULT_KEY: Identity(DEFAULT_ACCOUNT),
            SECOND_KEY: Identity(SECOND_ACCOUNT),
        }

    def knows(self, access_key: str) -> bool:
        """Return whether ``access_key`` is one of the known ones."""
        return access_key in self._known

    def of(self, access_key: str) -> Identity:
        """Return who calls with ``access_key``."""
        return self._known.get(access_key, Identity(DEFAULT_ACCOUNT))

    def add(
        self, access_key: str, *, account: str = "", user: str = "", policy: Policy | None = None
    ) -> None:
        """Know ``access_key`` from now on; what is not given stays as it is.

        Raises:
            ValueError: the account is not twelve digits.
        """
        if account and not _ACCOUNT.fullmatch(account):
            raise ValueError(f"an account is twelve digits, not {account!r}")
        known = self.of(access_key)
        self._known[access_key] = replace(
            known,
            account=account or known.account,
            user=user or known.user,
            policy=policy or known.policy,
        )
