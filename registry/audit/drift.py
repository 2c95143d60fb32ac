"""How what runs differs from what was registered, component by component.

Only what both sides tell is compared: a parameter that the running container does not name may
be baked into its image, and a value that was redacted is nobody's to compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.adapters import same_weights
from registry.audit.registered import Registered
from registry.deployments.filters import value_at
from registry.deployments.values import pointer_part
from registry.redaction import REDACTED, redact_parameters
from schemas.audit import Drift
from schemas.inference_component import InferenceComponent

_COMPONENTS = "/deployment/icList"
_PARAMETERS = "/configuration/parameters"


@dataclass(frozen=True, slots=True)
class Running:
    """What an endpoint runs.

    Attributes:
        status: SageMaker's EndpointStatus.
        instance_types: Of its variants; empty where they were not to be had.
        names: Of all its components.
        described: Those that were looked at, by name; the others are not compared.
    """

    status: str
    instance_types: tuple[str, ...]
    names: tuple[str, ...]
    described: Mapping[str, InferenceComponent]


def drift_of(registered: Sequence[Registered], running: Running) -> Iterator[Drift]:
    """Yield every place where an endpoint is not as the given entries say."""
    if running.status != "InService":
        yield Drift(path="/endpoint/status", registered="InService", running=running.status)
    known: set[str] = set()
    for each in registered:
        yield from _instance_type(each, running)
        named = _names(each, running)
        known |= set(named.values())
        for component in each.components:
            name = named[_key(component)]
            if name in running.described or name not in running.names:
                yield from _component(each, component, running.described.get(name))
    if all(each.components for each in registered):
        yield from _unregistered(known, running)


def wanted_names(registered: Sequence[Registered], names: Sequence[str]) -> list[str]:
    """Return an endpoint's component names, those that were registered first."""
    expected = {_expected(each, one, names) for each in registered for one in each.components}
    return sorted(names, key=lambda name: name not in expected)


def _key(component: Mapping[str, Any]) -> tuple[str, bool]:
    return str(component["name"]), bool(component.get("isAdapter"))


def _names(registered: Registered, running: Running) -> dict[tuple[str, bool], str]:
    """Return the name that each registered component runs under, "" for one that does not run.

    A base that was named by hand is known by being the only one that is left on both sides.
    """
    named = {
        _key(each): _expected(registered, each, running.names) for each in registered.components
    }
    taken = set(named.values())
    left = [key for key, name in named.items() if not name and not key[1]]
    bases = [
        name
        for name, one in running.described.items()
        if not one.base_component and name not in taken
    ]
    if len(left) == len(bases) == 1:
        named[left[0]] = bases[0]
    return named


def _expected(registered: Registered, component: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the name among these that a component has by MLCC's rules, "" when none has it.

    Source: record contract, sections 4 and 6: `{project}-adapter-{name}` for an adapter,
    `{project}-{conf name}-{unix seconds}` for a base, whose newest one counts.
    """
    name, is_adapter = _key(component)
    if is_adapter:
        wanted = f"{registered.project}-adapter-{name}"
        return wanted if wanted in names else ""
    pattern = re.compile(rf"{re.escape(registered.project)}-{re.escape(name)}-(\d+)")
    dated = [found for each in names if (found := pattern.fullmatch(each))]
    return max(dated, key=lambda found: int(found[1])).group() if dated else ""


def _unregistered(known: set[str], running: Running) -> Iterator[Drift]:
    for name in running.names:
        if name in known:
            continue
        found = running.described.get(name)
        shown = {
            "icName": name,
            "baseComponentName": found.base_component if found else None,
            "artifactUrl": found.artifact_url if found else None,
        }
        told = {key: value for key, value in shown.items() if value is not None}
        yield Drift(path=f"{_COMPONENTS}/{pointer_part(name)}", running=told)


def _instance_type(registered: Registered, running: Running) -> Iterator[Drift]:
    wanted = value_at(registered.entry, "infrastructure", "instanceType")
    if wanted and running.instance_types and wanted not in running.instance_types:
        yield Drift(
            path="/infrastructure/instanceType",
            registered=wanted,
            running=", ".join(running.instance_types),
        )


def _component(
    owner: Registered, registered: Mapping[str, Any], running: InferenceComponent | None
) -> Iterator[Drift]:
    path = f"{_COMPONENTS}/{pointer_part(str(registered['name']))}"
    if running is None:
        yield Drift(path=path, registered=dict(registered))
        return
    if running.status != "InService":
        yield Drift(path=f"{path}/status", registered="InService", running=running.status)
    if registered.get("isAdapter"):
        yield from _weights(path, registered, running)
    else:
        yield from _container(path, registered, running)
        yield from _parameters(owner, running)


def _weights(
    path: str, registered: Mapping[str, Any], running: InferenceComponent
) -> Iterator[Drift]:
    weights = registered.get("artifactUrl")
    if weights and not same_weights(str(weights), running.artifact_url):
        yield Drift(path=f"{path}/artifactUrl", registered=weights, running=running.artifact_url)


def _container(
    path: str, registered: Mapping[str, Any], running: InferenceComponent
) -> Iterator[Drift]:
    image = registered.get("image")
    if image and running.image and not _same_image(str(image), running.image):
        yield Drift(path=f"{path}/image", registered=image, running=running.image)
    for key, value in (("copyCount", running.copies_wanted), ("gpuCount", running.gpus)):
        if key in registered and value is not None and registered[key] != value:
            yield Drift(path=f"{path}/{key}", registered=registered[key], running=value)


def _same_image(registered: str, running: str) -> bool:
    """Tell whether an image runs: MLCC registers its tag alone."""
    return running == registered or running.rpartition(":")[2] == registered


def _parameters(registered: Registered, base: InferenceComponent) -> Iterator[Drift]:
    stored = value_at(registered.entry, "configuration", "parameters")
    environment = redact_parameters(base.environment)
    for key, value in stored.items() if isinstance(stored, Mapping) else ():
        found = environment.get(key)
        if found is None or REDACTED in (value, found) or isinstance(value, Mapping | list):
            continue
        if str(value) != found:
            path = f"{_PARAMETERS}/{pointer_part(key)}"
            yield Drift(path=path, registered=value, running=found)
