"""The log of calls that a test reads to count them."""

from collections import deque
from dataclasses import asdict, dataclass

from sandbox.documents import Document

_KEPT_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call and how it was answered.

    ``code`` is "" for success; ``status`` is 0 where the connection was reset before the work.
    ``request`` has the members of the request; of S3, bucket, key and query, not the body.
    """

    at: float
    service: str
    operation: str
    access_key: str
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

    def as_documents(
        self, service: str = "", operation: str = "", access_key: str = ""
    ) -> list[Document]:
        """Return the calls, or only those of one service, operation or access key."""
        return [
            asdict(one)
            for one in tuple(self._calls)
            if service in {"", one.service}
            and operation in {"", one.operation}
            and access_key in {"", one.access_key}
        ]
