"""The log of calls that a test reads to count them."""

from collections import deque
from dataclasses import asdict, dataclass

from sandbox.documents import Document

_KEPT_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call and how it was answered; ``code`` is "" for success."""

    at: float
    service: str
    operation: str
    account: str
    region: str
    request: Document
    status: int
    code: str


class CallLog:
    """The calls since the log was last cleared, oldest first; the newest 20,000 of them."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=_KEPT_CALLS)

    def add(self, call: LoggedCall) -> None:
        """Note one answered call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Start counting anew."""
        self._calls.clear()

    def as_documents(self, operation: str = "") -> list[Document]:
        """Return the calls, or only those of one operation."""
        return [asdict(one) for one in self._calls if operation in {"", one.operation}]
