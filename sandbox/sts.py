"""STS: who is calling."""

from sandbox.context import Context, Handler
from sandbox.documents import Document


def get_caller_identity(context: Context, _request: Document) -> Document:
    """Answer with the sandbox's one user in the caller's account."""
    return {
        "Arn": context.caller,
        "UserId": "AIDASANDBOX000000000",
        "Account": context.account,
    }


OPERATIONS: dict[str, Handler] = {"GetCallerIdentity": get_caller_identity}
