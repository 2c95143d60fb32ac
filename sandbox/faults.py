"""Failures on request: the next calls of an operation are throttled, denied or lost."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.documents import Document
from sandbox.protocol import Call, Refusal

KINDS = ("throttle", "deny", "server_error", "expired_token", "lost_answer")


@dataclass
class Fault:
    """One rule: the next ``times`` calls that fit it fail as ``kind`` says.

    ``operation`` may be ``*``. ``match`` is text that the request's body must contain, so that
    one of several like calls fails. ``times`` below zero means until the rules are cleared.
    ``lost_answer`` does the work and then hangs up; the others leave the work undone.
    """

    service: str
    operation: str
    kind: str
    times: int = 1
    match: str = ""
    used: int = field(default=0)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of fault {self.kind!r}; the kinds are {list(KINDS)}")

    def fits(self, call: Call) -> bool:
        """Return whether this rule is about ``call`` and not used up."""
        return (
            call.service == self.service
            and self.operation in {"*", call.operation}
            and self.match in call.body
            and (self.times < 0 or self.used < self.times)
        )


class FaultRules:
    """The rules in force, first come first used."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, rules: Iterable[Fault]) -> None:
        """Put rules in force, after those that are."""
        self._rules.extend(rules)

    def clear(self) -> None:
        """Let every call go through again."""
        self._rules.clear()

    def take(self, call: Call) -> str:
        """Return the kind of fault that this call has to suffer, or "" for none."""
        for rule in self._rules:
            if rule.fits(call):
                rule.used += 1
                return rule.kind
        return ""

    def as_documents(self) -> list[Document]:
        """Return the rules with how often each was used."""
        return [vars(rule).copy() for rule in self._rules]


def refusal_of(kind: str, call: Call, caller: str, resource: str) -> Refusal:
    """Return what the service says when it fails as ``kind``.

    Args:
        kind: any of ``KINDS`` but ``lost_answer``.
        call: the call that fails.
        caller: the ARN of who called.
        resource: the ARN of what the call is about, or ``*``.
    """
    if kind == "throttle":
        return Refusal("ThrottlingException", "Rate exceeded")
    if kind == "server_error":
        return Refusal("InternalFailure", "The request failed because of an internal error.", 500)
    if kind == "expired_token":
        return Refusal(
            "ExpiredTokenException", "The security token included in the request is expired"
        )
    action = f"{call.service}:{call.operation}"
    return Refusal(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action",
    )
