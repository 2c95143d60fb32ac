"""Search keywords of hub contents, `name:value` each, as the SageMaker SDK spells them.

The SDK's readers take what stands between the first colon and the second, and give up at a
technique that they do not know: no value has a colon in it, and `rlaif` has a keyword of ours.

Source: SageMaker SDK 3 (ai_registry); design, `register_dataset` and `register_evaluator`.
"""

from __future__ import annotations

from collections.abc import Sequence

EVALUATOR = "@subtype:aws/evaluator"
"""Tells an evaluator from the other documents of the type `JsonDoc`."""

_SDK_TECHNIQUES = frozenset({"sft", "dpo", "rlvr"})
_SDK_TECHNIQUE = "customization_technique"
_OUR_TECHNIQUE = "technique"
_TYPE_KEYWORDS = {
    "lambda": (
        "method:lambda",
        EVALUATOR,
        "@evaluatortype:rewardfunction",
        "@contenttype:byolambda",
    ),
    "model": (EVALUATOR, "@evaluatortype:rewardprompt", "@contenttype:byocode"),
}
_TYPES = {"rewardfunction": "lambda", "rewardprompt": "model"}


def dataset_keywords(technique: str) -> tuple[str, ...]:
    """Return the keywords of a dataset that was in S3 before it was registered."""
    spelled = _SDK_TECHNIQUE if technique in _SDK_TECHNIQUES else _OUR_TECHNIQUE
    return ("method:generated", f"{spelled}:{technique}")


def evaluator_keywords(kind: str, technique: str) -> tuple[str, ...]:
    """Return the keywords of an evaluator of type `lambda` or `model`."""
    return (*_TYPE_KEYWORDS[kind], f"{_OUR_TECHNIQUE}:{technique}")


def technique_of(keywords: Sequence[str]) -> str | None:
    """Return the technique that the keywords tell, None when they tell none."""
    said = _values(keywords)
    return said.get(_SDK_TECHNIQUE) or said.get(_OUR_TECHNIQUE)


def evaluator_type_of(keywords: Sequence[str]) -> str | None:
    """Return `lambda` or `model`, None when the keywords do not tell."""
    return _TYPES.get(_values(keywords).get("@evaluatortype", ""))


def is_evaluator(keywords: Sequence[str]) -> bool:
    """Tell whether a `JsonDoc` is an evaluator."""
    return EVALUATOR in {each.lower() for each in keywords}


def _values(keywords: Sequence[str]) -> dict[str, str]:
    pairs = (each.partition(":") for each in keywords)
    return {name: value for name, colon, value in pairs if colon and value}
