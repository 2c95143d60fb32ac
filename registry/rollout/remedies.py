"""What to try when SageMaker gives an adapter up, told by the reason that it states."""

from __future__ import annotations

_REMEDIES = (
    (
        ("rank",),
        "raise OPTION_MAX_LORA_RANK in do/config and deploy the base again, or tune with a "
        "smaller rank",
    ),
    (
        ("lora", "adapters are not", "enable_lora"),
        "set ENABLE_LORA=true (OPTION_ENABLE_LORA) in do/config and deploy the base again",
    ),
    (
        ("access denied", "accessdenied", "403", "forbidden", "not authorized"),
        "let the endpoint's execution role read the weights (s3:GetObject, s3:ListBucket)",
    ),
    (
        ("404", "not found", "nosuchkey", "no such"),
        "check that the weights are still where the version says, in the endpoint's region",
    ),
    (
        ("memory", "capacity", "insufficient"),
        "remove adapters that are not needed, or deploy the base on a larger instance",
    ),
    (
        ("size mismatch", "base model", "shape"),
        "choose a version that was tuned on the model that the endpoint serves",
    ),
)
"""Words of a reason, any case, and what helps; the first that fits.

Source: serving containers refuse adapters late: LoRA off, rank above the limit, wrong base
model, unreadable artifact.
"""

_OTHERWISE = "check that the weights are an adapter of the model that the endpoint serves"


def remedy(reason: str) -> str:
    """Return what to try about a failure."""
    lowered = reason.lower()
    for words, what in _REMEDIES:
        if any(word in lowered for word in words):
            return what
    return _OTHERWISE
