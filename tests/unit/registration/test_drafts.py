"""What a version says decides the token under which it is made."""

from __future__ import annotations

import pytest

from registry.registration.drafts import Drafts, under_another_token
from registry.registration.request import RegistrationRequest
from schemas.facts import AdapterFacts, DeploymentFacts

BASE = "arn:aws:sagemaker:us-west-2:123456789012:model-package/p/1"
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/m:p-latest"
ADAPTER = AdapterFacts(name="tone", weights_uri="s3://b/tone/", technique="dpo")


def drafts(*, entry="0123abcd", image=IMAGE, request=None, **facts):
    deployment = {"project_name": "p", "deployment_config": "http-flask"}
    deployment |= {"architecture": "http", "backend": "flask", "adapters": (ADAPTER,)}
    return Drafts(
        DeploymentFacts(**deployment | facts), RegistrationRequest(**request or {}), entry, image
    )


def tokens(made):
    model, _ = made.model()
    adapter, _ = made.adapter(made.facts.adapters[0], BASE)
    return model.client_token, adapter.client_token


def test_a_token_follows_from_what_is_said_in_whatever_process_and_release():
    """Another one here would let a repeat make twice what an older release had made."""
    assert (
        "485f3177-863d-551d-a614-d17056df8bc5",
        "22f9457c-ec71-5e00-bf5f-b34708fdf9d1",
    ) == tokens(drafts())


@pytest.mark.parametrize(
    "difference",
    [
        {"entry": "0123abce"},
        {"project_name": "q"},
        {"deployment_config": "http-fastapi"},
        {"image": None},
        {"request": {"status": "failed"}},
        {"request": {"benchmark": {"rps": 3, "tone": {"p50_ms": 4}}}},
        {"endpoint_name": "e"},
    ],
)
def test_whatever_differs_makes_other_tokens(difference):
    both = tokens(drafts()) + tokens(drafts(**difference))

    assert 4 == len(set(both))


@pytest.mark.parametrize(
    "difference",
    [
        {"name": "other"},
        {"weights_uri": "s3://b/tone-2/"},
        {"technique": "sft"},
        {"dataset_s3_uri": "s3://b/d.jsonl"},
        {"eval_metrics": {"f1": 0.5}},
        {"ic_name": "p-adapter-tone"},
    ],
)
def test_whatever_differs_of_an_adapter_makes_another_token_for_it_alone(difference):
    other = drafts(adapters=(ADAPTER.model_copy(update=difference),))

    assert [True, False] == [
        one == two for one, two in zip(tokens(drafts()), tokens(other), strict=True)
    ]


def test_a_deleted_versions_token_is_not_used_again():
    draft, _ = drafts().model()
    after = under_another_token(draft, BASE)

    assert draft.client_token != after.client_token
    assert draft == after.model_copy(update={"client_token": draft.client_token})
    assert after == under_another_token(draft, BASE)
