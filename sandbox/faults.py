"""Failures on request: the next calls of an operation are throttled, denied, slow or lost."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sandbox.documents import Document
from sandbox.permissions import Need, denied
from sandbox.protocol import Answer, Call, Refusal

# What the service says instead of doing the work. Each service has its own words for these.
_REFUSALS = {
    "throttle": ("ThrottlingException", "Rate exceeded", 400),
    "quota": (
        "ResourceLimitExceeded",
        "The account-level service limit for this resource is 0. Please use AWS Service Quotas "
        "to request an increase for this quota.",
        400,
    ),
    "conflict": ("ConflictException", "The resource was changed by another request.", 400),
    "clock_skew": (
        "InvalidSignatureException",
        "Signature expired: the request is older than what is accepted",
        400,
    ),
    "server_error": ("InternalFailure", "The request failed because of an internal error.", 500),
    "unavailable": ("ServiceUnavailable", "The service is temporarily unavailable.", 503),
    "expired_token": (
        "ExpiredTokenException",
        "The security token included in the request is expired",
        400,
    ),
}
BEFORE_WORK = frozenset({*_REFUSALS, "deny"})
KINDS = (*sorted(BEFORE_WORK), "reset", "slow", "lost_answer")


@dataclass
class Fault:
    """One rule: calls that fit it fail as ``kind`` says.

    ``service`` and ``operation`` may be ``*``. ``match`` is text that the call must contain (its
    body; for S3 ``/bucket/key?query``), so that one of several like calls fails. The first
    ``skip`` calls that fit go through, the next ``times`` fail; below zero means until the
    rules are cleared. The answer, whatever it is, is held back for ``delay_s`` seconds.

    ``reset`` hangs up before the work; ``slow`` does the work and only holds the answer back;
    ``lost_answer`` does the work and then hangs up. Every other kind is an answer of the
    service that leaves the work undone.
    """

    service: str
    operation: str
    kind: str
    times: int = 1
    skip: int = 0
    match: str = ""
    delay_s: float = 0.0
    seen: int = field(default=0)
    used: int = field(default=0)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of fault {self.kind!r}; the kinds are {list(KINDS)}")
        if self.kind == "slow" and self.delay_s <= 0:
            raise ValueError("a slow call needs delay_s, in seconds")

    def fits(self, call: Call) -> bool:
        """Return whether this rule is about ``call`` and not used up."""
        return (
            self.service in {"*", call.service}
            and self.operation in {"*", call.operation}
            and self.match in call.body
            and (self.times < 0 or self.used < self.times)
        )

    def applied(self, answer: Answer) -> Answer:
        """Return what happens to the answer of a call that had to suffer this."""
        return replace(answer, lost=self.kind == "lost_answer", delay_s=self.delay_s)


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

    def take(self, call: Call) -> Fault | None:
        """Return the rule that this call has to suffer, counted as used; None for none."""
        for rule in self._rules:
            if rule.fits(call):
                rule.seen += 1
                if rule.seen > rule.skip:
                    rule.used += 1
                    return rule
        return None

    def as_documents(self) -> list[Document]:
        """Return the rules with how often each was used."""
        return [vars(rule).copy() for rule in self._rules]


def refusal_of(kind: str, service: str, caller: str, need: Need) -> Refusal:
    """Return what the service says when it fails as ``kind``.

    Args:
        kind: any of ``BEFORE_WORK``.
        service: the service that was called.
        caller: the ARN of who called.
        need: the first of what the call needs.
    """
    if kind == "deny":
        return denied(service, caller, need)
    return Refusal(*_REFUSALS[kind])
