"""Changes of state that are settled when somebody looks, with no timers.

A document in change carries ``_change``: the status it is going to have, why, how many
Describe calls may still see the old status, and when the change is over at the latest.
"""

from sandbox.documents import Document

GONE = "Gone"


def begin(
    document: Document, *, to: str, polls: int, due_at: float, reason: str = "", **members: object
) -> None:
    """Let ``document`` go on to the status ``to`` after ``polls`` looks, or at ``due_at``.

    Args:
        document: what changes.
        to: the status it will have, or ``GONE``.
        polls: which look is the first to see the new status; 1 or less: the next.
        due_at: epoch seconds at which the change is over whoever looked.
        reason: why it fails, for a change to Failed.
        members: what else the document has once the change is over.
    """
    document["_change"] = {
        "to": to,
        "polls_left": polls,
        "due_at": due_at,
        "reason": reason,
        "members": members,
    }


def is_over(document: Document, now: float, *, polled: bool) -> bool:
    """Count this look if it is a poll, and return whether a change has just come to its end."""
    change = document.get("_change")
    if change is None:
        return False
    if polled:
        change["polls_left"] -= 1
    return bool(change["polls_left"] <= 0 or now >= change["due_at"])


def settle(document: Document, status_member: str, now: float, *, polled: bool) -> str:
    """Bring ``document`` up to date and return its status, or ``GONE``."""
    if is_over(document, now, polled=polled):
        change = document.pop("_change")
        document[status_member] = change["to"]
        document.update(change["members"])
        document["LastModifiedTime"] = now
        document.pop("FailureReason", None)
        if change["reason"]:
            document["FailureReason"] = change["reason"]
    return str(document[status_member])
