"""How a registered deployment and what runs are compared, without any AWS."""

from __future__ import annotations

from typing import Any

import pytest

from registry.audit.drift import Running, drift_of, wanted_names
from registry.audit.registered import Registered
from schemas.inference_component import InferenceComponent

BASE = "bot-default-1770000000"
TONE = "bot-adapter-tone"
REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com/m"


def registered(*components: dict[str, Any], **parameters: Any) -> Registered:
    entry = {
        "id": "0000000a",
        "deployment": {"icList": list(components)},
        "infrastructure": {"instanceType": "ml.g5.xlarge"},
        "configuration": {"parameters": parameters},
    }
    return Registered(entry, "bot", "bot-endpoint")


def base(**more: Any) -> dict[str, Any]:
    return {"name": "default", "image": "bot-latest", "gpuCount": 1, "copyCount": 1, **more}


def adapter(**more: Any) -> dict[str, Any]:
    return {"name": "tone", "isAdapter": True, "artifactUrl": "s3://w/tone/", **more}


def component(name: str = BASE, **more: Any) -> InferenceComponent:
    kept: dict[str, Any] = {"name": name, "endpoint_name": "bot-endpoint", "status": "InService"}
    if name == TONE:
        kept |= {"base_component": BASE, "artifact_url": "s3://w/tone/"}
    else:
        kept |= {"image": f"{REGISTRY}:bot-latest", "copies_wanted": 1, "gpus": 1}
    return InferenceComponent(**kept | more)


def running(*components: InferenceComponent, **more: Any) -> Running:
    kept: dict[str, Any] = {
        "status": "InService",
        "instance_types": ("ml.g5.xlarge",),
        "names": tuple(each.name for each in components),
        "described": {each.name: each for each in components},
    }
    return Running(**kept | more)


def drift(one: Registered, there: Running) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.registered, each.running) for each in drift_of([one], there)]


def test_what_runs_as_registered_does_not_differ():
    one = registered(base(), adapter(), VLLM_MAX_MODEL_LEN="8192")
    there = running(component(environment={"VLLM_MAX_MODEL_LEN": "8192"}), component(TONE))

    assert [] == drift(one, there)


@pytest.mark.parametrize(
    ("change", "path", "was", "now"),
    [
        ({"image": f"{REGISTRY}:other"}, "image", "bot-latest", f"{REGISTRY}:other"),
        ({"copies_wanted": 3}, "copyCount", 1, 3),
        ({"gpus": 4}, "gpuCount", 1, 4),
        ({"status": "Failed"}, "status", "InService", "Failed"),
    ],
)
def test_a_base_component_that_differs_is_named_by_its_path(change, path, was, now):
    there = running(component(**change), component(TONE))

    assert [(f"/deployment/icList/default/{path}", was, now)] == drift(
        registered(base(), adapter()), there
    )


def test_other_weights_of_an_adapter_are_a_drift_and_a_last_slash_is_none():
    same = running(component(), component(TONE, artifact_url="s3://w/tone"))
    other = running(component(), component(TONE, artifact_url="s3://w/tone-v2/"))
    one = registered(base(), adapter())

    assert [] == drift(one, same)
    assert [("/deployment/icList/tone/artifactUrl", "s3://w/tone/", "s3://w/tone-v2/")] == drift(
        one, other
    )


def test_a_component_that_is_gone_and_one_that_was_never_registered_are_told():
    one = registered(base(), adapter())
    stranger = component("bot-adapter-x", base_component=BASE, artifact_url="s3://w/x/", image=None)

    assert [
        ("/deployment/icList/tone", adapter(), None),
        (
            "/deployment/icList/bot-adapter-x",
            None,
            {"icName": "bot-adapter-x", "baseComponentName": BASE, "artifactUrl": "s3://w/x/"},
        ),
    ] == drift(one, running(component(), stranger))


def test_endpoint_status_and_instance_type_are_compared():
    there = running(component(), status="Updating", instance_types=("ml.p4d.24xlarge",))

    assert [
        ("/endpoint/status", "InService", "Updating"),
        ("/infrastructure/instanceType", "ml.g5.xlarge", "ml.p4d.24xlarge"),
    ] == drift(registered(base()), there)


def test_an_instance_type_that_is_one_of_a_pool_is_no_drift():
    there = running(component(), instance_types=("ml.p4d.24xlarge", "ml.g5.xlarge"))

    assert [] == drift(registered(base()), there)


def test_parameters_differ_only_where_both_sides_tell_a_value():
    one = registered(base(), A="1", BAKED_IN="x", HF_TOKEN="***REDACTED***", SAME=2)
    secret = "hf_abcdefghijklmnopqrstuvwx0123456789"
    environment = {"A": "2", "HF_TOKEN": secret, "SAME": "2", "OTHER": "y"}

    assert [("/configuration/parameters/A", "1", "2")] == drift(
        one, running(component(environment=environment))
    )


def test_the_newest_of_several_dated_bases_is_the_registered_one():
    old = component("bot-default-1600000000", copies_wanted=9)

    assert ["/deployment/icList/bot-default-1600000000"] == [
        path for path, _, _ in drift(registered(base()), running(old, component()))
    ]


def test_a_base_that_was_named_by_hand_is_known_by_being_the_only_one_left():
    there = running(component("my-base", copies_wanted=2), component(TONE))

    assert [("/deployment/icList/default/copyCount", 1, 2)] == drift(
        registered(base(), adapter()), there
    )


def test_two_bases_named_by_hand_are_not_guessed_at():
    there = running(component("one"), component("two"))

    assert [
        "/deployment/icList/default",
        "/deployment/icList/one",
        "/deployment/icList/two",
    ] == [path for path, _, _ in drift(registered(base()), there)]


def test_a_component_that_was_not_looked_at_is_not_compared():
    there = running(component(), names=(BASE, TONE))

    assert [] == drift(registered(base(), adapter()), there)


def test_an_entry_without_components_says_nothing_about_them():
    assert [] == drift(registered(), running(component()))


def test_registered_components_are_looked_at_first():
    names = ["a", TONE, "b", BASE]

    assert [TONE, BASE, "a", "b"] == wanted_names([registered(base(), adapter())], names)
