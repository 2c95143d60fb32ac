"""Hub documents of datasets and evaluators, as the SageMaker SDK writes and reads them.

Source: SageMaker SDK 3 (ai_registry): type `DataSet` and type `JsonDoc` with the subtype
`AWS/Evaluator`, both of document schema 2.0.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.hub.keywords import dataset_keywords, evaluator_keywords
from registry.hub.naming import content_name, content_version
from registry.redaction import redact_shapes, redact_text
from registry.stores import HubContent, HubContentDraft, JsonObject

_SUBTYPE = "AWS/Evaluator"
_EVALUATOR_TYPES = {"lambda": "RewardFunction", "model": "RewardPrompt"}
_HASH = "ContentHash"
_MAX_DESCRIPTION = 1023
_MAX_LOCATION = 2048
"""Longest URI or ARN that a document of others is believed to name; documents can be far longer."""

_BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class DatasetDocument:
    """What a dataset's hub document says.

    Attributes:
        s3_uri: None for a document that names no bucket, or no believable one.
        content_hash: None where the document was written by others, or the content not read.
        facts: What else is said of the content, by the document's own names.
    """

    s3_uri: str | None
    content_hash: str | None
    facts: Mapping[str, str]

    @classmethod
    def read(cls, document: str | None) -> DatasetDocument:
        """Return what a document says; one that is no dataset's says nothing."""
        said = _object(document)
        parts = [said.get(key) for key in ("DatasetS3Bucket", "DatasetS3Prefix")]
        uri = "/".join(str(part) for part in parts if part) if parts[0] else ""
        metadata = said.get("ContentMetadata")
        facts = (
            {key: str(value) for key, value in metadata.items()}
            if isinstance(metadata, dict)
            else {}
        )
        known = bool(uri) and len(uri) <= _MAX_LOCATION
        return cls(f"s3://{uri}" if known else None, facts.pop(_HASH, None), facts)

    def is_content_of(self, other: DatasetDocument) -> bool:
        """Tell whether both are of one content, as far as they say."""
        if self.s3_uri != other.s3_uri:
            return False
        hashes = {self.content_hash, other.content_hash} - {None}
        return len(hashes) <= 1


def dataset_draft(entry: JsonObject, *, role_arn: str) -> HubContentDraft:
    """Return the newest version of a dataset's entry as hub content.

    Args:
        entry: An entry of `datasets.json`, with its versions.
        role_arn: The role that reads the data for SageMaker, "" when none is known.

    Raises:
        PreconditionFailed: a hub content cannot have its name or version.
    """
    newest = entry["versions"][-1]
    bucket, _, key = str(newest["s3_uri"]).removeprefix("s3://").partition("/")
    technique = str(newest.get("technique") or entry["technique"])
    said = {
        "DatasetType": "CUSTOMER_PROVIDED",
        "DatasetRoleArn": role_arn,
        "DatasetS3Bucket": bucket,
        "DatasetS3Prefix": key,
        "DatasetContextS3Uri": '""',  # the SDK's own word for none
        "ConversationId": "default-conversation",
        "ConversationCheckpointId": "default-checkpoint",
        "ContentMetadata": _content_metadata(entry, newest),
    }
    document = {key: value for key, value in said.items() if value} | {"Dependencies": []}
    return HubContentDraft(
        content_type="DataSet",
        name=content_name(str(entry["name"])),
        version=content_version(str(newest["version"])),
        document=json.dumps(document),
        keywords=dataset_keywords(technique),
    )


def evaluator_draft(entry: JsonObject, version: str) -> HubContentDraft:
    """Return an entry of `evaluators.json` as hub content of that version.

    A description that a hub does not take, being long or of several lines, is left out whole.

    Raises:
        PreconditionFailed: a hub content cannot have its name.
    """
    kind = str(entry["type"])
    content = {"Reference": entry["arn_or_uri"], "EvaluatorType": _EVALUATOR_TYPES[kind]}
    # What MLCC stored went through no redaction of ours, and a hub is not this machine.
    description = redact_text(str(entry.get("description") or ""))
    return HubContentDraft(
        content_type="JsonDoc",
        name=content_name(str(entry["name"])),
        version=version,
        document=json.dumps({"SubType": _SUBTYPE, "JsonContent": json.dumps(content)}),
        description=description if takes_description(description) else "",
        keywords=evaluator_keywords(kind, str(entry["technique"])),
    )


def takes_description(text: str) -> bool:
    """Tell whether a hub takes the text: one line of at most 1,023 characters."""
    return len(text) <= _MAX_DESCRIPTION and not _BREAKS.search(text)


def reference_of(document: str | None) -> str | None:
    """Return the ARN or URI of an evaluator's hub document, None when it names none."""
    content = _object(document).get("JsonContent")
    reference = _object(content).get("Reference") if isinstance(content, str) else None
    known = isinstance(reference, str) and 0 < len(reference) <= _MAX_LOCATION
    return str(reference) if known else None


def is_evaluator_document(document: str | None) -> bool:
    """Tell whether a `JsonDoc`'s document is an evaluator's."""
    return _object(document).get("SubType") == _SUBTYPE


def same_document(present: HubContent, draft: HubContentDraft) -> bool:
    """Tell whether a content says all that the draft says, and nothing else in its document."""
    return (
        _whole(present.document) == _whole(draft.document)
        and present.description == draft.description
        and set(draft.keywords) <= set(present.keywords)
    )


def _content_metadata(entry: JsonObject, newest: Mapping[str, Any]) -> dict[str, str]:
    said = {
        _HASH: newest.get("hash"),
        "Format": entry.get("format"),
        "RowCount": newest.get("rows"),
        "ColumnSchema": entry.get("column_schema"),
    }
    return {key: redact_shapes(str(value)) for key, value in said.items() if value is not None}


def _whole(document: str | None) -> object:
    """Return an evaluator's document with the JSON text inside it parsed too."""
    said = _object(document)
    content = said.get("JsonContent")
    return said | {"JsonContent": _object(content)} if isinstance(content, str) else said


def _object(text: str | None) -> dict[str, Any]:
    """Return the object that a JSON text is, an empty one for anything else."""
    try:
        parsed = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
