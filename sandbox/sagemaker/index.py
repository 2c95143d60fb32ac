"""The index behind Search: what each package looked like, and since when.

Search sees the newest version of a package that is older than the lag, so that a lag can be
set and changed while the sandbox runs.
"""

from collections.abc import Iterator

from sandbox.context import Context
from sandbox.documents import Document
from sandbox.sagemaker import lifecycle

_REMEMBERED_S = 3600.0


def note(context: Context, arn: str, package: Document | None) -> None:
    """Add what ``package`` looks like from now on; None when it is deleted."""
    now = context.now()
    versions = context.state.index.setdefault(arn, [])
    versions.append((now, package))
    while len(versions) > 1 and versions[1][0] < now - _REMEMBERED_S:
        versions.pop(0)


def visible(context: Context) -> Iterator[Document]:
    """Yield the packages that the index has caught up with."""
    caught_up = context.now() - context.settings.search_lag_s
    for versions in context.state.index.values():
        package = next((one for noted_at, one in reversed(versions) if noted_at <= caught_up), None)
        if package is None:
            continue
        if "_change" in package:
            modified = package["LastModifiedTime"]
            lifecycle.settle(package, "ModelPackageStatus", context.now(), polled=False)
            package["LastModifiedTime"] = modified
        yield package
