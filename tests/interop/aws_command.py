"""The `aws` command line as MLCC's scripts use it: its words become one call through boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

Answer = tuple[int, str, str]
"""Exit status, standard output, standard error."""

_STRUCTURED = {"structure", "map", "list"}


def answered(clients: Mapping[str, Any], words: list[str]) -> Answer:
    """Answer `aws SERVICE OPERATION --option value ...`.

    Exit statuses are the command's own: 252 for words it cannot read, 254 for a refusal.
    """
    service, operation, *rest = words
    if service == "s3":
        return _s3(clients["s3"], operation, rest[0])
    client = clients[service]
    method = operation.replace("-", "_")
    if method not in client.meta.method_to_api_mapping:
        return 252, "", f"argument operation: Invalid choice: {operation}\n"
    shape = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[method]
    ).input_shape
    members = {xform_name(name, "-"): (name, each) for name, each in shape.members.items()}
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    query, output = options.pop("--query", ""), options.pop("--output", "json")
    options.pop("--region", None)
    try:
        wanted = dict(_argument(*members[name[2:]], text) for name, text in options.items())
        found = getattr(client, method)(**wanted)
    except (ClientError, BotoCoreError, KeyError, ValueError) as error:
        return 254, "", f"{error}\n"
    found.pop("ResponseMetadata")
    if query:
        found = jmespath.search(query, found)
    if output == "text":
        return 0, f"{found}\n", ""  # None is the word that the command prints for nothing
    return 0, json.dumps(found, default=str) if found else "", ""


def _argument(name: str, shape: Any, text: str) -> tuple[str, Any]:
    return name, json.loads(text) if shape.type_name in _STRUCTURED else text


def _s3(s3: Any, operation: str, uri: str) -> Answer:
    """`s3 ls`; nothing is copied."""
    if operation != "ls":
        return 1, "", "fatal error: not copied\n"
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return (0, "found\n", "") if found else (1, "", "")
