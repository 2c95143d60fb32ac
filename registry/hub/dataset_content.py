"""A dataset's newest version in the hub: under the version that the local record gives it.

Source: design, `register_dataset`; ImportHubContent: a version is never replaced.
"""

from __future__ import annotations

from registry.errors import Conflict, Unavailable
from registry.hub.documents import DatasetDocument, dataset_draft
from registry.hub.importing import Hub, has_failed
from registry.hub.keywords import technique_of
from registry.stores import HubContent, HubContentDraft, JsonObject
from schemas.hub import HubOutcome


def publish_dataset(hub: Hub, entry: JsonObject, *, role_arn: str, is_whole: bool) -> HubOutcome:
    """Import the newest version of a dataset's entry, unless the hub has it.

    Args:
        entry: An entry of `datasets.json`, with its versions.
        role_arn: The role that reads the data for SageMaker, "" when none is known.
        is_whole: False when the content could not be read just now: a version that was imported
            without its rows and hash would keep lacking them.

    Raises:
        Unavailable: the hub lacks a version that is not whole yet.
        RegistryError: the hub cannot have it or cannot be used; the message says why.
    """
    draft = dataset_draft(entry, role_arn=role_arn)
    present = hub.found("DataSet", draft.name, version=draft.version)
    if present is None or (has_failed(present) and _same_content(present, draft)):
        if not is_whole:
            raise Unavailable(
                f"version {draft.version} is not imported into hub {hub.contents.hub} while its "
                "content cannot be read, since a version is never replaced",
                hint="the same call imports it then, force=true without waiting",
            )
        try:
            return hub.settled(hub.imported(draft), "created")
        except Conflict:
            # Another writer was faster, or an earlier answer of our own was lost.
            present = hub.contents.describe("DataSet", draft.name, version=draft.version)
    return _kept(hub, present, draft)


def _kept(hub: Hub, present: HubContent, draft: HubContentDraft) -> HubOutcome:
    """Return the outcome for a version that the hub has already."""
    if not _same_content(present, draft):
        there = DatasetDocument.read(present.document).s3_uri or "a document of another kind"
        return HubOutcome(
            state="failed",
            hub=hub.contents.hub,
            version=present.version,
            warning=f"hub {hub.contents.hub} has other content as version {present.version} of "
            f"{present.name} ({there}), and a version is never replaced; register under another "
            "name, or with force=true to record the next version",
        )
    outcome = hub.settled(present, "unchanged")
    if outcome.state == "failed":
        mend = "remove that version from the hub, or register with force=true for the next one"
        return outcome.model_copy(update={"warning": f"{outcome.warning}; {mend}"})
    differing = _differing(present, draft)
    if outcome.warning or not differing:
        return outcome
    warning = (
        f"the hub keeps version {present.version} as it was imported, with other values of "
        f"{', '.join(differing)}; force=true registers the next version with these"
    )
    return outcome.model_copy(update={"warning": warning})


def _same_content(present: HubContent, draft: HubContentDraft) -> bool:
    there = DatasetDocument.read(present.document)
    return there.is_content_of(DatasetDocument.read(draft.document))


def _differing(present: HubContent, draft: HubContentDraft) -> list[str]:
    """Return what the hub's version and the draft say differently of one content."""
    there, ours = (DatasetDocument.read(each.document).facts for each in (present, draft))
    names = [name for name, value in ours.items() if there.get(name) != value]
    if technique_of(present.keywords) != technique_of(draft.keywords):
        names.append("technique")
    return names
