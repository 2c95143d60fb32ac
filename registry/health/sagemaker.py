"""Checks whether SageMaker can be asked for versions and for what runs. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from registry.calls import Call
from registry.core import Registry
from registry.errors import InvalidArgument, NotFound, PermissionDenied, RegistryError
from registry.project.folder import read_project
from registry.stores import Aws
from schemas.doctor import AwsPart, Level

_NOBODYS_ENDPOINT = "mlcc-registry-doctor"


def questions_to_sagemaker(registry: Registry, aws: Aws) -> dict[AwsPart, Callable[[], str]]:
    """Return what to ask: of the project that the server is started in, where it is in one.

    Each answers in a sentence.
    """
    group, endpoint = _deployed(registry)
    asked: dict[AwsPart, Callable[[], str]] = {"inference": partial(_inference, aws, endpoint)}
    if group:
        asked["model_registry"] = partial(_model_registry, aws, group)
    return asked


def judged(found: str | RegistryError) -> tuple[Level, str, str]:
    """Return how an answer came out, in what words, and what to do about it."""
    if not isinstance(found, RegistryError):
        return "ok", found, ""
    # Who only registers needs no look at endpoints, and the other way round.
    level: Level = "warning" if isinstance(found, PermissionDenied) else "problem"
    return level, found.message, found.hint


def _deployed(registry: Registry) -> tuple[str, str]:
    """Return the project's name and its endpoint's, "" for what is not known."""
    root = registry.workspace.default_project()
    if root is None:
        return "", ""
    try:
        folder = read_project(root)
    except InvalidArgument:
        return "", ""  # a call that needs the folder says what is wrong with it
    return folder.value("PROJECT_NAME"), folder.endpoint_name


def _model_registry(aws: Aws, group: str) -> str:
    try:
        page = aws.packages.find(group, metadata={}, limit=1, cursor=None, call=Call())
    except NotFound:
        return f"group {group} is not there yet; the first registration makes it"
    newest = page.packages[0].version if page.packages else "none"
    return f"group {group} answers, its newest version is {newest}"


def _inference(aws: Aws, endpoint: str) -> str:
    if not endpoint:
        aws.components.names_on(_NOBODYS_ENDPOINT, call=Call())
        return "inference components can be listed"
    try:
        found = aws.components.endpoint(endpoint)
    except NotFound:
        return f"endpoint {endpoint} is not there; adapters can be rolled out once it is"
    return f"endpoint {found.name} is {found.status}"
