"""IAM policies from logged calls: what each call needs, in names that anybody fills in.

What a call needs is the sandbox's table, `sandbox/iam.py`; this is how needs become documents
that AWS takes as soon as their placeholders are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sandbox.clock import MovableClock
from sandbox.context import Context
from sandbox.iam import needs, object_listing
from sandbox.permissions import Need
from sandbox.protocol import Call
from sandbox.settings import Settings
from sandbox.state import RegionState

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "iam"
POLICY_KEY = "AKIASANDBOXPOLICIES0"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

Document = dict[str, Any]

# What the scenarios' names become. The account's own names are in `scenarios.py`.
_GENERAL = (
    (r":us-west-2:123456789012:", ":REGION:ACCOUNT:"),
    (r"/support-bot-adapter-.*", "/PROJECT-adapter-*"),
    (r"inference-component/support-bot-.*", "inference-component/PROJECT-*"),
    (r"endpoint/support-bot-endpoint$", "endpoint/ENDPOINT"),
    (r"endpoint-config/.*", "endpoint-config/*"),
    (r"model-package/support-bot/.*", "model-package/PROJECT/*"),
    (r"/support-bot$", "/PROJECT"),
    (r"(hub|hub-content)/team-hub", r"\1/HUB"),
    (r"(hub-content/HUB/\w+)/.*", r"\1/*"),
    (r"repository/.*", "repository/REPOSITORY"),
    (r":::support-bot-(?:adapters|data)", ":::BUCKET"),
    (r"BUCKET/.*", "BUCKET/*"),
    (r"table/ci-(?:e2e|of-the-team)", "table/TABLE"),
)
_SAGEMAKER = "arn:aws:sagemaker:REGION:ACCOUNT:"
_DYNAMODB = "arn:aws:dynamodb:REGION:ACCOUNT:"
_NAMED = {
    "*": "EveryResource",
    f"{_SAGEMAKER}model-package-group/PROJECT": "Group",
    f"{_SAGEMAKER}model-package/PROJECT/*": "Versions",
    f"{_SAGEMAKER}endpoint/ENDPOINT": "Endpoint",
    f"{_SAGEMAKER}endpoint-config/*": "EndpointConfigs",
    f"{_SAGEMAKER}inference-component/PROJECT-*": "Components",
    f"{_SAGEMAKER}inference-component/PROJECT-adapter-*": "AdapterComponents",
    f"{_SAGEMAKER}hub/HUB": "Hub",
    f"{_SAGEMAKER}hub-content/HUB/DataSet/*": "Datasets",
    f"{_SAGEMAKER}hub-content/HUB/JsonDoc/*": "Evaluators",
    "arn:aws:ecr:REGION:ACCOUNT:repository/REPOSITORY": "Repository",
    "arn:aws:s3:::BUCKET": "Bucket",
    "arn:aws:s3:::BUCKET/*": "Objects",
    f"{_DYNAMODB}table/TABLE": "CiTable",
    f"{_DYNAMODB}table/TABLE/index/testStatus-lastTestTimestamp-index": "CiIndex",
}
"""Every resource that a policy may name, and what a statement's Sid calls it."""

EVERY_NAME = {
    "REGION": "us-west-2",
    "ACCOUNT": "123456789012",
    "PROJECT": "*",
    "ENDPOINT": "*",
    "HUB": "*",
    "REPOSITORY": "*",
    "BUCKET": "*",
    "TABLE": "*",
}
"""Fills a policy for tests that have projects, buckets and tables of many names."""


def needed(calls: Iterable[Document]) -> frozenset[Need]:
    """Return what the logged calls had to be allowed, in placeholders."""
    return frozenset(
        Need(need.action, _general(need.resource)) for logged in calls for need in _needs_of(logged)
    )


def policy(wanted: Iterable[Need]) -> Document:
    """Return the policy that allows just this: a statement for each set of resources."""
    of_action: dict[str, set[str]] = {}
    for need in wanted:
        of_action.setdefault(need.action, set()).add(need.resource)
    of_resources: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(of_action):
        of_resources.setdefault(_narrowest(of_action[action]), []).append(action)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "And".join(_NAMED[one] for one in resources),
                "Effect": "Allow",
                "Action": actions,
                "Resource": list(resources),
            }
            for resources, actions in sorted(of_resources.items(), key=lambda each: each[1])
        ],
    }


def committed(name: str) -> Document:
    """Return one of the policies of docs/iam."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text("utf-8")))


def filled(document: Document, names: Mapping[str, str]) -> Document:
    """Return a policy with its placeholders replaced, as a person does it."""
    text = json.dumps(document)
    for placeholder, name in names.items():
        text = re.sub(rf"\b{placeholder}\b", name, text)
    return dict(json.loads(text))


def together(documents: Iterable[Document]) -> Document:
    """Return one policy that allows what all of them allow, as attaching them all does."""
    return {"Statement": [one for each in documents for one in each["Statement"]]}


def actions_in(document: Document) -> list[str]:
    """Return every action that a policy allows."""
    return [action for one in document["Statement"] for action in one["Action"]]


def without(document: Document, action: str) -> Document:
    """Return the policy without that action."""
    kept = [
        one | {"Action": [each for each in one["Action"] if each != action]}
        for one in document["Statement"]
    ]
    return document | {"Statement": [one for one in kept if one["Action"]]}


def _needs_of(logged: Document) -> Sequence[Need]:
    call = Call(
        service=logged["service"],
        operation=logged["operation"],
        access_key=logged["access_key"],
        region=logged["region"],
        request=logged["request"],
    )
    context = Context(
        logged["account"], logged["region"], RegionState(), MovableClock(), Settings()
    )
    found = needs(context, call)
    if call.operation in {"GetObject", "HeadObject"} and logged["status"] == 404:
        found.append(object_listing(context, call.request["Bucket"]))
    return found


def _general(resource: str) -> str:
    for pattern, placeholder in _GENERAL:
        resource = re.sub(pattern, placeholder, resource)
    return resource


def _narrowest(resources: set[str]) -> tuple[str, ...]:
    """Return the resources without those that another one's wildcard covers."""
    return tuple(
        sorted(
            one
            for one in resources
            if not any(one != other and fnmatchcase(one, other) for other in resources)
        )
    )
