"""STS: who is calling."""

from sandbox.context import Context, Handler
from sandbox.documents import Document


def get_caller_identity(context: Context, _request: Document) -> Document:
    """Answer with the user behind the access key."""
    return {
        "Arn": context.caller,
        "UserId": "AIDASANDBOX000000000",
        "Account": context.account,
    }


OPERATIONS: dict[str, Handler] = {"GetCallerIdentity": get_caller_identity}
