"""Permissions as an allow-list: what a policy lets its key do, and the refusal of the rest.

Source: the grammar of IAM policies, of which only ``Allow`` with ``Action`` and ``Resource``
is understood: anything else is refused when the policy is set, so that no test believes in a
condition that nobody checks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.documents import Document
from sandbox.protocol import Refusal

_MEMBERS = frozenset({"Sid", "Effect", "Action", "Resource"})


@dataclass(frozen=True, slots=True)
class Need:
    """What a call needs to be allowed: an IAM action on a resource's ARN, or on ``*``."""

    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that allows; ``*`` and ``?`` stand for any text and any character."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def allows(self, need: Need) -> bool:
        """Return whether both the action and the resource are in this statement."""
        action = need.action.lower()
        return any(_matches(one.lower(), action) for one in self.actions) and any(
            _matches(one, need.resource) for one in self.resources
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """All that one key may do."""

    statements: tuple[Statement, ...]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Policy":
        """Read a policy document.

        Raises:
            TypeError: it has no statements.
            ValueError: it has one that is more than an allow-list.
        """
        found = document.get("Statement")
        statements = [found] if isinstance(found, dict) else found
        if not isinstance(statements, list):
            raise TypeError("a policy needs a Statement: an object or a list of them")
        return cls(tuple(_statement(one) for one in statements))

    def allows(self, need: Need) -> bool:
        """Return whether any statement allows it."""
        return any(one.allows(need) for one in self.statements)


def denied(service: str, caller: str, need: Need) -> Refusal:
    """Return what AWS says when no policy of the caller allows what a call needs."""
    resource = f'"{need.resource}"' if service == "s3" else need.resource
    return Refusal(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {need.action} on resource: {resource} "
        f"because no identity-based policy allows the {need.action} action",
    )


def _statement(raw: Document) -> Statement:
    if not isinstance(raw, dict) or not raw.keys() <= _MEMBERS or raw.get("Effect") != "Allow":
        raise ValueError(
            f"the sandbox's policies are allow-lists (Effect Allow, Action, Resource), not {raw}"
        )
    return Statement(_texts(raw, "Action"), _texts(raw, "Resource"))


def _texts(raw: Document, member: str) -> tuple[str, ...]:
    found = raw.get(member)
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise ValueError(f"{member} of a statement is a text or a list of texts, not {found!r}")
    return tuple(texts)


def _matches(pattern: str, text: str) -> bool:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None
