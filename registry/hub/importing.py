"""Importing one version into a hub, and following the import until it is settled.

Source: SageMaker ImportHubContent, which is asynchronous: HubContentStatus tells how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.calls import Call
from registry.errors import (
    DeadlineExceeded,
    NotFound,
    RegistryError,
    Throttled,
    Unavailable,
    explain,
)
from registry.redaction import quoted
from registry.stores import HubContent, HubContentDraft, HubContents, HubContentType
from registry.waiting import look_until_settled
from schemas.base import State
from schemas.hub import HubOutcome

_FAILED = "ImportFailed"
_UNDER_WAY = frozenset({"Importing", "PendingImport"})
_TOO_EARLY = 2
"""How often a look may be too early to show what was just asked for."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One hub within one call.

    Attributes:
        poll_s: Seconds to the second look at an import; later ones are further apart.
    """

    contents: HubContents
    poll_s: float
    call: Call

    def found(
        self, content_type: HubContentType, name: str, *, version: str = ""
    ) -> HubContent | None:
        """Return a version, the latest when none is named; None where the hub has none.

        An absent hub has none either: importing says that it is absent.
        """
        try:
            return self.contents.describe(content_type, name, version=version)
        except NotFound:
            return None

    def imported(self, draft: HubContentDraft) -> HubContent:
        """Ask for an import and return the content as it is then.

        Raises:
            Conflict: that version exists already.
            RegistryError: the import was refused, or it is unknown whether it was asked for.
        """
        self.call.check(f"importing {draft.name} into the hub")
        try:
            return self.contents.import_content(draft)
        except (Unavailable, DeadlineExceeded) as error:
            error.message = f"it is unknown whether the import began: {error.message}"
            error.hint = "the same call finds or begins it"
            raise

    def settled(self, content: HubContent, state: State) -> HubOutcome:
        """Return what became of a content, once its import has ended or the time is up.

        Args:
            state: What this call did, if the content is there in the end.

        Raises:
            Cancelled: the caller withdrew; the import goes on.
        """
        following = _Following(self.contents, content)
        if content.status in _UNDER_WAY:
            look_until_settled(
                following.look,
                lambda: following.content.status,
                f"hub content {content.name} {content.version}",
                wait_s=self.call.remaining_s,
                poll_s=self.poll_s,
                call=self.call,
            )
        return self.outcome(following.content, state, following.problem)

    def outcome(self, content: HubContent, state: State, problem: str = "") -> HubOutcome:
        """Return what a content's status means for the call.

        Args:
            problem: Why the last look at it failed.
        """
        warning = problem or None
        if content.status == _FAILED:
            state = "failed"
            warning = f"the hub's import of version {content.version} failed" + (
                f": {quoted(content.failure_reason, 400)}" if content.failure_reason else ""
            )
        elif content.status in _UNDER_WAY:
            warning = f"version {content.version} is still being imported" + (
                f"; {problem}" if problem else "; the same call tells later how that ended"
            )
        elif content.status != "Available":
            state = "failed"
            warning = f"version {content.version} is {content.status} in the hub"
        return HubOutcome(
            state=state,
            hub=self.contents.hub,
            version=content.version,
            arn=content.arn if state != "failed" else None,
            warning=warning,
        )


def has_failed(content: HubContent) -> bool:
    """Tell whether a content's import failed."""
    return content.status == _FAILED


class _Following:
    """The looks at one import so far."""

    def __init__(self, contents: HubContents, content: HubContent) -> None:
        self._contents = contents
        self._misses = 0
        self.content = content
        self.problem = ""

    def look(self) -> bool:
        """Look once; return whether that settled it."""
        content = self.content
        try:
            self.content = self._contents.describe(
                content.content_type, content.name, version=content.version
            )
        except (Throttled, Unavailable) as error:
            self.problem = f"a look at the import failed: {error.message}"
            return False
        except NotFound:
            self._misses += 1
            self.problem = "the hub did not show it when it was looked for"
            return self._misses > _TOO_EARLY
        except RegistryError as error:
            self.problem = f"the import cannot be followed: {explain(error)}"
            return True
        self.problem = ""
        return self.content.status not in _UNDER_WAY
